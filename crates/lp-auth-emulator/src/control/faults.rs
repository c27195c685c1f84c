//! What goes wrong.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Plane;
use super::extract::{Body, Parameters};
use super::problem::Problem;
use super::whole::Whole;
use crate::fault::{Endpoint, Fault, FaultPlan};

/// Faults in force at a time.
const MOST_FAULTS: usize = 200;
const MOST_TIMES: i128 = 1_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    endpoint: Endpoint,
    fault: Fault,
    times: Option<Whole<1, MOST_TIMES>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Where {
    endpoint: Option<Endpoint>,
}

pub(super) async fn list(State(plane): State<Plane>) -> Json<Value> {
    Json(listed(&plane.shared.lock().faults))
}

/// For the next so many requests, after those set so before; or until cleared, in place of what was set so before.
pub(super) async fn add(
    State(plane): State<Plane>,
    Body(Wanted {
        endpoint,
        fault,
        times,
    }): Body<Wanted>,
) -> Result<Json<Value>, Problem> {
    plane.shared.change(|state| {
        if state.faults.list().count() >= MOST_FAULTS {
            return Err(Problem::conflict(format!(
                "{MOST_FAULTS} faults are set already: clear some first"
            )));
        }
        match times {
            Some(times) => state.faults.append(endpoint, fault, times.into())?,
            None => state.faults.set(endpoint, fault)?,
        }
        Ok(Json(listed(&state.faults)))
    })
}

pub(super) async fn clear(
    State(plane): State<Plane>,
    Parameters(Where { endpoint }): Parameters<Where>,
) -> StatusCode {
    plane.shared.change(|state| match endpoint {
        Some(endpoint) => state.faults.clear(endpoint),
        None => state.faults = FaultPlan::default(),
    });
    StatusCode::NO_CONTENT
}

fn listed(faults: &FaultPlan) -> Value {
    let faults = faults
        .list()
        .map(|(endpoint, fault, times)| json!({ "endpoint": endpoint, "fault": fault, "times": times }));
    json!({ "faults": faults.collect::<Vec<_>>() })
}
