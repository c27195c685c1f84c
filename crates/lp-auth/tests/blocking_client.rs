//! The client for threads and its driver.

#![cfg(feature = "blocking")]

mod scene;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use lp_auth::blocking::Client;
use lp_auth::http::{Request, Response};
use lp_auth::{ClientBuilder, ErrorKind, Limits, Pace, Rests, ServiceName};
use lp_auth_core::{BlockingTransport, Body, TransportError};

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
    assert!(other.restore(token.clone()));
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
        .patience(Duration::ZERO)
        .build_blocking()
        .expect("complete");
    assert_eq!(
        lp.token().expect_err("the lookup took all patience").kind(),
        ErrorKind::OutOfPatience
    );
    assert_eq!(servers.asked(), (1, 0));
    assert!(lp.token().is_ok(), "the host is known now");
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
