//! The control plane: what [`Emulator`](crate::Emulator)'s methods do, for tests in any language and for people.
//!
//! - this file: which address does what;
//! - `guard`: who may ask at all; `extract`: what is read of a request, `whole` of it the numbers; `problem`: how a no is said;
//! - `applications`, `clock`, `faults`, `keys`, `requests`, `services`, `settings`: a resource each; `events`: all that
//!   happens, as it happens;
//! - `document`: what describes all this (`openapi.json`), and the page (`page.html`), which is a client like any other.

mod applications;
mod clock;
mod document;
mod events;
mod extract;
mod faults;
mod guard;
mod keys;
mod problem;
mod requests;
mod services;
mod settings;
mod whole;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, post, put};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use self::problem::Problem;
use crate::emulator::About;
use crate::state::Shared;
use crate::thread::{Beside, Listener};

/// No body that makes sense is longer.
const LONGEST_BODY: usize = 256 * 1024;
/// Streams of events at a time.
const MOST_STREAMS: usize = 64;

/// The number of a request that was seen.
type Number = whole::Whole<0, 0xFFFF_FFFF_FFFF_FFFF>;

/// What every handler works on.
#[derive(Clone)]
struct Plane {
    shared: Arc<Shared>,
    about: Arc<About>,
    streams: Arc<Semaphore>,
}

/// Serves the control plane, until the server's thread ends.
pub(crate) fn serve(listener: Listener, shared: Arc<Shared>, about: About) -> Beside {
    let address = listener.address();
    let plane = Plane {
        shared,
        about: Arc::new(about),
        streams: Arc::new(Semaphore::new(MOST_STREAMS)),
    };
    Box::pin(async move {
        // It was made non-blocking where it was bound; what else could fail is the runtime's end.
        let Ok(listener) = tokio::net::TcpListener::from_std(listener.into_socket()) else {
            return;
        };
        let _ = axum::serve(listener, router(plane, guard::Allowed::at(address))).await;
    })
}

fn router(plane: Plane, allowed: guard::Allowed) -> Router {
    let mut router = Router::new();
    for (path, methods) in routes() {
        router = router.route(path, methods);
    }
    router
        .fallback(async || {
            Problem::new(
                StatusCode::NOT_FOUND,
                "nothing is here; /openapi.json says what is where",
            )
        })
        .method_not_allowed_fallback(async || {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "the header Allow names the methods that can be used here",
            )
        })
        .layer(middleware::from_fn_with_state(allowed, guard::guard))
        .with_state(plane)
}

/// The addresses, as `openapi.json` has them.
fn routes() -> [(&'static str, MethodRouter<Plane>); 20] {
    [
        ("/", get(document::page)),
        (
            "/applications",
            get(applications::list).post(applications::register),
        ),
        (
            "/applications/{account}/{client_id}",
            get(applications::show).delete(applications::remove),
        ),
        (
            "/applications/{account}/{client_id}/secret",
            put(applications::change_secret),
        ),
        ("/clock", get(clock::show).put(clock::set)),
        ("/clock/advance", post(clock::advance)),
        ("/emulator", get(emulator)),
        ("/events", get(events::stream)),
        (
            "/faults",
            get(faults::list).post(faults::add).delete(faults::clear),
        ),
        ("/health", get(health)),
        ("/keys", get(keys::list)),
        ("/keys/replace", post(keys::replace)),
        ("/keys/retire", post(keys::retire)),
        ("/keys/rotate", post(keys::rotate)),
        ("/openapi.json", get(document::openapi)),
        ("/requests", get(requests::list).delete(requests::forget)),
        ("/reset", post(reset)),
        ("/services", get(services::list)),
        (
            "/services/{service}",
            put(services::set).merge(delete(services::remove)),
        ),
        ("/settings", get(settings::show).patch(settings::change)),
    ]
}

/// That it is there.
async fn health() -> axum::Json<Value> {
    axum::Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// What a client has to be told.
async fn emulator(State(plane): State<Plane>) -> Result<axum::Json<Value>, Problem> {
    let refused = plane.about.refusing.address()?;
    let keys = plane.shared.lock().snapshot().keys;
    // The key may have to be made.
    let v1_public_key = blocking(move || keys.v1().spki_pem()).await?;
    let about = &plane.about;
    Ok(axum::Json(json!({
        "account": about.first.account().as_str(),
        "ca_pem": about.ca_pem(),
        "client_id": about.first.client_id(),
        "domain_api": format!("{}://{}", about.scheme(), about.host),
        "refused_address": refused.to_string(),
        "sentinel": about.host,
        "v1_public_key_pem": v1_public_key,
        "version": env!("CARGO_PKG_VERSION"),
    })))
}

/// Makes all as it was at the start.
async fn reset(State(plane): State<Plane>) -> Result<StatusCode, Problem> {
    blocking(move || plane.shared.reset()).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Does what may take a while, as making a key or writing a file, where it holds nobody up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the emulator is going away"))
}

#[cfg(test)]
mod tests;
