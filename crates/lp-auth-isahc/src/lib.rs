//! Sends `lp-auth`'s requests over [`isahc`], and so over libcurl: on any executor, and on threads.
//!
//! The client is yours: its TLS backend, its proxies, its timeouts, its version. This crate adds to each request what
//! `lp-auth` relies on (see [`lp_auth_core::Transport`]): no redirect is followed, nothing is sent twice, limits are
//! kept, plain http passes by every proxy, and errors tell what went wrong without telling a secret.
//!
//! ```
//! use lp_auth_isahc::IsahcTransport;
//!
//! let client = isahc::HttpClient::builder().max_connections(4).build()?;
//! let transport = IsahcTransport::over_client(client);
//! # Ok::<(), isahc::Error>(())
//! ```
//!
//! # The map
//! - [`IsahcTransport`]: the transport, async and blocking.
//! - `failure`: what curl's error codes amount to.
//! - `certificates` (feature `rustls`): whose certificates are trusted, for those who do not want to choose.
//! - `AsyncIoRuntime` (feature `async-io-runtime`): clock and timer for the drivers.
//!
//! # What is out of reach
//! isahc and curl copy request and reply into buffers of their own, which nobody overwrites afterwards.
//!
//! isahc writes what crosses the wire, the client secret included, to the log target `isahc::wire` at the level
//! `trace`. This crate keeps it from doing so where `tracing` is used as such; where a crate in your program turns on
//! `tracing`'s feature `log` (isahc's own feature `log` does), nothing can be done from here: leave that target off.
#![forbid(unsafe_code)]

#[cfg(feature = "rustls")]
mod certificates;
mod failure;
#[cfg(feature = "async-io-runtime")]
mod runtime;
mod transport;

#[cfg(feature = "rustls")]
pub use certificates::BuildError;
pub use failure::{transport_error, transport_error_while_reading};
#[cfg(feature = "async-io-runtime")]
pub use runtime::AsyncIoRuntime;
pub use transport::IsahcTransport;
