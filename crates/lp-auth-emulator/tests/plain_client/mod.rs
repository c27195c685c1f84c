//! An HTTP client of the plainest kind, that keeps every duty of a transport except those it is told to break.
#![expect(
    clippy::unwrap_used,
    reason = "a client for the suite's own servers, which say nothing unexpected"
)]

use std::collections::BTreeSet;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lp_auth_core::http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use lp_auth_core::{BlockingTransport, Body, Limits, TransportError, TransportErrorKind as Kind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

/// What is wrong with the client.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Flaw {
    DecodesWithoutLimit,
    FollowsRedirects,
    IgnoresProxies,
    KnowsNoKinds,
    LosesTheQuery,
    NoLimitOfBody,
    OneAtATime,
    OnlyFirstOfEachHeader,
    RepeatsWhenBrokenOff,
    ShowsBody,
    ShowsBodyAsBytes,
    ShowsUrl,
    TimesEachReadAlone,
    TrustsAnybody,
    UnusualStatusIs502,
    UsesProxyForHttp,
}

#[derive(Clone)]
pub(crate) struct PlainClient {
    tls: Arc<ClientConfig>,
    flaws: BTreeSet<Flaw>,
    turn: Arc<Mutex<()>>,
}

impl PlainClient {
    pub(crate) fn new(ca_pem: &[u8], flaws: impl IntoIterator<Item = Flaw>) -> Self {
        let flaws: BTreeSet<_> = flaws.into_iter().collect();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(ca_pem).unwrap())
            .unwrap();
        let mut tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        if flaws.contains(&Flaw::TrustsAnybody) {
            tls.dangerous()
                .set_certificate_verifier(Arc::new(Anybody(provider)));
        }
        Self {
            tls: Arc::new(tls),
            flaws,
            turn: Arc::default(),
        }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    fn connect(&self, url: &Uri, deadline: Deadline) -> Result<Box<dyn Stream>, TransportError> {
        let secure = url.scheme_str() == Some("https");
        let host = url.host().unwrap();
        let port = url.port_u16().unwrap_or(443);
        let excepted = env::var("no_proxy").is_ok_and(|names| names.split(',').any(|name| name == host));
        let proxy = match secure {
            true if excepted || self.has(Flaw::IgnoresProxies) => None,
            true => env::var("https_proxy").ok(),
            false if self.has(Flaw::UsesProxyForHttp) => env::var("http_proxy").ok(),
            false => None,
        };
        let target = match &proxy {
            Some(proxy) => proxy.trim_start_matches("http://").to_owned(),
            None => format!("{host}:{port}"),
        };
        let mut addresses = target
            .to_socket_addrs()
            .map_err(|error| TransportError::new(Kind::Unresolved).caused_by(error))?;
        let address = addresses.find(std::net::SocketAddr::is_ipv4).unwrap();
        let socket = TcpStream::connect(address).map_err(failure)?;
        socket.set_nodelay(true).map_err(failure)?;
        let mut socket = Timed { socket, deadline };
        if secure && proxy.is_some() {
            write!(socket, "CONNECT {host}:{port} HTTP/1.1\r\n\r\n").map_err(failure)?;
            let mut reply = [0; "HTTP/1.1 200 Connected\r\n\r\n".len()];
            socket.read_exact(&mut reply).map_err(failure)?;
        }
        if !secure {
            return Ok(Box::new(socket));
        }
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.tls), name).unwrap();
        Ok(Box::new(StreamOwned::new(connection, socket)))
    }

    fn once(&self, request: &Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        let deadline = Deadline {
            at: now() + limits.timeout,
            of_each_read: self.has(Flaw::TimesEachReadAlone).then_some(limits.timeout),
        };
        let mut stream = self.connect(request.uri(), deadline)?;
        let mut target = request.uri().path_and_query().unwrap().as_str();
        if self.has(Flaw::LosesTheQuery) {
            target = request.uri().path();
        }
        let mut head = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
        write!(head, "host: {}\r\n", request.uri().authority().unwrap()).unwrap();
        for (name, value) in request.headers() {
            write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
        let body = request.body().as_ref();
        write!(head, "content-length: {}\r\n\r\n", body.len()).unwrap();
        head.extend_from_slice(body);
        stream
            .write_all(&head)
            .and_then(|()| stream.flush())
            .map_err(failure)?;
        self.read(&mut BufReader::new(stream), limits.max_body)
    }

    fn read(
        &self,
        stream: &mut BufReader<Box<dyn Stream>>,
        max_body: usize,
    ) -> Result<Response<Body>, TransportError> {
        let mut response = loop {
            let response = self.head(stream)?;
            if !response.status().is_informational() {
                break response;
            }
        };
        let limit = if self.has(Flaw::NoLimitOfBody) {
            // Enough to show the flaw, and an end to the flood.
            8 * max_body.max(1)
        } else {
            max_body
        };
        let says = |name: &str| {
            response
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let mut body = Vec::new();
        if response.status() == StatusCode::NO_CONTENT {
        } else if says("transfer-encoding").is_some() {
            loop {
                let size = line(stream)?;
                let size = u64::from_str_radix(size.split(';').next().unwrap(), 16)
                    .map_err(|error| TransportError::new(Kind::Other).caused_by(error))?;
                take(stream, Some(size), limit, &mut body)?;
                line(stream)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            let length = says("content-length").map(|length| length.parse().unwrap_or(0));
            take(stream, length, limit, &mut body)?;
        }
        if self.has(Flaw::DecodesWithoutLimit) && says("content-encoding").is_some() {
            let mut decoded = Vec::new();
            flate2::read::GzDecoder::new(body.as_slice())
                .read_to_end(&mut decoded)
                .unwrap();
            body = decoded;
        }
        *response.body_mut() = body.into();
        Ok(response)
    }

    fn head(&self, stream: &mut BufReader<Box<dyn Stream>>) -> Result<Response<Body>, TransportError> {
        let nonsense = || TransportError::new(Kind::Other).caused_by("this is no HTTP");
        let first = line(stream)?;
        let status = first
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.get(2..5))
            .ok_or_else(nonsense)?;
        let mut response = Response::new(Body::default());
        *response.status_mut() = status.parse().map_err(|_| nonsense())?;
        if self.has(Flaw::UnusualStatusIs502) && response.status().as_u16() > 599 {
            *response.status_mut() = StatusCode::BAD_GATEWAY;
        }
        for _ in 0..100 {
            let line = line(stream)?;
            if line.is_empty() {
                return Ok(response);
            }
            let (name, value) = line.split_once(':').ok_or_else(nonsense)?;
            let name: HeaderName = name.parse().map_err(|_| nonsense())?;
            let value: HeaderValue = value.trim().parse().map_err(|_| nonsense())?;
            if !(self.has(Flaw::OnlyFirstOfEachHeader) && response.headers().contains_key(&name)) {
                response.headers_mut().append(name, value);
            }
        }
        Err(nonsense())
    }
}

impl BlockingTransport for PlainClient {
    fn send(&self, mut request: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        let _turn = self
            .has(Flaw::OneAtATime)
            .then(|| self.turn.lock().unwrap_or_else(PoisonError::into_inner));
        let mut outcome = self.once(&request, limits);
        if self.has(Flaw::RepeatsWhenBrokenOff)
            && matches!(&outcome, Err(error) if error.kind() == Kind::BrokenOff)
        {
            outcome = self.once(&request, limits);
        }
        if let Ok(response) = &outcome
            && self.has(Flaw::FollowsRedirects)
            && let Some(location) = response.headers().get("location")
        {
            let location = location.to_str().unwrap();
            if location.starts_with("https:") {
                *request.uri_mut() = location.parse().unwrap();
                outcome = self.once(&request, limits);
            }
        }
        outcome.map_err(|error| {
            let body = request.body().as_ref();
            let said = [
                (Flaw::ShowsUrl, format!("for {}", request.uri())),
                (Flaw::ShowsBody, format!("for {}", String::from_utf8_lossy(body))),
                (Flaw::ShowsBodyAsBytes, format!("for {body:?}")),
            ];
            if let Some((_, said)) = said.into_iter().find(|(flaw, _)| self.has(*flaw)) {
                return error.caused_by(said);
            }
            if self.has(Flaw::KnowsNoKinds) {
                return TransportError::new(Kind::Other);
            }
            error
        })
    }
}

fn line(stream: &mut impl BufRead) -> Result<String, TransportError> {
    let mut line = Vec::new();
    stream
        .take(10_000)
        .read_until(b'\n', &mut line)
        .map_err(failure)?;
    if !line.ends_with(b"\n") {
        return Err(TransportError::new(Kind::BrokenOff));
    }
    Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned())
}

fn take(
    stream: &mut impl BufRead,
    length: Option<u64>,
    limit: usize,
    body: &mut Vec<u8>,
) -> Result<(), TransportError> {
    let left = (limit - body.len()) as u64;
    if length.is_some_and(|length| length > left) {
        return Err(TransportError::new(Kind::TooLarge));
    }
    let before = body.len();
    stream
        .take(length.unwrap_or(left + 1))
        .read_to_end(body)
        .map_err(failure)?;
    let read = (body.len() - before) as u64;
    match length {
        Some(length) if read < length => Err(TransportError::new(Kind::BrokenOff)),
        None if read > left => Err(TransportError::new(Kind::TooLarge)),
        _ => Ok(()),
    }
}

fn failure(error: io::Error) -> TransportError {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => Kind::ConnectionRefused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Kind::TimedOut,
        io::ErrorKind::InvalidData => Kind::Tls,
        _ => Kind::BrokenOff,
    };
    TransportError::new(kind).caused_by(error)
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

#[derive(Clone, Copy)]
struct Deadline {
    at: Instant,
    of_each_read: Option<Duration>,
}

/// A socket that gives up at a deadline.
struct Timed {
    socket: TcpStream,
    deadline: Deadline,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.at.saturating_duration_since(now());
        let left = self.deadline.of_each_read.unwrap_or(left);
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.socket.set_read_timeout(Some(left))?;
        self.socket.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

#[expect(clippy::disallowed_methods, reason = "sockets know no other clock")]
fn now() -> Instant {
    Instant::now()
}

#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
