//! LivePerson's servers without a socket, in tokio's simulated time.

#![allow(dead_code, reason = "each test file uses its part")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lp_auth::http::{Request, Response};
use lp_auth::{Client, ClientBuilder, Limits, UnixTime};
use lp_auth_core::{Body, Runtime, Transport, TransportError, TransportErrorKind, async_trait};

/// The secret that must be seen nowhere.
pub(crate) const SECRET: &str = "canary-secret";

/// What the servers do, and what they were asked.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) lookups: AtomicUsize,
    pub(crate) token_requests: AtomicUsize,
    /// How long each answer takes.
    pub(crate) latency: Duration,
    /// How long tokens live, in seconds.
    pub(crate) lifetime: u64,
    /// The one secret that Sentinel accepts; any, if none is set.
    pub(crate) accepts: Mutex<Option<&'static str>>,
    /// What Sentinel does instead of handing out a token, the next first.
    pub(crate) trouble: Mutex<Vec<Trouble>>,
    pub(crate) start: tokio::time::Instant,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    Hangs,
    Panics,
    Refuses,
    Status(u16),
}

impl Servers {
    pub(crate) fn new() -> Self {
        Self {
            lookups: AtomicUsize::new(0),
            token_requests: AtomicUsize::new(0),
            latency: Duration::from_millis(50),
            lifetime: 3600,
            accepts: Mutex::default(),
            trouble: Mutex::default(),
            start: tokio::time::Instant::now(),
        }
    }

    pub(crate) fn open(self) -> Arc<Self> {
        Arc::new(self)
    }

    pub(crate) fn asked(&self) -> (usize, usize) {
        (
            self.lookups.load(Ordering::Relaxed),
            self.token_requests.load(Ordering::Relaxed),
        )
    }

    pub(crate) fn accept(&self, secret: &'static str) {
        *self.accepts.lock().expect("no panic under it") = Some(secret);
    }

    /// The time since the scene began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn answer(&self, request: &Request<Body>) -> Result<Response<Body>, TransportError> {
        if request.uri().host() == Some("api.liveperson.net") {
            self.lookups.fetch_add(1, Ordering::Relaxed);
            let body = br#"{"service":"sentinel","account":"1","baseURI":"va.sentinel.liveperson.net"}"#;
            return Ok(Response::new(body.as_slice().into()));
        }
        let number = self.token_requests.fetch_add(1, Ordering::Relaxed);
        if let Some(accepted) = *self.accepts.lock().expect("no panic under it") {
            let form = String::from_utf8_lossy(request.body().as_ref()).into_owned();
            if !form.contains(&format!("&client_secret={accepted}&")) {
                return Ok(Response::builder()
                    .status(401)
                    .body(br#"{"error":"invalid_client"}"#.as_slice().into())
                    .expect("a status"));
            }
        }
        let trouble = self.trouble.lock().expect("no panic under it").pop();
        match trouble {
            Some(Trouble::Panics) => panic!("as asked for"),
            Some(Trouble::Refuses) => Err(TransportError::new(TransportErrorKind::ConnectionRefused)),
            Some(Trouble::Status(status)) => Ok(Response::builder()
                .status(status)
                .body(Body::default())
                .expect("a status")),
            Some(Trouble::Hangs) | None => {
                let claims = format!(r#"{{"jti":"{number}","iat":0,"exp":{}}}"#, self.lifetime);
                let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
                Ok(Response::new(format!(r#"{{"access_token":"{token}"}}"#).into()))
            }
        }
    }

    fn next_hangs(&self) -> bool {
        self.trouble.lock().expect("no panic under it").last() == Some(&Trouble::Hangs)
    }
}

pub(crate) struct Wire(pub(crate) Arc<Servers>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
        tokio::time::sleep(self.0.latency).await;
        if request.method() == "POST" && self.0.next_hangs() {
            self.0.trouble.lock().expect("no panic under it").pop();
            self.0.token_requests.fetch_add(1, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
        self.0.answer(&request)
    }
}

pub(crate) struct Clock(pub(crate) Arc<Servers>);

#[async_trait]
impl Runtime for Clock {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(1_700_000_000) + self.0.elapsed()
    }

    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

pub(crate) fn builder(servers: &Arc<Servers>) -> ClientBuilder {
    Client::builder("12345678")
        .client_id("my-app")
        .client_secret(SECRET)
        .transport(Wire(Arc::clone(servers)), Clock(Arc::clone(servers)))
        .seed(1)
}

pub(crate) fn client(servers: &Arc<Servers>) -> Client {
    builder(servers).build().expect("the settings are complete")
}
