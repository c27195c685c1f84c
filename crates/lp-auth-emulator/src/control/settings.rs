//! How the emulator behaves: the life of tokens, latency, the scope that APIs ask for, the shapes of replies.

use core::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Plane;
use super::extract::Body;
use super::problem::Problem;
use super::whole::{DAY, HUNDRED_YEARS, Whole};
use crate::shapes::ReplyShapes;
use crate::state::Settings;

/// What is to change; what is missing stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    latency_ms: Option<Whole<0, DAY>>,
    #[serde(default)]
    required_scope: Scope,
    shapes: Option<Map<String, Value>>,
    token_lifetime_seconds: Option<Whole<1, HUNDRED_YEARS>>,
}

/// null is something else than nothing.
#[derive(Default, Deserialize)]
#[serde(from = "Option<String>")]
enum Scope {
    #[default]
    AsItIs,
    From(Option<String>),
}

impl From<Option<String>> for Scope {
    fn from(scope: Option<String>) -> Self {
        Self::From(scope)
    }
}

pub(super) async fn show(State(plane): State<Plane>) -> Json<Value> {
    Json(shown(&plane.shared.lock().snapshot().settings))
}

pub(super) async fn change(
    State(plane): State<Plane>,
    Body(change): Body<Change>,
) -> Result<Json<Value>, Problem> {
    change.check()?;
    plane.shared.change(|state| {
        let shapes = change
            .shapes
            .as_ref()
            .map(|members| merged(&state.snapshot().settings.shapes, members));
        let shapes = shapes.transpose()?;
        let settings = state.settings_mut();
        if let Some(shapes) = shapes {
            settings.shapes = shapes;
        }
        if let Some(milliseconds) = change.latency_ms {
            settings.latency = Duration::from_millis(milliseconds.into());
        }
        if let Scope::From(scope) = change.required_scope {
            settings.required_scope = scope;
        }
        if let Some(seconds) = change.token_lifetime_seconds {
            settings.token_lifetime = Duration::from_secs(seconds.into());
        }
        Ok(Json(shown(settings)))
    })
}

impl Change {
    fn check(&self) -> Result<(), Problem> {
        if let Scope::From(Some(scope)) = &self.required_scope
            && !(1..=1000).contains(&scope.chars().count())
        {
            return Err(Problem::unprocessable(
                "required_scope: 1 to 1000 characters are wanted, or null for none",
            ));
        }
        Ok(())
    }
}

/// The shapes with these members in place of their own; null is the default.
fn merged(shapes: &ReplyShapes, changes: &Map<String, Value>) -> Result<ReplyShapes, Problem> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(shapes) else {
        return Err(Problem::unprocessable("shapes: they cannot be changed"));
    };
    for (name, value) in changes {
        if value.is_null() && members.contains_key(name) {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    let shapes: ReplyShapes = serde_json::from_value(Value::Object(members))
        .map_err(|error| Problem::unprocessable(format!("shapes: {error}")))?;
    let cache_control = shapes.keys_cache_control.as_deref().unwrap_or_default();
    if cache_control.len() > 200 || !cache_control.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Err(Problem::unprocessable(
            "shapes: keys_cache_control must fit into a header: at most 200 printable ASCII characters",
        ));
    }
    Ok(shapes)
}

fn shown(settings: &Settings) -> Value {
    json!({
        "latency_ms": u64::try_from(settings.latency.as_millis()).unwrap_or(u64::MAX),
        "required_scope": settings.required_scope,
        "shapes": settings.shapes,
        "token_lifetime_seconds": settings.token_lifetime.as_secs(),
    })
}
