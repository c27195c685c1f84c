//! What other flows may build on: replies find their machine, and no other.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use lp_auth_core::{
    ApiVersion, Body, Credentials, Error, ErrorKind, Exchange, FixedHost, Flow as _, Pace, Purpose, Region,
    Rests, Status, Step, Taken, TokenRequest, TokenSource, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn source() -> TokenSource {
    let credentials = Credentials {
        client_id: "my-app".parse().unwrap(),
        client_secret: "hush".parse().unwrap(),
    };
    TokenSource::builder(
        TokenRequest::new("1".parse().unwrap(), ApiVersion::V2),
        credentials,
    )
    .build()
}

fn request() -> Result<http::Request<Body>, http::Error> {
    http::Request::get("https://motto.example/").body(Body::default())
}

#[test]
fn a_reply_handed_to_the_wrong_machine_comes_back_and_finds_the_right_one_in_a_pair() {
    let mut sentinel = FixedHost::new(Region::Us.host());
    let (mut right, mut wrong) = (source(), source());
    let Ok(Step::Call(call)) = right.token(&mut sentinel, NOW) else {
        panic!("cold")
    };
    let (ticket, ..) = call.into_parts();
    let reply = ticket.reply(Ok(http::Response::new(Body::default())));
    let reply = wrong.handle(reply, NOW).expect("it comes back");
    let reply = sentinel.handle(reply, NOW).expect("it comes back");
    assert!((&mut wrong, &mut right).handle(reply, NOW).is_none());
    assert!(
        right.token(&mut sentinel, NOW).is_err(),
        "the empty body was taken in"
    );
    assert!(matches!(wrong.token(&mut sentinel, NOW), Ok(Step::Call(_))));
}

#[test]
fn a_request_that_cannot_be_built_is_a_failure_that_rests() {
    let mut exchange = Exchange::new(Pace::default(), 0);
    let bad = http::Request::get("no uri at all: \n").body(Body::default());
    let error = exchange.begin(Purpose::Other("motto"), bad, NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(
        error.to_string().split(';').next(),
        Some("no motto: invalid uri character")
    );
    assert!(matches!(exchange.status(NOW), Status::Resting { until, .. } if Some(until) == error.retry_at()));
}

#[test]
fn a_forgotten_call_is_answered_too_late() {
    let mut exchange = Exchange::new(Pace::default(), 0);
    let (ticket, ..) = exchange
        .begin(Purpose::Other("motto"), request(), NOW)
        .unwrap()
        .into_parts();
    exchange.forget();
    assert!(matches!(exchange.status(NOW), Status::Idle));
    assert!(matches!(
        exchange.take(ticket.reply(Ok(http::Response::default()))),
        Taken::TooLate
    ));
}

#[test]
fn rests_are_scaled_and_jittered_upwards_by_a_tenth_at_most() {
    let mut rests = Vec::new();
    for seed in 0..100 {
        let pace = Pace {
            rests: Rests::default().scaled(0.1),
            ..Pace::default()
        };
        let mut exchange = Exchange::new(pace, seed);
        exchange.fail(Error::new(ErrorKind::Refused, Purpose::Token), NOW);
        let Status::Resting { until, .. } = exchange.status(NOW) else {
            panic!("it rests")
        };
        rests.push(until.since(NOW));
    }
    assert!(
        rests.iter().all(|rest| (3000..=3300).contains(&rest.as_millis())),
        "{rests:?}"
    );
    rests.sort();
    let spread = rests[99].saturating_sub(rests[0]);
    assert!(spread > Duration::from_millis(100), "{rests:?}");
    // Nonsense changes nothing.
    for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let pace = Pace {
            rests: Rests::default().scaled(factor),
            ..Pace::default()
        };
        let mut exchange = Exchange::new(pace, 0);
        exchange.fail(Error::new(ErrorKind::Refused, Purpose::Token), NOW);
        assert!(
            matches!(
                exchange.status(NOW + Duration::from_secs(29)),
                Status::Resting { .. }
            ),
            "{factor}"
        );
    }
}

#[test]
fn no_rest_is_scaled_to_nothing() {
    let pace = Pace {
        rests: Rests::default().scaled(1e-9),
        ..Pace::default()
    };
    let mut exchange = Exchange::new(pace, 0);
    exchange.fail(Error::new(ErrorKind::Refused, Purpose::Token), NOW);
    assert!(matches!(exchange.status(NOW), Status::Resting { until, .. } if until > NOW));
}
