//! Other token libraries for Rust: a token handed out, a cold start, and a refresh under many askers.
//!
//! Each is pointed at a server on loopback, and configured as its documentation advises.
#![forbid(unsafe_code)]

mod libraries;
mod server;

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use player::{Player, thread_time};
use tokio::runtime::Runtime;

use crate::server::Server;

/// A question for a token; what it was does not matter.
type Ask = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;
/// Sets a library up for a server at this address.
type Connect = fn(&Runtime, &Server) -> Ask;

/// The same as ours are measured with.
const LATENCY: Duration = Duration::from_millis(50);
const SHORT_LIFE: u64 = 5;
const SCENE: Duration = Duration::from_secs(9);

fn main() {
    let mut player = Player::new();
    let libraries: [(&str, Connect); 3] = [
        ("azure_identity", libraries::azure),
        ("google-cloud-auth", libraries::google),
        ("yup-oauth2", libraries::yup),
    ];
    for (name, connect) in libraries {
        // Calm, as ours are.
        player = player
            .while_calm(1, |player| {
                player.measured(&format!("{name}-hand-out"), hand_out(connect))
            })
            .measured(&format!("{name}-cold"), move |askers| cold(connect, askers))
            .measured(&format!("{name}-refresh"), move |askers| refresh(connect, askers));
    }
    player.perform();
}

/// Nanoseconds for so many tokens at hand. The box around each question costs about as much as an allocation.
fn hand_out(connect: Connect) -> impl FnMut(u64) -> f64 {
    let mut scene: Option<(Runtime, Server, Ask)> = None;
    move |count| {
        let (runtime, _, ask) = scene.get_or_insert_with(|| {
            let runtime = runtime();
            let server = Server::start(Duration::ZERO, 3600);
            let ask = connect(&runtime, &server);
            assert!(runtime.block_on(ask()), "the server answers");
            (runtime, server, ask)
        });
        let _inside = runtime.enter();
        let started = thread_time();
        for _ in 0..count {
            let answer = ask().as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(
                matches!(black_box(answer), Poll::Ready(true)),
                "the token is at hand"
            );
        }
        started.elapsed().as_nanos() as f64
    }
}

/// How many token requests so many askers cause who come at once.
fn cold(connect: Connect, askers: u64) -> f64 {
    let (runtime, server) = (runtime(), Server::start(LATENCY, 3600));
    let ask = connect(&runtime, &server);
    runtime.block_on(async {
        let askers: Vec<_> = (0..askers).map(|_| tokio::spawn(ask())).collect();
        for asker in askers {
            let _ = asker.await;
        }
    });
    server.requests() as f64
}

/// The longest that one of so many askers waits, in nanoseconds, while tokens of short life are renewed.
fn refresh(connect: Connect, askers: u64) -> f64 {
    let (runtime, server) = (runtime(), Server::start(LATENCY, SHORT_LIFE));
    let ask = connect(&runtime, &server);
    let longest = Arc::new(AtomicU64::new(0));
    runtime.block_on(async {
        ask().await;
        let end = Instant::now() + SCENE;
        let askers: Vec<_> = (0..askers)
            .map(|_| {
                let (ask, longest) = (Arc::clone(&ask), Arc::clone(&longest));
                tokio::spawn(async move {
                    while Instant::now() < end {
                        let started = Instant::now();
                        let mut answer = ask();
                        poll_fn(|context| answer.as_mut().poll(context)).await;
                        let waited = started.elapsed().as_nanos();
                        longest.fetch_max(u64::try_from(waited).unwrap_or(u64::MAX), Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                })
            })
            .collect();
        for asker in askers {
            let _ = asker.await;
        }
    });
    longest.load(Ordering::Relaxed) as f64
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}
