//! Why no answer came over the wire.

use core::error::Error as StdError;
use core::fmt;
use std::sync::Arc;

/// Why a transport brings no answer.
///
/// Its text names the kind alone; what the HTTP stack said is its [`source`](StdError::source), which an adapter
/// strips of URLs, as their query may name a consumer.
///
/// ```
/// use lp_auth_core::{TransportError, TransportErrorKind};
///
/// let error = TransportError::new(TransportErrorKind::TimedOut);
/// assert_eq!(error.to_string(), "no complete answer within the time limit");
/// ```
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// An error of this kind.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// With what the HTTP stack said. The caller sees to it that it holds no secret, token or URL query.
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::BrokenOff => "the connection broke off before the answer was complete",
            TransportErrorKind::ConnectionRefused => "nobody listens there: the connection was refused",
            TransportErrorKind::Other => "the HTTP stack could not carry out the request",
            TransportErrorKind::Redirected => "the answer came from another address than the one asked",
            TransportErrorKind::TimedOut => "no complete answer within the time limit",
            TransportErrorKind::Tls => "no trusted TLS connection",
            TransportErrorKind::TooLarge => "the answer is larger than the limit",
            TransportErrorKind::Unresolved => "the host name could not be resolved",
            TransportErrorKind::Unusable => "the HTTP stack cannot be used for this, or not from here",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The ways in which a transport can fail.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The connection ended before the answer was complete.
    BrokenOff,
    /// Nobody listens at the address.
    ConnectionRefused,
    /// None of the others; the source tells.
    Other,
    /// The HTTP stack followed a redirect although it must not, or would have.
    Redirected,
    /// The limit of time ran out ([`Limits::timeout`](crate::Limits::timeout)).
    TimedOut,
    /// The TLS handshake failed: the certificate is not trusted, expired or for another name, or no common version.
    Tls,
    /// The body is longer than [`Limits::max_body`](crate::Limits::max_body).
    TooLarge,
    /// The host name could not be resolved.
    Unresolved,
    /// The HTTP stack was set up for something else, or is called from where it cannot work, as outside its runtime: asking
    /// again brings the same. The source tells.
    Unusable,
}
