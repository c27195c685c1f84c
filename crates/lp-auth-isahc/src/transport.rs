//! The transport itself.

use core::fmt;
use core::time::Duration;

use futures_lite::future::block_on;
use futures_lite::io::{AsyncReadExt, Cursor};
use isahc::config::{Configurable, RedirectPolicy};
use isahc::{AsyncBody, HttpClient};
use lp_auth_core::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use lp_auth_core::http::response::Parts;
use lp_auth_core::http::uri::Scheme;
use lp_auth_core::http::{Method, Request, Response, StatusCode, Version};
use lp_auth_core::{
    BlockingTransport, Body, Limits, Transport, TransportError, TransportErrorKind, async_trait,
};
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;
use zeroize::Zeroizing;

use crate::failure;

/// Sends requests over an isahc client, which does its work on a thread of its own: so this serves any executor, and
/// threads.
///
/// What each request says, whatever the client says:
/// - *Redirects* are not followed.
/// - *Bodies* are sent so that they can be read only once; so nothing is sent a second time. `Expect` is not used.
/// - *Compression* is not asked for, and not undone.
/// - *Time*: [`Limits::timeout`], in whole milliseconds and at most 24 days, counts from the first attempt to connect to
///   the last byte of the body.
/// - *Proxies*: for `http` none. For `https` those of your client, or of the environment (`https_proxy`, `all_proxy`,
///   `no_proxy`).
///
/// A future that is dropped ends its request at the next sign of life from the server, and at the latest when its time
/// runs out.
///
/// # Limits of isahc and curl
/// - Header values are visible ASCII; others end in an error.
/// - An operating system that takes its time to resolve a name may take longer than the request was given.
/// - With curl's rustls, an answer is lost (as broken off) when the server cuts the connection right behind it without
///   TLS's own end.
/// - A connection that ends within the headers is told from one that ends behind them by the missing length. So such an
///   answer to a success, with chunks announced, comes back with an empty body; one that is no success with its status.
/// - In a process with more than 1,023 files and sockets open, each connection fails as if it were refused, where curl was
///   built to wait with `select`: so are those that the crate `curl-sys` builds (seen in 0.4.91). Build with
///   `CFLAGS=-DHAVE_POLL`, or use reqwest, where a process serves that many.
/// - A length that is too large is noticed at the first byte of the body, not before.
///
/// Cheap to clone; clones share their connections.
///
/// ```
/// use lp_auth_isahc::IsahcTransport;
///
/// let transport = IsahcTransport::over_client(isahc::HttpClient::new()?);
/// # Ok::<(), isahc::Error>(())
/// ```
#[derive(Clone)]
pub struct IsahcTransport {
    client: HttpClient,
}

impl IsahcTransport {
    /// Over TLS by isahc's rustls, trusting the operating system's certificates.
    #[cfg(feature = "rustls")]
    pub fn new() -> Result<Self, crate::BuildError> {
        crate::certificates::operating_system().map(Self::over_client)
    }

    /// Over TLS by isahc's rustls, trusting only the certificates in this PEM.
    ///
    /// ```no_run
    /// use lp_auth_isahc::IsahcTransport;
    ///
    /// let transport = IsahcTransport::with_ca_pem(&std::fs::read("ca.pem")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rustls")]
    pub fn with_ca_pem(pem: &[u8]) -> Result<Self, crate::BuildError> {
        crate::certificates::only(pem).map(Self::over_client)
    }

    /// Over a client of yours. Its cookies and default headers, where it has any, go with each request.
    ///
    /// Curl sends a GET once more by itself when a connection that it had kept turns out to be closed. A client built
    /// with `connection_cache_size(0)` keeps none; those made by this crate are.
    pub fn over_client(client: HttpClient) -> Self {
        Self { client }
    }

    /// The client underneath. What the transport says with each request (no redirect, no compression, no proxy for plain
    /// http) is not said here: a request of your own says it for itself.
    ///
    /// ```
    /// use isahc::config::{Configurable, RedirectPolicy};
    /// use lp_auth_isahc::IsahcTransport;
    ///
    /// let transport = IsahcTransport::over_client(isahc::HttpClient::new()?);
    /// let request = isahc::Request::get("https://example.liveperson.net/").redirect_policy(RedirectPolicy::None);
    /// # let _ = (transport.client(), request);
    /// # Ok::<(), isahc::Error>(())
    /// ```
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    async fn exchange(
        &self,
        request: Request<Body>,
        limits: Limits,
    ) -> Result<Response<Body>, TransportError> {
        let has_no_body = request.method() == Method::HEAD;
        let request = prepare(request, limits.timeout)?;
        let (parts, body) = self
            .client
            .send_async(request)
            .await
            .map_err(failure::transport_error)?
            .into_parts();
        let body = read(body, limits.max_body).await?;
        if body.as_ref().is_empty() && !has_no_body && headers_break_off(&parts) {
            return Err(TransportError::new(TransportErrorKind::BrokenOff)
                .caused_by("the connection ended within the headers"));
        }
        let mut response = Response::new(body);
        *response.status_mut() = parts.status;
        *response.version_mut() = parts.version;
        *response.headers_mut() = parts.headers;
        Ok(response)
    }
}

#[async_trait]
impl Transport for IsahcTransport {
    async fn send(&self, request: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        // Without a subscriber isahc does not ask curl for the bytes on the wire, and has nowhere to note the URL.
        self.exchange(request, limits)
            .with_subscriber(NoSubscriber::default())
            .await
    }
}

impl BlockingTransport for IsahcTransport {
    fn send(&self, request: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        block_on(Transport::send(self, request, limits))
    }
}

impl fmt::Debug for IsahcTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IsahcTransport").finish_non_exhaustive()
    }
}

fn prepare(request: Request<Body>, timeout: Duration) -> Result<Request<AsyncBody>, TransportError> {
    let (parts, body) = request.into_parts();
    // isahc panics on those.
    if parts.headers.values().any(|value| value.to_str().is_err()) {
        return Err(failure::unusable(
            "a header value holds something other than visible ASCII",
        ));
    }
    let mut request = Request::builder()
        .timeout(curls(timeout))
        .redirect_policy(RedirectPolicy::None)
        .automatic_decompression(false)
        .expect_continue(false);
    if parts.uri.scheme() != Some(&Scheme::HTTPS) {
        request = request.proxy(None);
    }
    let body = match body.as_ref().len() {
        0 if parts.method != Method::POST => AsyncBody::empty(),
        length => AsyncBody::from_reader_sized(Cursor::new(body), length as u64),
    };
    let mut request = request.body(body).map_err(failure::unusable)?;
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    Ok(request)
}

/// Curl counts in milliseconds of 32 bits, and takes zero for "no limit".
fn curls(timeout: Duration) -> Duration {
    const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
    timeout.clamp(Duration::from_millis(1), LONGEST)
}

/// Curl takes the end of the connection for the end of the headers. So a success that neither says how long it is, nor
/// has anything to say, is taken for one that broke off. Where there is no success, the status is all that counts.
fn headers_break_off(parts: &Parts) -> bool {
    let says_its_length = [CONTENT_LENGTH, TRANSFER_ENCODING]
        .iter()
        .any(|name| parts.headers.contains_key(name));
    let may_be_empty = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT);
    parts.version < Version::HTTP_2 && parts.status.is_success() && !may_be_empty && !says_its_length
}

async fn read(mut body: AsyncBody, max_body: usize) -> Result<Body, TransportError> {
    const CHUNK: usize = 16 * 1024;
    let too_large = || TransportError::new(TransportErrorKind::TooLarge);
    let declared = body.len().unwrap_or_default();
    let declared = usize::try_from(declared).map_err(|_| too_large())?;
    if declared > max_body {
        return Err(too_large());
    }
    // Not grown step by step where the length is known: each step would leave a copy behind.
    let mut read = Vec::with_capacity(declared);
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    loop {
        let length = body
            .read(chunk.as_mut_slice())
            .await
            .map_err(failure::transport_error_while_reading)?;
        if length == 0 {
            return Ok(read.into());
        }
        if length > max_body - read.len() {
            return Err(too_large());
        }
        read.extend(chunk.iter().take(length));
    }
}
