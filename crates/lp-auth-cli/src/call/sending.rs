//! Sends a request over either HTTP stack, and hands the answer on while it arrives.

use core::time::Duration;

use bytes::Bytes;
use futures_lite::io::{AsyncReadExt as _, Cursor};
use http::{HeaderMap, Request, StatusCode, Version};
use isahc::AsyncBody;
use isahc::config::{Configurable as _, RedirectPolicy};
use lp_auth::{Config, Stack};
use lp_auth_core::TransportError;
use lp_auth_isahc::IsahcTransport;
use lp_auth_reqwest::ReqwestTransport;

use crate::failure::{Exit, Failure};
use crate::{advice, settings};

/// No redirect is followed, nothing is sent a second time, and plain http passes by every proxy.
pub(super) struct Sender {
    stack: Clients,
    timeout: Duration,
}

enum Clients {
    Isahc(IsahcTransport),
    Reqwest(ReqwestTransport),
}

/// An answer whose body is on its way.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    body: Body,
    timeout: Duration,
}

enum Body {
    Isahc(AsyncBody),
    Reqwest(reqwest::Response),
}

impl Sender {
    /// `timeout`: until the answer begins, and from then on for each piece of it.
    pub(super) fn new(config: &Config, timeout: Duration) -> Result<Self, Failure> {
        let ca_pem = config.ca_pem().map_err(|error| settings::unusable(&error))?;
        let stack = match (config.transport.unwrap_or(Stack::Reqwest), &ca_pem) {
            (Stack::Isahc, None) => Clients::Isahc(IsahcTransport::new().map_err(unbuildable)?),
            (Stack::Isahc, Some(pem)) => {
                Clients::Isahc(IsahcTransport::with_ca_pem(pem).map_err(unbuildable)?)
            }
            (_, None) => Clients::Reqwest(ReqwestTransport::new().map_err(unbuildable)?),
            (_, Some(pem)) => Clients::Reqwest(ReqwestTransport::with_ca_pem(pem).map_err(unbuildable)?),
        };
        Ok(Self { stack, timeout })
    }

    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Answer, Failure> {
        let host = request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default();
        let is_encrypted = request.uri().scheme_str() == Some("https");
        let sent = tokio::time::timeout(self.timeout, self.begin(request, is_encrypted)).await;
        sent.unwrap_or_else(|_| Err(self.too_late()))
            .map_err(|trouble| trouble.told(&format!("no answer from {host}")))
    }

    async fn begin(&self, request: Request<Bytes>, is_encrypted: bool) -> Result<Answer, Trouble> {
        match &self.stack {
            Clients::Isahc(transport) => {
                let (parts, body) = request.into_parts();
                let mut request = http::Request::builder()
                    .redirect_policy(RedirectPolicy::None)
                    .automatic_decompression(false)
                    .expect_continue(false);
                if !is_encrypted {
                    request = request.proxy(None);
                }
                let body = match body.len() {
                    0 => AsyncBody::empty(),
                    // It can be read only once, so that nothing is sent a second time.
                    length => AsyncBody::from_reader_sized(Cursor::new(body), length as u64),
                };
                let mut request = request
                    .body(body)
                    .map_err(|error| Trouble::other(error.to_string()))?;
                *request.method_mut() = parts.method;
                *request.uri_mut() = parts.uri;
                *request.headers_mut() = parts.headers;
                let answer = transport
                    .client()
                    .send_async(request)
                    .await
                    .map_err(|error| Trouble::Transport(lp_auth_isahc::transport_error(error)))?;
                let (parts, body) = answer.into_parts();
                Ok(self.answer(parts, Body::Isahc(body)))
            }
            Clients::Reqwest(transport) => {
                let client = match (is_encrypted, transport.plain_http_client()) {
                    (false, Some(client)) => client,
                    _ => transport.https_client(),
                };
                let mut request = reqwest::Request::try_from(request).map_err(Trouble::of_reqwest)?;
                *request.version_mut() = Version::default();
                let response = client.execute(request).await.map_err(Trouble::of_reqwest)?;
                let mut head = http::Response::new(());
                *head.status_mut() = response.status();
                *head.version_mut() = response.version();
                *head.headers_mut() = response.headers().clone();
                Ok(self.answer(head.into_parts().0, Body::Reqwest(response)))
            }
        }
    }

    fn answer(&self, head: http::response::Parts, body: Body) -> Answer {
        Answer {
            status: head.status,
            version: head.version,
            headers: head.headers,
            body,
            timeout: self.timeout,
        }
    }

    fn too_late(&self) -> Trouble {
        Trouble::too_late(self.timeout)
    }
}

impl Answer {
    /// The next piece of the body; `None` at its end.
    pub(super) async fn next(&mut self, host: &str) -> Result<Option<Bytes>, Failure> {
        const LONGEST: usize = 16 * 1024;
        let body = &mut self.body;
        let next = async {
            match body {
                Body::Isahc(body) => {
                    let mut piece = vec![0; LONGEST];
                    let length = body.read(&mut piece).await.map_err(|error| {
                        Trouble::Transport(lp_auth_isahc::transport_error_while_reading(error))
                    })?;
                    piece.truncate(length);
                    Ok((length > 0).then(|| piece.into()))
                }
                Body::Reqwest(response) => response.chunk().await.map_err(Trouble::of_reqwest),
            }
        };
        let next = tokio::time::timeout(self.timeout, next).await;
        next.unwrap_or_else(|_| Err(Trouble::too_late(self.timeout)))
            .map_err(|trouble| trouble.told(&format!("the answer from {host} broke off")))
    }
}

/// Why nothing more comes.
enum Trouble {
    Other(String),
    Transport(TransportError),
}

impl Trouble {
    fn of_reqwest(error: reqwest::Error) -> Self {
        Self::Transport(lp_auth_reqwest::transport_error(error))
    }

    fn other(why: String) -> Self {
        Self::Other(why)
    }

    fn too_late(timeout: Duration) -> Self {
        Self::Other(format!(
            "nothing came for {} s (--timeout)",
            timeout.as_secs_f64()
        ))
    }

    fn told(self, what: &str) -> Failure {
        match self {
            Self::Other(why) => Failure::new(Exit::Unavailable, format!("{what}: {why}")),
            Self::Transport(error) => {
                let failure = Failure::new(Exit::Unavailable, format!("{what}: {error}")).causes_of(&error);
                advice::of_transport(error.kind())
                    .into_iter()
                    .fold(failure, Failure::tip)
            }
        }
    }
}

fn unbuildable(error: impl core::error::Error + Send + Sync + 'static) -> Failure {
    advice::unbuildable(&lp_auth::BuildError::Stack(std::sync::Arc::new(error)))
}
