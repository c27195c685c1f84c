//! How a transport is put together from reqwest's builders, and what is switched off in them.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::runtime::Handle;

use crate::{BuildError, ReqwestTransport};

/// Puts a [`ReqwestTransport`] together. See [`ReqwestTransport::builder`].
///
/// ```no_run
/// use lp_auth_reqwest::ReqwestTransport;
///
/// let transport = ReqwestTransport::builder(reqwest::Client::builder().user_agent("orders/1.0"))
///     .plain_http(reqwest::Client::builder())
///     .build()?;
/// # Ok::<(), lp_auth_reqwest::BuildError>(())
/// ```
#[must_use = "nothing is built before `build`"]
pub struct ReqwestTransportBuilder {
    https: reqwest::ClientBuilder,
    http: Option<reqwest::ClientBuilder>,
    runtime: Option<Handle>,
    #[cfg(feature = "rustls-ring")]
    trust: Option<Result<rustls::ClientConfig, BuildError>>,
}

impl ReqwestTransportBuilder {
    pub(crate) fn new(https: reqwest::ClientBuilder) -> Self {
        Self {
            https,
            http: None,
            runtime: None,
            #[cfg(feature = "rustls-ring")]
            trust: None,
        }
    }

    /// TLS by rustls on `ring`, trusting only the certificates in this PEM. Replaces the client's TLS settings.
    #[cfg(feature = "rustls-ring")]
    pub fn ca_pem(mut self, pem: &[u8]) -> Self {
        self.trust = Some(crate::certificates::only(pem));
        self
    }

    /// TLS by rustls on `ring`, trusting the operating system's certificates. Replaces the client's TLS settings.
    #[cfg(feature = "rustls-ring")]
    pub fn os_certificates(mut self) -> Self {
        self.trust = Some(crate::certificates::operating_system());
        self
    }

    /// Allows plain http, over a client of its own whose proxies are switched off: a proxy would read the client
    /// secret. Default: plain http is an error.
    ///
    /// It takes a second builder because reqwest can neither copy a builder nor switch its proxies off for one scheme.
    /// Whether a host may be asked over plain http at all is for the caller to say (`lp-auth` allows loopback alone).
    pub fn plain_http(mut self, client: reqwest::ClientBuilder) -> Self {
        self.http = Some(client);
        self
    }

    /// Carries out the requests in this runtime. Default: the one that the future is first polled in.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Builds the clients.
    ///
    /// Fails when reqwest does not accept the settings, or when there are no usable certificates.
    pub fn build(self) -> Result<ReqwestTransport, BuildError> {
        #[cfg(feature = "rustls-ring")]
        let (https, http) = match self.trust.transpose()? {
            Some(trust) => (
                self.https.tls_backend_preconfigured(trust.clone()),
                self.http.map(|client| client.tls_backend_preconfigured(trust)),
            ),
            None => (self.https, self.http),
        };
        #[cfg(not(feature = "rustls-ring"))]
        let (https, http) = (self.https, self.http);
        let http = http.map(|client| finish(client.no_proxy())).transpose()?;
        Ok(ReqwestTransport::from_parts(finish(https)?, http, self.runtime))
    }
}

impl fmt::Debug for ReqwestTransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransportBuilder")
            .field("plain_http", &self.http.is_some())
            .finish_non_exhaustive()
    }
}

fn finish(client: reqwest::ClientBuilder) -> Result<reqwest::Client, BuildError> {
    let client = client
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .connection_verbose(false);
    // reqwest panics where rustls is compiled in without cryptography and none was named: so it is with the feature
    // `rustls-ring` alone, and a builder for which nothing was chosen.
    catch_unwind(AssertUnwindSafe(|| client.build()))
        .map_err(|_| BuildError::NoCryptography)?
        .map_err(|error| BuildError::Client(Arc::new(error.without_url())))
}
