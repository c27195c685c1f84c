//! How a no is said: problem details (RFC 9457).

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use lp_auth_core::{InstallationProblem, InvalidInstallation};
use serde_json::{Value, json};

use crate::error::EmulatorError;
use crate::fault::FaultDoesNotApply;

/// Why nothing was done.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<Value>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// It is understood, and cannot be.
    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// It could be, if things were not as they are.
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut problem = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        if !self.errors.is_empty()
            && let Some(members) = problem.as_object_mut()
        {
            members.insert("errors".to_owned(), self.errors.into());
        }
        let content_type = HeaderValue::from_static("application/problem+json");
        (self.status, [(CONTENT_TYPE, content_type)], problem.to_string()).into_response()
    }
}

/// Everything that is wrong with the document, each with where it is (RFC 6901).
impl From<InvalidInstallation> for Problem {
    fn from(invalid: InvalidInstallation) -> Self {
        let is_syntax =
            |problem: &InstallationProblem| matches!(problem, InstallationProblem::NotJson { .. });
        let status = if invalid.problems().iter().any(is_syntax) {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        let errors = invalid
            .problems()
            .iter()
            .map(|problem| json!({ "detail": problem.to_string(), "pointer": pointer(problem) }));
        Self {
            status,
            detail: "the installation document cannot be taken; `errors` names everything that is wrong"
                .to_owned(),
            errors: errors.collect(),
        }
    }
}

impl From<FaultDoesNotApply> for Problem {
    fn from(error: FaultDoesNotApply) -> Self {
        Self::unprocessable(error.to_string())
    }
}

impl From<EmulatorError> for Problem {
    fn from(error: EmulatorError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

fn pointer(problem: &InstallationProblem) -> String {
    let field = match problem {
        InstallationProblem::Duplicate { field }
        | InstallationProblem::Empty { field }
        | InstallationProblem::Missing { field }
        | InstallationProblem::Stored { field }
        | InstallationProblem::TooLong { field, .. }
        | InstallationProblem::WrongType { field, .. } => field.as_str(),
        InstallationProblem::Scope { .. } => "scope",
        _ => return "#".to_owned(),
    };
    // `grant_types[0]` is `/grant_types/0`.
    let path = field
        .replace('~', "~0")
        .replace('/', "~1")
        .replace('[', "/")
        .replace(']', "");
    format!("#/{}", path.chars().take(200).collect::<String>())
}
