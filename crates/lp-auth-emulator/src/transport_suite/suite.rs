//! Sends requests through the transport under test, with an eye on time and on secrets.

use core::error::Error as StdError;
use core::fmt::Write as _;
use core::iter;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use async_io::Timer;
use futures_lite::future;
use lp_auth_core::http::{Request, Response};
use lp_auth_core::{Body, Limits, Transport, TransportError, TransportErrorKind};
use rustls::ServerConfig;

use super::report::{BrokenDuties, Duty, Finding, Report};
use super::server::{Seen, Server, Then, Wire};
use crate::{CertificateAuthority, CertificateError, ServerCertificate};

type BoxError = Box<dyn StdError + Send + Sync>;

/// What became of a request.
pub(super) enum Outcome {
    Answer(Response<Body>),
    Failed(TransportError),
    /// The transport did not return within its time limit and [`Suite::GRACE`].
    Silence,
}

impl Outcome {
    /// For a finding: what was seen instead.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Answer(response) => format!(
                "an answer with status {} and {} bytes",
                response.status().as_u16(),
                response.body().as_ref().len()
            ),
            Self::Failed(error) => {
                let mut text = format!("{:?}: {error}", error.kind());
                for cause in iter::successors(error.source(), |&cause| cause.source()) {
                    let _ = write!(text, ": {cause}");
                }
                text
            }
            Self::Silence => "no outcome at all, long after the limit of time".into(),
        }
    }

    pub(super) fn kind(&self) -> Option<TransportErrorKind> {
        match self {
            Self::Failed(error) => Some(error.kind()),
            Self::Answer(_) | Self::Silence => None,
        }
    }
}

/// The transport under test, and what was found so far.
pub(super) struct Suite {
    pub(super) transport: Arc<dyn Transport>,
    authority: CertificateAuthority,
    tls: Arc<ServerConfig>,
    findings: Vec<Finding>,
    cases: usize,
}

impl Suite {
    /// What a transport may take beyond its limit of time: a machine may be busy.
    pub(super) const GRACE: Duration = Duration::from_secs(3);
    /// For cases that have nothing to do with time.
    pub(super) const AMPLE: Limits = Limits {
        timeout: Duration::from_secs(20),
        max_body: 64 * 1024,
    };
    /// A name that the servers' certificates vouch for, and that does not resolve.
    pub(super) const PROXIED_HOST: &str = "sentinel.lp-auth.invalid";

    pub(super) fn new(
        build: impl FnOnce(&[u8]) -> Result<Arc<dyn Transport>, BoxError>,
    ) -> Result<Self, BrokenDuties> {
        let broken = |case: &str, seen: &dyn StdError| {
            BrokenDuties::new(vec![Finding::new(Duty::Trust, case, seen.to_string())])
        };
        let authority = CertificateAuthority::generate()
            .map_err(|error| broken("a certificate authority is made", &error))?;
        let certificate = ServerCertificate::for_loopback().and_name(Self::PROXIED_HOST);
        let tls = authority
            .server_config(&certificate)
            .map_err(|error| broken("a certificate is made", &error))?;
        let transport = build(authority.pem().as_bytes())
            .map_err(|error| broken("the transport is built with the authority's PEM", &*error))?;
        Ok(Self {
            transport,
            authority,
            tls: Arc::new(tls),
            findings: Vec::new(),
            cases: 0,
        })
    }

    /// A server that the transport trusts.
    pub(super) fn https(
        &self,
        script: impl Fn(&Seen, &mut Wire) -> io::Result<Then> + Send + Sync + 'static,
    ) -> io::Result<Server> {
        Server::start(Some(Arc::clone(&self.tls)), script)
    }

    /// A certificate of the trusted authority.
    pub(super) fn tls(&self, certificate: &ServerCertificate) -> Result<Arc<ServerConfig>, CertificateError> {
        self.authority.server_config(certificate).map(Arc::new)
    }

    /// Counts a case, and notes what is wrong with it.
    pub(super) fn expect(&mut self, duty: Duty, case: impl Into<String>, wrong: Option<String>) {
        self.cases += 1;
        if let Some(seen) = wrong {
            self.findings.push(Finding::new(duty, case, seen));
        }
    }

    /// A server that could not be started is no fault of the transport's; but nothing was checked.
    pub(super) fn note(&mut self, error: &io::Error) {
        let case = "a server is started on loopback";
        self.findings
            .push(Finding::new(Duty::Answers, case, error.to_string()));
    }

    pub(super) async fn send(&mut self, request: Request<Body>, limits: Limits) -> Outcome {
        self.timed(request, limits).await.0
    }

    /// With how long it took.
    pub(super) async fn timed(&mut self, request: Request<Body>, limits: Limits) -> (Outcome, Duration) {
        let start = now();
        let outcome = within(self.transport.send(request, limits), limits.timeout).await;
        let took = now().saturating_duration_since(start);
        self.look_for_secrets(&outcome);
        (outcome, took)
    }

    /// Each error that comes by is searched.
    pub(super) fn look_for_secrets(&mut self, outcome: &Outcome) {
        let Outcome::Failed(error) = outcome else { return };
        let mut texts = format!("{error} {error:?} {error:#?}");
        for cause in iter::successors(error.source(), |&cause| cause.source()) {
            let _ = write!(texts, " {cause} {cause:?} {cause:#?}");
        }
        let shown = canary::found_in(&texts);
        let wrong = shown.map(|place| format!("the {place} of the request stands in: {texts}"));
        self.expect(
            Duty::Secrets,
            format!("the error of kind {:?}", error.kind()),
            wrong,
        );
    }

    pub(super) fn into_report(self) -> Result<Report, BrokenDuties> {
        if self.findings.is_empty() {
            return Ok(Report { cases: self.cases });
        }
        Err(BrokenDuties::new(self.findings))
    }
}

/// Waits for the transport, but not for ever.
pub(super) async fn within(
    sending: impl Future<Output = Result<Response<Body>, TransportError>>,
    timeout: Duration,
) -> Outcome {
    let sending = async {
        match sending.await {
            Ok(response) => Outcome::Answer(response),
            Err(error) => Outcome::Failed(error),
        }
    };
    let patience = async {
        Timer::after(timeout + Suite::GRACE).await;
        Outcome::Silence
    };
    future::or(sending, patience).await
}

/// A token request as Sentinel gets it, with a canary wherever a secret or a consumer may stand.
pub(super) fn token_request(origin: &str, path: &str) -> Request<Body> {
    let mut request = Request::new(Body::from(canary::body()));
    *request.method_mut() = lp_auth_core::http::Method::POST;
    let headers = request.headers_mut();
    headers.insert("content-type", from_static("application/x-www-form-urlencoded"));
    headers.insert("authorization", from_static(canary::HEADER));
    aim(&mut request, origin, path);
    request
}

/// Without a body.
pub(super) fn get(origin: &str, path: &str) -> Request<Body> {
    let mut request = Request::new(Body::default());
    let headers = request.headers_mut();
    headers.insert("accept", from_static("application/json"));
    headers.insert("authorization", from_static(canary::HEADER));
    aim(&mut request, origin, path);
    request
}

fn aim(request: &mut Request<Body>, origin: &str, path: &str) {
    let url = format!("{origin}{path}?{}", canary::QUERY);
    // Origins and paths are the suite's own.
    if let Ok(url) = url.parse() {
        *request.uri_mut() = url;
    }
}

fn from_static(value: &'static str) -> lp_auth_core::http::HeaderValue {
    lp_auth_core::http::HeaderValue::from_static(value)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a transport takes is what is measured"
)]
fn now() -> Instant {
    Instant::now()
}

/// What must appear in no error.
pub(super) mod canary {
    pub(in super::super) const QUERY: &str = "v=2.0&state=WqZvK7%2Fconsumer%20id+x";
    pub(super) const HEADER: &str = "Bearer HxJrQ4-token-that-nobody-sees";
    const BODY: &str = "client_id=75588e18&client_secret=UyNpB9%2Fhush%26hush&grant_type=client_credentials";

    pub(super) fn body() -> String {
        BODY.to_owned()
    }

    /// What the body holds, for comparison with what arrived.
    pub(in super::super) fn body_bytes() -> &'static [u8] {
        BODY.as_bytes()
    }

    /// Which part of the request shows: as text, as a list of bytes, or encoded. The first letters are enough.
    pub(super) fn found_in(text: &str) -> Option<&'static str> {
        const MARKS: [(&str, &str); 3] = [("query", "WqZv"), ("header", "HxJr"), ("body", "UyNp")];
        let text = text.to_lowercase();
        let shows = |mark: &str| {
            let list = |one: fn(u8) -> String, between: &str| {
                let bytes: Vec<_> = mark.bytes().map(one).collect();
                bytes.join(between)
            };
            let hex = |byte: u8| format!("{byte:02x}");
            let forms = [
                mark.to_lowercase(),
                list(|byte| byte.to_string(), ", "),
                list(|byte| byte.to_string(), ",\n"),
                list(hex, ""),
                list(hex, " "),
                list(hex, ", "),
                list(|byte| format!("0x{byte:02x}"), ", "),
                list(|byte| format!("%{byte:02x}"), ""),
                list(|byte| format!("\\x{byte:02x}"), ""),
            ];
            // `{:#?}` puts each byte on a line of its own.
            let unfolded: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            forms
                .iter()
                .any(|form| text.contains(form) || unfolded.contains(form))
        };
        MARKS
            .iter()
            .find(|(_, mark)| shows(mark))
            .map(|(place, _)| *place)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_canary_is_found_in_whatever_form_it_shows() {
            let mark = b"UyNpB9";
            let percent = mark.map(|byte| format!("%{byte:02X}")).concat();
            for text in [
                "secret UyNp…".to_owned(),
                format!("{mark:?}"),
                format!("{mark:#?}"),
                format!("{mark:02x?}"),
                format!("{mark:02X?}"),
                percent,
            ] {
                assert_eq!(found_in(&text), Some("body"), "{text}");
            }
            assert_eq!(found_in("error sending request"), None);
        }
    }
}
