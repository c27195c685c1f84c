//! What a good answer of the Domain API or of the key set holds.

use lp_auth::http::Response;
use lp_auth::{KeySet, ServiceName};
use lp_auth_core::Body;
use lp_auth_domain::BaseUris;
use lp_auth_jwt::InvalidKeySet;

use super::answer::Facts;
use super::cause::Cause;
use super::finding::{Finding, Step};

/// Where Sentinel is, as the Domain API says.
pub(super) fn named(reply: &Response<Body>, facts: &Facts) -> Result<(String, Finding), Finding> {
    let other = || {
        Finding::failed(
            Step::DomainApi,
            Cause::OtherJson,
            "200 OK, and JSON that names no hosts",
        )
    };
    let hosts = BaseUris::parse(reply.body().as_ref()).map_err(|_| other())?;
    match hosts.base_uri(&ServiceName::SENTINEL) {
        Some(base_uri) => {
            let finding = Finding::ok(Step::DomainApi, format!("Sentinel is at {base_uri}"));
            let finding = finding.with("sentinel", base_uri);
            Ok((base_uri.to_owned(), with_declaration(finding, facts)))
        }
        None => Err(Finding::failed(
            Step::DomainApi,
            Cause::ServiceUnknown,
            "200 OK, and no service `sentinel` in it",
        )),
    }
}

/// The keys that Sentinel publishes.
pub(super) fn key_set(reply: &Response<Body>, facts: &Facts) -> Result<(KeySet, Finding), Finding> {
    let keys = KeySet::from_jwks(reply.body().as_ref()).map_err(|why| {
        let cause = match &why {
            InvalidKeySet::NoUsableKey { .. } => Cause::NoUsableKey,
            _ => Cause::OtherJson,
        };
        Finding::failed(Step::Keys, cause, format!("200 OK, and {why}"))
    })?;
    let kids: Vec<String> = keys
        .keys()
        .map(|key| format!("{} ({} bits)", key.kid().unwrap_or("without kid"), key.bits()))
        .collect();
    let number = kids.len();
    let plural = if number == 1 { "" } else { "s" };
    let mut shown: Vec<&str> = kids.iter().take(3).map(String::as_str).collect();
    if number > 3 {
        shown.push("…");
    }
    let summary = format!("{number} key{plural}: {}", shown.join(", "));
    let skipped = keys.skipped();
    let finding = if let Some(first) = skipped.first() {
        Finding::warning(
            Step::Keys,
            Cause::KeysSkipped,
            format!("{summary}; {} skipped: {}", skipped.len(), first.why),
        )
    } else {
        Finding::ok(Step::Keys, summary)
    };
    let finding = finding.with(
        "kids",
        keys.keys()
            .filter_map(lp_auth_jwt::VerifyingKey::kid)
            .collect::<Vec<_>>(),
    );
    Ok((keys.clone(), with_declaration(finding, facts)))
}

/// An answer that is well but for what it is declared as.
pub(super) fn with_declaration(finding: Finding, facts: &Facts) -> Finding {
    match facts.other_content_type() {
        Some(declared) if finding.cause.is_none() => {
            let declared: String = declared.chars().take(60).collect();
            let mut warning = Finding::warning(
                finding.step,
                Cause::WrongContentType,
                format!("{}, declared as {declared} and not as JSON", finding.summary),
            );
            warning.details = finding.details;
            warning
        }
        _ => finding,
    }
}
