//! What crosses the boundary to an HTTP stack: a request with its limits goes out, an outcome comes back.

use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::{Purpose, TransportError};

/// A request to send, with all that whoever sends it needs to know.
///
/// ```
/// # use lp_auth_core::{Call, Reply, Body, TransportError};
/// # fn send(_: http::Request<Body>, _: lp_auth_core::Limits) -> Result<http::Response<Body>, TransportError> {
/// #     unimplemented!()
/// # }
/// fn carry_out(call: Call) -> Reply {
///     let (ticket, request, limits) = call.into_parts();
///     ticket.reply(send(request, limits))
/// }
/// ```
#[must_use = "the machine waits for this call until its lease runs out"]
pub struct Call {
    ticket: Ticket,
    request: http::Request<Body>,
    limits: Limits,
}

impl Call {
    pub(crate) fn new(ticket: Ticket, request: http::Request<Body>, limits: Limits) -> Self {
        Self {
            ticket,
            request,
            limits,
        }
    }

    /// Comes apart into what is sent and the ticket that takes the outcome home.
    pub fn into_parts(self) -> (Ticket, http::Request<Body>, Limits) {
        (self.ticket, self.request, self.limits)
    }

    /// What the call is for.
    pub fn purpose(&self) -> &Purpose {
        &self.ticket.purpose
    }

    /// The request as it will be sent.
    ///
    /// Its own `Debug` shows no body, but the query of its URL, which names the consumer of a delegated token: log
    /// the call instead.
    pub fn request(&self) -> &http::Request<Body> {
        &self.request
    }
}

/// Shows the method, the host and the path.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uri = self.request.uri();
        f.debug_struct("Call")
            .field("purpose", self.purpose())
            .field("method", self.request.method())
            .field(
                "host",
                &uri.authority().map_or("", |authority| authority.as_str()),
            )
            .field("path", &uri.path())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The address of the machine that waits for a reply, unique in the process and good for one reply.
///
/// ```
/// use lp_auth_core::{Ticket, TransportError, TransportErrorKind};
///
/// fn nobody_home(ticket: Ticket) -> lp_auth_core::Reply {
///     ticket.reply(Err(TransportError::new(TransportErrorKind::ConnectionRefused)))
/// }
/// ```
#[derive(Debug)]
#[must_use = "a ticket without a reply keeps its machine waiting until the lease runs out"]
pub struct Ticket {
    pub(crate) exchange: u64,
    pub(crate) number: u64,
    pub(crate) purpose: Purpose,
}

impl Ticket {
    /// Puts the outcome of the call into the envelope that [`Flow::handle`](crate::Flow::handle) takes.
    pub fn reply(self, outcome: Result<http::Response<Body>, TransportError>) -> Reply {
        Reply {
            ticket: self,
            outcome,
        }
    }

    /// What the call is for.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }
}

/// The outcome of a call, addressed to the machine that asked for it. See [`Ticket::reply`].
///
/// ```
/// use lp_auth_core::{Flow, Reply, UnixTime};
///
/// fn deliver(reply: Reply, machines: &mut [&mut dyn Flow], now: UnixTime) -> Option<Reply> {
///     machines.iter_mut().try_fold(reply, |reply, machine| machine.handle(reply, now))
/// }
/// ```
#[must_use = "hand it to `Flow::handle` of the machine that asked"]
pub struct Reply {
    pub(crate) ticket: Ticket,
    pub(crate) outcome: Result<http::Response<Body>, TransportError>,
}

impl Reply {
    /// What the call was for.
    pub fn purpose(&self) -> &Purpose {
        &self.ticket.purpose
    }
}

/// Shows the purpose and the status: a reply may carry a token, in its body or in a header.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Reply");
        shown.field("purpose", self.purpose());
        match &self.outcome {
            Ok(response) => shown.field("status", &response.status()),
            Err(error) => shown.field("error", error),
        };
        shown.finish_non_exhaustive()
    }
}

/// What a call may cost at most. Whoever sends it keeps to both.
///
/// ```
/// use lp_auth_core::Limits;
///
/// let limits = Limits::default();
/// assert_eq!(limits.timeout.as_secs(), 10);
/// assert_eq!(limits.max_body, 64 * 1024);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// From the first attempt to connect to the last byte of the body. Default: 10 s.
    pub timeout: Duration,
    /// Bytes of the body after decoding. A longer body is an error, never cut off. Default: 64 KiB.
    pub max_body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            max_body: 64 * 1024,
        }
    }
}

/// The bytes of a request or a reply: overwritten when dropped, and never shown by `Debug`.
///
/// ```
/// use lp_auth_core::Body;
///
/// let body = Body::from(b"client_secret=hush".to_vec());
/// assert_eq!(format!("{body:?}"), "Body(18 bytes)");
/// assert_eq!(body.as_ref(), b"client_secret=hush");
/// ```
pub struct Body(Content);

enum Content {
    Own(Zeroizing<Vec<u8>>),
    /// What another body became: its bytes are overwritten with the last handle.
    Shared(Bytes),
}

impl Body {
    /// The bytes that another body became, without a copy.
    pub(crate) fn shared(bytes: Bytes) -> Self {
        Self(Content::Shared(bytes))
    }

    /// The same bytes in the type that HTTP stacks take, still overwritten when the last handle is dropped.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Content::Own(bytes) => Bytes::from_owner(bytes),
            Content::Shared(bytes) => bytes,
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Content::Own(bytes) => bytes,
            Content::Shared(bytes) => bytes,
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Content::Own(Zeroizing::new(bytes)))
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

/// A copy: the bytes it is made from are somebody else's to overwrite.
impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.as_ref().len())
    }
}
