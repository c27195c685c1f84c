//! The way to a server, step by step: name, connection, TLS. Past the HTTP stacks, which tell these apart poorly.

use core::fmt::Write as _;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;

use lp_auth::ServiceHost;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::cause::Cause;
use super::finding::{Finding, Server, Step};
use super::proxy::{self, Proxy};
use super::report::Report;
use super::time::Clock;
use super::tls::Tls;
use crate::runtime;
use crate::servers::Servers;

/// Goes the way. Says whether a request makes sense.
pub(super) async fn check(
    server: Server,
    host: &ServiceHost,
    servers: &Servers,
    clock: &Clock,
    report: &mut Report,
) -> Result<(), Step> {
    let (finding, proxy) = proxy::check(server, host);
    report.add(finding);
    let (dns, tcp, tls) = (Step::Dns(server), Step::Tcp(server), Step::Tls(server));
    let port = host
        .port()
        .unwrap_or(if host.scheme() == "http" { 80 } else { 443 });
    let target = match &proxy {
        Some(proxy) => (proxy.host().to_owned(), proxy.port()),
        None => (host.name().to_owned(), port),
    };

    report.working(dns);
    let looked_up = clock.limited(resolve(&target.0, target.1)).await;
    let (addresses, finding) = looked_up_finding(dns, &target.0, looked_up, proxy.as_ref());
    if !report.add(finding.took(clock.lap())) {
        report.skip_because_of(&[tcp, tls], dns);
        return Err(dns);
    }

    report.working(tcp);
    let (stream, finding) = connect(tcp, &addresses, proxy.as_ref(), clock).await;
    let is_connected = report.add(finding.took(clock.lap()));
    let Some(stream) = stream.filter(|_| is_connected) else {
        report.skip_because_of(&[tls], tcp);
        return Err(tcp);
    };
    if host.scheme() == "http" {
        report.skip(&[tls], "plain http on loopback, as the settings want it");
        return Ok(());
    }
    if proxy.as_ref().is_some_and(|proxy| !proxy.speaks_http()) {
        report.skip(
            &[tls],
            "not looked at through a proxy of this kind; the request below will tell",
        );
        return Ok(());
    }

    report.working(tls);
    let finding = match Tls::trusting(servers.ca_pem.as_deref()) {
        Ok(checked) => {
            let shake = async {
                let stream = match &proxy {
                    Some(proxy) => tunnel(tls, stream, proxy, host.name(), port).await?,
                    None => stream,
                };
                Ok(checked.handshake(tls, stream, host.name(), runtime::now()).await)
            };
            match clock.limited(shake).await {
                Some(Ok(finding) | Err(finding)) => finding,
                None => Finding::failed(
                    tls,
                    Cause::TlsTimedOut,
                    format!("no answer to the handshake within {}", clock.limit_in_words()),
                ),
            }
        }
        Err((cause, why)) => Finding::failed(tls, cause, why),
    };
    let finding = finding.took(clock.lap());
    if report.add(finding) { Ok(()) } else { Err(tls) }
}

async fn resolve(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let name = name.trim_start_matches('[').trim_end_matches(']');
    Ok(tokio::net::lookup_host((name, port)).await?.collect())
}

fn looked_up_finding(
    step: Step,
    name: &str,
    looked_up: Option<io::Result<Vec<SocketAddr>>>,
    proxy: Option<&Proxy>,
) -> (Vec<SocketAddr>, Finding) {
    let whose = if proxy.is_some() { "the proxy " } else { "" };
    match looked_up {
        Some(Ok(addresses)) if !addresses.is_empty() => {
            let mut ips: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
            ips.dedup();
            let summary = if ips.iter().any(|ip| ip == name) {
                format!("{whose}{name} is an address, no name")
            } else {
                format!("{whose}{name} is {}", ips.join(", "))
            };
            (addresses, Finding::ok(step, summary).with("addresses", ips))
        }
        Some(outcome) => {
            let cause = if proxy.is_some() {
                Cause::ProxyUnresolved
            } else {
                Cause::Unresolved
            };
            let why = match outcome {
                Err(error) => error
                    .to_string()
                    .replace("failed to lookup address information: ", ""),
                Ok(_) => "no address".to_owned(),
            };
            let finding = Finding::failed(step, cause, format!("{whose}{name}: {why}"));
            (Vec::new(), finding)
        }
        None => (
            Vec::new(),
            Finding::failed(
                step,
                Cause::ResolverTimedOut,
                format!("{name}: no answer in time"),
            ),
        ),
    }
}

/// One address after the other, as browsers and HTTP stacks do, up to the first that answers.
async fn connect(
    step: Step,
    addresses: &[SocketAddr],
    proxy: Option<&Proxy>,
    clock: &Clock,
) -> (Option<TcpStream>, Finding) {
    const MOST: usize = 4;
    if clock.was_over() {
        return (
            None,
            Finding::failed(step, Cause::OutOfTime, "not tried any more"),
        );
    }
    let whose = if proxy.is_some() { "the proxy " } else { "" };
    let share = clock.share(addresses.len().clamp(1, MOST));
    let mut failed = Vec::new();
    let mut last = Cause::Unreachable;
    for address in addresses.iter().take(MOST) {
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let mut summary = format!("connected to {whose}{address}");
                if !failed.is_empty() {
                    let _ = write!(summary, "; before that {}", failed.join(", "));
                }
                return (
                    Some(stream),
                    Finding::ok(step, summary).with("address", address.to_string()),
                );
            }
            Ok(Err(error)) => {
                last = match error.kind() {
                    io::ErrorKind::ConnectionRefused => Cause::Refused,
                    io::ErrorKind::TimedOut => Cause::ConnectTimedOut,
                    _ => Cause::Unreachable,
                };
                failed.push(format!("{address}: {}", without_number(&error)));
            }
            Err(_) => {
                last = Cause::ConnectTimedOut;
                failed.push(format!("{address}: no answer within {} s", share.as_secs_f32()));
            }
        }
    }
    let cause = match (proxy, last) {
        (None, cause) => cause,
        (Some(_), Cause::Refused) => Cause::ProxyRefused,
        (Some(_), _) => Cause::ProxyUnreachable,
    };
    let summary = format!("{whose}{}", failed.join(", "));
    (None, Finding::failed(step, cause, summary))
}

/// Asks a proxy for a tunnel (RFC 9110 §9.3.6).
async fn tunnel(
    step: Step,
    mut stream: TcpStream,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<TcpStream, Finding> {
    const LONGEST: usize = 16 * 1024;
    let broken = |error: &io::Error| {
        Finding::failed(
            step,
            Cause::ProxyUnreachable,
            format!("the proxy ended the connection: {}", without_number(error)),
        )
    };
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n").into_bytes();
    if let Some(authorization) = proxy.authorization() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.map_err(|error| broken(&error))?;
    let mut head = Vec::new();
    // Byte by byte: what comes behind the head belongs to TLS.
    while !head.ends_with(b"\r\n\r\n") && head.len() < LONGEST {
        head.push(stream.read_u8().await.map_err(|error| broken(&error))?);
    }
    let head = String::from_utf8_lossy(&head);
    let status = head.split_ascii_whitespace().nth(1).unwrap_or_default();
    if status.starts_with('2') {
        return Ok(stream);
    }
    let line: String = head
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(100)
        .collect();
    Err(Finding::failed(
        step,
        Cause::ProxyForbids,
        format!("the proxy does not connect to {host}:{port}: {line}"),
    ))
}

/// The system's words without its number.
fn without_number(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// A share of a time limit.
pub(super) fn divided(limit: Duration, parts: usize) -> Duration {
    let parts = u32::try_from(parts).unwrap_or(u32::MAX).max(1);
    (limit / parts).max(Duration::from_millis(100))
}
