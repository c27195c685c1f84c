//! The emulator's clock.

use core::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Plane;
use super::extract::Body;
use super::problem::Problem;
use crate::clock::ClockOffset;
use crate::notation;
use crate::state::State as Standing;

/// A hundred years, either way.
const FURTHEST: i64 = 3_155_760_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    #[serde(deserialize_with = "notation::integer")]
    offset_seconds: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    #[serde(deserialize_with = "notation::integer")]
    seconds: i64,
}

pub(super) async fn show(State(plane): State<Plane>) -> Json<Value> {
    Json(shown(&plane))
}

pub(super) async fn set(State(plane): State<Plane>, Body(wanted): Body<Set>) -> Result<Json<Value>, Problem> {
    let offset = within("offset_seconds", wanted.offset_seconds)?;
    plane.shared.change(|state| set_offset(state, offset));
    Ok(Json(shown(&plane)))
}

/// From where it stands.
pub(super) async fn advance(
    State(plane): State<Plane>,
    Body(wanted): Body<Advance>,
) -> Result<Json<Value>, Problem> {
    let seconds = within("seconds", wanted.seconds)?;
    plane.shared.change(|state| {
        let offset = offset(state.snapshot().settings.clock) + seconds;
        let is_near = offset.abs() <= FURTHEST;
        is_near.then(|| set_offset(state, offset)).ok_or_else(|| {
            Problem::conflict("the clock would be more than a hundred years from the machine's")
        })
    })?;
    Ok(Json(shown(&plane)))
}

fn within(name: &str, seconds: i64) -> Result<i64, Problem> {
    if (-FURTHEST..=FURTHEST).contains(&seconds) {
        return Ok(seconds);
    }
    Err(Problem::unprocessable(format!(
        "{name}: {seconds} is more than a hundred years, which are {FURTHEST} seconds"
    )))
}

fn set_offset(state: &mut Standing, seconds: i64) {
    let length = Duration::from_secs(seconds.unsigned_abs());
    state.settings_mut().clock = match seconds {
        0 => ClockOffset::None,
        1.. => ClockOffset::Ahead(length),
        _ => ClockOffset::Behind(length),
    };
}

fn offset(clock: ClockOffset) -> i64 {
    let whole = |length: Duration| i64::try_from(length.as_secs()).unwrap_or(i64::MAX);
    match clock {
        ClockOffset::Ahead(length) => whole(length),
        ClockOffset::Behind(length) => -whole(length),
        ClockOffset::None => 0,
    }
}

fn shown(plane: &Plane) -> Value {
    let snapshot = plane.shared.lock().snapshot();
    json!({
        "now": snapshot.now.to_string(),
        "now_seconds": snapshot.now.as_secs(),
        "offset_seconds": offset(snapshot.settings.clock),
    })
}
