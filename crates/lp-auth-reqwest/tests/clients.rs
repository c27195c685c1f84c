//! Clients of the user's: builders with settings of their own, and finished ones.
#![cfg(feature = "rustls-ring")]
#![expect(clippy::unwrap_used, reason = "a test ends where its client cannot be built")]

#[allow(dead_code, reason = "each test program uses a part")]
mod loopback;

use std::error::Error;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use loopback::{CANARIES, Loopback};
use lp_auth_core::{Limits, Transport, TransportErrorKind};
use lp_auth_emulator::CertificateAuthority;
use lp_auth_emulator::transport_suite::check_transport;
use lp_auth_reqwest::ReqwestTransport;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// A finished client with reqwest's own defaults, redirects included.
fn finished(authority: &CertificateAuthority) -> ReqwestTransport {
    let roots = rustls_roots(authority);
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(roots)
        .build()
        .unwrap();
    ReqwestTransport::over_client(client)
}

fn rustls_roots(authority: &CertificateAuthority) -> rustls::ClientConfig {
    use rustls_pki_types::pem::PemObject;
    let mut roots = rustls::RootCertStore::empty();
    let certificate = rustls_pki_types::CertificateDer::from_pem_slice(authority.pem().as_bytes());
    roots.add(certificate.unwrap()).unwrap();
    rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

fn eager() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::limited(5))
        .retry(
            reqwest::retry::for_host("127.0.0.1")
                .max_retries_per_request(3)
                .classify_fn(|attempt| match attempt.status() {
                    Some(status) if status.is_success() => attempt.success(),
                    _ => attempt.retryable(),
                }),
        )
        .gzip(true)
        .connection_verbose(true)
        .timeout(Duration::from_secs(60))
}

#[tokio::test]
async fn a_builder_set_up_to_follow_retry_and_decompress_keeps_every_duty_all_the_same() {
    check_transport(|ca| {
        ReqwestTransport::builder(eager())
            .ca_pem(ca)
            .plain_http(eager())
            .build()
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn compression_is_neither_asked_for_nor_undone() {
    let server = Loopback::http(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
    let built = ReqwestTransport::builder(eager())
        .os_certificates()
        .plain_http(eager())
        .build();
    let response = built
        .unwrap()
        .send(server.request(), Limits::default())
        .await
        .unwrap();
    assert_eq!(response.body().as_ref(), b"{}");
    let seen = server.seen().concat().to_lowercase();
    assert!(
        !seen.contains("accept-encoding") && !seen.contains("referer"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_finished_client_carries_the_secret_to_no_other_host() {
    let authority = CertificateAuthority::generate().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Loopback::https(&authority, OK);
        let reply = format!(
            "HTTP/1.1 {status} Go\r\nLocation: {}/caught\r\nContent-Length: 0\r\n\r\n",
            elsewhere.origin()
        );
        let server = Loopback::https(&authority, reply.as_bytes());
        let transport = finished(&authority);
        match transport.send(server.request(), Limits::default()).await {
            Ok(response) => assert_eq!(response.status(), status),
            Err(error) => {
                assert_eq!(error.kind(), TransportErrorKind::Redirected);
                assert_eq!(
                    error.to_string(),
                    "the answer came from another address than the one asked"
                );
            }
        }
        for seen in elsewhere.seen() {
            assert!(
                !seen.contains(CANARIES[2]),
                "{status} carried the body on: {seen}"
            );
        }
    }
}

#[tokio::test]
async fn a_finished_client_that_decompresses_is_stopped_at_the_limit() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 10_000_000]).unwrap();
    let bomb = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let authority = CertificateAuthority::generate().unwrap();
    let server = Loopback::https(&authority, &[head.as_bytes(), &bomb].concat());
    let error = finished(&authority)
        .send(server.request(), Limits::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::TooLarge);
}

#[tokio::test]
async fn plain_http_without_a_client_of_its_own_is_refused() {
    let server = Loopback::http(OK);
    let over_builder = ReqwestTransport::builder(reqwest::Client::builder())
        .os_certificates()
        .build()
        .unwrap();
    let over_client = finished(&CertificateAuthority::generate().unwrap());
    for transport in [over_builder, over_client] {
        let error = transport
            .send(server.request(), Limits::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Unusable);
        let advice = error.source().unwrap().to_string();
        assert!(advice.contains("ReqwestTransportBuilder::plain_http"), "{advice}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn another_scheme_is_refused() {
    let transport = ReqwestTransport::new().unwrap();
    let mut request = Loopback::http(OK).request();
    *request.uri_mut() = "/token".parse().unwrap();
    let error = transport.send(request, Limits::default()).await.unwrap_err();
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .contains("begins with https://")
    );
}
