//! `keep_fresh` and what a renewal costs those who ask meanwhile. In simulated time.

mod scene;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lp_auth::{Client, Progress, Purpose};
use tokio::time::{sleep, timeout};

use scene::{Servers, Trouble, builder, client};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn servers(lifetime: u64, latency: Duration, trouble: &[Trouble]) -> Arc<Servers> {
    Servers {
        lifetime,
        latency,
        trouble: Mutex::new(trouble.to_vec()),
        ..Servers::new()
    }
    .open()
}

/// What 200 askers, each asking 500 times in a token's life, wait for a token: the longest time, and how many waited at
/// all.
async fn two_hundred_ask(lp: &Client, servers: &Arc<Servers>, length: Duration) -> (Duration, usize) {
    let pause = Duration::from_secs(servers.lifetime) / 500;
    let longest = Arc::new(Mutex::new(Duration::ZERO));
    let waits = Arc::new(AtomicUsize::new(0));
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (lp, servers) = (lp.clone(), Arc::clone(servers));
        let (longest, waits) = (Arc::clone(&longest), Arc::clone(&waits));
        askers.spawn(async move {
            let end = servers.elapsed() + length;
            while servers.elapsed() < end {
                let asked = servers.elapsed();
                lp.token().await.expect("it is handed out");
                let waited = servers.elapsed().saturating_sub(asked);
                if waited > Duration::ZERO {
                    waits.fetch_add(1, Ordering::Relaxed);
                    let mut longest = longest.lock().expect("unpoisoned");
                    *longest = waited.max(*longest);
                }
                sleep(pause).await;
            }
        });
    }
    askers.join_all().await;
    let longest = *longest.lock().expect("unpoisoned");
    (longest, waits.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn with_keep_fresh_nobody_waits_for_a_renewal_whether_tokens_live_for_an_hour_or_for_five_seconds() {
    for (lifetime, length) in [(5, 15 * SECOND), (3600, 7200 * SECOND)] {
        let servers = servers(lifetime, 50 * MS, &[]);
        let lp = client(&servers);
        let keeper = tokio::spawn(lp.keep_fresh());
        lp.token().await.expect("the first one is waited for");
        let (longest, waits) = two_hundred_ask(&lp, &servers, length).await;
        let renewals = servers.asked().1 - 1;
        println!(
            "keep_fresh, tokens of {lifetime} s: {renewals} renewals, {waits} waits, the longest {longest:?}"
        );
        assert_eq!((longest, waits), (Duration::ZERO, 0));
        assert!(renewals >= 1);
        keeper.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn without_keep_fresh_exactly_one_of_two_hundred_waits_for_each_renewal() {
    let servers = servers(5, 50 * MS, &[]);
    let lp = client(&servers);
    lp.token().await.expect("the first one is waited for");
    let (longest, waits) = two_hundred_ask(&lp, &servers, 15 * SECOND).await;
    let renewals = servers.asked().1 - 1;
    println!("alone, tokens of 5 s: {renewals} renewals, {waits} waits, the longest {longest:?}");
    assert_eq!((longest, waits), (50 * MS, renewals));
    assert!(renewals >= 3);
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_last_client_also_while_a_call_is_out() {
    for trouble in [&[][..], &[Trouble::Hangs]] {
        let servers = servers(3600, 5 * SECOND, trouble);
        let lp = client(&servers);
        let keeper = tokio::spawn(lp.keep_fresh());
        // Half-way through the token request, which follows the lookup.
        sleep(7 * SECOND).await;
        let copy = lp.clone();
        drop(lp);
        assert!(!keeper.is_finished());
        drop(copy);
        let dropped = servers.elapsed();
        keeper.await.expect("no panic");
        assert_eq!(servers.elapsed(), dropped, "at once");
    }
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_last_client_also_in_the_rest_after_an_error() {
    for trouble in [Trouble::Status(500), Trouble::Status(401), Trouble::Panics] {
        let servers = servers(3600, 50 * MS, &[trouble]);
        let lp = client(&servers);
        let keeper = tokio::spawn(lp.keep_fresh());
        sleep(200 * MS).await;
        drop(lp);
        let dropped = servers.elapsed();
        keeper.await.expect("no panic");
        assert_eq!(servers.elapsed(), dropped, "at once");
        assert_eq!(servers.asked().1, 1);
    }
}

#[cfg(feature = "verify")]
#[tokio::test(start_paused = true)]
async fn it_ends_with_the_last_verifier_too() {
    let servers = servers(3600, 50 * MS, &[]);
    let lp = client(&servers);
    let verifier = lp.verifier().any_client().build().expect("complete");
    let keeper = tokio::spawn(verifier.keep_fresh());
    sleep(SECOND).await;
    drop(lp);
    sleep(SECOND).await;
    assert!(!keeper.is_finished(), "the verifier is there");
    drop(verifier);
    assert!(timeout(MS, keeper).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn it_goes_on_after_errors_and_two_of_them_ask_no_more_than_one() {
    let trouble = [Trouble::Status(500), Trouble::Refuses, Trouble::Status(401)];
    let servers = servers(3600, 50 * MS, &trouble);
    let lp = client(&servers);
    let keepers = [tokio::spawn(lp.keep_fresh()), tokio::spawn(lp.keep_fresh())];
    sleep(60 * SECOND).await;
    let asked = servers.elapsed();
    assert!(lp.token().await.is_ok());
    assert_eq!(servers.elapsed(), asked);
    assert_eq!(servers.asked().1, 4);
    drop(lp);
    for keeper in keepers {
        assert!(timeout(MS, keeper).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_hangs_for_one_consumer_holds_up_no_other() {
    let servers = servers(5, 50 * MS, &[]);
    let lp = client(&servers);
    lp.token().await.expect("it is handed out");
    let delegated = lp.for_consumer("consumer-1").expect("V2");
    servers.trouble.lock().expect("unpoisoned").push(Trouble::Hangs);
    let keeper = tokio::spawn(lp.keep_fresh());
    // The consumer's first call hangs for ten seconds, which is two lives of a token.
    for _ in 0..90 {
        let asked = servers.elapsed();
        assert!(lp.token().await.is_ok());
        assert_eq!(servers.elapsed(), asked, "somebody waited");
        sleep(100 * MS).await;
    }
    assert!(delegated.token().await.is_ok());
    keeper.abort();
}

#[tokio::test(start_paused = true)]
async fn when_it_is_aborted_the_next_asker_takes_its_call_over() {
    let servers = servers(3600, 300 * MS, &[]);
    let requests = Arc::new(AtomicUsize::new(0));
    let begun = Arc::clone(&requests);
    let watch = move |progress: &Progress| {
        let is_token = matches!(
            progress,
            Progress::Asking {
                purpose: Purpose::Token,
                ..
            }
        );
        begun.fetch_add(usize::from(is_token), Ordering::Relaxed);
    };
    let lp = builder(&servers).watch(watch).build().expect("complete");
    let first = lp.token().await.expect("it is handed out");
    let keeper = tokio::spawn(lp.keep_fresh());
    while requests.load(Ordering::Relaxed) == 1 {
        sleep(100 * MS).await;
    }
    keeper.abort();
    assert!(keeper.await.is_err());
    let aborted = servers.elapsed();
    assert_ne!(lp.token().await.expect("the call went on"), first);
    assert!(servers.elapsed() <= aborted + 300 * MS);
    assert_eq!(servers.asked(), (1, 2));
}
