//! Many askers at once: cold, and while the token is renewed.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lp_auth::Client;
use player::{Player, thread_time};
use tokio::runtime::Runtime;

use crate::servers::{Servers, client};

/// How long a server takes to answer.
const LATENCY: Duration = Duration::from_millis(50);
/// How long the tokens of the refresh scenes live, in seconds, and how long the scenes last.
const SHORT_LIFE: u64 = 5;
const SCENE: Duration = Duration::from_secs(9);
const ASKERS: usize = 200;

pub(crate) fn subjects(player: Player) -> Player {
    player
        .measured("cold-lookups", |askers| {
            cold(askers, &two_threads()).lookups as f64
        })
        .measured("cold-requests", |askers| {
            cold(askers, &two_threads()).requests as f64
        })
        .measured("cold-nanos", |askers| cold(askers, &this_thread()).nanos)
        .measured("kept-fresh-longest-wait", |_| refresh(true).longest_wait as f64)
        .measured("kept-fresh-waits", |_| refresh(true).waits_per_renewal)
        .measured("not-kept-fresh-waits", |_| refresh(false).waits_per_renewal)
}

struct Cold {
    lookups: usize,
    requests: usize,
    nanos: f64,
}

/// So many askers come to a client that knows nothing.
fn cold(askers: u64, runtime: &Runtime) -> Cold {
    let servers = Servers::new(LATENCY, 3600);
    let lp = client(&servers);
    let started = thread_time();
    runtime.block_on(async {
        let askers: Vec<_> = (0..askers)
            .map(|_| {
                let lp = lp.clone();
                tokio::spawn(async move { lp.token().await.expect("the servers answer") })
            })
            .collect();
        for asker in askers {
            asker.await.expect("no asker panics");
        }
    });
    Cold {
        lookups: servers.lookups.load(Ordering::Relaxed),
        requests: servers.token_requests.load(Ordering::Relaxed),
        nanos: started.elapsed().as_nanos() as f64,
    }
}

struct Refresh {
    /// Of all questions, in nanoseconds.
    longest_wait: u64,
    /// How many questions were not answered on the spot, for each renewal.
    waits_per_renewal: f64,
}

/// Many ask all the time while the token is renewed, a few times over.
fn refresh(kept_fresh: bool) -> Refresh {
    let servers = Servers::new(LATENCY, SHORT_LIFE);
    let lp = client(&servers);
    let (longest_wait, waits) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
    two_threads().block_on(async {
        lp.token().await.expect("the servers answer");
        if kept_fresh {
            tokio::spawn(lp.keep_fresh());
        }
        let end = Instant::now() + SCENE;
        let askers: Vec<_> = (0..ASKERS)
            .map(|_| {
                let (lp, longest_wait, waits) = (lp.clone(), Arc::clone(&longest_wait), Arc::clone(&waits));
                tokio::spawn(async move {
                    while Instant::now() < end {
                        let (wait, has_waited) = ask(&lp).await;
                        longest_wait.fetch_max(wait, Ordering::Relaxed);
                        waits.fetch_add(has_waited.into(), Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                })
            })
            .collect();
        for asker in askers {
            asker.await.expect("no asker panics");
        }
    });
    let renewals = servers.token_requests.load(Ordering::Relaxed) - 1;
    Refresh {
        longest_wait: longest_wait.load(Ordering::Relaxed),
        waits_per_renewal: waits.load(Ordering::Relaxed) as f64 / renewals as f64,
    }
}

/// How long one question takes, and whether it had to wait at all.
async fn ask(lp: &Client) -> (u64, bool) {
    let mut answer = pin!(lp.with_token(|token| token.expires_at()));
    let started = Instant::now();
    let mut polls = 0;
    poll_fn(|context| {
        polls += 1;
        answer
            .as_mut()
            .poll(context)
            .map(|answer| answer.expect("the servers answer"))
    })
    .await;
    let wait = started.elapsed().as_nanos();
    (u64::try_from(wait).unwrap_or(u64::MAX), polls > 1)
}

/// So that the time of one thread is the time of all.
fn this_thread() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// As the other libraries are asked.
fn two_threads() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}
