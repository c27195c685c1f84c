//! Handing out the token at hand.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use lp_auth::{AccessToken, Client, UnixTime};
use player::Player;

use crate::servers::{Servers, client};

pub(crate) fn subjects(player: Player) -> Player {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let lp = Arc::new(client(&Servers::new(Duration::ZERO, 3600)));
    runtime.block_on(lp.token()).expect("the servers answer");
    let mut player = player;
    for threads in [1, 2] {
        let lp = Arc::clone(&lp);
        player = player
            .on_threads(&format!("control-on-{threads}"), threads, control)
            .on_threads(&format!("by-reference-on-{threads}"), threads, move || {
                by_reference_of(&lp)
            });
    }
    let (by_reference, owned) = (Arc::clone(&lp), lp);
    player.while_calm(1, |player| {
        player
            .timed("clock", clock)
            .timed("by-reference", move || by_reference_of(&by_reference))
            .timed("owned", move || owned_of(&owned))
    })
}

fn by_reference_of(lp: &Client) -> UnixTime {
    at_once(lp.with_token(AccessToken::expires_at))
}

fn owned_of(lp: &Client) -> AccessToken {
    at_once(lp.token())
}

/// What every asker pays: one look at the clock.
fn clock() -> UnixTime {
    SystemTime::now().into()
}

/// Work that shares nothing: how far two threads get on this machine, now.
fn control() -> u64 {
    (0..32_u64).fold(1, |number, turn| std::hint::black_box(number * 3 + turn))
}

fn at_once<T>(answer: impl Future<Output = Result<T, lp_auth::Error>>) -> T {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(answer)) => answer,
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => panic!("the token is at hand"),
    }
}
