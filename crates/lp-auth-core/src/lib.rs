//! What to ask LivePerson's servers for an access token, when, and what their answers mean. No I/O: nothing here
//! opens a socket, reads a clock, sleeps, spawns or locks.
//!
//! You ask a machine for what you want, and it answers with a [`Step`]: the answer, a [`Call`] to make, or a time to
//! wait for. Whoever has an HTTP stack drives it:
//!
//! ```
//! use lp_auth_core::*;
//!
//! # fn now() -> UnixTime { UnixTime::from_secs(1_700_000_000) }
//! # fn sleep_until(_: UnixTime) {}
//! # fn send(_: http::Request<Body>, _: Limits) -> Result<http::Response<Body>, TransportError> {
//! #     let body = br#"{"access_token":"e30.eyJleHAiOjE3MDAwMDM2MDAsImlhdCI6MTcwMDAwMDAwMH0.c2ln"}"#;
//! #     Ok(http::Response::new(body.as_slice().into()))
//! # }
//! fn token(tokens: &mut TokenSource, sentinel: &mut dyn Locate) -> Result<AccessToken, Error> {
//!     loop {
//!         match tokens.token(sentinel, now())? {
//!             Step::Done(token) => return Ok(token),
//!             Step::Wait(until) => sleep_until(until),
//!             Step::Call(call) => {
//!                 let (ticket, request, limits) = call.into_parts();
//!                 let reply = ticket.reply(send(request, limits));
//!                 (&mut *tokens, &mut *sentinel).handle(reply, now());
//!             }
//!         }
//!     }
//! }
//! # let credentials = Credentials { client_id: "my-app".parse()?, client_secret: "hush".parse()? };
//! # let request = TokenRequest::new("12345678".parse()?, ApiVersion::V2);
//! # let mut tokens = TokenSource::builder(request, credentials).build();
//! # token(&mut tokens, &mut FixedHost::new(Region::Us.host()))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! That loop is all an embedder without concurrency needs. The crate `lp-auth` adds patience, shared use and HTTP.
//!
//! # The map
//!
//! | subject | types |
//! |---|---|
//! | asking and being told | [`Step`], [`Flow`], [`Call`], [`Ticket`], [`Reply`], [`Limits`], [`Body`] |
//! | under every machine | [`Exchange`], [`ServiceExchange`], [`Pace`], [`Rests`], [`success`], [`json_object`], [`Error`] |
//! | time | [`UnixTime`], [`Window`] |
//! | where | [`Locate`], [`FixedHost`], [`Region`], [`ServiceName`], [`ServiceHost`], [`HostPolicy`] |
//! | who | [`AccountId`], [`Credentials`], [`ClientId`], [`ClientSecret`], [`ConsumerId`] |
//! | the token | [`TokenSource`], [`TokenRequest`], [`PreparedTokenRequest`], [`AccessToken`], [`HeaderStyle`], [`Compact`], [`PlainJson`] |
//! | plugging in | `Transport`, `BlockingTransport`, `Runtime` (feature `transport`), [`TransportError`] |
#![forbid(unsafe_code)]

mod access_token;
mod answer;
mod api_version;
mod call;
mod compact;
mod consumer_id;
mod credentials;
mod error;
mod exchange;
mod fixed_host;
mod host;
mod host_policy;
mod installation;
mod json_object;
mod locate;
mod names;
mod plain_json;
mod region;
mod rests;
mod scope;
mod service_exchange;
mod step;
mod time;
mod token_request;
mod token_response;
mod token_source;
#[cfg(feature = "transport")]
mod transport;
mod transport_error;

pub use access_token::{AccessToken, HeaderStyle, UnknownHeaderStyle};
pub use answer::{malformed, success};
pub use api_version::{ApiVersion, UnknownApiVersion};
#[cfg(feature = "transport")]
pub use async_trait::async_trait;
pub use call::{Body, Call, Limits, Reply, Ticket};
pub use compact::{Compact, InvalidCompact, Part};
pub use consumer_id::{ConsumerId, InvalidConsumerId};
pub use credentials::{ClientId, ClientSecret, Credentials, InvalidCredential};
pub use error::{Error, ErrorKind, Purpose};
pub use exchange::{Answer, Exchange, Status, Taken};
pub use fixed_host::FixedHost;
pub use host::{InvalidHost, ServiceHost};
pub use host_policy::{HostPolicy, UntrustedHost};
pub use http;
pub use installation::{
    AppInstallation, AppInstallationBuilder, InstallationProblem, InstallationRemark, InstalledApp,
    InvalidInstallation,
};
pub use json_object::json_object;
pub use locate::Locate;
pub use names::{AccountId, InvalidName, ServiceName};
pub use plain_json::PlainJson;
pub use region::{Region, UnknownRegion};
pub use rests::{Pace, Rests};
pub use scope::{InvalidScope, Scope};
pub use service_exchange::{ServiceAnswer, ServiceExchange};
pub use step::{Flow, Step};
pub use time::{UnixTime, Window};
pub use token_request::{AGENT, NoDelegation, PreparedTokenRequest, TokenRequest};
pub use token_source::{TokenSource, TokenSourceBuilder};
#[cfg(feature = "transport")]
pub use transport::{BlockingTransport, MaybeSendSync, Runtime, Transport};
pub use transport_error::{TransportError, TransportErrorKind};
