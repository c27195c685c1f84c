//! Why an exchange brought no answer: what was asked of whom, what came back, what to do.

use core::error::Error as StdError;
use core::fmt;
use std::borrow::Cow;
use std::sync::Arc;

use http::StatusCode;

use crate::{ServiceName, TransportError, UnixTime};

/// Why a machine has no answer.
///
/// The text says what was asked of whom, what came back (the status and the server's own message, never the body of
/// a success) and what to do next. Cloning copies a pointer. The transport's error, where there is one, is the
/// [`source`](StdError::source).
///
/// ```
/// use lp_auth_core::{Error, ErrorKind, Purpose};
///
/// let error = Error::new(ErrorKind::Refused, Purpose::Token)
///     .from_host("va.sentinel.liveperson.net")
///     .with_status(http::StatusCode::UNAUTHORIZED)
///     .with_server_code("invalid_client");
/// assert_eq!(
///     error.to_string(),
///     "no access token from va.sentinel.liveperson.net: 401 Unauthorized, invalid_client; \
///      check the client id, the client secret and the account id",
/// );
/// assert!(!error.is_transient());
/// ```
#[derive(Clone, Debug)]
pub struct Error {
    inner: Arc<Inner>,
    retry_at: Option<UnixTime>,
}

#[derive(Clone, Debug)]
struct Inner {
    kind: ErrorKind,
    purpose: Purpose,
    host: Option<String>,
    status: Option<StatusCode>,
    server_code: Option<String>,
    server_message: Option<String>,
    detail: Option<Cow<'static, str>>,
    advice: Option<Cow<'static, str>>,
    transport: Option<TransportError>,
    retry_after: Option<core::time::Duration>,
}

impl Error {
    /// An error of this kind, about this purpose. The `with_` methods add what is known.
    pub fn new(kind: ErrorKind, purpose: Purpose) -> Self {
        let inner = Inner {
            kind,
            purpose,
            host: None,
            status: None,
            server_code: None,
            server_message: None,
            detail: None,
            advice: None,
            transport: None,
            retry_after: None,
        };
        Self {
            inner: Arc::new(inner),
            retry_at: None,
        }
    }

    /// The transport brought no answer. The kind follows from the transport's.
    pub fn from_transport(error: TransportError, purpose: Purpose) -> Self {
        use crate::TransportErrorKind as Transport;
        let kind = match error.kind() {
            Transport::Tls => ErrorKind::Tls,
            Transport::TooLarge | Transport::Redirected => ErrorKind::Malformed,
            Transport::Unusable => ErrorKind::TransportUnusable,
            _ => ErrorKind::NoAnswer,
        };
        Self::new(kind, purpose).edit(|inner| inner.transport = Some(error))
    }

    /// Which host was asked.
    pub fn from_host(self, host: impl Into<String>) -> Self {
        self.edit(|inner| inner.host = Some(host.into()))
    }

    /// The status that came back.
    pub fn with_status(self, status: StatusCode) -> Self {
        self.edit(|inner| inner.status = Some(status))
    }

    /// The server's error code, as `invalid_client` (RFC 6749 §5.2).
    pub fn with_server_code(self, code: impl Into<String>) -> Self {
        self.edit(|inner| inner.server_code = Some(code.into()))
    }

    /// The server's own words. The caller sees to it that they hold no secret.
    pub fn with_server_message(self, message: impl Into<String>) -> Self {
        self.edit(|inner| inner.server_message = Some(message.into()))
    }

    /// What was wrong with the answer, in our words.
    pub fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.edit(|inner| inner.detail = Some(detail.into()))
    }

    /// What to do, where there is better advice than the kind's own.
    pub fn with_advice(self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.edit(|inner| inner.advice = Some(advice.into()))
    }

    /// The pause that the server asked for (`Retry-After`).
    pub fn with_retry_after(self, pause: core::time::Duration) -> Self {
        self.edit(|inner| inner.retry_after = Some(pause))
    }

    /// The exchange rests, and this is when it will try again.
    pub fn with_retry_at(mut self, retry_at: UnixTime) -> Self {
        self.retry_at = Some(retry_at);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What was asked for.
    pub fn purpose(&self) -> &Purpose {
        &self.inner.purpose
    }

    /// Whether the same question can bring an answer later, with nothing changed on this side.
    pub fn is_transient(&self) -> bool {
        match self.kind() {
            ErrorKind::Malformed
            | ErrorKind::NoAnswer
            | ErrorKind::OutOfPatience
            | ErrorKind::ServerFault
            | ErrorKind::Throttled => true,
            ErrorKind::HostNotTrusted
            | ErrorKind::InvalidRequest
            | ErrorKind::Refused
            | ErrorKind::ServiceUnknown
            | ErrorKind::Tls
            | ErrorKind::TransportUnusable => false,
        }
    }

    /// When the next call will be made if somebody asks; until then askers get this error at once.
    pub fn retry_at(&self) -> Option<UnixTime> {
        self.retry_at
    }

    /// Which host was asked.
    pub fn host(&self) -> Option<&str> {
        self.inner.host.as_deref()
    }

    /// The status that came back, if one came.
    pub fn status(&self) -> Option<StatusCode> {
        self.inner.status
    }

    /// The server's error code, as `invalid_client` (RFC 6749 §5.2).
    pub fn server_code(&self) -> Option<&str> {
        self.inner.server_code.as_deref()
    }

    /// The server's own words, cut to one line and cleared of secrets.
    pub fn server_message(&self) -> Option<&str> {
        self.inner.server_message.as_deref()
    }

    /// The pause that the server asked for (`Retry-After`).
    pub fn retry_after(&self) -> Option<core::time::Duration> {
        self.inner.retry_after
    }

    /// The transport's error, if no answer came.
    pub fn transport(&self) -> Option<&TransportError> {
        self.inner.transport.as_ref()
    }

    /// What was asked of whom and what came back, without the advice: for programs that have advice of their own.
    ///
    /// ```
    /// use lp_auth_core::{Error, ErrorKind, Purpose};
    ///
    /// let error = Error::new(ErrorKind::Refused, Purpose::Token).from_host("localhost").with_server_code("invalid_client");
    /// assert_eq!(error.summary(), "no access token from localhost: invalid_client");
    /// ```
    pub fn summary(&self) -> String {
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = self.write_summary(&mut text);
        text
    }

    /// What to do next, as the text says it.
    pub fn advice(&self) -> &str {
        match &self.inner.advice {
            Some(advice) => advice,
            None => self.inner.kind.advice(&self.inner.purpose),
        }
    }

    /// Whether the host may have moved: no answer, a certificate that is not its own (somebody else may have its
    /// address by now), or 404, 410 or 421. [`Locate::doubt`](crate::Locate::doubt) it.
    pub fn casts_doubt_on_the_host(&self) -> bool {
        matches!(self.kind(), ErrorKind::NoAnswer | ErrorKind::Tls)
            || matches!(self.status().map(|status| status.as_u16()), Some(404 | 410 | 421))
    }

    fn write_summary(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        let inner = &*self.inner;
        write!(to, "no {}", inner.purpose)?;
        if let Some(host) = &inner.host {
            write!(to, " from {host}")?;
        }
        let mut mark = ": ";
        let mut part = |text: &dyn fmt::Display| {
            write!(to, "{mark}{text}")?;
            mark = ", ";
            Ok(())
        };
        if let Some(status) = &inner.status {
            part(status)?;
        }
        if let Some(error) = &inner.transport {
            part(error)?;
        }
        if let Some(code) = &inner.server_code {
            part(code)?;
        }
        if let Some(message) = &inner.server_message {
            part(&format_args!("\"{message}\""))?;
        }
        if let Some(detail) = &inner.detail {
            part(detail)?;
        }
        Ok(())
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_summary(f)?;
        write!(f, "; {}", self.advice())?;
        if let Some(retry_at) = self.retry_at {
            write!(f, " (next try from {retry_at} on)")?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.transport().map(|error| error as _)
    }
}

/// What went wrong, as far as it decides what to do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The host that the Domain API named is not one that secrets may be sent to
    /// ([`HostPolicy`](crate::HostPolicy)).
    HostNotTrusted,
    /// The request could not be made: what it is to carry does not fit in one.
    InvalidRequest,
    /// An answer came and makes no sense: HTML, an empty body, an oversized one, a token that is no JWT, a redirect.
    Malformed,
    /// No answer came, or one that says as much (408, 425). [`Error::transport`] tells more.
    NoAnswer,
    /// The asker's patience ran out while others went on trying. Said by drivers, never by a machine.
    OutOfPatience,
    /// The server says no, and asking again will not help (any `4xx` but 408, 425 and 429).
    Refused,
    /// The server is in trouble (`5xx`).
    ServerFault,
    /// The Domain API knows no such service for the account.
    ServiceUnknown,
    /// The server asks for fewer requests (429).
    Throttled,
    /// No trusted TLS connection came about.
    Tls,
    /// Nothing was sent, as the transport cannot be used for this, or not from here. [`Error::transport`] and its source
    /// tell more.
    TransportUnusable,
}

impl ErrorKind {
    fn advice(self, purpose: &Purpose) -> &'static str {
        match (self, purpose) {
            (Self::HostNotTrusted, _) => "if this host is yours, allow it by name in the host policy",
            (Self::InvalidRequest, _) => "check the settings",
            (Self::Malformed, _) => {
                "check that the address is LivePerson's and that no proxy answers in its place"
            }
            (Self::NoAnswer, _) => "check the network, the proxy settings and the address",
            (Self::OutOfPatience, _) => "ask again, or allow more patience",
            (Self::Refused, Purpose::Token) => "check the client id, the client secret and the account id",
            (Self::Refused, Purpose::Host(_)) => "check the account id",
            (Self::Refused, _) => "check the address and the account id",
            (Self::ServerFault, _) => "the server is in trouble: ask again later",
            (Self::ServiceUnknown, _) => "check the account id and the name of the service (case matters)",
            (Self::Throttled, _) => "the server asks for fewer requests: ask again later",
            (Self::Tls, _) => {
                "check that the certificate authority is trusted here and that the certificate is for this host"
            }
            (Self::TransportUnusable, _) => {
                "call from within the runtime that the HTTP stack needs, set the stack up for this, or choose another"
            }
        }
    }
}

/// What an exchange is for. Its text completes "no …".
///
/// ```
/// use lp_auth_core::{Purpose, ServiceName};
///
/// assert_eq!(Purpose::Host(ServiceName::SENTINEL).to_string(), "host of service `sentinel`");
/// assert_eq!(Purpose::Other("message history").to_string(), "message history");
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Purpose {
    /// Where a service lives (Domain API).
    Host(ServiceName),
    /// Which keys sign tokens (JWKS).
    Keys,
    /// What a flow outside this project asks for.
    Other(&'static str),
    /// An access token (Sentinel).
    Token,
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(service) => write!(f, "host of service `{service}`"),
            Self::Keys => f.write_str("key set"),
            Self::Other(what) => f.write_str(what),
            Self::Token => f.write_str("access token"),
        }
    }
}
