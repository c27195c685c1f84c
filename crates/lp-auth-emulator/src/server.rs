//! The server: connections, TLS, and the way of a request to its endpoint and back.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::answer::{Answer, Asked, Refusal};
use crate::connection::{Abort, Connection};
use crate::delivery::{self, BrokenOff, ReplyBody};
use crate::fault::{Endpoint, Fault, TokenFault};
use crate::journal::SeenRequest;
use crate::resource::Resource;
use crate::shapes::ErrorBody;
use crate::state::{Settings, Shared, Snapshot};
use crate::{api, domain_api, sentinel};

/// No request that the emulator understands is nearly as long.
const LONGEST_BODY: usize = 1024 * 1024;

/// Accepts connections for ever.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(converse(stream, tls.clone(), Arc::clone(&shared)));
            }
            // Out of file descriptors, most likely: some become free as others hang up.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Speaks with one client until it hangs up, or a fault ends it. Whatever goes wrong is the client's to notice.
async fn converse(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let abort = Arc::new(Abort::default());
    let connection = |stream| Connection::new(stream, Arc::clone(&abort), Arc::clone(shared.sent()));
    match tls {
        None => speak_http(connection(stream), shared, abort).await,
        Some(_) if speaks_plain_http(&stream).await => send_to_https(stream).await,
        Some(acceptor) => {
            if let Ok(connection) = acceptor.accept(connection(stream)).await {
                speak_http(connection, shared, abort).await;
            }
        }
    }
}

async fn speak_http(
    connection: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    shared: Arc<Shared>,
    abort: Arc<Abort>,
) {
    let service = service_fn(move |request| respond(request, Arc::clone(&shared), Arc::clone(&abort)));
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

/// A TLS conversation begins with the byte 22, an HTTP request with a letter.
async fn speaks_plain_http(stream: &TcpStream) -> bool {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)) && first[0].is_ascii_alphabetic()
}

async fn send_to_https(mut stream: TcpStream) {
    let reply = b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 26\r\n\
        connection: close\r\n\r\nThis server speaks https.\n";
    let _ = stream.write_all(reply).await;
    let _ = stream.shutdown().await;
}

async fn respond(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    abort: Arc<Abort>,
) -> Result<Response<ReplyBody>, BrokenOff> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LONGEST_BODY)
        .collect()
        .await
        .map(Collected::to_bytes);
    let asked = Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.as_ref().cloned().unwrap_or_default(),
    };
    let endpoint = Resource::named_by(&asked.path).map(Resource::endpoint);
    let (snapshot, fault) = shared.lock().meet(endpoint);
    if body.is_err() {
        let refusal = Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "too much");
        let answer = refusal.into_answer(ErrorBody::Flat, snapshot.now);
        return delivery::send(answer, None, &abort, snapshot.now);
    }

    let (asked, answer) = answer(snapshot.clone(), asked, fault.clone()).await;
    let answer = delivery::distort(answer, fault.as_ref(), &asked, snapshot.now);
    let seen = seen(&asked, &answer, endpoint, fault.as_ref(), &snapshot);
    let seen = shared.record(seen);
    snapshot.settings.watcher.tell(&seen);

    if !snapshot.settings.latency.is_zero() {
        tokio::time::sleep(snapshot.settings.latency).await;
    }
    if fault == Some(Fault::StallBefore) {
        core::future::pending::<()>().await;
    }
    delivery::send(answer, fault.as_ref(), &abort, snapshot.now)
}

/// What the endpoint says. A key that is not made yet is waited for on another thread.
async fn answer(snapshot: Snapshot, asked: Asked, fault: Option<Fault>) -> (Asked, Answer) {
    if snapshot.keys.all().all(|key| key.is_made()) {
        let answer = dispatch(&snapshot, &asked, fault.as_ref());
        return (asked, answer);
    }
    let work = tokio::task::spawn_blocking(move || {
        let answer = dispatch(&snapshot, &asked, fault.as_ref());
        (asked, answer)
    });
    match work.await {
        Ok(done) => done,
        // The emulator is going away.
        Err(_) => core::future::pending().await,
    }
}

fn dispatch(snapshot: &Snapshot, asked: &Asked, fault: Option<&Fault>) -> Answer {
    let fault: Option<&TokenFault> = match fault {
        Some(Fault::Token(fault)) => Some(fault),
        _ => None,
    };
    match Resource::named_by(&asked.path) {
        Some(Resource::AllServices { account }) => domain_api::answer(snapshot, account, None, asked),
        Some(Resource::Conversation { account }) => api::conversation(snapshot, account, asked),
        Some(Resource::Invoke { account }) => api::invoke(snapshot, account, asked),
        Some(Resource::Keys) => sentinel::keys(snapshot, asked),
        Some(Resource::OneService { account, service }) => {
            domain_api::answer(snapshot, account, Some(service), asked)
        }
        Some(Resource::Token { account, path }) => sentinel::token(snapshot, account, path, asked, fault),
        None => Refusal::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "lp-auth-emulator has nothing here",
        )
        .into_answer(ErrorBody::Flat, snapshot.now),
    }
}

fn seen(
    asked: &Asked,
    answer: &Answer,
    endpoint: Option<Endpoint>,
    fault: Option<&Fault>,
    snapshot: &Snapshot,
) -> SeenRequest {
    let unanswered = matches!(
        fault,
        Some(Fault::CloseBefore | Fault::ResetBefore | Fault::StallBefore)
    );
    SeenRequest {
        at: snapshot.now,
        client_id: answer.client_id.clone(),
        endpoint,
        error: answer.error.map(str::to_owned),
        fault: fault.cloned(),
        method: asked.method.to_string(),
        number: 0,
        path: shown(&asked.path, &snapshot.settings),
        status: (!unanswered).then_some(answer.status),
    }
}

/// A path without what somebody put there by mistake: a secret that is known here, or what looks like a token.
fn shown(path: &str, settings: &Settings) -> String {
    const LONGEST: usize = 200;
    let is_secret = |segment: &str| {
        segment.starts_with("eyJ")
            || settings.applications.iter().any(|application| {
                let secret = application.client_secret().expose_secret();
                !secret.is_empty() && segment.contains(secret)
            })
    };
    let mut shown = String::with_capacity(path.len());
    for (number, segment) in path.split('/').enumerate() {
        if number > 0 {
            shown.push('/');
        }
        shown.push_str(if is_secret(segment) { "[redacted]" } else { segment });
    }
    while shown.len() > LONGEST {
        shown.pop();
    }
    shown
}
