//! What came back, looked at closely enough to name what is wrong with it.

use core::time::Duration;
use std::time::SystemTime;

use lp_auth::http::Response;
use lp_auth::http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, LOCATION};
use lp_auth::{Error, UnixTime};
use lp_auth_core::{Body, Purpose, TransportError, TransportErrorKind, success};
use serde_json::error::Category;

use super::cause::Cause;
use super::finding::{Finding, Step};
use super::time::Clock;
use crate::times;

/// What an answer shows before anybody reads its meaning.
pub(super) struct Facts {
    date: Option<UnixTime>,
    location: Option<String>,
    content_type: Option<String>,
    is_encoded: bool,
    body: Content,
}

/// What the body looks like.
enum Content {
    Empty,
    Html,
    InvalidUtf8,
    Json,
    NotJson,
    /// JSON that ends before its end.
    Truncated,
}

impl Facts {
    pub(super) fn of(reply: &Response<Body>) -> Self {
        let header = |name| {
            let value = reply.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let content_type = header(CONTENT_TYPE);
        let is_html = content_type
            .as_ref()
            .is_some_and(|value| value.starts_with("text/html"));
        Self {
            date: header(DATE).as_deref().and_then(date),
            location: header(LOCATION),
            content_type,
            is_encoded: header(CONTENT_ENCODING).is_some_and(|value| !value.eq_ignore_ascii_case("identity")),
            body: Content::of(reply.body().as_ref(), is_html),
        }
    }

    /// The server's clock.
    pub(super) fn date(&self) -> Option<UnixTime> {
        self.date
    }

    /// The declaration of the content, where it is another than JSON's.
    pub(super) fn other_content_type(&self) -> Option<&str> {
        self.content_type
            .as_deref()
            .filter(|value| !value.to_ascii_lowercase().starts_with("application/json"))
    }
}

impl Content {
    fn of(body: &[u8], is_html: bool) -> Self {
        if body.trim_ascii().is_empty() {
            return Self::Empty;
        }
        if is_html || body.trim_ascii_start().starts_with(b"<") {
            return Self::Html;
        }
        let Ok(text) = core::str::from_utf8(body) else {
            return Self::InvalidUtf8;
        };
        match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Self::Json,
            Err(error) if error.classify() == Category::Eof => Self::Truncated,
            Err(_) => Self::NotJson,
        }
    }
}

/// An answer of status 200; or the finding that says why there is none.
pub(super) fn good(
    step: Step,
    outcome: Option<Result<Response<Body>, TransportError>>,
    purpose: &Purpose,
    host: &str,
    secrets: &[&str],
    clock: &Clock,
) -> Result<(Response<Body>, Facts), Finding> {
    let Some(outcome) = outcome else {
        return Err(timed_out(step, host, clock));
    };
    let facts = outcome.as_ref().ok().map(Facts::of);
    let error = match (success(outcome, purpose, host, secrets), facts) {
        (Ok(reply), Some(facts)) => return body(step, reply, facts),
        (Err(error), facts) => refused(step, &error, facts.as_ref(), clock),
        (Ok(_), None) => Finding::failed(step, Cause::NoRequest, "no answer"),
    };
    Err(error)
}

/// Whether this is the answer of a TLS server to who speaks plain http, as each of them words it.
pub(super) fn wants_tls(reply: &Response<Body>) -> bool {
    let body = String::from_utf8_lossy(reply.body().as_ref()).to_ascii_lowercase();
    reply.status().as_u16() == 400
        && ["https", "plain http", "tls"]
            .iter()
            .any(|word| body.contains(word))
}

/// Whether there is JSON in it.
fn body(step: Step, reply: Response<Body>, facts: Facts) -> Result<(Response<Body>, Facts), Finding> {
    let length = reply.body().as_ref().len();
    let failed =
        |cause, what: &str| Err(Finding::failed(step, cause, format!("200 OK, {what}")).with("status", 200));
    if facts.is_encoded {
        return failed(Cause::Compressed, "and a body that is compressed");
    }
    match facts.body {
        Content::Empty => failed(Cause::EmptyBody, "and an empty body"),
        Content::Html => failed(Cause::Html, "and an HTML page"),
        Content::InvalidUtf8 => failed(Cause::InvalidUtf8, "and a body that is not UTF-8"),
        Content::NotJson => failed(Cause::NotJson, "and a body that is no JSON"),
        Content::Truncated => failed(
            Cause::TruncatedJson,
            &format!("and JSON that is cut off after {length} bytes"),
        ),
        Content::Json => Ok((reply, facts)),
    }
}

fn timed_out(step: Step, host: &str, clock: &Clock) -> Finding {
    if clock.was_over() {
        return Finding::failed(step, Cause::OutOfTime, "not tried any more");
    }
    let limit = clock.limit_in_words();
    Finding::failed(
        step,
        Cause::TimedOut,
        format!("no complete answer from {host} within {limit}"),
    )
}

fn refused(step: Step, error: &Error, facts: Option<&Facts>, clock: &Clock) -> Finding {
    if let Some(transport) = error.transport() {
        return unsent(step, error, transport, clock);
    }
    let status = error.status().map(|status| status.as_u16()).unwrap_or_default();
    // 400 alone may be anything; the words are not documented, but they say so.
    let names_the_service = error
        .server_message()
        .is_some_and(|message| message.to_ascii_lowercase().contains("service"));
    let cause = match (step, status, error.server_code()) {
        (Step::DomainApi, 400, _) if names_the_service => Cause::ServiceUnknown,
        (_, 300..=399, _) => Cause::Redirect,
        (_, 404 | 410, _) => Cause::NotFound,
        (_, 408 | 425, _) => Cause::ServerTimedOut,
        (_, 429, _) => Cause::Throttled,
        (_, 500..=599, _) => Cause::ServerFault,
        (Step::DomainApi, 401, _) => Cause::AccountUnknown,
        (Step::Token, _, Some("unauthorized_client" | "unsupported_grant_type" | "invalid_scope")) => {
            Cause::GrantRefused
        }
        (_, 403, _) => Cause::Forbidden,
        (Step::Token, 401, _) | (Step::Token, _, Some("invalid_client")) => Cause::CredentialsRefused,
        (_, 400..=499, _) => Cause::RequestRefused,
        _ => Cause::StrangeStatus,
    };
    let mut said = Vec::new();
    if let Some(status) = error.status() {
        said.push(status.to_string());
    }
    said.extend(error.server_code().map(str::to_owned));
    said.extend(error.server_message().map(|message| format!("\"{message}\"")));
    let location = facts.and_then(|facts| facts.location.as_deref());
    if let (Cause::Redirect, Some(location)) = (cause, location) {
        said.push(format!("to {}", without_query(location)));
    }
    let mut finding = Finding::failed(step, cause, said.join(", ")).with("status", status);
    if let Some(pause) = error.retry_after() {
        let pause = pause.min(Duration::from_secs(86_400));
        finding = finding
            .advise(format!("the server asks to wait for {}", times::length(pause)))
            .with("retry_after", pause.as_secs());
    }
    finding
}

/// No answer at all.
fn unsent(step: Step, error: &Error, transport: &TransportError, clock: &Clock) -> Finding {
    let cause = match transport.kind() {
        TransportErrorKind::BrokenOff => Cause::BrokenOff,
        TransportErrorKind::ConnectionRefused => Cause::Refused,
        TransportErrorKind::Redirected => Cause::Redirect,
        TransportErrorKind::TimedOut => {
            return timed_out(step, error.host().unwrap_or_default(), clock);
        }
        TransportErrorKind::Tls => Cause::CertificateUntrusted,
        TransportErrorKind::TooLarge => Cause::TooLarge,
        TransportErrorKind::Unresolved => Cause::Unresolved,
        _ => Cause::NoRequest,
    };
    let root = core::iter::successors(core::error::Error::source(transport), |error| error.source()).last();
    let summary = match (cause, root) {
        (Cause::NoRequest | Cause::CertificateUntrusted | Cause::Unresolved, Some(root)) => {
            format!("{transport}: {root}")
        }
        _ => transport.to_string(),
    };
    Finding::failed(step, cause, summary)
}

/// A redirect may carry what is nobody's business.
fn without_query(location: &str) -> String {
    let end = location.find(['?', '#']).unwrap_or(location.len());
    location.chars().take(end.min(200)).collect()
}

fn date(text: &str) -> Option<UnixTime> {
    httpdate::parse_http_date(text)
        .ok()
        .map(|time: SystemTime| time.into())
}
