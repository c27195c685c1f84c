//! What is read of a request, and how it is refused: as a problem, with the place that is wrong.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The body, which must be JSON and say so: a form on another page cannot (it may not name this content type).
pub(super) struct Body<T>(pub(super) T);

/// What stands after the question mark.
pub(super) struct Parameters<T>(pub(super) T);

/// What stands in the path.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(value) = Json::from_request(request, state)
            .await
            .map_err(|rejection: JsonRejection| refusal(rejection.status(), &rejection.body_text()))?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(value) = Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| refusal(rejection.status(), &rejection.body_text()))?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(value) = Path::from_request_parts(parts, state)
            .await
            .map_err(|rejection| refusal(rejection.status(), &rejection.body_text()))?;
        Ok(Self(value))
    }
}

/// What axum says, without the words about its types.
fn refusal(status: StatusCode, text: &str) -> Problem {
    let detail = match (status, text.split_once(": ")) {
        (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => {
            "send JSON, with the header Content-Type: application/json"
        }
        (_, Some((start, rest))) if start.starts_with("Failed to") => rest,
        _ => text,
    };
    // The value's name is told; where it stands helps only with what is no JSON.
    let detail = match (status, detail.rsplit_once(" at line ")) {
        (StatusCode::UNPROCESSABLE_ENTITY, Some((detail, _))) => detail,
        _ => detail,
    };
    Problem::new(status, detail)
}
