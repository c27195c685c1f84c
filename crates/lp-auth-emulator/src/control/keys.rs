//! The keys that tokens are signed with.

use axum::Json;
use axum::extract::State;
use lp_auth_core::UnixTime;
use serde_json::{Value, json};

use super::problem::Problem;
use super::{Plane, blocking};
use crate::keyring::{KeyRing, V1_KEY_ID};

/// Keys of V2 that may be published at a time.
const MOST_KEYS: usize = 50;

pub(super) async fn list(State(plane): State<Plane>) -> Json<Value> {
    Json(listed(&plane))
}

pub(super) async fn rotate(State(plane): State<Plane>) -> Result<Json<Value>, Problem> {
    if plane.shared.lock().snapshot().keys.v2().len() >= MOST_KEYS {
        return Err(Problem::conflict(format!(
            "{MOST_KEYS} keys are published already: retire them first"
        )));
    }
    change(plane, KeyRing::rotate).await
}

pub(super) async fn retire(State(plane): State<Plane>) -> Result<Json<Value>, Problem> {
    change(plane, |keys, _| keys.retire()).await
}

pub(super) async fn replace(State(plane): State<Plane>) -> Result<Json<Value>, Problem> {
    change(plane, KeyRing::replace).await
}

async fn change(
    plane: Plane,
    change: impl FnOnce(&mut KeyRing, UnixTime) + Send + 'static,
) -> Result<Json<Value>, Problem> {
    let shared = plane.shared.clone();
    blocking(move || shared.change_keys(change)).await??;
    Ok(Json(listed(&plane)))
}

/// Newest first, V1's at the end.
fn listed(plane: &Plane) -> Value {
    let snapshot = plane.shared.lock().snapshot();
    let entry = |kid: &str, version: &str, signs: bool, created_at: UnixTime| {
        let age = seconds(snapshot.now) - seconds(created_at);
        json!({
            "kid": kid,
            "version": version,
            "signs": signs,
            "created_at": created_at.to_string(),
            "age_seconds": age,
        })
    };
    let keys = &snapshot.keys;
    let v2 = keys.v2().iter().rev().enumerate();
    let v2 = v2.map(|(index, key)| entry(&key.id, "v2", index == 0, key.created_at));
    let v1 = entry(V1_KEY_ID, "v1", true, keys.v1_created_at());
    json!({ "keys": v2.chain([v1]).collect::<Vec<_>>() })
}

fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
