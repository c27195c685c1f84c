//! Eight threads verify while key sets come and go.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use lp_auth_jwt::{KeySet, Keys, Rejected};
use support::*;

/// Each set has two of three keys, and each key is in two of three sets.
fn sets(remembered: usize) -> [Arc<KeySet>; 3] {
    let (a, b, c) = (TestKey::a(), TestKey::b(), TestKey::c());
    let key = |kid: &str, key: &TestKey| key.verifying().with_kid(kid).remembering(remembered);
    let (a, b, c) = (key("a", &a), key("b", &b), key("c", &c));
    [[a.clone(), b.clone()], [b, c.clone()], [c, a]].map(|keys| Arc::new(keys.into_iter().collect()))
}

fn run(remembered: usize) -> (usize, usize) {
    const THREADS: usize = 8;
    const SWAPS: usize = 300;
    let sets = sets(remembered);
    let tokens: Vec<(&str, String)> = [("a", TestKey::a()), ("b", TestKey::b()), ("c", TestKey::c())]
        .iter()
        .flat_map(|(kid, key)| {
            (0..4).map(|number| {
                (
                    *kid,
                    key.token(&header(kid), &claims(&format!(r#","n":{number}"#))),
                )
            })
        })
        .collect();
    let forged = TestKey::c().good("a");
    let current = ArcSwap::from(Arc::clone(&sets[0]));
    let (policy, stop) = (policy(), AtomicBool::new(false));
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (tokens, current, stop, policy, forged) = (&tokens, &current, &stop, &policy, &forged);
            let (accepted, refused) = (&accepted, &refused);
            scope.spawn(move || {
                let mut turn = thread;
                while !stop.load(Ordering::Relaxed) {
                    turn += 1;
                    let (kid, token) = &tokens[turn % tokens.len()];
                    let set = current.load_full();
                    let verdict = policy.verify(token, Keys::v2(&set), NOW);
                    if set.key(kid).is_some() {
                        assert!(verdict.is_ok(), "{verdict:?}");
                        accepted.fetch_add(1, Ordering::Relaxed);
                    } else {
                        assert!(matches!(verdict, Err(Rejected::UnknownKey(_))), "{verdict:?}");
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    if turn % 16 == 0 {
                        assert!(policy.with_claims(forged, Keys::v2(&set), NOW, |_| ()).is_err());
                    }
                }
            });
        }
        let nobody = Mutex::new(());
        let wake = std::sync::Condvar::new();
        for swap in 0..SWAPS {
            current.store(Arc::clone(&sets[swap % sets.len()]));
            let guard = nobody.lock().unwrap();
            drop(wake.wait_timeout(guard, Duration::from_millis(1)).unwrap());
        }
        stop.store(true, Ordering::Relaxed);
    });
    (accepted.into_inner(), refused.into_inner())
}

#[test]
fn eight_threads_accept_every_token_whose_key_is_in_the_set_and_no_other() {
    let (accepted, refused) = run(0);
    println!("without memory: {accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}

#[test]
fn so_they_do_with_memory_that_is_too_small_for_all_tokens() {
    let (accepted, refused) = run(2);
    println!("with memory: {accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0);
}
