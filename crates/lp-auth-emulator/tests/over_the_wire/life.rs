//! Starting, stopping, and many at once.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use lp_auth_core::ServiceName;
use lp_auth_emulator::{Emulator, EmulatorError, Endpoint};
use secrecy::ExposeSecret;

use crate::client::{Client, credentials};

const V2: &str = "/sentinel/api/v2/account/12345678/app/token";

#[test]
fn it_is_there_when_start_returns_and_gone_when_it_is_dropped() {
    let emulator = Emulator::builder().start().unwrap();
    let address = emulator.address();
    let open = TcpStream::connect(address).unwrap();
    drop(emulator);
    assert!(TcpStream::connect(address).is_err());
    open.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let end = std::io::Read::read(&mut &open, &mut [0]);
    assert!(!matches!(end, Ok(1..)), "its connections are gone too: {end:?}");
}

#[test]
fn a_port_is_free_again_at_once() {
    let first = Emulator::builder().start().unwrap();
    let address = first.address();
    let error = Emulator::builder().listen(address).start().unwrap_err();
    assert!(matches!(error, EmulatorError::Listen { .. }), "{error}");
    assert!(error.to_string().contains("port 0"), "{error}");
    drop(first);
    let again = Emulator::builder().listen(address).start().unwrap();
    assert_eq!(again.address(), address);
}

#[test]
fn nothing_but_loopback_is_listened_on() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address: SocketAddr = address.parse().unwrap();
        let error = Emulator::builder().listen(address).start().unwrap_err();
        assert!(matches!(error, EmulatorError::NotLoopback(_)), "{error}");
    }
    let other: SocketAddr = "127.0.0.2:0".parse().unwrap();
    let emulator = Emulator::builder().listen(other).start().unwrap();
    assert_eq!(Client::of(&emulator).get("/sentinel/well-known/jwks").status, 200);
}

#[test]
fn others_reach_it_by_the_host_that_it_advertises() {
    for (host, port) in [("liveperson.test", 443), ("liveperson.test:8443", 8443)] {
        let emulator = Emulator::builder()
            .advertise(host.parse().unwrap())
            .start()
            .unwrap();
        assert_eq!(emulator.domain_api(), format!("https://{host}"));
        assert_eq!(emulator.sentinel(), host);
        let client = Client::resolving("liveperson.test", port, &emulator);
        let reply = client.get("/api/account/12345678/service/sentinel/baseURI.json?version=1.0");
        assert_eq!(reply.json()["baseURI"], host);
    }
}

#[test]
fn what_others_reach_is_encrypted() {
    let error = Emulator::builder()
        .listen(([0, 0, 0, 0], 0).into())
        .advertise("liveperson.test".parse().unwrap())
        .plain_http()
        .start()
        .unwrap_err();
    assert!(
        matches!(error, EmulatorError::PlainHttpBeyondLoopback(_)),
        "{error}"
    );
    assert!(error.to_string().contains("use https"), "{error}");
}

#[test]
fn many_run_in_parallel() {
    let emulators: Vec<Emulator> = (0..20).map(|_| Emulator::builder().start().unwrap()).collect();
    std::thread::scope(|scope| {
        for emulator in &emulators {
            scope.spawn(move || Client::of(emulator).v2_token(emulator));
        }
    });
    for emulator in &emulators {
        assert_eq!(emulator.request_count(Endpoint::Token), 1);
    }
}

#[test]
fn it_starts_and_stops_within_an_async_runtime() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let emulator = Emulator::builder().start().unwrap();
        emulator.refused_address().unwrap();
        drop(emulator);
    });
}

#[test]
fn the_handle_goes_to_other_threads() {
    fn is_send_and_sync<T: Send + Sync + 'static>() {}
    is_send_and_sync::<Emulator>();
}

#[test]
fn what_was_asked_is_known_afterwards_and_holds_no_secret() {
    let emulator = Emulator::builder()
        .client_secret("canary-secret")
        .start()
        .unwrap();
    let client = Client::of(&emulator);
    let token = client.v2_token(&emulator);
    let query = format!("{V2}?state=canary-consumer&{}", credentials(&emulator));
    client.post_form(&query, "");
    client.post_form(
        V2,
        "client_id=canary-secret&client_secret=x&grant_type=client_credentials",
    );
    client.get("/elsewhere?x=canary-secret");

    let seen = emulator.requests();
    let summary: Vec<_> = seen
        .iter()
        .map(|request| {
            (
                request.endpoint,
                request.method.as_str(),
                request.path.as_str(),
                request.status.unwrap().as_u16(),
                request.client_id.as_deref(),
            )
        })
        .collect();
    let id = Some(emulator.client_id());
    assert_eq!(
        summary,
        [
            (Some(Endpoint::Token), "POST", V2, 200, id),
            (Some(Endpoint::Token), "POST", V2, 200, id),
            (Some(Endpoint::Token), "POST", V2, 400, None),
            (None, "GET", "/elsewhere", 404, None),
        ]
    );
    let shown = format!("{seen:?} {emulator:?} {:?}", emulator.application());
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains(&token), "{shown}");
    assert_eq!(emulator.client_secret().expose_secret(), "canary-secret");

    emulator.forget_requests();
    assert_eq!(
        (emulator.requests().len(), emulator.request_count(Endpoint::Token)),
        (0, 0)
    );
}

#[test]
fn of_a_long_path_the_first_200_bytes_are_kept() {
    let emulator = Emulator::builder().start().unwrap();
    Client::of(&emulator).get(&format!("/{}", "a/".repeat(5_000)));
    let requests = emulator.requests();
    assert_eq!(requests[0].path, format!("/{}", "a/".repeat(100))[..200]);
}

#[test]
fn the_domain_api_sends_clients_where_nobody_listens() {
    let emulator = Emulator::builder().start().unwrap();
    let refused = emulator.refused_address().unwrap();
    assert_eq!(refused, emulator.refused_address().unwrap());
    emulator.set_service(&ServiceName::SENTINEL, refused.to_string());
    let one = "/api/account/12345678/service/sentinel/baseURI.json?version=1.0";
    let named = Client::of(&emulator).get(one).json()["baseURI"]
        .as_str()
        .unwrap()
        .to_owned();
    let error = TcpStream::connect(named).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn starting_takes_no_longer_than_a_test_likes_to_wait() {
    let start = || {
        let before = now();
        let emulator = Emulator::builder().start().unwrap();
        let took = before.elapsed();
        drop(emulator);
        took
    };
    let first = start();
    let mut later: Vec<Duration> = (0..21).map(|_| start()).collect();
    later.sort_unstable();
    println!("the first {first:?}, the median of the others {:?}", later[10]);
    // Many times what it takes on a machine that has nothing else to do; making a key for each would take longer.
    assert!(later[10] < Duration::from_millis(500), "{later:?}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long it really takes is what is measured"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[test]
fn a_reset_makes_all_as_it_was_at_the_start() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let before = emulator.jwks();
    emulator.replace_keys().unwrap();
    emulator
        .fault(Endpoint::Keys, lp_auth_emulator::Fault::Html)
        .unwrap();
    emulator.remove_service(&ServiceName::SENTINEL);
    client.get("/sentinel/well-known/jwks");
    emulator.reset().unwrap();
    assert_eq!(emulator.request_count(Endpoint::Keys), 0);
    assert_eq!(client.get("/sentinel/well-known/jwks").json().to_string(), before);
    let one = "/api/account/12345678/service/sentinel/baseURI.json?version=1.0";
    assert_eq!(client.get(one).status, 200);
}
