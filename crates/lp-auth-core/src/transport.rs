//! Where an HTTP stack and a runtime are plugged in. Feature `transport`.

use core::time::Duration;

use async_trait::async_trait;

use crate::{Body, Limits, TransportError, UnixTime};

/// Whether futures and transports cross threads: always, except on wasm32.
#[cfg(not(target_arch = "wasm32"))]
mod bound {
    /// `Send + Sync`, except on wasm32, where browser objects are neither.
    pub trait MaybeSendSync: Send + Sync {}
    impl<T: Send + Sync + ?Sized> MaybeSendSync for T {}
}

#[cfg(target_arch = "wasm32")]
mod bound {
    /// `Send + Sync`, except on wasm32, where browser objects are neither.
    pub trait MaybeSendSync {}
    impl<T: ?Sized> MaybeSendSync for T {}
}

pub use bound::MaybeSendSync;

/// Sends a request and brings the answer back, and nothing else.
///
/// What an implementation owes, and `lp-auth`'s drivers rely on:
/// - it follows no redirect: a `3xx` is an answer like any other;
/// - it repeats nothing by itself;
/// - it keeps to both [`Limits`], the body's in decoded bytes;
/// - for `http` (without `s`) it uses no proxy: a proxy would read the client secret;
/// - its errors hold no body, no header value and no URL query.
///
/// The future may be polled by one task after another, on any thread. An answer that came in time counts, also when
/// nobody polled meanwhile. A future that is dropped half-way leaves the transport as good as before.
///
/// `lp_auth_emulator::transport_suite` checks all of this.
///
/// ```
/// use lp_auth_core::{Body, Limits, Transport, TransportError, async_trait};
///
/// /// Answers everything with an empty page.
/// struct Deaf;
///
/// #[async_trait]
/// impl Transport for Deaf {
///     async fn send(&self, _: http::Request<Body>, _: Limits) -> Result<http::Response<Body>, TransportError> {
///         Ok(http::Response::default())
///     }
/// }
/// ```
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Transport: MaybeSendSync {
    /// Sends the request and reads the whole answer, within the limits.
    async fn send(
        &self,
        request: http::Request<Body>,
        limits: Limits,
    ) -> Result<http::Response<Body>, TransportError>;
}

/// [`Transport`] for threads: the same duties, and it returns when the answer is there.
///
/// ```
/// use lp_auth_core::{BlockingTransport, Body, Limits, TransportError};
///
/// struct Deaf;
///
/// impl BlockingTransport for Deaf {
///     fn send(&self, _: http::Request<Body>, _: Limits) -> Result<http::Response<Body>, TransportError> {
///         Ok(http::Response::default())
///     }
/// }
/// ```
pub trait BlockingTransport: Send + Sync {
    /// Sends the request and reads the whole answer, within the limits.
    fn send(
        &self,
        request: http::Request<Body>,
        limits: Limits,
    ) -> Result<http::Response<Body>, TransportError>;
}

/// The clock and the timer of an async runtime.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use lp_auth_core::{Runtime, UnixTime, async_trait};
///
/// /// A clock that stands still, for a test.
/// struct Stopped;
///
/// #[async_trait]
/// impl Runtime for Stopped {
///     fn now(&self) -> UnixTime {
///         UnixTime::from_secs(1_700_000_000)
///     }
///     async fn sleep(&self, _: Duration) {
///         std::future::pending().await
///     }
/// }
/// ```
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Runtime: MaybeSendSync {
    /// The time of day.
    fn now(&self) -> UnixTime;

    /// How much time has passed since some fixed moment, whatever becomes of the clock: for the patience of those who wait.
    ///
    /// Unless an implementation has a better measure, the time of day: setting the clock forward then ends patience early.
    fn monotonic(&self) -> Duration {
        self.now().since(UnixTime::EPOCH)
    }

    /// Returns after this time.
    async fn sleep(&self, length: Duration);
}
