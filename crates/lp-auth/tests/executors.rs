//! The async client on every executor that the transport allows: tokio, smol, and a bare `block_on`.

#![cfg(any(feature = "reqwest", feature = "isahc"))]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use futures_lite::future::{or, poll_once, zip};
use futures_util::future::join_all;
use lp_auth::http::{Request, Response};
use lp_auth::{Client, ClientBuilder, Limits, ServiceName, UnixTime};
use lp_auth_core::{Body, Runtime, Transport, TransportError, async_trait};

/// Answers at once or a little later, and waits with a timer that every executor can poll.
#[derive(Clone, Default)]
struct Anywhere(Arc<[AtomicUsize; 2]>);

#[async_trait]
impl Transport for Anywhere {
    async fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
        self.sleep(Duration::from_millis(20)).await;
        let is_lookup = request.method() == "GET";
        self.0[usize::from(!is_lookup)].fetch_add(1, Ordering::Relaxed);
        Ok(Response::new(if is_lookup {
            br#"{"service":"sentinel","account":"1","baseURI":"va.sentinel.liveperson.net"}"#
                .as_slice()
                .into()
        } else {
            br#"{"access_token":"e30.e30.c2ln"}"#.as_slice().into()
        }))
    }
}

#[async_trait]
impl Runtime for Anywhere {
    fn now(&self) -> UnixTime {
        #[expect(clippy::disallowed_methods, reason = "a runtime is where the clock is read")]
        SystemTime::now().into()
    }

    async fn sleep(&self, length: Duration) {
        smol::Timer::after(length).await;
    }
}

/// What is asked of each client, on each executor: askers beside each other, one that goes, and `keep_fresh`.
async fn everything(lp: Client) {
    let mut goes = Box::pin(lp.token());
    assert!(poll_once(&mut goes).await.is_none());
    drop(goes);
    let keeper = lp.keep_fresh();
    let asking = async {
        let hosts = join_all((0..10).map(|_| lp.host(&ServiceName::SENTINEL)));
        let (tokens, hosts) = zip(join_all((0..50).map(|_| lp.token())), hosts).await;
        assert!(tokens.iter().all(Result::is_ok) && hosts.iter().all(Result::is_ok));
        lp.token().await.expect("it is at hand");
    };
    or(asking, async {
        keeper.await;
        panic!("it ended before its client");
    })
    .await;
}

/// Runs on each executor in turn.
fn on_each_executor<F: Future<Output = ()> + Send + 'static>(run: impl Fn() -> F) {
    let multi_thread = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    multi_thread.block_on(async { tokio::spawn(run()).await.expect("no panic") });
    let current_thread = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    current_thread.block_on(run());
    smol::block_on(run());
    let executor = smol::Executor::new();
    smol::block_on(executor.run(executor.spawn(run())));
    futures_lite::future::block_on(run());
    bare_block_on(run());
}

/// An executor of a dozen lines: it parks its thread until it is woken.
fn bare_block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_transport_of_ones_own_serves_on_every_executor() {
    on_each_executor(|| {
        let wire = Anywhere::default();
        let lp = Client::builder("12345678")
            .client_id("my-app")
            .client_secret("hush")
            .transport(wire.clone(), wire.clone())
            .build()
            .expect("complete");
        async move {
            everything(lp).await;
            let asked = wire.0.each_ref().map(|count| count.load(Ordering::Relaxed));
            assert_eq!(asked, [1, 1]);
        }
    });
}

fn of(emulator: &lp_auth_emulator::Emulator) -> ClientBuilder {
    Client::builder(emulator.account().as_str())
        .client_id(emulator.client_id())
        .client_secret(secrecy::ExposeSecret::expose_secret(emulator.client_secret()))
        .domain_api(emulator.domain_api())
        .trusted_host(emulator.sentinel())
        .ca_pem(emulator.ca_pem())
}

#[cfg(feature = "isahc")]
#[test]
fn isahc_serves_on_every_executor() {
    let emulator = lp_auth_emulator::Emulator::builder()
        .start()
        .expect("loopback has a free port");
    on_each_executor(|| {
        let lp = of(&emulator)
            .stack(lp_auth::Stack::Isahc)
            .build()
            .expect("complete");
        everything(lp)
    });
}

#[cfg(feature = "reqwest")]
#[test]
fn reqwest_serves_on_tokio_and_with_a_named_runtime_on_every_executor() {
    let emulator = lp_auth_emulator::Emulator::builder()
        .start()
        .expect("loopback has a free port");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(everything(of(&emulator).build().expect("complete")));
    on_each_executor(|| {
        let transport = lp_auth_reqwest::ReqwestTransport::with_ca_pem(emulator.ca_pem().as_bytes());
        let transport = transport
            .expect("a certificate")
            .runtime(runtime.handle().clone());
        let lp = of(&emulator).transport(transport, Anywhere::default());
        everything(lp.build().expect("complete"))
    });
}

#[cfg(feature = "reqwest")]
#[test]
fn reqwest_outside_of_tokio_is_an_error_that_says_so_and_no_panic() {
    let emulator = lp_auth_emulator::Emulator::builder()
        .start()
        .expect("loopback has a free port");
    for patience in [Duration::ZERO, Duration::from_secs(30)] {
        let lp = of(&emulator).stack(lp_auth::Stack::Reqwest).patience(patience);
        let lp = lp.build().expect("complete");
        #[expect(
            clippy::disallowed_methods,
            reason = "the error comes at once, whatever the patience"
        )]
        let asked = std::time::Instant::now();
        let error = bare_block_on(lp.token()).expect_err("there is no tokio");
        assert!(asked.elapsed() < Duration::from_secs(15), "it was waited for");
        assert_eq!(error.kind(), lp_auth::ErrorKind::TransportUnusable);
        assert!(!error.is_transient());
        let mut causes = vec![error.to_string()];
        let mut cause = std::error::Error::source(&error);
        while let Some(source) = cause {
            causes.push(source.to_string());
            cause = source.source();
        }
        assert!(
            causes.concat().contains("reqwest needs a tokio runtime"),
            "{causes:?}"
        );
    }
    assert_eq!(emulator.requests().len(), 0);
}
