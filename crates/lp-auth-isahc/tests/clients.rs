//! Clients of the user's, and what isahc itself would not do.
#![cfg(feature = "rustls")]

#[allow(dead_code, reason = "each test program uses a part")]
mod loopback;

use std::error::Error;
use std::time::Duration;

use futures_lite::future::block_on;
use isahc::HttpClient;
use isahc::config::{Configurable, RedirectPolicy};
use isahc::tls::{TlsConfig, TrustStore};
use loopback::Loopback;
use lp_auth_core::http::{HeaderValue, Uri};
use lp_auth_core::{BlockingTransport, Body, Limits, TransportErrorKind};
use lp_auth_emulator::CertificateAuthority;
use lp_auth_emulator::transport_suite::check_transport;
use lp_auth_isahc::{BuildError, IsahcTransport};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

fn eager(ca_pem: &[u8]) -> Result<IsahcTransport, isahc::Error> {
    let trust = TrustStore::builder().certificate_from_pem(ca_pem).build();
    HttpClient::builder()
        .redirect_policy(RedirectPolicy::Follow)
        .auto_referer()
        .automatic_decompression(true)
        .expect_continue(true)
        .timeout(Duration::from_secs(60))
        .proxy("http://127.0.0.1:9".parse::<Uri>().ok())
        .proxy_blacklist(["127.0.0.1", "nobody.invalid"])
        .connection_cache_size(0)
        .tls_config(TlsConfig::builder().trust_store(trust).build())
        .build()
        .map(IsahcTransport::over_client)
}

#[test]
fn a_client_set_up_to_follow_and_decompress_keeps_every_duty_all_the_same() {
    block_on(check_transport(eager)).unwrap();
}

#[test]
fn compression_is_neither_asked_for_nor_undone_and_nothing_waits_for_leave_to_be_sent() {
    let server = Loopback::http(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}");
    let authority = CertificateAuthority::generate().unwrap();
    let transport = eager(authority.pem().as_bytes()).unwrap();
    let mut request = server.request();
    // Curl asks for leave from one megabyte on.
    *request.body_mut() = Body::from(vec![b'x'; 2_000_000]);
    let response = BlockingTransport::send(&transport, request, Limits::default()).unwrap();
    assert_eq!(response.body().as_ref(), b"{}");
    let seen = server.seen().concat().to_lowercase();
    for header in ["\r\naccept-encoding:", "\r\nexpect:", "\r\nreferer:"] {
        assert!(!seen.contains(header), "{header}");
    }
}

#[test]
fn a_header_value_that_isahc_would_panic_on_is_an_error() {
    let server = Loopback::http(OK);
    let mut request = server.request();
    let value = HeaderValue::from_bytes("näme".as_bytes()).unwrap();
    request.headers_mut().insert("x-name", value);
    let transport = IsahcTransport::over_client(HttpClient::new().unwrap());
    let error = BlockingTransport::send(&transport, request, Limits::default()).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unusable);
    assert!(error.source().unwrap().to_string().contains("visible ASCII"));
}

#[test]
fn a_time_limit_that_curl_cannot_count_is_kept_as_well_as_it_can() {
    let server = Loopback::http(OK);
    let transport = IsahcTransport::over_client(HttpClient::new().unwrap());
    let long = Limits {
        timeout: Duration::MAX,
        ..Limits::default()
    };
    BlockingTransport::send(&transport, server.request(), long).unwrap();
    let none = Limits {
        timeout: Duration::ZERO,
        ..Limits::default()
    };
    let mut request = server.request();
    // Nobody answers there, so only the limit ends it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    *request.uri_mut() = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let error = BlockingTransport::send(&transport, request, none).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::TimedOut);
}

#[test]
fn an_empty_refusal_without_a_length_keeps_its_status() {
    let server = Loopback::http(b"HTTP/1.1 401 Unauthorized\r\n\r\n");
    let transport = IsahcTransport::new().unwrap();
    let response = BlockingTransport::send(&transport, server.request(), Limits::default()).unwrap();
    assert_eq!(response.status(), 401);
}

#[test]
fn a_pem_without_a_certificate_is_told() {
    for pem in [
        "",
        "not a certificate",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        let error = IsahcTransport::with_ca_pem(pem.as_bytes()).unwrap_err();
        assert!(matches!(error, BuildError::NoCertificate), "{pem}: {error:?}");
        assert!(
            error.to_string().contains("-----BEGIN CERTIFICATE-----"),
            "{error}"
        );
    }
}

#[test]
fn a_certificate_that_is_none_is_told() {
    for pem in [
        "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
    ] {
        let error = IsahcTransport::with_ca_pem(pem.as_bytes()).unwrap_err();
        assert!(matches!(error, BuildError::BadCertificate(_)), "{pem}: {error:?}");
        assert!(error.to_string().contains("export it again"), "{error}");
    }
}

#[cfg(feature = "async-io-runtime")]
#[test]
fn the_timer_works_without_an_executor() {
    use lp_auth_core::Runtime;
    block_on(lp_auth_isahc::AsyncIoRuntime.sleep(Duration::from_millis(5)));
}
