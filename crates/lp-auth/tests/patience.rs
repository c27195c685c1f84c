//! How long an async asker waits, and what for. In simulated time.

mod scene;

use std::pin::pin;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use lp_auth::{Client, ErrorKind, Progress, UnixTime};
use lp_auth_core::{Runtime, async_trait};
use tokio::time::{sleep, timeout};

use scene::{Clock, Servers, Trouble, Wire, builder, client};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn servers(latency: Duration, trouble: &[Trouble]) -> Arc<Servers> {
    Servers {
        latency,
        trouble: Mutex::new(trouble.to_vec()),
        ..Servers::new()
    }
    .open()
}

fn without_patience(servers: &Arc<Servers>) -> Client {
    let builder = builder(servers).patience(Duration::ZERO);
    builder.build().expect("the settings are complete")
}

#[tokio::test(start_paused = true)]
async fn without_patience_there_is_one_try_which_waits_for_its_calls() {
    let servers = servers(9 * SECOND, &[]);
    assert!(without_patience(&servers).token().await.is_ok());
    assert_eq!((servers.asked(), servers.elapsed()), ((1, 1), 18 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn without_patience_no_rest_is_slept_through() {
    for (trouble, kind) in [
        (Trouble::Status(503), ErrorKind::ServerFault),
        (Trouble::Status(429), ErrorKind::Throttled),
        (Trouble::Refuses, ErrorKind::NoAnswer),
    ] {
        let servers = servers(50 * MS, &[trouble]);
        let lp = without_patience(&servers);
        for _ in 0..2 {
            assert_eq!(lp.token().await.expect_err("there is trouble").kind(), kind);
        }
        assert_eq!((servers.asked(), servers.elapsed()), ((1, 1), 100 * MS));
    }
}

#[tokio::test(start_paused = true)]
async fn without_patience_a_server_that_says_nothing_costs_one_time_limit() {
    let servers = servers(50 * MS, &[Trouble::Hangs]);
    let error = without_patience(&servers).token().await.expect_err("it hangs");
    assert_eq!(error.kind(), ErrorKind::NoAnswer);
    assert!(servers.elapsed() < 11 * SECOND, "{:?}", servers.elapsed());
}

#[tokio::test(start_paused = true)]
async fn without_patience_an_asker_waits_for_the_call_of_another() {
    let servers = servers(300 * MS, &[]);
    let lp = without_patience(&servers);
    let other = lp.clone();
    let asker = tokio::spawn(async move { other.token().await.is_ok() });
    sleep(400 * MS).await;
    assert!(lp.token().await.is_ok());
    assert_eq!((servers.asked(), servers.elapsed()), ((1, 1), 600 * MS));
    assert!(asker.await.expect("no panic"));
}

/// The servers' clock, which somebody sets.
struct Set(Clock, Arc<AtomicI64>);

#[async_trait]
impl Runtime for Set {
    fn now(&self) -> UnixTime {
        let seconds = self.1.load(Ordering::Relaxed);
        let (now, by) = (self.0.now(), Duration::from_secs(seconds.unsigned_abs()));
        if seconds < 0 { now - by } else { now + by }
    }

    fn monotonic(&self) -> Duration {
        self.0.0.elapsed()
    }

    async fn sleep(&self, length: Duration) {
        self.0.sleep(length).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_ends_nobodys_patience_in_a_rest() {
    for hours in [-3, -1, 1, 3] {
        // The first rest lasts 5 s, the second one 10.
        let servers = servers(50 * MS, &[Trouble::Status(503), Trouble::Status(503)]);
        let set_by = Arc::new(AtomicI64::new(0));
        let runtime = Set(Clock(Arc::clone(&servers)), Arc::clone(&set_by));
        let lp = builder(&servers)
            .transport(Wire(Arc::clone(&servers)), runtime)
            .build()
            .expect("complete");
        let asker = tokio::spawn(async move { lp.token().await });
        sleep(SECOND).await;
        set_by.store(hours * 3600, Ordering::Relaxed);
        let outcome = asker.await.expect("no panic");
        assert!(outcome.is_ok(), "set by {hours} h: {outcome:?}");
        assert!(servers.elapsed() < 20 * SECOND, "{:?}", servers.elapsed());
        assert_eq!(servers.asked().1, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn the_failure_before_a_call_that_outlasts_the_patience_is_what_the_asker_gets() {
    let servers = servers(50 * MS, &[Trouble::Hangs, Trouble::Status(503)]);
    let lp = builder(&servers).patience(8 * SECOND).build().expect("complete");
    let error = lp.token().await.expect_err("the second call hangs");
    assert_eq!(error.kind(), ErrorKind::ServerFault);
    assert_eq!(servers.elapsed(), 8 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn waiting_costs_no_polling() {
    let mut counts = Vec::new();
    for latency in [SECOND, 9 * SECOND] {
        let servers = servers(latency, &[]);
        let lp = client(&servers);
        let polls = Arc::new(AtomicUsize::new(0));
        let mut askers = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (lp, polls) = (lp.clone(), Arc::clone(&polls));
            askers.spawn(async move {
                let mut asker = pin!(lp.token());
                std::future::poll_fn(|context| {
                    polls.fetch_add(1, Ordering::Relaxed);
                    asker.as_mut().poll(context)
                })
                .await
                .is_ok()
            });
        }
        assert!(askers.join_all().await.into_iter().all(|served| served));
        counts.push(polls.load(Ordering::Relaxed));
    }
    println!("100 askers through two calls were polled {counts:?} times");
    assert_eq!(counts[0], counts[1], "polled as the time passes");
    assert!(counts[0] <= 100 * 6, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_polled_in_a_rest_and_it_is_told_once() {
    let servers = servers(50 * MS, &[Trouble::Status(503)]);
    let told = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&told);
    let watch = move |progress: &Progress| {
        if matches!(progress, Progress::Resting { .. }) {
            counts.fetch_add(1, Ordering::Relaxed);
        }
    };
    let lp = builder(&servers).watch(watch).build().expect("complete");
    let polls = Arc::new(AtomicUsize::new(0));
    let asker = tokio::spawn({
        let (lp, polls) = (lp.clone(), Arc::clone(&polls));
        async move {
            let mut asker = pin!(lp.token());
            std::future::poll_fn(|context| {
                polls.fetch_add(1, Ordering::Relaxed);
                let step = asker.as_mut().poll(context);
                if let Poll::Ready(Err(error)) = &step {
                    panic!("{error}");
                }
                step
            })
            .await
        }
    });
    sleep(SECOND).await;
    let before = polls.load(Ordering::Relaxed);
    sleep(3 * SECOND).await;
    assert_eq!(polls.load(Ordering::Relaxed), before);
    // Others come and go, and are no news to who rests.
    for _ in 0..10 {
        let functions = "faasGW".parse().expect("a name");
        assert!(timeout(SECOND, lp.host(&functions)).await.is_ok());
    }
    assert!(asker.await.expect("no panic").is_ok());
    assert_eq!(told.load(Ordering::Relaxed), 1);
}
