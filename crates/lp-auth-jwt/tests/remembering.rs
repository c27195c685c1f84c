//! Rule 16: repeats from memory, and what they must never get wrong.

mod support;

use std::time::Duration;

use lp_auth_core::http::Response;
use lp_auth_core::{ApiVersion, Body, FixedHost, Flow, Region, Step, UnixTime};
use lp_auth_jwt::{KeySet, KeySource, Keys, Policy, Rejected, VerifyError};
use support::*;

fn remembering(keys: &[(&str, &TestKey)]) -> KeySet {
    set(keys).remembering(100)
}

fn verdict(policy: &Policy, token: &str, keys: &KeySet, now: UnixTime) -> Result<(), Rejected> {
    let verified = policy.verify(token, Keys::v2(keys), now).map(|_| ());
    let by_reference = policy.with_claims(token, Keys::v2(keys), now, |_| ());
    assert_eq!(verified, by_reference);
    verified
}

#[test]
fn a_remembered_token_expires_all_the_same() {
    let keys = remembering(&[("k", &TestKey::a())]);
    let token = TestKey::a().good("k");
    assert_eq!(verdict(&policy(), &token, &keys, NOW), Ok(()));
    let at = NOW + Duration::from_secs(3600);
    let late = at + Duration::from_secs(60);
    assert_eq!(
        verdict(&policy(), &token, &keys, late - Duration::from_millis(1)),
        Ok(())
    );
    assert_eq!(
        verdict(&policy(), &token, &keys, late),
        Err(Rejected::Expired { at })
    );
    // A clock that is set back is believed again: the memory holds no verdict on time.
    assert_eq!(verdict(&policy(), &token, &keys, NOW), Ok(()));
}

#[test]
fn every_policy_judges_a_remembered_token_for_itself() {
    let keys = remembering(&[("k", &TestKey::a())]);
    let token = TestKey::a().good("k");
    assert_eq!(verdict(&policy(), &token, &keys, NOW), Ok(()));
    let other = Policy::builder(["87654321".parse().unwrap()])
        .any_client()
        .build()
        .unwrap();
    assert_eq!(verdict(&other, &token, &keys, NOW), Err(Rejected::Audience));
    let strict = open_policy().scopes(["users.external"]).build().unwrap();
    let missing = "users.external".into();
    assert_eq!(
        verdict(&strict, &token, &keys, NOW),
        Err(Rejected::Scope { missing })
    );
}

#[test]
fn only_the_whole_token_is_known_again() {
    let keys = remembering(&[("k", &TestKey::a())]);
    let token = TestKey::a().good("k");
    assert_eq!(verdict(&policy(), &token, &keys, NOW), Ok(()));
    let signature = token.rsplit_once('.').unwrap().1;
    for (header, payload) in [
        (header("k"), claims(r#","admin":true"#)),
        (r#"{"alg":"none","kid":"k"}"#.to_owned(), claims("")),
        (r#"{"alg":"RS256","kid":"k"}"#.to_owned(), claims("")),
    ] {
        let forged = format!(
            "{}.{}.{signature}",
            b64(header.as_bytes()),
            b64(payload.as_bytes())
        );
        assert!(verdict(&policy(), &forged, &keys, NOW).is_err());
    }
    for place in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(verdict(&policy(), &changed, &keys, NOW).is_err(), "byte {place}");
    }
}

#[test]
fn a_token_is_remembered_as_of_the_version_that_verified_it() {
    let keys = KeySet::from(TestKey::a().verifying()).remembering(100);
    let token = TestKey::a().token(r#"{"alg":"RS256"}"#, &claims(""));
    let both = Keys {
        v1: Some(&keys),
        v2: Some(&keys),
    };
    let v1 = open_policy().versions([ApiVersion::V1]).build().unwrap();
    let version = |policy: &Policy| policy.verify(&token, both, NOW).unwrap().version();
    for _ in 0..2 {
        assert_eq!(version(&policy()), ApiVersion::V2);
        assert_eq!(version(&v1), ApiVersion::V1);
    }
}

#[test]
fn what_was_rejected_is_not_remembered() {
    let keys = remembering(&[("k", &TestKey::a())]);
    let forged = TestKey::b().good("k");
    for _ in 0..3 {
        assert_eq!(verdict(&policy(), &forged, &keys, NOW), Err(Rejected::Signature));
    }
}

#[test]
fn memory_goes_with_the_key_and_survives_a_refresh_with_it() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let (of_a, of_b) = (a.good("a"), b.good("b"));
    let mut source = KeySource::builder().remembering(100).build();
    let mut sentinel = FixedHost::new(Region::Us.host());
    let mut verify = |published: &[(&str, &TestKey)], token: &str, now: UnixTime| {
        let text = jwks(
            &published
                .iter()
                .map(|(kid, key)| key.jwk(kid))
                .collect::<Vec<_>>(),
        );
        loop {
            match source.verify(&mut sentinel, &policy(), None, token, now)? {
                Step::Done(_) => return Ok::<(), VerifyError>(()),
                Step::Wait(_) => panic!("nothing is in flight"),
                Step::Call(call) => {
                    let reply = Response::new(Body::from(text.clone()));
                    assert!(source.handle(call.into_parts().0.reply(Ok(reply)), now).is_none());
                }
            }
        }
    };
    let after = |minutes: u64| NOW + Duration::from_secs(60 * minutes);
    assert!(verify(&[("a", &a), ("b", &b)], &of_a, after(0)).is_ok());
    assert!(verify(&[("a", &a), ("b", &b)], &of_b, after(0)).is_ok());
    // The key stays: its tokens as well.
    assert!(verify(&[("a", &a), ("b", &b)], &of_a, after(11)).is_ok());
    // The key goes: so do its tokens, at once.
    assert!(verify(&[("b", &b)], &of_a, after(22)).is_err());
    assert!(verify(&[("b", &b)], &of_b, after(22)).is_ok());
    // Another key takes its name: its tokens are no longer good.
    assert!(verify(&[("a", &b)], &of_a, after(33)).is_err());
}

#[test]
fn a_key_that_was_forgotten_and_comes_back_starts_without_memory() {
    let key = TestKey::a().verifying().with_kid("k").remembering(10);
    let renamed = key.clone().with_kid("k");
    let token = TestKey::a().good("k");
    assert_eq!(verdict(&policy(), &token, &key.into(), NOW), Ok(()));
    assert_eq!(verdict(&policy(), &token, &renamed.into(), NOW), Ok(()));
}
