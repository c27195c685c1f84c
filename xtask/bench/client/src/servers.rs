//! LivePerson's servers without a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use lp_auth::http::{Request, Response};
use lp_auth::{Client, Limits, UnixTime};
use lp_auth_core::{Body, Runtime, Transport, TransportError, async_trait};

use crate::reply::reply;

/// What they do, and how often they were asked.
pub(crate) struct Servers {
    pub(crate) lookups: AtomicUsize,
    pub(crate) token_requests: AtomicUsize,
    pub(crate) latency: Duration,
    /// How long tokens live, in seconds.
    pub(crate) lifetime: u64,
}

impl Servers {
    pub(crate) fn new(latency: Duration, lifetime: u64) -> Arc<Self> {
        Arc::new(Self {
            lookups: AtomicUsize::new(0),
            token_requests: AtomicUsize::new(0),
            latency,
            lifetime,
        })
    }

    fn answer(&self, request: &Request<Body>) -> Response<Body> {
        if request.method() == "GET" {
            self.lookups.fetch_add(1, Ordering::Relaxed);
            let body =
                br#"{"service":"sentinel","account":"12345678","baseURI":"va.sentinel.liveperson.net"}"#;
            return Response::new(body.as_slice().into());
        }
        let number = self.token_requests.fetch_add(1, Ordering::Relaxed);
        Response::new(reply(self.lifetime, number).into_bytes().into())
    }
}

struct Wire(Arc<Servers>);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
        if !self.0.latency.is_zero() {
            tokio::time::sleep(self.0.latency).await;
        }
        Ok(self.0.answer(&request))
    }
}

struct Tokio;

#[async_trait]
impl Runtime for Tokio {
    fn now(&self) -> UnixTime {
        SystemTime::now().into()
    }

    async fn sleep(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

pub(crate) fn client(servers: &Arc<Servers>) -> Client {
    Client::builder("12345678")
        .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
        .client_secret("mfrggzdfmztwq2lknnwg23tpob")
        .transport(Wire(Arc::clone(servers)), Tokio)
        .build()
        .expect("the settings are complete")
}
