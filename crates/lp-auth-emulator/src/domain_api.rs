//! The Domain API: where services live (LIVEPERSON.md §1).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::answer::{Answer, Asked, Refusal};
use crate::shapes::{DomainApiBody, UnknownService};
use crate::state::Snapshot;

/// Where one service lives (`Some`), or all of them (`None`).
pub(crate) fn answer(snapshot: &Snapshot, account: &str, service: Option<&str>, asked: &Asked) -> Answer {
    look_up(snapshot, account, service, asked).unwrap_or_else(|refusal| {
        refusal.into_answer(snapshot.settings.shapes.domain_api_error, snapshot.now)
    })
}

fn look_up(
    snapshot: &Snapshot,
    account: &str,
    service: Option<&str>,
    asked: &Asked,
) -> Result<Answer, Refusal> {
    if !matches!(asked.method, Method::GET | Method::HEAD) {
        return Err(Refusal::method("GET"));
    }
    if asked.query_value("version").as_deref() != Some("1.0") {
        return Err(Refusal::bad_request("the query must be version=1.0"));
    }
    let settings = &snapshot.settings;
    if !settings.knows_account(account) {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "invalid site or agent",
        ));
    }
    let entry = |service: &str, host: &str| -> Value {
        json!({ "service": service, "account": account, "baseURI": host })
    };
    let list = || -> Answer {
        let entries: Vec<Value> = settings
            .services
            .iter()
            .map(|(service, host)| entry(service, host))
            .collect();
        Answer::json(&json!({ "baseURIs": entries }))
    };
    let wanted = match (settings.shapes.domain_api, service) {
        (DomainApiBody::AsAsked | DomainApiBody::List, None) => return Ok(list()),
        (DomainApiBody::Single, None) => "sentinel",
        (_, Some(service)) => service,
    };
    match (settings.services.get(wanted), settings.shapes.unknown_service) {
        (Some(_), _) if settings.shapes.domain_api == DomainApiBody::List => Ok(list()),
        (Some(host), _) => Ok(Answer::json(&entry(wanted, host))),
        (None, UnknownService::EmptyList) => Ok(Answer::json(&json!({ "baseURIs": [] }))),
        (None, UnknownService::Status(status)) => {
            Err(Refusal::new(status, "invalid_request", "unknown service"))
        }
    }
}
