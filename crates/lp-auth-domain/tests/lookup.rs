//! The lookup in simulated time, alone and under a token source.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use lp_auth_core::http::Response;
use lp_auth_core::{
    ApiVersion, Body, Call, Credentials, Error, ErrorKind, Flow as _, HostPolicy, Locate as _, ServiceHost,
    ServiceName, Step, Ticket, TokenRequest, TokenSource, TransportError, TransportErrorKind, UnixTime,
};
use lp_auth_domain::DomainLookup;

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const SENTINEL: ServiceName = ServiceName::SENTINEL;
const VIRGINIA: &str =
    r#"{"service":"sentinel","account":"12345678","baseURI":"va.sentinel.liveperson.net"}"#;
const LONDON: &str = r#"{"service":"sentinel","account":"12345678","baseURI":"lo.sentinel.liveperson.net"}"#;

/// A lookup and its clock.
struct Scene {
    domain: DomainLookup,
    now: UnixTime,
}

impl Scene {
    fn new() -> Self {
        Self {
            domain: DomainLookup::builder("12345678".parse().unwrap()).build(),
            now: NOW,
        }
    }

    fn knowing(body: &str) -> Self {
        let mut scene = Self::new();
        let ticket = scene.call();
        scene.answer(ticket, 200, body);
        scene
    }

    fn locate(&mut self) -> Result<Step<ServiceHost>, Error> {
        self.domain.locate(&SENTINEL, self.now)
    }

    fn call(&mut self) -> Ticket {
        match self.locate() {
            Ok(Step::Call(call)) => call.into_parts().0,
            other => panic!("{other:?}"),
        }
    }

    fn host(&mut self) -> String {
        match self.locate() {
            Ok(Step::Done(host)) => host.to_string(),
            other => panic!("{other:?}"),
        }
    }

    fn error(&mut self) -> Error {
        self.locate().expect_err("it rests")
    }

    fn answer(&mut self, ticket: Ticket, status: u16, body: &str) {
        let reply = Response::builder()
            .status(status)
            .body(Body::from(body.as_bytes()))
            .unwrap();
        assert!(self.domain.handle(ticket.reply(Ok(reply)), self.now).is_none());
    }

    fn lose(&mut self, ticket: Ticket) {
        let error = TransportError::new(TransportErrorKind::TimedOut);
        assert!(self.domain.handle(ticket.reply(Err(error)), self.now).is_none());
    }

    fn after(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }
}

#[test]
fn a_host_is_asked_for_once_and_kept_for_an_hour() {
    let mut scene = Scene::new();
    let ticket = scene.call();
    assert!(matches!(scene.locate(), Ok(Step::Wait(_))));
    scene.answer(ticket, 200, VIRGINIA);
    assert_eq!(scene.host(), "va.sentinel.liveperson.net");
    scene.after(3599);
    assert_eq!(scene.host(), "va.sentinel.liveperson.net");
}

#[test]
fn a_stale_host_is_looked_up_by_one_asker_and_used_by_the_others() {
    let mut scene = Scene::knowing(VIRGINIA);
    scene.after(3600);
    let ticket = scene.call();
    assert_eq!(scene.host(), "va.sentinel.liveperson.net");
    scene.answer(ticket, 200, LONDON);
    assert_eq!(scene.host(), "lo.sentinel.liveperson.net");
}

#[test]
fn while_the_domain_api_is_down_the_old_host_stays_however_old() {
    let mut scene = Scene::knowing(VIRGINIA);
    for _ in 0..10 {
        scene.after(86_400);
        let ticket = scene.call();
        scene.lose(ticket);
        assert_eq!(scene.host(), "va.sentinel.liveperson.net");
    }
}

#[test]
fn a_doubted_host_is_looked_up_before_it_is_used_again() {
    let mut scene = Scene::knowing(VIRGINIA);
    scene.domain.doubt(&"lo.sentinel.liveperson.net".parse().unwrap());
    assert_eq!(
        scene.host(),
        "va.sentinel.liveperson.net",
        "another host was doubted"
    );
    scene.domain.doubt(&"va.sentinel.liveperson.net".parse().unwrap());
    let ticket = scene.call();
    assert!(matches!(scene.locate(), Ok(Step::Wait(_))));
    scene.answer(ticket, 200, LONDON);
    assert_eq!(scene.host(), "lo.sentinel.liveperson.net");
}

#[test]
fn a_doubted_host_is_better_than_none_while_the_domain_api_is_down() {
    let mut scene = Scene::knowing(VIRGINIA);
    scene.domain.doubt(&"va.sentinel.liveperson.net".parse().unwrap());
    let ticket = scene.call();
    scene.lose(ticket);
    assert_eq!(scene.host(), "va.sentinel.liveperson.net");
}

#[test]
fn either_body_is_taken_from_the_one_request() {
    let all = format!(r#"{{"baseURIs":[{{"service":"faasGW","baseURI":"f.liveperson.net"}},{VIRGINIA}]}}"#);
    assert_eq!(Scene::knowing(&all).host(), "va.sentinel.liveperson.net");
}

#[test]
fn each_failure_says_what_is_wrong_and_is_told_until_its_rest_is_over() {
    let untrusted = VIRGINIA.replace("va.sentinel.liveperson.net", "evil.example");
    let with_path = VIRGINIA.replace("va.sentinel.liveperson.net", "va.sentinel.liveperson.net/x");
    for (status, body, kind, words) in [
        (
            200,
            untrusted.as_str(),
            ErrorKind::HostNotTrusted,
            "if `evil.example` is yours, allow it by name",
        ),
        (
            200,
            with_path.as_str(),
            ErrorKind::HostNotTrusted,
            "is not a host",
        ),
        (
            200,
            r#"{"baseURIs":[]}"#,
            ErrorKind::ServiceUnknown,
            "account `12345678` has no such service",
        ),
        (200, "<html>", ErrorKind::Malformed, "the body is an HTML page"),
        (200, "", ErrorKind::Malformed, "the body is empty"),
        (
            200,
            "{}",
            ErrorKind::Malformed,
            "the body is not the JSON that names hosts",
        ),
        (
            401,
            r#"{"message":"invalid site"}"#,
            ErrorKind::Refused,
            "check the account id, `12345678`",
        ),
        (302, "", ErrorKind::Malformed, "a redirect, which is not followed"),
        (503, "", ErrorKind::ServerFault, "ask again later"),
    ] {
        let mut scene = Scene::new();
        let ticket = scene.call();
        scene.answer(ticket, status, body);
        let error = scene.error();
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(
            text.starts_with("no host of service `sentinel` from api.liveperson.net: "),
            "{text}"
        );
        assert!(text.contains(words), "{text}");
        scene.now = error.retry_at().unwrap();
        assert!(matches!(scene.locate(), Ok(Step::Call(_))));
    }
}

#[test]
fn upkeep_renews_the_hosts_that_were_asked_for() {
    let mut scene = Scene::new();
    assert!(matches!(
        scene.domain.upkeep(scene.now),
        Step::Wait(UnixTime::MAX)
    ));
    let ticket = scene.call();
    scene.answer(ticket, 200, VIRGINIA);
    let Step::Wait(until) = scene.domain.upkeep(scene.now) else {
        panic!("it is fresh")
    };
    assert_eq!(until.since(scene.now), Duration::from_secs(3600));
    scene.now = until;
    let Step::Call(call) = scene.domain.upkeep(scene.now) else {
        panic!("it is due")
    };
    assert!(matches!(scene.domain.upkeep(scene.now), Step::Wait(until) if until > scene.now));
    scene.answer(call.into_parts().0, 200, LONDON);
    assert_eq!(scene.host(), "lo.sentinel.liveperson.net");
}

#[test]
fn services_are_kept_apart() {
    let mut scene = Scene::knowing(VIRGINIA);
    let functions: ServiceName = "faasGW".parse().unwrap();
    let Ok(Step::Call(call)) = scene.domain.locate(&functions, scene.now) else {
        panic!("not known yet")
    };
    assert!(
        call.request()
            .uri()
            .path()
            .ends_with("/service/faasGW/baseURI.json")
    );
    scene.lose(call.into_parts().0);
    assert!(scene.domain.locate(&functions, scene.now).is_err());
    assert_eq!(scene.host(), "va.sentinel.liveperson.net");
}

#[test]
fn a_port_counts_only_where_the_user_allowed_the_host() {
    let body = r#"{"service":"sentinel","baseURI":"127.0.0.1:8443"}"#;
    let policy = HostPolicy::default().allow("127.0.0.1:8443").unwrap();
    let mut domain = DomainLookup::builder("1".parse().unwrap()).policy(policy).build();
    let Ok(Step::Call(call)) = domain.locate(&SENTINEL, NOW) else {
        panic!("cold")
    };
    domain.handle(
        call.into_parts()
            .0
            .reply(Ok(Response::new(body.as_bytes().into()))),
        NOW,
    );
    assert!(matches!(domain.locate(&SENTINEL, NOW), Ok(Step::Done(host)) if host.port() == Some(8443)));
}

/// A token source over a lookup, and their clock.
struct Both {
    tokens: TokenSource,
    domain: DomainLookup,
    now: UnixTime,
}

impl Both {
    fn new() -> Self {
        let credentials = Credentials {
            client_id: "my-app".parse().unwrap(),
            client_secret: "hush".parse().unwrap(),
        };
        let request = TokenRequest::new("12345678".parse().unwrap(), ApiVersion::V2);
        let domain = DomainLookup::builder("12345678".parse().unwrap()).build();
        Self {
            tokens: TokenSource::builder(request, credentials).build(),
            domain,
            now: NOW,
        }
    }

    fn call(&mut self) -> Call {
        match self.tokens.token(&mut self.domain, self.now) {
            Ok(Step::Call(call)) => call,
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, call: Call, outcome: Result<Response<Body>, TransportError>) {
        let reply = call.into_parts().0.reply(outcome);
        assert!(
            (&mut self.tokens, &mut self.domain)
                .handle(reply, self.now)
                .is_none()
        );
    }
}

fn host_of(call: &Call) -> String {
    call.request().uri().host().unwrap().to_owned()
}

#[test]
fn a_cold_source_first_looks_up_the_host_and_then_asks_it() {
    let mut both = Both::new();
    let lookup = both.call();
    assert_eq!(host_of(&lookup), "api.liveperson.net");
    assert!(matches!(
        both.tokens.token(&mut both.domain, both.now),
        Ok(Step::Wait(_))
    ));
    both.answer(lookup, Ok(Response::new(VIRGINIA.as_bytes().into())));
    assert_eq!(host_of(&both.call()), "va.sentinel.liveperson.net");
}

#[test]
fn a_sentinel_that_moved_is_found() {
    for outcome in [
        || Err(TransportError::new(TransportErrorKind::ConnectionRefused)),
        // Somebody else has its address by now.
        || Err(TransportError::new(TransportErrorKind::Tls)),
        || Ok(Response::builder().status(404).body(Body::default()).unwrap()),
        || Ok(Response::builder().status(410).body(Body::default()).unwrap()),
        || Ok(Response::builder().status(421).body(Body::default()).unwrap()),
    ] {
        let mut both = Both::new();
        let lookup = both.call();
        both.answer(lookup, Ok(Response::new(VIRGINIA.as_bytes().into())));
        let call = both.call();
        both.answer(call, outcome());
        let error = both.tokens.token(&mut both.domain, both.now).unwrap_err();
        both.now = error.retry_at().unwrap();
        let lookup = both.call();
        assert_eq!(host_of(&lookup), "api.liveperson.net");
        both.answer(lookup, Ok(Response::new(LONDON.as_bytes().into())));
        assert_eq!(host_of(&both.call()), "lo.sentinel.liveperson.net");
    }
}

#[test]
fn a_refusal_casts_no_doubt_on_the_host() {
    let mut both = Both::new();
    let lookup = both.call();
    both.answer(lookup, Ok(Response::new(VIRGINIA.as_bytes().into())));
    let call = both.call();
    both.answer(
        call,
        Ok(Response::builder().status(401).body(Body::default()).unwrap()),
    );
    both.now = both
        .tokens
        .token(&mut both.domain, both.now)
        .unwrap_err()
        .retry_at()
        .unwrap();
    assert_eq!(host_of(&both.call()), "va.sentinel.liveperson.net");
}

#[test]
fn a_failed_lookup_keeps_the_usable_token() {
    let mut both = Both::new();
    let lookup = both.call();
    both.answer(lookup, Ok(Response::new(VIRGINIA.as_bytes().into())));
    let call = both.call();
    // {"exp":1700007200,"iat":1700000000}
    let body = br#"{"access_token":"e30.eyJleHAiOjE3MDAwMDcyMDAsImlhdCI6MTcwMDAwMDAwMH0.c2ln"}"#;
    both.answer(call, Ok(Response::new(body.as_slice().into())));
    // Both are due: the host after 3600 s, the token after 5850 s at the latest.
    both.now = both.now + Duration::from_secs(5900);
    let lookup = both.call();
    assert_eq!(host_of(&lookup), "api.liveperson.net");
    both.answer(lookup, Err(TransportError::new(TransportErrorKind::TimedOut)));
    let renewal = both.call();
    assert_eq!(
        host_of(&renewal),
        "va.sentinel.liveperson.net",
        "the old host is still good"
    );
    assert!(matches!(
        both.tokens.token(&mut both.domain, both.now),
        Ok(Step::Done(_))
    ));
}
