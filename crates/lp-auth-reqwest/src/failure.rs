//! What reqwest's errors amount to.
//!
//! reqwest tells timeouts and name resolution apart by itself; for the rest the chain of causes is walked, down to what
//! the socket or the TLS library said.

use core::error::Error as StdError;
use core::iter;
use std::io;

use lp_auth_core::{TransportError, TransportErrorKind};
use tokio::task::JoinError;

/// What an error of reqwest's amounts to, without the URL: its query may name a consumer.
///
/// For programs that send other requests over the transport's own clients, and want to tell their failures as
/// `lp-auth` tells its own.
///
/// ```
/// use lp_auth_core::TransportErrorKind;
///
/// let error = reqwest::Proxy::all("no URL").unwrap_err();
/// assert_eq!(lp_auth_reqwest::transport_error(error).kind(), TransportErrorKind::Other);
/// ```
pub fn transport_error(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    TransportError::new(kind(&error)).caused_by(error)
}

/// Nothing can be sent this way, with words of our own on what to do.
pub(crate) fn unusable(advice: &'static str) -> TransportError {
    TransportError::new(TransportErrorKind::Unusable).caused_by(advice)
}

/// The task did not end by itself. What a panic said is left out: nobody knows what it holds.
pub(crate) fn of_the_runtime(error: &JoinError) -> TransportError {
    if error.is_panic() {
        return unusable(
            "the request panicked in its tokio runtime: build the runtime with `enable_all()`, as reqwest needs its \
             sockets and timers",
        );
    }
    unusable("the tokio runtime was shut down before the answer came")
}

fn kind(error: &reqwest::Error) -> TransportErrorKind {
    if error.is_timeout() {
        return TransportErrorKind::TimedOut;
    }
    if error.is_dns() {
        return TransportErrorKind::Unresolved;
    }
    if error.is_redirect() {
        return TransportErrorKind::Redirected;
    }
    let told = causes(error).find_map(kind_of_cause);
    if let Some(kind) = told {
        return kind;
    }
    // TLS libraries that cannot be asked by type: reqwest's `native-tls`.
    let speaks_of_tls = |cause: &(dyn StdError + 'static)| {
        let text = cause.to_string();
        ["certificate", "SSL", "TLS", "handshake"]
            .iter()
            .any(|word| text.contains(word))
    };
    if error.is_connect() && causes(error).any(speaks_of_tls) {
        return TransportErrorKind::Tls;
    }
    TransportErrorKind::Other
}

fn kind_of_cause(cause: &(dyn StdError + 'static)) -> Option<TransportErrorKind> {
    #[cfg(feature = "rustls-ring")]
    if cause.is::<rustls::Error>() {
        return Some(TransportErrorKind::Tls);
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        let ended = error.is_incomplete_message() || error.is_closed() || error.is_canceled();
        return ended.then_some(TransportErrorKind::BrokenOff);
    }
    let error = cause.downcast_ref::<io::Error>()?;
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(TransportErrorKind::ConnectionRefused),
        io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Some(TransportErrorKind::BrokenOff),
        // How rustls reports each of its errors through a socket, whichever build of it.
        io::ErrorKind::InvalidData => Some(TransportErrorKind::Tls),
        io::ErrorKind::TimedOut => Some(TransportErrorKind::TimedOut),
        _ => None,
    }
}

/// The error and its causes. An `io::Error` hides what it wraps from `source()`, so that is asked for.
fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    iter::successors(Some(error), |&cause| {
        let wrapped = cause
            .downcast_ref::<io::Error>()
            .and_then(|error| error.get_ref());
        match wrapped {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}
