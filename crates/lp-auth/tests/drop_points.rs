//! The async driver when askers are dropped at each point where they can be: a deterministic executor, no time at all.

#![cfg(feature = "verify")]

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_lite::future::yield_now;
use lp_auth::http::{Request, Response};
use lp_auth::{ApiVersion, Client, Error, Limits, ServiceName, UnixTime, Verifier};
use lp_auth_core::{Body, Runtime, Transport, TransportError, async_trait};

/// Wakes its asker this often before a call is answered.
const PAUSES: usize = 3;
const START: u64 = 1_700_000_000;

/// The servers, the clock, and what was asked: lookups, tokens, key sets.
#[derive(Clone, Default)]
struct World {
    asked: Arc<[AtomicUsize; 3]>,
    passed: Arc<AtomicU64>,
    /// What askers do from within a call.
    within: Arc<Mutex<Option<Client>>>,
}

impl World {
    fn asked(&self) -> [usize; 3] {
        self.asked.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    fn client(&self) -> Client {
        Client::builder(presented().account.as_str())
            .client_id("my-app")
            .client_secret("hush")
            .transport(self.clone(), self.clone())
            .seed(1)
            .build()
            .expect("complete")
    }

    /// A client whose token is due for renewal.
    fn aging(&self) -> Client {
        let lp = self.client();
        let _ = run(lp.token()).expect("it is handed out");
        self.passed.store(3000, Ordering::Relaxed);
        lp
    }
}

#[async_trait]
impl Transport for World {
    async fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
        for _ in 0..PAUSES {
            let lp = self.within.lock().expect("unpoisoned").clone();
            if let Some(lp) = lp {
                ask_everything(&lp);
            }
            yield_now().await;
        }
        let path = request.uri().path();
        let (which, body) = if path.ends_with("/baseURI.json") {
            let service = if path.contains("/sentinel/") {
                "sentinel"
            } else {
                "faasGW"
            };
            let body =
                format!(r#"{{"service":"{service}","account":"1","baseURI":"va.sentinel.liveperson.net"}}"#);
            (0, body)
        } else if path.ends_with("/jwks") {
            (2, presented().keys.clone())
        } else {
            let now = self.now().as_secs();
            let claims = format!(r#"{{"iat":{now},"exp":{}}}"#, now + 3600);
            let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
            (1, format!(r#"{{"access_token":"{token}"}}"#))
        };
        if let Some(count) = self.asked.get(which) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Response::new(body.into()))
    }
}

/// No timer ever fires: whatever waits for one here would wait for ever.
#[async_trait]
impl Runtime for World {
    fn now(&self) -> UnixTime {
        UnixTime::from_secs(START + self.passed.load(Ordering::Relaxed))
    }

    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

struct Presented {
    account: String,
    token: String,
    keys: String,
}

/// A token, and the keys that it is genuine by.
fn presented() -> &'static Presented {
    static PRESENTED: OnceLock<Presented> = OnceLock::new();
    PRESENTED.get_or_init(|| {
        let emulator = lp_auth_emulator::Emulator::builder()
            .start()
            .expect("loopback has a free port");
        let draft = emulator
            .draft(ApiVersion::V2)
            .valid(UnixTime::from_secs(START - 60), Duration::from_secs(86_400));
        Presented {
            account: emulator.account().to_string(),
            token: draft.sign(),
            keys: emulator.jwks(),
        }
    })
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// An asker that is polled when it was woken, and not otherwise.
struct Asker<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + 'a>>,
    woken: Arc<Woken>,
}

impl<'a, T> Asker<'a, T> {
    fn new(future: impl Future<Output = T> + 'a) -> Self {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        Self {
            future: Box::pin(future),
            woken,
        }
    }

    /// Polls it, if it was woken.
    fn step(&mut self) -> Option<T> {
        if !self.woken.0.swap(false, Ordering::Relaxed) {
            return None;
        }
        let waker = Waker::from(Arc::clone(&self.woken));
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    fn finish(mut self) -> T {
        for _ in 0..100 {
            if let Some(answer) = self.step() {
                return answer;
            }
            assert!(self.woken.0.load(Ordering::Relaxed), "nobody will ever wake it");
        }
        panic!("it is woken again and again, and has no answer");
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    Asker::new(future).finish()
}

/// For every number of polls: an asker is dropped after it, alone and with another beside it, and the other is served
/// by the same calls.
fn dropped_everywhere<C, T: Debug>(
    set_up: impl Fn(&World) -> C,
    ask: &impl AsyncFn(&C) -> Result<T, Error>,
    calls: [usize; 3],
) {
    for with_company in [false, true] {
        for polls in 0.. {
            let world = World::default();
            let client = set_up(&world);
            let mut dropped = Asker::new(ask(&client));
            let mut other = Asker::new(ask(&client));
            let mut served = None;
            let mut has_ended = false;
            for _ in 0..polls {
                has_ended = dropped.step().is_some();
                if has_ended {
                    break;
                }
                if with_company && served.is_none() {
                    served = other.step();
                }
            }
            drop(dropped);
            let served = served.unwrap_or_else(|| other.finish());
            assert!(served.is_ok(), "dropped after {polls} polls: {served:?}");
            let _ = run(ask(&client)).expect("it is at hand");
            assert_eq!(
                world.asked(),
                calls,
                "dropped after {polls} polls, {with_company}"
            );
            if has_ended {
                assert!(2 * polls > PAUSES, "{polls}");
                break;
            }
        }
    }
}

#[test]
fn an_asker_for_the_first_token_is_dropped_at_any_point_and_nothing_is_lost() {
    dropped_everywhere(World::client, &async |lp| lp.token().await, [1, 1, 0]);
}

#[test]
fn the_asker_that_renews_the_token_is_dropped_at_any_point_and_nothing_is_lost() {
    dropped_everywhere(World::aging, &async |lp| lp.token().await, [1, 2, 0]);
}

#[test]
fn an_asker_for_a_delegated_token_is_dropped_at_any_point_and_nothing_is_lost() {
    let delegated = |world: &World| {
        let lp = world.client();
        let _ = run(lp.token()).expect("it is handed out");
        lp.for_consumer("consumer-1").expect("V2")
    };
    dropped_everywhere(delegated, &async |lp| lp.token().await, [1, 2, 0]);
}

#[test]
fn an_asker_for_a_host_is_dropped_at_any_point_and_nothing_is_lost() {
    let service: ServiceName = "faasGW".parse().expect("a name");
    dropped_everywhere(World::client, &async |lp| lp.host(&service).await, [1, 0, 0]);
}

#[test]
fn the_asker_that_looks_an_aged_host_up_is_dropped_at_any_point_and_nothing_is_lost() {
    let service: ServiceName = "faasGW".parse().expect("a name");
    let aged = |world: &World| {
        let lp = world.client();
        let _ = run(lp.host(&service)).expect("it is named");
        world.passed.store(4000, Ordering::Relaxed);
        lp
    };
    dropped_everywhere(aged, &async |lp| lp.host(&service).await, [2, 0, 0]);
}

#[test]
fn an_asker_for_keys_is_dropped_at_any_point_and_nothing_is_lost() {
    let verifier = |world: &World| -> Verifier {
        let verifier = world.client().verifier().any_client().build();
        verifier.expect("complete")
    };
    let verify = async |verifier: &Verifier| match verifier.verify(&presented().token).await {
        Ok(claims) => Ok(claims),
        Err(lp_auth::VerifyError::Unavailable(error)) => Err(error),
        Err(rejected) => panic!("{rejected}"),
    };
    dropped_everywhere(verifier, &verify, [1, 0, 1]);
}

#[test]
fn keep_fresh_is_dropped_at_any_point_and_nothing_is_lost() {
    for (set_up, calls) in [
        (World::client as fn(&World) -> Client, [1, 1, 0]),
        (World::aging, [1, 2, 0]),
    ] {
        for polls in 0..20 {
            let world = World::default();
            let lp = set_up(&world);
            let mut keeper = Asker::new(lp.keep_fresh());
            for _ in 0..polls {
                assert!(keeper.step().is_none());
            }
            drop(keeper);
            let _ = run(lp.token()).expect("it is handed out");
            assert_eq!(world.asked(), calls, "dropped after {polls} polls");
        }
    }
}

#[test]
fn a_call_of_another_place_leaves_an_abandoned_one_to_be_taken_over() {
    let world = World::default();
    let lp = world.client();
    let delegated = lp.for_consumer("consumer-1").expect("V2");
    for lp in [&lp, &delegated] {
        let _ = run(lp.token()).expect("it is handed out");
    }
    world.passed.store(3000, Ordering::Relaxed);
    let mut renews = Asker::new(lp.token());
    assert!(renews.step().is_none());
    drop(renews);
    // This one publishes what all places have at hand.
    let _ = run(delegated.token()).expect("it is renewed");
    let token = run(lp.token()).expect("it is renewed");
    assert_eq!(token.requested_at(), UnixTime::from_secs(START + 3000));
    assert_eq!(world.asked(), [1, 4, 0], "two first tokens, two renewals");
}

#[test]
fn an_asker_with_other_credentials_does_not_wait_for_the_call_with_the_old_ones() {
    let world = World::default();
    let lp = world.client();
    let mut first = Asker::new(lp.token());
    // Until its token request is out.
    for _ in 0..=PAUSES + 1 {
        assert!(first.step().is_none());
    }
    lp.set_credentials(lp_auth::Credentials {
        client_id: "my-app".parse().expect("an id"),
        client_secret: "other".parse().expect("a secret"),
    });
    assert!(first.finish().is_ok());
    assert_eq!(world.asked(), [1, 1, 0], "the old call was given up");
}

/// Asks for whatever there is, and does not wait.
fn ask_everything(lp: &Client) {
    let mut token = Asker::new(lp.token());
    let _ = token.step();
    let mut host = Asker::new(lp.host(&ServiceName::SENTINEL));
    let _ = host.step();
    let stranger = lp_auth::AccessToken::new(
        "e30.e30.c2ln",
        lp_auth::Window::starting(UnixTime::EPOCH, Duration::ZERO),
    );
    let stranger = stranger.expect("a JWT");
    let _ = lp.invalidate(&stranger);
    let _ = lp.restore(stranger);
    let _ = format!("{lp:?}");
    drop(lp.for_consumer("consumer-1").expect("V2"));
}

#[test]
fn no_lock_is_held_while_a_call_is_out_so_that_a_transport_may_ask_its_own_client() {
    let world = World::default();
    let lp = world.client();
    *world.within.lock().expect("unpoisoned") = Some(lp.clone());
    let (ended, end) = std::sync::mpsc::channel();
    // On a thread of its own: a lock that is held twice never comes free.
    std::thread::spawn(move || {
        let token = run(lp.token());
        world.within.lock().expect("unpoisoned").take();
        let _ = ended.send((token.is_ok(), world.asked()));
    });
    let outcome = end.recv_timeout(Duration::from_secs(20)).expect("it hangs");
    assert_eq!(outcome, (true, [1, 1, 0]));
}

#[test]
fn a_watcher_and_a_reader_may_ask_the_client_that_they_watch_and_read() {
    let world = World::default();
    let slot: Arc<OnceLock<Client>> = Arc::default();
    let watched = Arc::clone(&slot);
    let lp = Client::builder("12345678")
        .client_id("my-app")
        .client_secret("hush")
        .transport(world.clone(), world.clone())
        .watch(move |_| watched.get().into_iter().for_each(ask_everything))
        .build()
        .expect("complete");
    assert!(slot.set(lp.clone()).is_ok());
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let read = run(lp.with_token(|token| {
            ask_everything(&lp);
            token.clone()
        }));
        let again = run(lp.with_token(|_| ask_everything(&lp)));
        let _ = ended.send((read.is_ok(), again.is_ok(), world.asked()));
    });
    let outcome = end.recv_timeout(Duration::from_secs(20)).expect("it hangs");
    assert_eq!(outcome, (true, true, [1, 1, 0]));
}
