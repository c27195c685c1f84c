//! What was asked of the emulator.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Plane;
use super::extract::Parameters;
use super::whole::{self, Whole};
use crate::fault::Endpoint;
use crate::journal::SeenRequest;

const MOST: i128 = 1000;

/// Which of them; each that is given must fit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default, deserialize_with = "whole::in_text")]
    after: Option<super::Number>,
    client_id: Option<String>,
    endpoint: Option<Place>,
    #[serde(default, deserialize_with = "whole::in_text")]
    limit: Option<Whole<1, MOST>>,
    outcome: Option<Outcome>,
    #[serde(default, deserialize_with = "whole::in_text")]
    status: Option<Whole<200, 999>>,
}

/// An endpoint, or none that is known.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Place {
    Api,
    DomainApi,
    Keys,
    Other,
    Token,
}

/// What came of a request.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// A fault was in force.
    Fault,
    /// It was answered well.
    Ok,
    /// It was refused.
    Refused,
}

pub(super) async fn list(State(plane): State<Plane>, Parameters(filter): Parameters<Filter>) -> Json<Value> {
    let limit = filter.limit.map_or(100, Whole::into);
    let state = plane.shared.lock();
    let journal = &state.journal;
    let fitting = journal
        .after(filter.after.map_or(0, Whole::into))
        .rev()
        .filter(|request| filter.fits(request));
    let mut requests: Vec<Value> = fitting.take(limit).map(written).collect();
    requests.reverse();
    let count = |endpoint| journal.count(endpoint);
    Json(json!({
        "requests": requests,
        "last": journal.last(),
        "counts": {
            "api": count(Some(Endpoint::Api)),
            "domain_api": count(Some(Endpoint::DomainApi)),
            "keys": count(Some(Endpoint::Keys)),
            "other": count(None),
            "token": count(Some(Endpoint::Token)),
        },
    }))
}

pub(super) async fn forget(State(plane): State<Plane>) -> StatusCode {
    plane.shared.forget_requests();
    StatusCode::NO_CONTENT
}

/// As JSON has it. A fault is its name alone: its body may be long.
pub(super) fn written(request: &SeenRequest) -> Value {
    json!({
        "at": request.at.to_string(),
        "client_id": request.client_id,
        "endpoint": request.endpoint,
        "error": request.error,
        "fault": request.fault.as_ref().map(crate::Fault::name),
        "method": request.method.chars().take(20).collect::<String>(),
        "number": request.number,
        "outcome": Outcome::of(request).name(),
        "path": request.path,
        "status": request.status.map(|status| status.as_u16()),
    })
}

impl Filter {
    fn fits(&self, request: &SeenRequest) -> bool {
        let place = Place::of(request.endpoint);
        let status = request.status.map(|status| status.as_u16());
        (self.client_id.is_none() || self.client_id == request.client_id)
            && self.endpoint.is_none_or(|wanted| wanted == place)
            && self.outcome.is_none_or(|wanted| wanted == Outcome::of(request))
            && self.status.is_none_or(|wanted| status == Some(wanted.into()))
    }
}

impl Place {
    fn of(endpoint: Option<Endpoint>) -> Self {
        match endpoint {
            Some(Endpoint::Api) => Self::Api,
            Some(Endpoint::DomainApi) => Self::DomainApi,
            Some(Endpoint::Keys) => Self::Keys,
            Some(Endpoint::Token) => Self::Token,
            None => Self::Other,
        }
    }
}

impl Outcome {
    fn of(request: &SeenRequest) -> Self {
        if request.fault.is_some() {
            return Self::Fault;
        }
        match request.status {
            Some(status) if status.as_u16() < 400 => Self::Ok,
            _ => Self::Refused,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Ok => "ok",
            Self::Refused => "refused",
        }
    }
}
