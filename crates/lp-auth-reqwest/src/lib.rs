//! Sends `lp-auth`'s requests over [`reqwest`].
//!
//! The client is yours: its TLS backend, its proxies, its timeouts, its version. This crate adds what `lp-auth` relies
//! on (see [`lp_auth_core::Transport`]): no redirect is followed, nothing is sent twice, limits are kept, plain http
//! passes by every proxy, and errors tell what went wrong without telling a secret.
//!
//! ```no_run
//! use lp_auth_reqwest::ReqwestTransport;
//!
//! let client = reqwest::Client::builder().user_agent("orders/1.0");
//! let transport = ReqwestTransport::builder(client).build()?;
//! # Ok::<(), lp_auth_reqwest::BuildError>(())
//! ```
//!
//! # The map
//! - [`ReqwestTransport`]: the transport, over a client builder of yours ([`ReqwestTransportBuilder`]) or a finished client.
//! - `failure`: what reqwest's errors amount to.
//! - `certificates` (feature `rustls-ring`): TLS by rustls on `ring`, for those who do not want to choose.
//! - `ReqwestBlockingTransport` (feature `blocking`): the same for threads.
//! - `TokioRuntime` (feature `tokio-runtime`): clock and timer for the drivers.
//!
//! # What is out of reach
//! reqwest and hyper copy request and reply into buffers of their own, which nobody overwrites afterwards. At the log
//! level `trace`, TLS and HTTP/2 libraries write down what they see of headers.
#![forbid(unsafe_code)]

#[cfg(feature = "blocking")]
mod blocking;
mod build_error;
mod builder;
#[cfg(feature = "rustls-ring")]
mod certificates;
mod failure;
#[cfg(feature = "tokio-runtime")]
mod runtime;
mod transport;

#[cfg(feature = "blocking")]
pub use blocking::ReqwestBlockingTransport;
pub use build_error::BuildError;
pub use builder::ReqwestTransportBuilder;
pub use failure::transport_error;
#[cfg(feature = "tokio-runtime")]
pub use runtime::TokioRuntime;
pub use transport::ReqwestTransport;
