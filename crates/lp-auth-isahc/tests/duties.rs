//! The transport, on several executors and blocking, against everything that a server can do.
#![cfg(feature = "rustls")]

use lp_auth_emulator::transport_suite::{
    check_blocking_proxies, check_blocking_transport, check_proxies, check_transport,
};
use lp_auth_isahc::IsahcTransport;

#[tokio::test]
async fn every_duty_is_kept_on_tokio() {
    let report = check_transport(IsahcTransport::with_ca_pem).await.unwrap();
    assert!(report.cases() > 150, "{report:?}");
}

#[test]
fn every_duty_is_kept_on_smol() {
    smol::block_on(smol::spawn(check_transport(IsahcTransport::with_ca_pem))).unwrap();
}

#[test]
fn every_duty_is_kept_on_a_bare_block_on() {
    futures_lite::future::block_on(check_transport(IsahcTransport::with_ca_pem)).unwrap();
}

#[test]
fn every_duty_is_kept_by_the_blocking_side() {
    check_blocking_transport(IsahcTransport::with_ca_pem).unwrap();
}

#[test]
fn proxies_are_used_for_https_alone() {
    let check = check_proxies("proxies_are_used_for_https_alone", IsahcTransport::with_ca_pem);
    futures_lite::future::block_on(check).unwrap();
}

#[test]
fn proxies_are_used_for_https_alone_by_the_blocking_side() {
    check_blocking_proxies(
        "proxies_are_used_for_https_alone_by_the_blocking_side",
        IsahcTransport::with_ca_pem,
    )
    .unwrap();
}
