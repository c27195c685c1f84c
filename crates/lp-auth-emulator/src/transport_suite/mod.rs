//! What an implementation of [`Transport`] owes, checked over sockets on loopback. Feature `transport-suite`.
//!
//! For whoever writes an adapter to another HTTP stack: hand [`check_transport`] (or [`check_blocking_transport`]) the
//! means to build yours, and it says which of the [duties](Duty) are broken, and what was seen. It starts small servers
//! on `127.0.0.1`, with TLS and without; no other network is used, except that one name which cannot exist
//! (`nobody.invalid`, RFC 6761 §6.4) is looked up. It takes some ten seconds.
//!
//! ```no_run
//! # use lp_auth_core::{Body, Limits, Transport, TransportError, async_trait};
//! # struct Mine;
//! # impl Mine {
//! #     fn trusting(_: &[u8]) -> Result<Self, std::io::Error> { Ok(Self) }
//! # }
//! # #[async_trait]
//! # impl Transport for Mine {
//! #     async fn send(&self, _: http::Request<Body>, _: Limits) -> Result<http::Response<Body>, TransportError> {
//! #         Ok(http::Response::default())
//! #     }
//! # }
//! # use lp_auth_core::http;
//! use lp_auth_emulator::transport_suite::{check_proxies, check_transport};
//!
//! // #[tokio::test]
//! async fn my_transport_keeps_every_duty() {
//!     check_transport(|ca_pem| Mine::trusting(ca_pem)).await.unwrap();
//! }
//!
//! // #[tokio::test]
//! async fn my_transport_uses_proxies_as_it_should() {
//!     check_proxies("my_transport_uses_proxies_as_it_should", |ca_pem| Mine::trusting(ca_pem)).await.unwrap();
//! }
//! ```
//!
//! # The map
//! - `report`: the duties, and which were broken.
//! - `server`: the servers, each with a script.
//! - `suite`: sends a request, with an eye on time and on secrets.
//! - `answers`, `redirects`, `limits`, `connections`, `futures`: the checks.
//! - `proxies`: the check that needs a process of its own.

mod answers;
mod connections;
mod futures;
mod limits;
mod proxies;
mod redirects;
mod report;
mod server;
mod suite;

use core::error::Error as StdError;
use std::sync::Arc;
use std::thread;

use async_io::block_on;
use lp_auth_core::http::{Request, Response};
use lp_auth_core::{
    BlockingTransport, Body, Limits, Transport, TransportError, TransportErrorKind, async_trait,
};

pub use proxies::{check_blocking_proxies, check_proxies};
pub use report::{BrokenDuties, Duty, Finding, Report};
use suite::Suite;

/// Checks all duties but the two about proxies, for which there is [`check_proxies`].
///
/// `build` is called once, with the PEM of the certificate authority that the transport has to trust.
///
/// The error lists each duty that was broken, with what was seen; its `Debug`, which `unwrap` prints, does too.
pub async fn check_transport<T, E>(build: impl Fn(&[u8]) -> Result<T, E>) -> Result<Report, BrokenDuties>
where
    T: Transport + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut suite = Suite::new(|ca| Ok(Arc::new(build(ca).map_err(Into::into)?)))?;
    answers::check(&mut suite).await;
    redirects::check(&mut suite).await;
    limits::check(&mut suite).await;
    connections::check(&mut suite).await;
    futures::check(&mut suite).await;
    suite.into_report()
}

/// [`check_transport`] for a transport that blocks.
pub fn check_blocking_transport<T, E>(build: impl Fn(&[u8]) -> Result<T, E>) -> Result<Report, BrokenDuties>
where
    T: BlockingTransport + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    block_on(check_transport(|ca| {
        build(ca).map(|transport| OnThreads(Arc::new(transport)))
    }))
}

/// Sends each request on a thread of its own, so that one suite serves both traits.
struct OnThreads<T>(Arc<T>);

#[async_trait]
impl<T: BlockingTransport + 'static> Transport for OnThreads<T> {
    async fn send(&self, request: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        let transport = Arc::clone(&self.0);
        let (outcome, answer) = async_channel::bounded(1);
        thread::spawn(move || {
            // Nobody is there to take it when the suite lost its patience.
            let _ = outcome.send_blocking(transport.send(request, limits));
        });
        answer.recv().await.unwrap_or_else(|_| {
            Err(TransportError::new(TransportErrorKind::Other).caused_by("the transport panicked"))
        })
    }
}
