//! The async client and its driver, in simulated time.

mod scene;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_lite::future::poll_once;
use lp_auth::{ErrorKind, ServiceName};
use tokio::time::{sleep, timeout};

use scene::{Servers, Trouble, builder, client};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn ten_thousand_askers_on_a_cold_client_make_one_lookup_and_one_token_request() {
    let servers = Servers::new().open();
    let lp = client(&servers);
    let mut askers = tokio::task::JoinSet::new();
    for number in 0..10_000 {
        let lp = lp.clone();
        askers.spawn(async move {
            if number % 3 == 0 {
                lp.host(&ServiceName::SENTINEL).await.map(|host| host.to_string())
            } else {
                lp.token().await.map(|token| token.expose().to_owned())
            }
        });
    }
    let answers = askers.join_all().await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(servers.asked(), (1, 1));
    assert_eq!(servers.elapsed(), 100 * MS);
}

#[tokio::test(start_paused = true)]
async fn askers_with_short_deadlines_are_served_by_a_slow_server() {
    let servers = Servers {
        latency: 300 * MS,
        ..Servers::new()
    }
    .open();
    let lp = client(&servers);
    let mut attempts = 0;
    while timeout(200 * MS, lp.token()).await.is_err() {
        attempts += 1;
        assert!(attempts < 5, "nobody gets a token: {:?}", servers.asked());
    }
    assert_eq!(servers.asked(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_asker_that_is_never_polled_again_holds_nobody_up() {
    let servers = Servers::new().open();
    let lp = client(&servers);
    let mut stuck = Box::pin(lp.token());
    assert!(poll_once(&mut stuck).await.is_none());
    assert!(timeout(SECOND, lp.token()).await.is_ok());
    assert_eq!(servers.asked(), (1, 1));
    assert!(stuck.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn dropping_an_asker_at_any_point_loses_nothing() {
    for patience in 0..12 {
        let servers = Servers::new().open();
        let lp = client(&servers);
        let _ = timeout(patience * 10 * MS, lp.token()).await;
        assert!(
            timeout(SECOND, lp.token()).await.is_ok(),
            "dropped after {patience}0 ms"
        );
        assert_eq!(servers.asked(), (1, 1), "dropped after {patience}0 ms");
    }
}

#[tokio::test(start_paused = true)]
async fn exactly_one_asker_waits_for_a_renewal() {
    let servers = Servers::new().open();
    let lp = client(&servers);
    let first = lp.token().await.expect("it is handed out");
    sleep(Duration::from_secs(2950)).await;
    let waits = Arc::new(AtomicUsize::new(0));
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (lp, waits, servers) = (lp.clone(), Arc::clone(&waits), Arc::clone(&servers));
        askers.spawn(async move {
            let asked = servers.elapsed();
            let token = lp.token().await.expect("it is handed out");
            if servers.elapsed() > asked + MS {
                waits.fetch_add(1, Ordering::Relaxed);
            }
            token
        });
    }
    let tokens = askers.join_all().await;
    assert_eq!(waits.load(Ordering::Relaxed), 1);
    assert_eq!(tokens.iter().filter(|token| **token != first).count(), 1);
    assert_eq!(servers.asked(), (1, 2));
    assert_ne!(lp.token().await.expect("it is handed out"), first);
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_renews_goes_the_next_asker_takes_over() {
    let servers = Servers {
        latency: 300 * MS,
        ..Servers::new()
    }
    .open();
    let lp = client(&servers);
    let first = lp.token().await.expect("it is handed out");
    sleep(Duration::from_secs(2950)).await;
    assert!(timeout(100 * MS, lp.token()).await.is_err());
    let asked = servers.elapsed();
    let second = lp.token().await.expect("it is handed out");
    assert_ne!(second, first);
    assert_eq!(servers.elapsed(), asked + 200 * MS, "the call went on");
    assert_eq!(servers.asked(), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn with_keep_fresh_nobody_waits_while_the_old_token_is_good_and_it_ends_with_the_last_client() {
    let servers = Servers {
        lifetime: 5,
        ..Servers::new()
    }
    .open();
    let lp = client(&servers);
    let keeper = tokio::spawn(lp.keep_fresh());
    sleep(SECOND).await;
    assert_eq!(servers.asked(), (1, 1), "the first token is fetched ahead");
    for _ in 0..600 {
        let asked = servers.elapsed();
        assert!(lp.token().await.is_ok());
        assert_eq!(servers.elapsed(), asked, "somebody waited");
        sleep(100 * MS).await;
    }
    // 61 s of tokens that are renewed after 5/8 of 5 s, and a bit.
    assert!((18..=20).contains(&servers.asked().1), "{:?}", servers.asked());
    drop(lp);
    assert!(
        timeout(SECOND, keeper).await.is_ok(),
        "it goes on without a client"
    );
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_slept_through_within_the_patience() {
    let servers = Servers {
        trouble: Mutex::new(vec![Trouble::Status(503)]),
        ..Servers::new()
    }
    .open();
    assert!(client(&servers).token().await.is_ok());
    assert!(
        (5..6).contains(&servers.elapsed().as_secs()),
        "{:?}",
        servers.elapsed()
    );
    assert_eq!(servers.asked(), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_rest_that_outlasts_the_patience_is_an_error_at_once() {
    let servers = Servers {
        trouble: Mutex::new(vec![Trouble::Status(503); 3]),
        ..Servers::new()
    }
    .open();
    let lp = builder(&servers).patience(10 * SECOND).build().expect("complete");
    let error = lp
        .token()
        .await
        .expect_err("5 s are slept through, 10 more are not");
    assert_eq!(error.kind(), ErrorKind::ServerFault);
    assert!(error.retry_at().is_some());
    assert!(
        (5..6).contains(&servers.elapsed().as_secs()),
        "{:?}",
        servers.elapsed()
    );
    assert_eq!(servers.asked(), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_transient_is_an_error_at_once_and_for_everybody() {
    let servers = Servers {
        trouble: Mutex::new(vec![Trouble::Status(401)]),
        ..Servers::new()
    }
    .open();
    let lp = client(&servers);
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let lp = lp.clone();
        askers.spawn(async move { lp.token().await.expect_err("it is refused").kind() });
    }
    assert!(
        askers
            .join_all()
            .await
            .iter()
            .all(|kind| *kind == ErrorKind::Refused)
    );
    assert_eq!((servers.asked(), servers.elapsed()), ((1, 1), 100 * MS));
}

#[tokio::test(start_paused = true)]
async fn an_asker_gets_an_answer_within_its_patience() {
    let servers = Servers {
        latency: 9 * SECOND,
        ..Servers::new()
    }
    .open();
    let lp = builder(&servers).patience(2 * SECOND).build().expect("complete");
    let error = lp.token().await.expect_err("the server is slower");
    assert_eq!(error.kind(), ErrorKind::OutOfPatience);
    assert_eq!(
        error.to_string(),
        "no access token: no answer within the patience of 2 s; ask again, or allow more patience"
    );
    assert_eq!(servers.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_is_a_failure_like_any_other() {
    let servers = Servers {
        trouble: Mutex::new(vec![Trouble::Panics]),
        ..Servers::new()
    }
    .open();
    assert!(client(&servers).token().await.is_ok());
    assert_eq!(servers.asked(), (2, 2), "the host was doubted");
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_ignores_its_limit_of_time_is_cut_off() {
    let servers = Servers {
        trouble: Mutex::new(vec![Trouble::Hangs]),
        ..Servers::new()
    }
    .open();
    assert!(client(&servers).token().await.is_ok());
    assert!(
        (10..12).contains(&servers.elapsed().as_secs()),
        "{:?}",
        servers.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn failed_refreshes_take_nobodys_token_away() {
    let trouble = vec![Trouble::Refuses, Trouble::Status(500), Trouble::Status(401)];
    let servers = Servers::new().open();
    let lp = client(&servers);
    let first = lp.token().await.expect("it is handed out");
    *servers.trouble.lock().expect("unpoisoned") = trouble;
    for _ in 0..60 {
        sleep(60 * SECOND).await;
        if servers.elapsed() < 3560 * SECOND {
            assert!(lp.token().await.is_ok());
        }
    }
    assert_ne!(lp.token().await.expect("the trouble is over"), first);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_for_everybody() {
    let servers = Servers::new().open();
    let lp = client(&servers);
    let refused = lp.token().await.expect("it is handed out");
    for _ in 0..100 {
        assert!(lp.invalidate(&refused));
        assert_ne!(lp.token().await.expect("a new one"), refused);
    }
    assert_eq!(servers.asked(), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_saved_token_spares_the_request() {
    let servers = Servers::new().open();
    let saved = client(&servers).token().await.expect("it is handed out");
    let lp = client(&servers);
    assert_eq!(lp.restore(saved.clone()), Ok(true));
    assert_eq!(lp.token().await.expect("it is at hand"), saved);
    assert_eq!(servers.asked(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn consumers_share_the_lookup_and_accounts_share_nothing_but_the_transport() {
    let servers = Servers::new().open();
    let lp = client(&servers);
    let own = lp.token().await.expect("it is handed out");
    let delegated = lp
        .for_consumer("consumer-1")
        .expect("V2")
        .token()
        .await
        .expect("it is handed out");
    assert_ne!(own, delegated);
    assert_eq!(servers.asked(), (1, 2));
    let other = lp.for_account("87654321").expect("an account id");
    assert!(other.token().await.is_ok());
    assert_eq!(servers.asked(), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn other_credentials_end_the_rest_after_a_refusal() {
    let servers = Servers {
        trouble: Mutex::new(vec![Trouble::Status(401)]),
        ..Servers::new()
    }
    .open();
    let lp = client(&servers);
    assert!(lp.token().await.is_err());
    lp.set_credentials(lp_auth::Credentials {
        client_id: "my-app".parse().expect("an id"),
        client_secret: "other".parse().expect("a secret"),
    });
    assert!(lp.token().await.is_ok());
    let debug = format!("{:?}", lp.for_consumer("consumer-1").expect("V2").token().await);
    assert!(debug.starts_with("Ok"), "{debug}");
}

#[tokio::test(start_paused = true)]
async fn no_debug_and_no_progress_shows_a_secret_a_token_or_a_consumer() {
    let servers = Servers {
        trouble: Mutex::new(vec![Trouble::Status(503)]),
        ..Servers::new()
    }
    .open();
    let seen = Arc::new(Mutex::new(String::new()));
    let watched = Arc::clone(&seen);
    let builder = builder(&servers).watch(move |progress| {
        write!(watched.lock().expect("unpoisoned"), "{progress}\n{progress:?}\n").expect("a string takes it");
    });
    let shown = format!("{builder:?}");
    let lp = builder
        .build()
        .expect("complete")
        .for_consumer("canary-consumer")
        .expect("V2");
    let token = lp.token().await.expect("after a rest");
    let shown = format!("{shown}{lp:?}{token:?}{}", seen.lock().expect("unpoisoned"));
    for line in [
        "host of service `sentinel`: GET api.liveperson.net/api/account/12345678/service/sentinel/baseURI.json\n",
        "access token: POST va.sentinel.liveperson.net/sentinel/api/v2/account/12345678/app/token\n",
        "access token: 503 Service Unavailable after 50 ms\n",
        "access token: waiting until 2023-11-14T22:13:25Z, since no access token from va.sentinel",
        "access token: 200 OK after 50 ms\n",
    ] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    for canary in ["canary", token.expose(), &token.expose()[4..20]] {
        assert!(!shown.contains(canary), "{canary} is in {shown}");
    }
}

#[test]
fn any_executor_serves_where_the_transport_allows_it() {
    mockall::mock! {
        Wire {}
        #[lp_auth_core::async_trait]
        impl lp_auth_core::Transport for Wire {
            async fn send(
                &self,
                request: lp_auth::http::Request<lp_auth_core::Body>,
                limits: lp_auth::Limits,
            ) -> Result<lp_auth::http::Response<lp_auth_core::Body>, lp_auth_core::TransportError>;
        }
    }
    struct Still;
    #[lp_auth_core::async_trait]
    impl lp_auth_core::Runtime for Still {
        fn now(&self) -> lp_auth::UnixTime {
            lp_auth::UnixTime::from_secs(1_700_000_000)
        }
        async fn sleep(&self, _: Duration) {
            std::future::pending::<()>().await;
        }
    }

    let mut wire = MockWire::new();
    wire.expect_send()
        .times(1)
        .withf(|request, _| request.uri().host() == Some("lo.sentinel.liveperson.net"))
        .returning(|_, _| {
            Ok(lp_auth::http::Response::new(
                br#"{"access_token":"e30.e30.c2ln"}"#.as_slice().into(),
            ))
        });
    let lp = lp_auth::Client::builder("12345678")
        .client_id("my-app")
        .client_secret("hush")
        .region(lp_auth::Region::Emea)
        .transport(wire, Still)
        .build()
        .expect("complete");
    let token = futures_lite::future::block_on(lp.token()).expect("it is handed out");
    assert_eq!(token.expose(), "e30.e30.c2ln");
}
