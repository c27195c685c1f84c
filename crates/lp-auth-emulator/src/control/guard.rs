//! Who may ask: programs of this machine, and the plane's own page.
//!
//! Any page that a developer looks at can have the browser send requests to a port of this machine. Such a request says
//! for which host it was meant, and that of another page where it comes from; a browser lets no page forge either. The
//! first keeps out a page whose name leads to 127.0.0.1 (DNS rebinding), the second all others.

use core::net::SocketAddr;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::LONGEST_BODY;
use super::problem::Problem;

/// The hosts, with port, by which the plane may be asked for.
#[derive(Clone)]
pub(super) struct Allowed(Arc<[String]>);

impl Allowed {
    pub(super) fn at(address: SocketAddr) -> Self {
        let port = address.port();
        let mut hosts = vec![
            address.to_string(),
            format!("127.0.0.1:{port}"),
            format!("localhost:{port}"),
        ];
        if port == 80 {
            // Left out where it is the default.
            let bare = hosts
                .iter()
                .filter_map(|host| host.strip_suffix(":80").map(str::to_owned));
            hosts = bare
                .collect::<Vec<_>>()
                .into_iter()
                .chain(hosts.clone())
                .collect();
        }
        Self(hosts.into())
    }

    fn host(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        host.is_some_and(|host| self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)))
    }

    fn origin(&self, headers: &HeaderMap) -> bool {
        headers.get_all(ORIGIN).iter().all(|origin| {
            let host = origin
                .to_str()
                .ok()
                .and_then(|origin| origin.strip_prefix("http://"));
            host.is_some_and(|host| self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)))
        })
    }
}

pub(super) async fn guard(State(allowed): State<Allowed>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&allowed, &request) {
        Some(problem) => problem.into_response(),
        None => match with_whole_body(request).await {
            Ok(request) => next.run(request).await,
            Err(problem) => problem.into_response(),
        },
    };
    let headers = response.headers_mut();
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

const TOO_LONG: &str = "the body is longer than 256 KiB, and nothing here takes so much";

/// The request when all of it has come. A connection ends with an answer that does not wait for the rest, be it the end of
/// a body without anything in it, and the next request on it would get none.
async fn with_whole_body(request: Request) -> Result<Request, Problem> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, LONGEST_BODY)
        .await
        .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, TOO_LONG))?;
    Ok(Request::from_parts(head, body.into()))
}

fn refusal(allowed: &Allowed, request: &Request) -> Option<Problem> {
    let headers = request.headers();
    if !allowed.host(headers) {
        let detail = "the header Host must be the address that the control plane was given, or localhost with its port";
        return Some(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail));
    }
    let detail = "pages of other origins are not answered";
    if !allowed.origin(headers) {
        return Some(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let says = |name: &str, values: &[&str]| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| values.contains(&value))
    };
    // A link to the page may be followed from anywhere; what a page loads by itself comes from the plane's own.
    let is_navigation = *request.method() == Method::GET && says("sec-fetch-mode", &["navigate"]);
    if says("sec-fetch-site", &["cross-site", "same-site"]) && !is_navigation {
        return Some(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    None
}
