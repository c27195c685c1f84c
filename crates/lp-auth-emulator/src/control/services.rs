//! Where the Domain API says that services live.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use lp_auth_core::ServiceName;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Plane;
use super::extract::{Body, Segments};
use super::problem::Problem;

/// Services at a time.
const MOST_SERVICES: usize = 200;
const LONGEST_HOST: usize = 255;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    host: String,
}

pub(super) async fn list(State(plane): State<Plane>) -> Json<Value> {
    Json(listed(&plane))
}

/// Whatever the host is: one that no client should trust, say.
pub(super) async fn set(
    State(plane): State<Plane>,
    Segments(service): Segments<String>,
    Body(Wanted { host }): Body<Wanted>,
) -> Result<Json<Value>, Problem> {
    let service: ServiceName = service
        .parse()
        .map_err(|error| Problem::unprocessable(format!("service: {error}")))?;
    if !(1..=LONGEST_HOST).contains(&host.chars().count()) {
        return Err(Problem::unprocessable("host: 1 to 255 characters are wanted"));
    }
    plane.shared.change(|state| {
        let services = &mut state.settings_mut().services;
        if services.len() >= MOST_SERVICES && !services.contains_key(service.as_str()) {
            return Err(Problem::conflict(
                "200 services are named already: remove some first",
            ));
        }
        services.insert(service.to_string(), host);
        Ok(())
    })?;
    Ok(Json(listed(&plane)))
}

pub(super) async fn remove(
    State(plane): State<Plane>,
    Segments(service): Segments<String>,
) -> Result<StatusCode, Problem> {
    let removed = plane
        .shared
        .change(|state| state.settings_mut().services.remove(&service));
    removed
        .map(|_| StatusCode::NO_CONTENT)
        .ok_or_else(|| Problem::not_found("no such service is named by the Domain API"))
}

fn listed(plane: &Plane) -> Value {
    json!({ "services": plane.shared.lock().snapshot().settings.services })
}
