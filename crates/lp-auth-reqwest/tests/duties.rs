//! The transport, async and blocking, against everything that a server can do.
#![cfg(all(feature = "blocking", feature = "rustls-ring"))]

use lp_auth_emulator::transport_suite::{
    check_blocking_proxies, check_blocking_transport, check_proxies, check_transport,
};
use lp_auth_reqwest::{BuildError, ReqwestBlockingTransport, ReqwestTransport};

fn blocking(ca_pem: &[u8]) -> Result<ReqwestBlockingTransport, BuildError> {
    ReqwestBlockingTransport::new(ReqwestTransport::with_ca_pem(ca_pem)?)
}

#[tokio::test]
async fn every_duty_is_kept_on_one_thread() {
    let report = check_transport(ReqwestTransport::with_ca_pem).await.unwrap();
    assert!(report.cases() > 150, "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_duty_is_kept_on_many_threads() {
    check_transport(ReqwestTransport::with_ca_pem).await.unwrap();
}

#[test]
fn every_duty_is_kept_by_the_blocking_transport() {
    check_blocking_transport(blocking).unwrap();
}

#[tokio::test]
async fn proxies_are_used_for_https_alone() {
    check_proxies("proxies_are_used_for_https_alone", ReqwestTransport::with_ca_pem)
        .await
        .unwrap();
}

#[test]
fn proxies_are_used_for_https_alone_by_the_blocking_transport() {
    check_blocking_proxies(
        "proxies_are_used_for_https_alone_by_the_blocking_transport",
        blocking,
    )
    .unwrap();
}
