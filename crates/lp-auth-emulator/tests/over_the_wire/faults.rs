//! What goes wrong on purpose, as it arrives at the client.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use lp_auth_emulator::{Emulator, Endpoint, ErrorBody, ExpiresIn, Fault, RetryAfter, TokenFault};
use serde_json::json;

use crate::client::{Client, claims, credentials};

const V2: &str = "/sentinel/api/v2/account/12345678/app/token";
const ONE: &str = "/api/account/12345678/service/sentinel/baseURI.json?version=1.0";
const JWKS: &str = "/sentinel/well-known/jwks";

/// A connection on which the key set was asked for, over plain http: so that what comes is seen as it comes.
fn asked(emulator: &Emulator) -> TcpStream {
    // So that no key has to be made while the connection waits.
    emulator.jwks();
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    stream
        .write_all(format!("GET {JWKS} HTTP/1.1\r\nhost: {}\r\n\r\n", emulator.sentinel()).as_bytes())
        .unwrap();
    stream
}

/// All that comes, and how it ended: `None` in order.
fn read(mut stream: TcpStream) -> (String, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).err().map(|error| error.kind());
    (String::from_utf8(bytes).unwrap(), end)
}

fn body(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

#[test]
fn connections_are_closed_reset_and_stalled_before_the_reply() {
    let emulator = Emulator::builder().plain_http().start().unwrap();
    for (fault, end) in [
        (Fault::CloseBefore, None),
        (Fault::ResetBefore, Some(ErrorKind::ConnectionReset)),
        (Fault::StallBefore, Some(ErrorKind::WouldBlock)),
    ] {
        emulator.fault(Endpoint::Keys, fault.clone()).unwrap();
        assert_eq!(read(asked(&emulator)), (String::new(), end), "{fault:?}");
        let seen = emulator.requests().pop().unwrap();
        assert_eq!((seen.status, seen.fault), (None, Some(fault)));
    }
}

#[test]
fn connections_are_closed_reset_and_stalled_within_the_reply() {
    let emulator = Emulator::builder().plain_http().start().unwrap();
    let whole = emulator.jwks();
    for (fault, end) in [
        (Fault::CloseWithin, None),
        (Fault::ResetWithin, Some(ErrorKind::ConnectionReset)),
        (Fault::StallWithin, Some(ErrorKind::WouldBlock)),
    ] {
        emulator.fault(Endpoint::Keys, fault.clone()).unwrap();
        let (reply, ended) = read(asked(&emulator));
        assert_eq!(ended, end, "{fault:?}");
        assert_eq!(body(&reply), &whole[..whole.len() / 2], "{fault:?}");
        let length = format!("content-length: {}\r\n", whole.len());
        assert!(reply.contains(&length), "{fault:?}: {reply}");
    }
}

#[test]
fn over_tls_these_faults_reach_the_client_too() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    for fault in [
        Fault::CloseBefore,
        Fault::CloseWithin,
        Fault::ResetBefore,
        Fault::ResetWithin,
    ] {
        emulator.fault(Endpoint::Keys, fault.clone()).unwrap();
        let outcome = client.try_send("GET", JWKS, &[], "");
        assert!(outcome.is_err(), "{fault:?}: {outcome:?}");
    }
    emulator.clear_faults();
    assert_eq!(client.get(JWKS).status, 200);
}

#[test]
fn a_drip_comes_byte_by_byte() {
    let emulator = Emulator::builder().plain_http().start().unwrap();
    emulator
        .fault(
            Endpoint::Keys,
            Fault::Drip {
                pause: Duration::from_millis(2),
            },
        )
        .unwrap();
    let whole = emulator.jwks();
    let mut stream = asked(&emulator);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let (mut reads, mut body) = (0, Vec::new());
    while body.len() < whole.len() {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).unwrap();
        body.extend_from_slice(&chunk[..length]);
        reads += 1;
    }
    assert_eq!(body, whole.as_bytes());
    // How many bytes a busy machine hands over at once is not ours to say.
    assert!(reads > whole.len() / 8, "{reads} reads for {} bytes", whole.len());
}

#[test]
fn bodies_are_spoiled_at_every_endpoint() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let form = credentials(&emulator);
    let ask = |endpoint| match endpoint {
        Endpoint::DomainApi => client.get(ONE),
        Endpoint::Keys => client.get(JWKS),
        _ => client.post_form(V2, &form),
    };
    for endpoint in [Endpoint::DomainApi, Endpoint::Keys, Endpoint::Token] {
        let set = |fault| emulator.fault(endpoint, fault).unwrap();
        let whole = ask(endpoint).body;

        set(Fault::TruncatedJson);
        let reply = ask(endpoint);
        assert_eq!((reply.status, reply.body.len()), (200, whole.len() / 2));
        assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());

        set(Fault::EmptyBody);
        let reply = ask(endpoint);
        assert_eq!((reply.status, reply.body.len()), (200, 0));

        set(Fault::Html);
        let reply = ask(endpoint);
        assert_eq!(reply.header("content-type"), Some("text/html;charset=utf-8"));
        assert!(reply.body.starts_with(b"<!DOCTYPE html>"));

        set(Fault::WrongContentType);
        let reply = ask(endpoint);
        assert_eq!(reply.header("content-type"), Some("text/plain"));
        assert!(reply.json().is_object());

        set(Fault::InvalidUtf8);
        let reply = ask(endpoint);
        assert_eq!(reply.status, 200);
        assert!(String::from_utf8(reply.body.clone()).is_err());
        assert_eq!(reply.body.len(), whole.len() + 2);

        set(Fault::Body(Bytes::from_static(b"{\"keys\":[]}")));
        assert_eq!(ask(endpoint).json(), json!({ "keys": [] }));
    }
}

#[test]
fn huge_bodies_are_huge_and_bombs_are_small() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    emulator.fault(Endpoint::Keys, Fault::HugeBody).unwrap();
    let error = client.try_send("GET", JWKS, &[], "").unwrap_err();
    assert!(matches!(error, ureq::Error::BodyExceedsLimit(_)), "{error}");

    emulator.fault(Endpoint::Keys, Fault::GzipBomb).unwrap();
    let reply = client.get(JWKS);
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert!(reply.body.len() < 300_000, "{}", reply.body.len());
}

#[test]
fn a_redirect_leads_elsewhere_with_path_and_query() {
    let emulator = Emulator::builder().start().unwrap();
    let other = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    for status in [301, 302, 303, 307, 308] {
        let status = StatusCode::from_u16(status).unwrap();
        let to = other.domain_api();
        emulator
            .fault(Endpoint::DomainApi, Fault::Redirect { status, to })
            .unwrap();
        let reply = client.get(ONE);
        assert_eq!(reply.status, status.as_u16());
        let location = format!("{}{ONE}", other.domain_api());
        assert_eq!(reply.header("location"), Some(location.as_str()));
    }
    assert_eq!(other.request_count(Endpoint::DomainApi), 0);
}

#[test]
fn any_status_has_any_body_and_any_retry_after() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let ask = || client.post_form(V2, &credentials(&emulator));
    for status in [400, 401, 403, 404, 408, 429, 500, 501, 502, 503, 504] {
        for shape in ErrorBody::ALL {
            let fault = Fault::status(status).with_body(shape);
            emulator.fault(Endpoint::Token, fault).unwrap();
            let reply = ask();
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("retry-after"), None);
            assert_eq!(reply.body.is_empty(), shape == ErrorBody::Empty);
        }
    }
    let retry_after = |pause| {
        let fault = Fault::status(429).with_retry_after(pause);
        emulator.fault(Endpoint::Token, fault).unwrap();
        let reply = ask();
        (
            reply.header("retry-after").unwrap().to_owned(),
            reply.header("date").unwrap().to_owned(),
        )
    };
    assert_eq!(retry_after(RetryAfter::Seconds(7)).0, "7");
    assert_eq!(retry_after(RetryAfter::Text("soon".to_owned())).0, "soon");
    let (until, date) = retry_after(RetryAfter::Date(Duration::from_secs(60)));
    let time = |text: &str| httpdate::parse_http_date(text).unwrap();
    let pause = time(&until).duration_since(time(&date)).unwrap();
    assert_eq!(pause, Duration::from_secs(60));
}

#[test]
fn some_times_ill_and_then_well() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    emulator
        .fault_times(Endpoint::Token, Fault::status(503), 2)
        .unwrap();
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(client.post_form(V2, &credentials(&emulator)).status);
    }
    assert_eq!(statuses, [503, 503, 200, 200]);
    assert_eq!(client.get(JWKS).status, 200, "the other endpoints are well");
}

#[test]
fn tokens_are_wrong_in_every_way() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let ask = |fault| {
        emulator.fault(Endpoint::Token, Fault::Token(fault)).unwrap();
        client.post_form(V2, &credentials(&emulator))
    };
    let times = |token: &str| {
        let claims = claims(token);
        (claims["iat"].as_u64().unwrap(), claims["exp"].as_u64().unwrap())
    };
    let now = emulator.now().as_secs();

    assert!(!ask(TokenFault::NotAJwt).access_token().contains('.'));
    let (issued, expiry) = times(&ask(TokenFault::ExpiredOnArrival).access_token());
    assert!(issued < expiry && expiry < now, "{issued} {expiry} {now}");
    let (issued, expiry) = times(&ask(TokenFault::ExpiryBeforeIssue).access_token());
    assert!(issued >= now && expiry < issued, "{issued} {expiry} {now}");
    let other = "87654321".parse().unwrap();
    assert_eq!(
        claims(&ask(TokenFault::OtherAccount(other)).access_token())["aud"],
        "87654321"
    );
    for value in [
        json!("3600"),
        json!(3600),
        json!(0),
        json!(-1),
        json!(9e99),
        json!("soon"),
        json!(null),
    ] {
        let reply = ask(TokenFault::ExpiresIn(ExpiresIn::Value(value.clone()))).json();
        assert_eq!(reply["expires_in"], value);
    }
    let reply = ask(TokenFault::ExpiresIn(ExpiresIn::Absent)).json();
    assert_eq!(reply.get("expires_in"), None);
}

#[test]
fn a_fault_that_makes_no_sense_is_not_taken() {
    let emulator = Emulator::builder().start().unwrap();
    for endpoint in Endpoint::ALL {
        let fault = Fault::Token(TokenFault::NotAJwt);
        assert_eq!(fault.applies_to(endpoint), endpoint == Endpoint::Token);
        assert_eq!(
            emulator.fault(endpoint, fault).is_ok(),
            endpoint == Endpoint::Token
        );
    }
    assert_eq!(Fault::status(12), Fault::status(500));
}

#[test]
fn answers_are_held_back() {
    let emulator = Emulator::builder().plain_http().start().unwrap();
    emulator.set_latency(Duration::from_secs(60));
    assert_eq!(
        read(asked(&emulator)),
        (String::new(), Some(ErrorKind::WouldBlock))
    );
    assert_eq!(
        emulator.request_count(Endpoint::Keys),
        1,
        "it was asked all the same"
    );
    emulator.set_latency(Duration::ZERO);
    assert!(read(asked(&emulator)).0.starts_with("HTTP/1.1 200"));
}

#[test]
fn the_bytes_that_were_sent_are_counted() {
    let emulator = Emulator::builder().plain_http().start().unwrap();
    assert_eq!(emulator.bytes_sent(), 0);
    let mut stream = asked(&emulator);
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    assert_eq!(emulator.bytes_sent(), reply.len() as u64);
}
