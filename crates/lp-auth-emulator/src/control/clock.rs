//! The emulator's clock.

use core::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Plane;
use super::extract::Body;
use super::problem::Problem;
use super::whole::{HUNDRED_YEARS, Whole};
use crate::clock::ClockOffset;
use crate::state::State as Standing;

/// Either way.
type Seconds = Whole<{ -HUNDRED_YEARS }, HUNDRED_YEARS>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    offset_seconds: Seconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    seconds: Seconds,
}

pub(super) async fn show(State(plane): State<Plane>) -> Json<Value> {
    Json(shown(&plane))
}

pub(super) async fn set(State(plane): State<Plane>, Body(wanted): Body<Set>) -> Json<Value> {
    plane
        .shared
        .change(|state| set_offset(state, wanted.offset_seconds.into()));
    Json(shown(&plane))
}

/// From where it stands.
pub(super) async fn advance(
    State(plane): State<Plane>,
    Body(wanted): Body<Advance>,
) -> Result<Json<Value>, Problem> {
    let seconds: i64 = wanted.seconds.into();
    plane.shared.change(|state| {
        let offset = offset(state.snapshot().settings.clock) + seconds;
        let is_near = i128::from(offset.abs()) <= HUNDRED_YEARS;
        is_near.then(|| set_offset(state, offset)).ok_or_else(|| {
            Problem::conflict("the clock would be more than a hundred years from the machine's")
        })
    })?;
    Ok(Json(shown(&plane)))
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
