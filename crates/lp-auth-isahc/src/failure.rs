//! What curl's error codes amount to. isahc's own kinds do not tell a refused connection from a failed handshake.

use core::error::Error as StdError;
use std::io;

use lp_auth_core::{TransportError, TransportErrorKind};

/// What an error of isahc's amounts to.
///
/// For programs that send other requests over the transport's own client, and want to tell their failures as `lp-auth`
/// tells its own.
///
/// ```
/// use lp_auth_core::TransportErrorKind;
///
/// let error = isahc::get("no URL").unwrap_err();
/// assert_eq!(lp_auth_isahc::transport_error(error).kind(), TransportErrorKind::Other);
/// ```
pub fn transport_error(error: isahc::Error) -> TransportError {
    TransportError::new(kind(&error)).caused_by(error)
}

/// Nothing can be sent this way.
pub(crate) fn unusable(why: impl Into<Box<dyn StdError + Send + Sync>>) -> TransportError {
    TransportError::new(TransportErrorKind::Unusable).caused_by(why)
}

/// What an error amounts to that comes up while the body is read: isahc's own error is wrapped in it.
pub fn transport_error_while_reading(error: io::Error) -> TransportError {
    let kind = match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(error) => kind(error),
        None => TransportErrorKind::BrokenOff,
    };
    TransportError::new(kind).caused_by(error)
}

fn kind(error: &isahc::Error) -> TransportErrorKind {
    match error.source().and_then(|source| source.downcast_ref()) {
        Some(error) => kind_of_code(error),
        None => match error.kind() {
            isahc::error::ErrorKind::Timeout => TransportErrorKind::TimedOut,
            isahc::error::ErrorKind::Io => TransportErrorKind::BrokenOff,
            _ => TransportErrorKind::Other,
        },
    }
}

fn kind_of_code(error: &curl::Error) -> TransportErrorKind {
    if error.is_operation_timedout() {
        return TransportErrorKind::TimedOut;
    }
    if error.is_couldnt_resolve_host() || error.is_couldnt_resolve_proxy() {
        return TransportErrorKind::Unresolved;
    }
    if error.is_couldnt_connect() {
        return TransportErrorKind::ConnectionRefused;
    }
    if error.is_peer_failed_verification()
        || error.is_ssl_cacert()
        || error.is_ssl_cacert_badfile()
        || error.is_ssl_certproblem()
        || error.is_ssl_cipher()
        || error.is_ssl_issuer_error()
    {
        return TransportErrorKind::Tls;
    }
    // `ssl_connect_error` is a handshake that ended for another reason than the certificate: as a rule because the other
    // side went away.
    if error.is_got_nothing()
        || error.is_http2_error()
        || error.is_http2_stream_error()
        || error.is_partial_file()
        || error.is_recv_error()
        || error.is_send_error()
        || error.is_send_fail_rewind()
        || error.is_ssl_connect_error()
    {
        return TransportErrorKind::BrokenOff;
    }
    TransportErrorKind::Other
}
