//! The async driver when askers go, transports and watchers panic, and servers are slow. In simulated time.

#![cfg(feature = "verify")]

mod scene;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use lp_auth::http::{Request, Response};
use lp_auth::{ApiVersion, Client, Limits, Progress, ServiceName, UnixTime, Verifier};
use lp_auth_core::{Body, Runtime, Transport, TransportError, async_trait};
use tokio::time::{sleep, timeout};

use scene::{Clock, Servers, Trouble, Wire, builder, client};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_fresh_token_does_not_wait_for_the_abandoned_call_of_another_consumer() {
    let servers = Servers::new().open();
    let own = client(&servers);
    own.token().await.expect("it is handed out");
    let delegated = own.for_consumer("consumer-1").expect("V2");
    servers.trouble.lock().expect("unpoisoned").push(Trouble::Hangs);
    assert!(timeout(100 * MS, delegated.token()).await.is_err());
    let asked = servers.elapsed();
    own.token().await.expect("it is at hand");
    assert_eq!(servers.elapsed(), asked);
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_lookup_of_another_service_leaves_the_token_at_hand() {
    struct Counting(Clock, Arc<AtomicUsize>);
    #[async_trait]
    impl Runtime for Counting {
        fn now(&self) -> UnixTime {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.now()
        }
        async fn sleep(&self, length: Duration) {
            self.0.sleep(length).await;
        }
    }

    let servers = Servers::new().open();
    let reads = Arc::new(AtomicUsize::new(0));
    let runtime = Counting(Clock(Arc::clone(&servers)), Arc::clone(&reads));
    let lp = builder(&servers)
        .transport(Wire(Arc::clone(&servers)), runtime)
        .build()
        .expect("complete");
    lp.token().await.expect("it is handed out");
    let functions: ServiceName = "faasGW".parse().expect("a name");
    assert!(timeout(10 * MS, lp.host(&functions)).await.is_err());
    for later in [Duration::ZERO, 1000 * SECOND] {
        sleep(later).await;
        reads.store(0, Ordering::Relaxed);
        lp.token().await.expect("it is at hand");
        assert_eq!(reads.load(Ordering::Relaxed), 1, "one clock read, and so no lock");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restored_token_wakes_those_who_wait_for_a_rest_to_end() {
    let saved = client(&Servers::new().open())
        .token()
        .await
        .expect("it is handed out");
    let servers = Servers::new().open();
    servers
        .trouble
        .lock()
        .expect("unpoisoned")
        .push(Trouble::Status(500));
    let lp = client(&servers);
    let asker = tokio::spawn({
        let lp = lp.clone();
        async move { lp.token().await }
    });
    sleep(SECOND).await;
    let restored = servers.elapsed();
    assert_eq!(lp.restore(saved.clone()), Ok(true));
    assert_eq!(asker.await.expect("no panic").ok(), Some(saved));
    assert_eq!(servers.elapsed(), restored);
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_renews_at_once_what_was_invalidated() {
    let servers = Servers::new().open();
    let lp = client(&servers);
    let keeper = tokio::spawn(lp.keep_fresh());
    let token = lp.token().await.expect("it is handed out");
    sleep(100 * SECOND).await;
    assert!(lp.invalidate(&token));
    sleep(SECOND).await;
    assert_eq!(servers.asked(), (1, 2));
    keeper.abort();
}

#[tokio::test(start_paused = true)]
async fn an_asker_out_of_patience_takes_a_stale_host() {
    let servers = Servers {
        latency: 300 * MS,
        ..Servers::new()
    }
    .open();
    let lp = builder(&servers).patience(200 * MS).build().expect("complete");
    assert!(
        lp.host(&ServiceName::SENTINEL).await.is_err(),
        "nothing is known yet"
    );
    sleep(SECOND).await;
    assert!(
        lp.host(&ServiceName::SENTINEL).await.is_ok(),
        "the abandoned call went on"
    );
    sleep(3601 * SECOND).await;
    assert!(lp.host(&ServiceName::SENTINEL).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_asker_out_of_patience_takes_an_aged_key_set() {
    /// Publishes the keys at once the first time, and slowly ever after.
    struct Slowing(Wire, String, AtomicBool);
    #[async_trait]
    impl Transport for Slowing {
        async fn send(
            &self,
            request: Request<Body>,
            limits: Limits,
        ) -> Result<Response<Body>, TransportError> {
            if !request.uri().path().ends_with("/jwks") {
                return self.0.send(request, limits).await;
            }
            if self.2.swap(true, Ordering::Relaxed) {
                sleep(9 * SECOND).await;
            }
            Ok(Response::new(self.1.clone().into()))
        }
    }

    let emulator = lp_auth_emulator::Emulator::builder()
        .start()
        .expect("loopback has a free port");
    let draft = emulator
        .draft(ApiVersion::V2)
        .valid(UnixTime::from_secs(1_699_999_000), 86_400 * SECOND);
    let (token, keys) = (draft.sign(), emulator.jwks());
    let servers = Servers::new().open();
    let wire = Slowing(Wire(Arc::clone(&servers)), keys, AtomicBool::new(false));
    let verifier = Verifier::builder(emulator.account().as_str())
        .any_client()
        .transport(wire, Clock(Arc::clone(&servers)))
        .patience(2 * SECOND)
        .build()
        .expect("complete");
    assert!(verifier.verify(&token).await.is_ok());
    sleep(601 * SECOND).await;
    let asked = servers.elapsed();
    assert!(verifier.verify(&token).await.is_ok());
    assert_eq!(servers.elapsed(), asked + 2 * SECOND);
    assert!(verifier.verify(&token).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_before_it_returns_its_future_is_a_failure_like_any_other() {
    struct Hasty;
    type Sending<'a> = Pin<Box<dyn Future<Output = Result<Response<Body>, TransportError>> + Send + 'a>>;
    impl Transport for Hasty {
        fn send<'a: 'b, 'b>(&'a self, _: Request<Body>, _: Limits) -> Sending<'b>
        where
            Self: 'b,
        {
            panic!("as asked for")
        }
    }

    let servers = Servers::new().open();
    let lp = builder(&servers)
        .transport(Hasty, Clock(Arc::clone(&servers)))
        .build()
        .expect("complete");
    for _ in 0..3 {
        let lp: Client = lp.clone();
        let outcome = tokio::spawn(async move { lp.token().await })
            .await
            .expect("the panic is caught");
        assert!(outcome.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_panics_takes_nobodys_answer_away() {
    let servers = Servers::new().open();
    let watch = |progress: &Progress| assert!(!matches!(progress, Progress::Answered { .. }), "as asked for");
    let lp = builder(&servers).watch(watch).build().expect("complete");
    assert!(lp.token().await.is_ok());
}
