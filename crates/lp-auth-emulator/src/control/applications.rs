//! Applications: who may ask for tokens.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use lp_auth_core::{AppInstallation, InstalledApp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Plane;
use super::extract::{Body, Parameters, Segments};
use super::problem::Problem;
use crate::application::{Application, random_secret};

/// Applications at a time.
const MOST_APPLICATIONS: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct For {
    account: Option<String>,
    client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSecret {
    client_secret: Option<String>,
}

pub(super) async fn list(State(plane): State<Plane>) -> Json<Value> {
    let snapshot = plane.shared.lock().snapshot();
    let applications: Vec<Value> = snapshot
        .settings
        .applications
        .iter()
        .map(without_secret)
        .collect();
    Json(json!({ "applications": applications }))
}

/// Installs what the template asks for, and tells the credentials: this once.
pub(super) async fn register(
    State(plane): State<Plane>,
    Parameters(of): Parameters<For>,
    headers: HeaderMap,
    document: Bytes,
) -> Result<Response, Problem> {
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send JSON, with the header Content-Type: application/json",
        ));
    }
    let account = match &of.account {
        Some(account) => account
            .parse()
            .map_err(|error| Problem::unprocessable(format!("account: {error}")))?,
        None => plane.about.first.account().clone(),
    };
    let installation = AppInstallation::from_json(&document)?;
    let now = plane.shared.lock().snapshot().now;
    let mut application = Application::installed(account, installation).recorded(now);
    if let Some(client_id) = of.client_id {
        if !is_client_id(&client_id) {
            return Err(Problem::unprocessable(
                "client_id: 1 to 128 letters, digits and ._~- are wanted, the first a letter, a digit or _",
            ));
        }
        application = application.with_client_id(client_id);
    }
    let mut record = without_secret(&application);
    if let Some(members) = record.as_object_mut() {
        let secret = application.client_secret().expose_secret();
        members.insert("client_secret".to_owned(), secret.into());
    }
    let location = format!(
        "/applications/{}/{}",
        application.account(),
        application.client_id()
    );
    plane.shared.change(|state| {
        let applications = &mut state.settings_mut().applications;
        if find(
            applications,
            application.account().as_str(),
            application.client_id(),
        )
        .is_some()
        {
            return Err(Problem::conflict(
                "this account has an application of this client id already",
            ));
        }
        if applications.len() >= MOST_APPLICATIONS {
            return Err(Problem::conflict(
                "1000 applications are installed already: remove some first",
            ));
        }
        applications.push(application);
        Ok(())
    })?;
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(record)).into_response())
}

pub(super) async fn show(
    State(plane): State<Plane>,
    Segments((account, client_id)): Segments<(String, String)>,
) -> Result<Json<Value>, Problem> {
    let snapshot = plane.shared.lock().snapshot();
    let application = find(&snapshot.settings.applications, &account, &client_id).ok_or_else(unknown)?;
    Ok(Json(without_secret(application)))
}

pub(super) async fn remove(
    State(plane): State<Plane>,
    Segments((account, client_id)): Segments<(String, String)>,
) -> Result<StatusCode, Problem> {
    plane.shared.change(|state| {
        let applications = &mut state.settings_mut().applications;
        let before = applications.len();
        applications.retain(|application| !is(application, &account, &client_id));
        if applications.len() == before {
            return Err(unknown());
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

/// The given secret, or a new one; it is told, this once. The old one is good for nothing from now on.
pub(super) async fn change_secret(
    State(plane): State<Plane>,
    Segments((account, client_id)): Segments<(String, String)>,
    Body(wanted): Body<NewSecret>,
) -> Result<Json<Value>, Problem> {
    let secret = wanted
        .client_secret
        .map_or_else(random_secret, SecretString::from);
    if !(1..=1024).contains(&secret.expose_secret().chars().count()) {
        return Err(Problem::unprocessable(
            "client_secret: 1 to 1024 characters are wanted; without it, one is made up",
        ));
    }
    plane.shared.change(|state| {
        let applications = &mut state.settings_mut().applications;
        let application = applications
            .iter_mut()
            .find(|application| is(application, &account, &client_id));
        let application = application.ok_or_else(unknown)?;
        *application = application.clone().with_client_secret(secret.clone());
        Ok::<(), Problem>(())
    })?;
    Ok(Json(json!({
        "account": account,
        "client_id": client_id,
        "client_secret": secret.expose_secret(),
    })))
}

fn find<'a>(applications: &'a [Application], account: &str, client_id: &str) -> Option<&'a Application> {
    applications
        .iter()
        .find(|application| is(application, account, client_id))
}

fn is(application: &Application, account: &str, client_id: &str) -> bool {
    application.account().as_str() == account && application.client_id() == client_id
}

fn unknown() -> Problem {
    Problem::not_found("no such application is installed; GET /applications names those that are")
}

/// What goes into a path as it is, and is never `.` or `..`.
fn is_client_id(text: &str) -> bool {
    let is_start = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.len() <= 128
        && text.starts_with(is_start)
        && text
            .chars()
            .all(|letter| is_start(letter) || "._~-".contains(letter))
}

/// The record that LivePerson keeps (LIVEPERSON.md §6), with the account, and without the secret.
fn without_secret(application: &Application) -> Value {
    let mut record = recorded(application).unwrap_or_else(|| made_in_code(application));
    record.remove("client_secret");
    record.insert("account".to_owned(), application.account().as_str().into());
    Value::Object(record)
}

fn recorded(application: &Application) -> Option<Map<String, Value>> {
    let installation = application.installation()?.clone();
    let secret = application.client_secret().clone();
    let mut app = InstalledApp::new(installation, application.client_id(), secret).ok()?;
    if let Some((id, issued_at)) = application.record() {
        app = app.with_id(id).with_client_id_issued_at(issued_at);
    }
    match serde_json::to_value(app.with_secret()) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// One that a program put there without a template.
fn made_in_code(application: &Application) -> Map<String, Value> {
    let record = json!({
        "client_id": application.client_id(),
        "client_name": "lp-auth-emulator",
        "client_secret_expires_at": 0,
        "grant_types": application.grant_types(),
        "response_types": ["token"],
        "scope": application.scope(),
    });
    record.as_object().cloned().unwrap_or_default()
}
