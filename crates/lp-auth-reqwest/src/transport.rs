//! The transport itself.

use core::fmt;

use http_body_util::Full;
use lp_auth_core::http::{Request, Response};
use lp_auth_core::{Body, Limits, Transport, TransportError, TransportErrorKind, async_trait};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

#[cfg(feature = "rustls-ring")]
use crate::BuildError;
use crate::{ReqwestTransportBuilder, failure};

/// Sends requests over a reqwest client.
///
/// Made from your [`reqwest::ClientBuilder`] ([`builder`](Self::builder)), whose redirects and retries are then
/// switched off; or over a finished client ([`over_client`](Self::over_client)), with a caveat.
///
/// - *Redirects* are not followed: reqwest's default would send the client secret on to whomever a `307` names.
/// - *Retries*: none, neither reqwest's own nor by sending a body a second time.
/// - *Compression* is not asked for, and not undone.
/// - *Time*: [`Limits::timeout`] counts from the first attempt to connect to the last byte of the body.
/// - *Proxies*: for `https` those of your builder, or of the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`). For
///   `http` none; therefore plain http wants a client of its own
///   ([`plain_http`](ReqwestTransportBuilder::plain_http)).
///
/// Requests run as tasks of the tokio runtime that the future is first polled in, or of the one named with
/// [`runtime`](ReqwestTransportBuilder::runtime). Without any, a request ends in an error that says
/// so ([`TransportErrorKind::Unusable`]). As a task,
/// a request goes on while nobody polls its future; dropping the future ends it.
///
/// Cheap to clone; clones share their connections.
///
/// ```no_run
/// use lp_auth_reqwest::ReqwestTransport;
///
/// let transport = ReqwestTransport::builder(reqwest::Client::builder()).build()?;
/// # Ok::<(), lp_auth_reqwest::BuildError>(())
/// ```
#[derive(Clone)]
pub struct ReqwestTransport {
    https: reqwest::Client,
    http: Option<reqwest::Client>,
    runtime: Option<Handle>,
}

impl ReqwestTransport {
    /// Starts from the user's client builder, with whatever is set there.
    ///
    /// Switched off in it: redirects, retries, the referer, decompression and reqwest's log of the bytes on the wire.
    pub fn builder(client: reqwest::ClientBuilder) -> ReqwestTransportBuilder {
        ReqwestTransportBuilder::new(client)
    }

    /// Over TLS by rustls on `ring` that trusts the operating system's certificates; plain http is possible.
    ///
    /// Reads the certificates, which takes some milliseconds: make one and keep it.
    #[cfg(feature = "rustls-ring")]
    pub fn new() -> Result<Self, BuildError> {
        Self::builder(reqwest::Client::builder())
            .os_certificates()
            .plain_http(reqwest::Client::builder())
            .build()
    }

    /// Over TLS by rustls on `ring` that trusts only the certificates in this PEM; plain http is possible.
    ///
    /// ```no_run
    /// use lp_auth_reqwest::ReqwestTransport;
    ///
    /// let transport = ReqwestTransport::with_ca_pem(&std::fs::read("ca.pem")?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rustls-ring")]
    pub fn with_ca_pem(pem: &[u8]) -> Result<Self, BuildError> {
        Self::builder(reqwest::Client::builder())
            .ca_pem(pem)
            .plain_http(reqwest::Client::builder())
            .build()
    }

    /// Over a finished client, whose redirect policy nobody can change any more. For `https` alone.
    ///
    /// # What this cannot prevent
    /// A client that follows redirects (reqwest's default follows ten) will still go where a `3xx` sends it. Bodies are
    /// sent so that they can be read only once, so the client secret is not sent on; and a reply that came from another
    /// URL than the one asked is refused as [`TransportErrorKind::Redirected`]. But that other host has by then been
    /// asked for something, with the path and query that the redirect named. Retries and decompression are as the
    /// client has them; the limit of the body counts what was decompressed. Where you can, use
    /// [`builder`](Self::builder).
    ///
    /// ```no_run
    /// use lp_auth_reqwest::ReqwestTransport;
    ///
    /// let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    /// let transport = ReqwestTransport::over_client(client);
    /// # Ok::<(), reqwest::Error>(())
    /// ```
    pub fn over_client(client: reqwest::Client) -> Self {
        Self {
            https: client,
            http: None,
            runtime: None,
        }
    }

    pub(crate) fn from_parts(
        https: reqwest::Client,
        http: Option<reqwest::Client>,
        runtime: Option<Handle>,
    ) -> Self {
        Self { https, http, runtime }
    }

    /// Carries out its requests in this runtime, wherever the futures are polled.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// The client for `https`, as it was built: without redirects and retries. For requests of your own that want what the
    /// transport has not, as an answer that is read while it arrives.
    ///
    /// ```no_run
    /// use lp_auth_reqwest::ReqwestTransport;
    ///
    /// let transport = ReqwestTransport::builder(reqwest::Client::builder()).build()?;
    /// let request = transport.https_client().get("https://example.liveperson.net/");
    /// # Ok::<(), lp_auth_reqwest::BuildError>(())
    /// ```
    pub fn https_client(&self) -> &reqwest::Client {
        &self.https
    }

    /// The client for plain http, if there is one: without redirects, retries and proxies.
    pub fn plain_http_client(&self) -> Option<&reqwest::Client> {
        self.http.as_ref()
    }

    fn client(&self, scheme: Option<&str>) -> Result<reqwest::Client, TransportError> {
        match (scheme, &self.http) {
            (Some("https"), _) => Ok(self.https.clone()),
            (Some("http"), Some(client)) => Ok(client.clone()),
            (Some("http"), None) => Err(failure::unusable(
                "this transport was built for https alone: for a server on loopback, give it a second client with \
                 `ReqwestTransportBuilder::plain_http`, which then uses no proxy",
            )),
            _ => Err(failure::unusable(
                "the URL of a request begins with https:// or http://",
            )),
        }
    }

    fn current_runtime(&self) -> Result<Handle, TransportError> {
        match &self.runtime {
            Some(runtime) => Ok(runtime.clone()),
            None => Handle::try_current().map_err(|_| {
                failure::unusable(
                    "reqwest needs a tokio runtime: call from within one, or name one with \
                     `ReqwestTransport::runtime`; on other executors use lp-auth-isahc",
                )
            }),
        }
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        let client = self.client(request.uri().scheme_str())?;
        let runtime = self.current_runtime()?;
        // A task of its own: reqwest's futures make no headway while nobody polls them, and then report that the time
        // ran out although the answer had come.
        let mut task = Task(runtime.spawn(async move {
            tokio::time::timeout(limits.timeout, exchange(client, request, limits.max_body))
                .await
                .unwrap_or_else(|_| Err(TransportError::new(TransportErrorKind::TimedOut)))
        }));
        (&mut task.0)
            .await
            .unwrap_or_else(|error| Err(failure::of_the_runtime(&error)))
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the clients: their default headers may hold what is nobody's business.
        f.debug_struct("ReqwestTransport")
            .field("plain_http", &self.http.is_some())
            .finish_non_exhaustive()
    }
}

/// A task that ends with whoever waits for it.
struct Task(JoinHandle<Result<Response<Body>, TransportError>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn exchange(
    client: reqwest::Client,
    request: Request<Body>,
    max_body: usize,
) -> Result<Response<Body>, TransportError> {
    let request = reqwest::Request::try_from(request.map(once)).map_err(failure::transport_error)?;
    let asked = request.url().clone();
    let reply = client.execute(request).await.map_err(failure::transport_error)?;
    if *reply.url() != asked {
        return Err(TransportError::new(TransportErrorKind::Redirected));
    }
    let mut response = Response::new(Body::default());
    *response.status_mut() = reply.status();
    *response.version_mut() = reply.version();
    *response.headers_mut() = reply.headers().clone();
    *response.body_mut() = read(reply, max_body).await?;
    Ok(response)
}

/// A body that can be read only once, so that no client has a second one to send elsewhere.
fn once(body: Body) -> reqwest::Body {
    if body.as_ref().is_empty() {
        return reqwest::Body::default();
    }
    reqwest::Body::wrap(Full::new(body.into_bytes()))
}

async fn read(mut reply: reqwest::Response, max_body: usize) -> Result<Body, TransportError> {
    let too_large = || TransportError::new(TransportErrorKind::TooLarge);
    let declared = reply.content_length().unwrap_or_default();
    let declared = usize::try_from(declared).map_err(|_| too_large())?;
    if declared > max_body {
        return Err(too_large());
    }
    // Not grown step by step where the length is known: each step would leave a copy behind.
    let mut body = Vec::with_capacity(declared);
    while let Some(chunk) = reply.chunk().await.map_err(failure::transport_error)? {
        if chunk.len() > max_body - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}
