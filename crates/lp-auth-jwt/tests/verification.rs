//! Verifications that may have to ask Sentinel for keys.

mod support;

use std::time::Duration;

use lp_auth_core::http::Response;
use lp_auth_core::{
    ApiVersion, Body, Call, ErrorKind, FixedHost, Flow, Region, Step, TransportError, TransportErrorKind,
    UnixTime, Window,
};
use lp_auth_jwt::{Claims, KeySet, KeySource, Policy, Rejected, Verification, VerifyError};
use support::*;

struct Service {
    source: KeySource,
    sentinel: FixedHost,
    v1: KeySet,
    /// What Sentinel answers: a key set, or nothing.
    published: Option<String>,
    calls: usize,
    now: UnixTime,
}

impl Service {
    fn new(published: Option<String>) -> Self {
        Self {
            source: KeySource::builder().build(),
            sentinel: FixedHost::new(Region::Us.host()),
            v1: TestKey::c().verifying().into(),
            published,
            calls: 0,
            now: NOW,
        }
    }

    fn carry_out(&mut self, call: Call) {
        self.calls += 1;
        let outcome = match &self.published {
            Some(text) => Ok(Response::new(Body::from(text.clone()))),
            None => Err(TransportError::new(TransportErrorKind::TimedOut)),
        };
        let (ticket, ..) = call.into_parts();
        assert!(self.source.handle(ticket.reply(outcome), self.now).is_none());
    }

    /// As an embedder does it.
    fn verify(&mut self, policy: &Policy, token: &str) -> Result<Claims, VerifyError> {
        loop {
            let (sentinel, v1) = (&mut self.sentinel, Some(&self.v1));
            match self.source.verify(sentinel, policy, v1, token, self.now)? {
                Step::Done(claims) => return Ok(claims),
                Step::Call(call) => self.carry_out(call),
                Step::Wait(until) => self.now = until,
            }
        }
    }

    fn version(&mut self, policy: &Policy, token: &str) -> Result<ApiVersion, String> {
        self.verify(policy, token)
            .map(|claims| claims.version())
            .map_err(|error| match error {
                VerifyError::Rejected(Rejected::UnknownKey(_)) => "unknown key".to_owned(),
                VerifyError::Rejected(rejected) => format!("{rejected:?}"),
                VerifyError::Unavailable(error) => format!("{:?}", error.kind()),
            })
    }
}

fn publishing(keys: &[(&str, &TestKey)]) -> String {
    jwks(&keys.iter().map(|(kid, key)| key.jwk(kid)).collect::<Vec<_>>())
}

#[test]
fn keys_are_fetched_for_the_first_token_and_again_for_an_unknown_kid() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let mut service = Service::new(Some(publishing(&[("a", &a)])));
    let policy = policy();
    assert_eq!(service.version(&policy, &a.good("a")), Ok(ApiVersion::V2));
    assert_eq!(service.version(&policy, &a.good("a")), Ok(ApiVersion::V2));
    assert_eq!(service.calls, 1);
    service.published = Some(publishing(&[("a", &a), ("b", &b)]));
    service.now = service.now + Duration::from_secs(60);
    assert_eq!(service.version(&policy, &b.good("b")), Ok(ApiVersion::V2));
    assert_eq!(service.calls, 2);
}

#[test]
fn an_unknown_key_is_a_401_and_an_unreachable_sentinel_a_503() {
    let a = TestKey::a();
    let mut service = Service::new(Some(publishing(&[("a", &a)])));
    let error = service.verify(&policy(), &a.good("x")).unwrap_err();
    assert_eq!(error.status().as_u16(), 401);
    assert_eq!(
        service.calls, 1,
        "the set that came without it settles the matter"
    );

    let mut service = Service::new(None);
    let error = service.verify(&policy(), &a.good("a")).unwrap_err();
    assert_eq!(error.status().as_u16(), 503);
    assert!(
        error
            .to_string()
            .starts_with("no key set from va.sentinel.liveperson.net: no complete answer"),
        "{error}"
    );
    assert_eq!(service.calls, 1);
}

#[test]
fn what_is_no_token_or_can_never_verify_asks_nobody() {
    let mut service = Service::new(None);
    let short = SAMPLE.trim();
    for token in ["", "a.b.c", "e30.e30.c2ln", short] {
        let error = service.verify(&policy(), token).unwrap_err();
        assert!(matches!(error, VerifyError::Rejected(_)), "{token}: {error:?}");
    }
    assert_eq!(service.calls, 0);
}

#[test]
fn a_v1_token_is_verified_without_sentinel() {
    let mut service = Service::new(None);
    let token = TestKey::c().good("appjwt-1");
    assert_eq!(service.version(&both_versions(), &token), Ok(ApiVersion::V1));
    assert_eq!(service.calls, 0);
    // Also when the V2 keys have aged, and when they are beyond use.
    let a = TestKey::a();
    service.published = Some(publishing(&[("a", &a)]));
    assert_eq!(
        service.version(&both_versions(), &a.good("a")),
        Ok(ApiVersion::V2)
    );
    service.published = None;
    for seconds in [700, 2000] {
        service.now = NOW + Duration::from_secs(seconds);
        assert_eq!(service.version(&both_versions(), &token), Ok(ApiVersion::V1));
    }
    assert_eq!(service.calls, 1);
}

#[test]
fn a_v2_token_in_a_mixed_service_waits_for_sentinel_as_ever() {
    let a = TestKey::a();
    let mut service = Service::new(None);
    assert_eq!(
        service.version(&both_versions(), &a.good("a")),
        Err("NoAnswer".to_owned())
    );
    let mut service = Service::new(Some(publishing(&[("a", &a)])));
    assert_eq!(
        service.version(&both_versions(), &a.good("a")),
        Ok(ApiVersion::V2)
    );
    service.now = NOW + Duration::from_secs(700);
    assert_eq!(
        service.version(&both_versions(), &a.good("a")),
        Ok(ApiVersion::V2)
    );
    assert_eq!(service.calls, 2, "the set was due");
}

#[test]
fn a_token_without_a_kid_is_fetched_for_once_and_not_again() {
    let a = TestKey::a();
    let nameless = a.token(r#"{"alg":"RS256"}"#, &claims(""));
    let mut service = Service::new(Some(publishing(&[("a", &a)])));
    assert_eq!(
        service.version(&policy(), &nameless),
        Err("unknown key".to_owned())
    );
    assert_eq!(
        service.version(&policy(), &nameless),
        Err("unknown key".to_owned())
    );
    assert_eq!(service.calls, 1);
}

#[test]
fn aged_keys_are_refreshed_before_they_are_used_and_serve_where_that_fails() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let mut service = Service::new(Some(publishing(&[("a", &a)])));
    assert!(service.verify(&policy(), &a.good("a")).is_ok());
    service.now = NOW + Duration::from_secs(700);
    service.published = Some(publishing(&[("b", &b)]));
    assert_eq!(
        service.version(&policy(), &a.good("a")),
        Err("unknown key".to_owned()),
        "a retired key is retired"
    );
    assert_eq!(service.version(&policy(), &b.good("b")), Ok(ApiVersion::V2));
    service.now = NOW + Duration::from_secs(1400);
    service.published = None;
    assert_eq!(service.version(&policy(), &b.good("b")), Ok(ApiVersion::V2));
}

#[test]
fn a_driver_verifies_without_the_machines_where_the_keys_at_hand_do() {
    let (a, policy) = (TestKey::a(), policy());
    let keys = set(&[("a", &a)]);
    let window = Window::starting(NOW, Duration::from_secs(60));
    let at_hand = Some((&keys, window));

    let good = a.good("a");
    let mut verification = Verification::new(&policy, None, &good);
    assert!(verification.attempt(at_hand, NOW).unwrap().is_ok());

    let mut verification = Verification::new(&policy, None, &good);
    let azp = verification.attempt_with(at_hand, NOW, |claims| claims.azp().map(str::to_owned));
    assert_eq!(azp.unwrap().unwrap().as_deref(), Some(CLIENT));

    let mut verification = Verification::new(&policy, None, &good);
    assert!(
        verification.attempt(at_hand, window.end()).is_none(),
        "aged keys: ask first"
    );
    assert!(
        verification.attempt(at_hand, window.end()).is_none(),
        "still to be asked for"
    );
}

#[test]
fn a_driver_may_ask_again_when_the_rest_is_over() {
    let a = TestKey::a();
    let (good, policy) = (a.good("a"), policy());
    let mut service = Service::new(None);
    let mut verification = Verification::new(&policy, None, &good);
    assert!(verification.attempt(None, NOW).is_none());
    let Ok(Step::Call(call)) = verification.ask(&mut service.source, &mut service.sentinel, NOW) else {
        panic!();
    };
    service.carry_out(call);
    let error = verification
        .ask(&mut service.source, &mut service.sentinel, NOW)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoAnswer);
    let later = error.retry_at().unwrap();
    service.published = Some(publishing(&[("a", &a)]));
    let Ok(Step::Call(call)) = verification.ask(&mut service.source, &mut service.sentinel, later) else {
        panic!();
    };
    service.carry_out(call);
    let step = verification.ask(&mut service.source, &mut service.sentinel, later);
    assert!(matches!(step, Ok(Step::Done(()))));
    assert!(verification.attempt(None, later).unwrap().is_ok());
}
