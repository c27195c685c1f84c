//! Inside a tokio runtime, outside of any, and in one that is not up to it.
#![cfg(all(feature = "blocking", feature = "rustls-ring", feature = "tokio-runtime"))]

#[allow(dead_code, reason = "each test program uses a part")]
mod loopback;

use std::error::Error;
use std::time::Duration;

use loopback::Loopback;
use lp_auth_core::{BlockingTransport, Limits, Runtime, Transport, TransportErrorKind};
use lp_auth_reqwest::{ReqwestBlockingTransport, ReqwestTransport, TokioRuntime};
use tokio::runtime::Builder;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

fn advice(outcome: Result<impl Sized, lp_auth_core::TransportError>) -> String {
    let Err(error) = outcome else { panic!("no error") };
    assert_eq!(error.kind(), TransportErrorKind::Unusable);
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn outside_a_tokio_runtime_the_error_says_so() {
    let server = Loopback::http(OK);
    let transport = ReqwestTransport::new().unwrap();
    let advice = advice(smol::block_on(
        transport.send(server.request(), Limits::default()),
    ));
    assert!(advice.contains("call from within one, or name one"), "{advice}");
}

#[test]
fn any_executor_will_do_where_the_runtime_is_named() {
    let server = Loopback::http(OK);
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let transport = ReqwestTransport::new().unwrap().runtime(runtime.handle().clone());
    let response = smol::block_on(transport.send(server.request(), Limits::default())).unwrap();
    assert_eq!(response.body().as_ref(), b"{}");
    let clients = || reqwest::Client::builder();
    let built = ReqwestTransport::builder(clients())
        .os_certificates()
        .plain_http(clients());
    let transport = built.runtime(runtime.handle().clone()).build().unwrap();
    smol::block_on(transport.send(server.request(), Limits::default())).unwrap();
}

#[test]
fn a_runtime_without_timers_is_an_error_and_no_panic() {
    let server = Loopback::http(OK);
    let runtime = Builder::new_current_thread().build().unwrap();
    let transport = ReqwestTransport::new().unwrap();
    let advice = advice(runtime.block_on(transport.send(server.request(), Limits::default())));
    assert!(advice.contains("enable_all()"), "{advice}");
}

#[test]
fn a_runtime_that_was_shut_down_is_an_error() {
    let server = Loopback::http(OK);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let transport = ReqwestTransport::new().unwrap().runtime(runtime.handle().clone());
    drop(runtime);
    let advice = advice(smol::block_on(
        transport.send(server.request(), Limits::default()),
    ));
    assert!(advice.contains("was shut down"), "{advice}");
}

#[tokio::test]
async fn the_blocking_transport_may_be_used_and_dropped_within_an_async_runtime() {
    let server = Loopback::http(OK);
    let transport = ReqwestBlockingTransport::new(ReqwestTransport::new().unwrap()).unwrap();
    let copy = transport.clone();
    drop(transport);
    let response = copy.send(server.request(), Limits::default()).unwrap();
    assert_eq!(response.status(), 200);
    drop(copy);
}

#[tokio::test]
async fn tokios_timer_is_used_within_tokio() {
    TokioRuntime.sleep(Duration::from_millis(5)).await;
}

#[test]
fn outside_tokio_waiting_works_all_the_same() {
    smol::block_on(TokioRuntime.sleep(Duration::from_millis(5)));
}
