//! Sets as they are published, with good and bad keys in them. The life of a set stands in the scenarios of all machines
//! together.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use lp_auth_core::http::Response;
use lp_auth_core::{Body, FixedHost, Flow as _, Region, Step, UnixTime};
use lp_auth_jwt::{InvalidKeySet, KeySet, KeySource};
use support::*;

#[test]
fn good_keys_are_used_whatever_stands_beside_them() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let entries = [
        r#"{"kty":"EC","kid":"ec","crv":"P-256","x":"AA","y":"AA"}"#.to_owned(),
        r#"{"kty":"oct","kid":"oct","k":"c2VjcmV0"}"#.to_owned(),
        r#"{"kty":"RSA","kid":"small","n":"AQAB","e":"AQAB"}"#.to_owned(),
        a.jwk_with("enc", r#","use":"enc""#),
        a.jwk_with("ops", r#","key_ops":["encrypt"]"#),
        a.jwk_with("alg", r#","alg":"PS256""#),
        a.jwk_with("typed", r#","use":1"#),
        a.jwk_with("twice", r#","kid":"twice""#),
        "null".to_owned(),
        a.jwk_with(
            "full",
            r#","use":"sig","key_ops":["verify"],"alg":"RS256","x5c":7,"x5t":null,"more":{"a":[]}"#,
        ),
        a.jwk_with("nulls", r#","use":null,"key_ops":null,"alg":null"#),
        b.jwk("full"),
        a.jwk("good"),
    ];
    let text = jwks(&entries);
    let set = KeySet::from_jwks(text.as_bytes()).unwrap();
    let mut kids: Vec<_> = set.keys().filter_map(|key| key.kid()).collect();
    kids.sort_unstable();
    assert_eq!(kids, ["full", "good", "nulls"]);
    assert_eq!(set.key("full").unwrap().n(), a.n(), "the first of its kid");
    let skipped: Vec<String> = set
        .skipped()
        .iter()
        .map(|skipped| format!("{} {:?}", skipped.place, skipped.why))
        .collect();
    assert_eq!(
        skipped,
        [
            "0 KeyType",
            "1 KeyType",
            "2 Size { bits: 17 }",
            "3 Use",
            "4 KeyOperations",
            "5 Algorithm",
            "6 Jwk",
            "7 Jwk",
            "8 Jwk",
            "11 DuplicateKid"
        ]
    );
}

#[test]
fn of_several_keys_with_one_kid_the_first_usable_one_counts() {
    let small = r#"{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}"#.to_owned();
    let (b, c) = (TestKey::b(), TestKey::c());
    let set = KeySet::from_jwks(jwks(&[small, b.jwk("k"), c.jwk("k")]).as_bytes()).unwrap();
    assert_eq!(set.key("k").unwrap().n(), b.n());
    assert_eq!(set.keys().count(), 1);
    assert_eq!(set.skipped().len(), 2);
}

#[test]
fn an_array_in_the_place_of_the_set_is_none() {
    let set = jwks(&[TestKey::a().jwk("k")]);
    let keys = set.trim_start_matches(r#"{"keys":"#).trim_end_matches('}');
    assert!(KeySet::from_jwks(format!(r#"{{"keys":{keys}}}"#).as_bytes()).is_ok());
    for text in [format!("[{keys}]"), format!("[{set}]"), keys.to_owned()] {
        let error = KeySet::from_jwks(text.as_bytes()).unwrap_err();
        assert_eq!(error, InvalidKeySet::Jwks, "{text}");
    }
}

#[test]
fn a_set_may_have_more_than_64_keys() {
    let key = TestKey::a();
    let entries: Vec<String> = (0..100).map(|number| key.jwk(&format!("k{number}"))).collect();
    let text = jwks(&entries);
    let set = KeySet::from_jwks(text.as_bytes()).unwrap();
    assert_eq!(set.keys().count(), 100);
    for kid in ["k0", "k7", "k63", "k64", "k99"] {
        let claims = policy().verify(&key.good(kid), lp_auth_jwt::Keys::v2(&set), NOW);
        assert!(claims.is_ok(), "{kid}");
    }
}

/// Fetches this set, and says what is at hand then.
fn fetch(source: &mut KeySource, kids: &[&str], now: UnixTime) -> Arc<KeySet> {
    let mut sentinel = FixedHost::new(Region::Us.host());
    let Ok(Step::Call(call)) = source.keys(&mut sentinel, None, now) else {
        panic!("a set is due")
    };
    let key = TestKey::a();
    let body = jwks(&kids.iter().map(|kid| key.jwk(kid)).collect::<Vec<_>>());
    let reply = call.into_parts().0.reply(Ok(Response::new(Body::from(body))));
    assert!(source.handle(reply, now).is_none());
    source.at_hand().unwrap().0
}

#[test]
fn an_equal_key_stays_the_same_one_over_a_refresh() {
    let mut source = KeySource::builder().build();
    let before = fetch(&mut source, &["a", "b"], NOW);
    let after = fetch(&mut source, &["b", "c"], NOW + Duration::from_secs(600));
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!(before.key("b"), after.key("b"));
    assert!(after.key("a").is_none());
}
