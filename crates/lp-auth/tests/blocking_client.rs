//! The client for threads and its driver.

#![cfg(feature = "blocking")]

mod scene;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use lp_auth::blocking::Client;
use lp_auth::http::{Request, Response};
use lp_auth::{ClientBuilder, ErrorKind, Limits, Pace, Rests, ServiceName};
use lp_auth_core::{BlockingTransport, Body, TransportError, TransportErrorKind};

use scene::{Servers, Trouble};

/// Answers as the servers do, when the gate lets it.
struct Wire {
    servers: Arc<Servers>,
    gate: Option<Arc<Gate>>,
}

/// Holds every call until so many askers have come, so that a stampede needs no sleeping.
struct Gate {
    askers: AtomicUsize,
    wanted: usize,
}

impl BlockingTransport for Wire {
    fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
        if let Some(gate) = &self.gate {
            while gate.askers.load(Ordering::Acquire) < gate.wanted {
                thread::yield_now();
            }
        }
        self.servers.answer(&request)
    }
}

/// The time of tokio is of no use here, but the servers want to be made inside it.
fn servers(trouble: &[Trouble]) -> Arc<Servers> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let servers = runtime.block_on(async { Servers::new() });
    servers.trouble.lock().expect("unpoisoned").extend(trouble);
    servers.open()
}

fn builder(servers: &Arc<Servers>, gate: Option<&Arc<Gate>>) -> ClientBuilder {
    let wire = Wire {
        servers: Arc::clone(servers),
        gate: gate.cloned(),
    };
    lp_auth::Client::builder("12345678")
        .client_id("my-app")
        .client_secret(scene::SECRET)
        .blocking_transport(wire)
        .pace(Pace {
            rests: Rests::default().scaled(0.01),
            ..Pace::default()
        })
}

fn client(servers: &Arc<Servers>) -> Client {
    builder(servers, None).build_blocking().expect("complete")
}

#[test]
fn two_hundred_threads_on_a_cold_client_make_one_lookup_and_one_token_request() {
    let servers = servers(&[]);
    let gate = Arc::new(Gate {
        askers: AtomicUsize::new(0),
        wanted: 200,
    });
    let lp = builder(&servers, Some(&gate)).build_blocking().expect("complete");
    thread::scope(|scope| {
        for number in 0..200 {
            let (lp, gate) = (&lp, &gate);
            scope.spawn(move || {
                gate.askers.fetch_add(1, Ordering::AcqRel);
                if number % 3 == 0 {
                    assert!(lp.host(&ServiceName::SENTINEL).is_ok());
                } else {
                    assert!(lp.token().is_ok());
                }
            });
        }
    });
    assert_eq!(servers.asked(), (1, 1));
}

#[test]
fn a_transient_failure_is_slept_through_within_the_patience() {
    let servers = servers(&[Trouble::Status(503), Trouble::Refuses]);
    assert!(client(&servers).token().is_ok());
    assert_eq!(servers.asked().1, 3);
}

#[test]
fn a_rest_that_outlasts_the_patience_is_an_error_at_once() {
    let servers = servers(&[Trouble::Status(503)]);
    let lp = builder(&servers, None)
        .patience(Duration::from_millis(40))
        .build_blocking()
        .expect("complete");
    assert_eq!(
        lp.token().expect_err("50 ms of rest").kind(),
        ErrorKind::ServerFault
    );
    assert_eq!(servers.asked().1, 1);
}

#[test]
fn a_refusal_is_an_error_at_once_until_other_credentials_come() {
    let servers = servers(&[Trouble::Status(401)]);
    let lp = client(&servers);
    assert_eq!(lp.token().expect_err("it is refused").kind(), ErrorKind::Refused);
    assert_eq!(lp.token().expect_err("it rests").kind(), ErrorKind::Refused);
    assert_eq!(servers.asked().1, 1);
    lp.set_credentials(lp_auth::Credentials {
        client_id: "my-app".parse().expect("an id"),
        client_secret: "other".parse().expect("a secret"),
    });
    assert!(lp.token().is_ok());
}

#[test]
fn a_transport_that_panics_is_a_failure_like_any_other() {
    let servers = servers(&[Trouble::Panics]);
    assert!(client(&servers).token().is_ok());
}

#[test]
fn a_refused_token_is_replaced_and_a_saved_one_restored() {
    let servers = servers(&[]);
    let lp = client(&servers);
    let refused = lp.token().expect("it is handed out");
    assert!(lp.invalidate(&refused));
    let token = lp.token().expect("a new one");
    assert_ne!(token, refused);
    let other = client(&servers);
    assert_eq!(other.restore(token.clone()), Ok(true));
    assert_eq!(other.with_token(|restored| *restored == token).ok(), Some(true));
    assert_eq!(servers.asked().1, 2);
}

#[test]
fn consumers_share_the_lookup_and_other_accounts_do_not() {
    let servers = servers(&[]);
    let lp = client(&servers);
    assert_ne!(
        lp.token().ok(),
        lp.for_consumer("consumer-1").expect("V2").token().ok()
    );
    assert_eq!(servers.asked(), (1, 2));
    assert!(lp.for_account("87654321").expect("an account id").token().is_ok());
    assert_eq!(servers.asked(), (2, 3));
    assert!(!format!("{lp:?}").contains("canary"));
}

#[test]
fn whoever_is_out_of_patience_after_one_call_does_not_make_another() {
    let servers = servers(&[]);
    let lp = builder(&servers, None)
        .blocking_transport(Slow(Arc::clone(&servers), Duration::from_millis(60)))
        .patience(Duration::from_millis(20))
        .build_blocking()
        .expect("complete");
    assert_eq!(
        lp.token().expect_err("the lookup took all patience").kind(),
        ErrorKind::OutOfPatience
    );
    assert_eq!(servers.asked(), (1, 0));
    assert!(lp.token().is_ok(), "the host is known now");
}

/// Takes its time for each answer.
struct Slow(Arc<Servers>, Duration);

impl BlockingTransport for Slow {
    fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
        let (_open, nothing) = mpsc::channel::<()>();
        let _ = nothing.recv_timeout(self.1);
        self.0.answer(&request)
    }
}

#[test]
fn without_patience_there_is_one_try() {
    let servers = servers(&[Trouble::Status(503)]);
    let lp = builder(&servers, None)
        .blocking_transport(Slow(Arc::clone(&servers), Duration::from_millis(10)))
        .patience(Duration::ZERO)
        .pace(Pace::default())
        .build_blocking()
        .expect("complete");
    assert_eq!(
        lp.token().expect_err("no rest is slept through").kind(),
        ErrorKind::ServerFault
    );
    assert_eq!(servers.asked(), (1, 1), "a lookup and the call itself");
    assert_eq!(lp.token().expect_err("it rests").kind(), ErrorKind::ServerFault);
    assert_eq!(servers.asked(), (1, 1));
}

#[test]
fn an_answer_comes_within_the_patience_and_one_time_limit() {
    /// Takes the whole time limit, and then has no answer.
    #[derive(Clone)]
    struct Stalled(Instant, Arc<Mutex<Vec<Duration>>>);
    impl BlockingTransport for Stalled {
        fn send(&self, _: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
            self.1.lock().expect("unpoisoned").push(self.0.elapsed());
            let (_open, nothing) = mpsc::channel::<()>();
            let _ = nothing.recv_timeout(limits.timeout);
            Err(TransportError::new(TransportErrorKind::TimedOut))
        }
    }

    let (patience, timeout) = (Duration::from_millis(400), Duration::from_millis(150));
    let stalled = Stalled(now(), Arc::default());
    let lp = lp_auth::Client::builder("12345678")
        .client_id("my-app")
        .client_secret(scene::SECRET)
        .blocking_transport(stalled.clone())
        .pace(Pace {
            limits: Limits {
                timeout,
                ..Limits::default()
            },
            rests: Rests::default().scaled(0.01),
            ..Pace::default()
        })
        .patience(patience)
        .build_blocking()
        .expect("complete");
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let error = lp.token().expect_err("nobody answers");
                assert!(
                    [ErrorKind::NoAnswer, ErrorKind::OutOfPatience].contains(&error.kind()),
                    "{error}"
                );
            });
        }
    });
    // What nobody could be kept waiting for: a call that began when the patience was over.
    let slack = Duration::from_millis(200);
    let began = stalled.1.lock().expect("unpoisoned").clone();
    assert!(began.len() >= 2, "{began:?}");
    assert!(began.iter().all(|began| *began < patience + slack), "{began:?}");
    let took = stalled.0.elapsed();
    assert!(took < patience + timeout + 2 * slack, "{took:?}");
}

#[expect(clippy::disallowed_methods, reason = "threads wait in real time")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn keep_fresh_fetches_the_first_token_and_ends_with_the_last_client() {
    let servers = servers(&[]);
    let lp = client(&servers);
    let (ended, end) = mpsc::channel();
    let keep_fresh = lp.keep_fresh();
    let keeper = thread::spawn(move || {
        keep_fresh();
        ended.send(()).expect("somebody listens");
    });
    while servers.asked().1 == 0 {
        thread::yield_now();
    }
    assert!(lp.token().is_ok());
    assert_eq!(servers.asked(), (1, 1));
    drop(lp);
    end.recv_timeout(Duration::from_secs(5))
        .expect("it goes on without a client");
    keeper.join().expect("it does not panic");
}
