//! The async driver on several threads, with everything at random that can go wrong: faults, askers that go or are never
//! polled again, invalidations, clients and keepers that come and go. Two seconds of real time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fastrand::Rng;
use futures_lite::future::poll_once;
use lp_auth::http::{Request, Response};
use lp_auth::{AccessToken, Client, Limits, Pace, Rests, ServiceName, UnixTime};
use lp_auth_core::{Body, Runtime, Transport, TransportError, TransportErrorKind, async_trait};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const LENGTH: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(2);
/// Far more than a machine under load takes.
const NEVER: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
struct World(Arc<Seen>);

#[derive(Default)]
struct Seen {
    /// How many calls for the same thing are out, and how many there ever were at once.
    out: Mutex<BTreeMap<String, (usize, usize)>>,
    calls: AtomicUsize,
}

/// A call is out as long as this exists.
struct Out(Arc<Seen>, String);

impl Out {
    fn new(seen: &Arc<Seen>, what: String) -> Self {
        let mut out = seen.out.lock().expect("unpoisoned");
        let (now, most) = out.entry(what.clone()).or_default();
        *now += 1;
        *most = (*most).max(*now);
        drop(out);
        seen.calls.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(seen), what)
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        let mut out = self.0.out.lock().expect("unpoisoned");
        out.entry(self.1.clone()).or_default().0 -= 1;
    }
}

#[async_trait]
impl Transport for World {
    async fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
        let _out = Out::new(&self.0, request.uri().to_string());
        sleep(Duration::from_micros(fastrand::u64(0..3000))).await;
        let body = match fastrand::u8(0..100) {
            ..12 => return Err(TransportError::new(TransportErrorKind::ConnectionRefused)),
            12..20 => return Ok(status(503)),
            20..24 => return Ok(status(401)),
            24..28 => "<html>".to_owned(),
            28..30 => std::future::pending().await,
            30..32 => panic!("as asked for"),
            _ if request.method() == "GET" => {
                r#"{"service":"sentinel","account":"1","baseURI":"va.sentinel.liveperson.net"}"#.to_owned()
            }
            _ => {
                let claims = format!(r#"{{"jti":"{}","iat":0,"exp":0.3}}"#, fastrand::u64(..));
                format!(
                    r#"{{"access_token":"e30.{}.c2ln"}}"#,
                    URL_SAFE_NO_PAD.encode(claims)
                )
            }
        };
        Ok(Response::new(body.into()))
    }
}

fn status(status: u16) -> Response<Body> {
    let response = Response::builder().status(status).body(Body::default());
    response.expect("a status")
}

#[async_trait]
impl Runtime for World {
    fn now(&self) -> UnixTime {
        now()
    }

    async fn sleep(&self, length: Duration) {
        sleep(length).await;
    }
}

fn now() -> UnixTime {
    #[expect(clippy::disallowed_methods, reason = "it runs in real time")]
    SystemTime::now().into()
}

fn client(world: &World) -> Client {
    let pace = Pace {
        limits: Limits {
            timeout: Duration::from_millis(50),
            ..Limits::default()
        },
        rests: Rests::default().scaled(0.001),
        ..Pace::default()
    };
    let builder = Client::builder("12345678")
        .client_id("my-app")
        .client_secret("hush")
        .transport(world.clone(), world.clone())
        .pace(pace)
        .patience(PATIENCE);
    builder.build().expect("complete")
}

fn is_good(token: &AccessToken, asked: UnixTime) {
    assert!(
        token.expires_at() > asked,
        "an expired token: {token:?} at {asked:?}"
    );
}

/// Does whatever comes to mind, and forgets half of it.
async fn anything(lp: Client, mut random: Rng) {
    let mut lp = lp;
    let end = now() + LENGTH;
    let mut stuck = Vec::new();
    let mut keepers: Vec<tokio::task::JoinHandle<()>> = Vec::new();
    let mut last: Option<AccessToken> = None;
    while now() < end {
        let asked = now();
        match random.u8(0..20) {
            ..8 => {
                let asking = timeout(NEVER, lp.token()).await.expect("an asker hangs");
                if let Ok(token) = asking {
                    is_good(&token, asked);
                    last = Some(token);
                }
            }
            8..11 => {
                let deadline = Duration::from_micros(random.u64(0..4000));
                let _ = timeout(deadline, lp.token()).await;
            }
            11 => {
                let asking = lp.clone();
                let mut future = Box::pin(async move { asking.token().await });
                let _ = poll_once(&mut future).await;
                stuck.push(future);
            }
            12..14 => {
                let host = timeout(NEVER, lp.host(&ServiceName::SENTINEL)).await;
                let _ = host.expect("an asker hangs");
            }
            14..16 => {
                if let Some(token) = &last {
                    lp.invalidate(token);
                }
            }
            16 => {
                if let Some(token) = last.take() {
                    let _ = lp.restore(token);
                }
            }
            17 => lp = lp.clone(),
            18 => {
                // Each client for a consumer keeps a token of its own.
                let consumer = format!("consumer-{}", random.u64(..));
                let delegated = lp.for_consumer(&consumer).expect("V2");
                let deadline = Duration::from_micros(random.u64(0..9000));
                let _ = timeout(deadline, delegated.token()).await;
            }
            _ => {
                if let Some(keeper) = keepers.pop() {
                    keeper.abort();
                }
                keepers.push(tokio::spawn(lp.keep_fresh()));
            }
        }
        if random.u8(0..4) == 0 {
            tokio::task::yield_now().await;
        }
        stuck.truncate(5);
    }
    drop(stuck);
    drop(lp);
    for keeper in keepers {
        if let Err(error) = timeout(NEVER, keeper).await.expect("a keeper hangs") {
            assert!(error.is_cancelled(), "{error}");
        }
    }
}

/// While somebody knows of a token that is good for a while yet, nobody is told that there is none.
async fn never_without(lp: Client, known: Arc<Mutex<Option<AccessToken>>>, mut random: Rng) {
    let end = now() + LENGTH;
    while now() < end {
        let before = known.lock().expect("unpoisoned").clone();
        let asked = now();
        let answer = timeout(NEVER, lp.token()).await.expect("an asker hangs");
        match answer {
            Ok(token) => {
                is_good(&token, asked);
                *known.lock().expect("unpoisoned") = Some(token);
            }
            Err(error) => {
                // In the last tenth of its life, which is 0.3 s, it is handed out no more.
                let is_usable = |token: &AccessToken| now() + Duration::from_millis(35) < token.expires_at();
                assert!(!before.is_some_and(|token| is_usable(&token)), "{error}");
            }
        }
        if random.u8(0..8) == 0 {
            let deadline = Duration::from_micros(random.u64(0..2000));
            let _ = timeout(deadline, lp.token()).await;
        }
        sleep(Duration::from_micros(random.u64(0..3000))).await;
    }
}

#[test]
fn whatever_happens_at_random_nobody_hangs_no_call_is_doubled_and_no_usable_token_withheld() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut seeds = Rng::with_seed(seed);
    let worlds: [World; 11] = Default::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime");
    // The panics that are asked for are caught, and would fill the screen.
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref::<&str>() != Some(&"as asked for") {
            usual(panic);
        }
    }));
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        let lp = client(&worlds[0]);
        for _ in 0..40 {
            tasks.spawn(anything(lp.clone(), seeds.fork()));
        }
        drop(lp);
        for world in &worlds[1..] {
            let lp = client(world);
            let known = Arc::default();
            for _ in 0..4 {
                tasks.spawn(never_without(lp.clone(), Arc::clone(&known), seeds.fork()));
            }
        }
        while let Some(outcome) = tasks.join_next().await {
            if let Err(error) = outcome {
                panic!("seed {seed}: {error}");
            }
        }
    });
    drop(runtime);
    let mut calls = 0;
    for World(seen) in worlds {
        let out = seen.out.lock().expect("unpoisoned");
        assert!(
            out.values().all(|(now, most)| (*now, *most) == (0, 1)),
            "still out, and most at once: {out:?}"
        );
        calls += seen.calls.load(Ordering::Relaxed);
        assert!(out.len() >= 2);
        drop(out);
        assert_eq!(Arc::strong_count(&seen), 1, "something keeps the transport");
    }
    println!("{calls} calls");
}
