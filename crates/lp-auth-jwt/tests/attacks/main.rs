//! Attacks: tokens that were made to be accepted, and some good ones close by. Each stands beside the verdict expected.
//!
//! The keys were made for the tests. Every case is verified three times: with plain keys, and twice with keys that
//! remember what they verified.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::format_collect,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a table is as long as it is, and made once"
)]

#[path = "../support/mod.rs"]
mod support;

mod claims;
mod encoding;
mod headers;
mod signatures;

use std::collections::{BTreeMap, HashSet};

use lp_auth_core::Part;
use lp_auth_jwt::{KeySet, Keys, Rejected};
use support::*;

/// A token, and what must be said about it.
pub(crate) struct Case {
    name: String,
    token: String,
    /// A JWK Set; without one, the set of key A under the `kid` `k`.
    jwks: Option<String>,
    expected: &'static str,
}

pub(crate) fn case(name: impl Into<String>, token: impl Into<String>, expected: &'static str) -> Case {
    Case {
        name: name.into(),
        token: token.into(),
        jwks: None,
        expected,
    }
}

impl Case {
    fn with_jwks(mut self, jwks: String) -> Self {
        self.jwks = Some(jwks);
        self
    }
}

/// A token with good claims, signed by key A, with this header.
pub(crate) fn with_header(header: &str) -> String {
    TestKey::a().token(header, &support::claims(""))
}

/// A token with a good header, signed by key A, with this payload.
pub(crate) fn with_payload(payload: &str) -> String {
    TestKey::a().token(&header("k"), payload)
}

fn verdict(keys: &KeySet, token: &str) -> &'static str {
    match policy().verify(token, Keys::v2(keys), NOW) {
        Ok(_) => "accepted",
        Err(Rejected::Algorithm) => "algorithm",
        Err(Rejected::Audience) => "audience",
        Err(Rejected::CriticalHeader) => "critical header",
        Err(Rejected::Expired { .. }) => "expired",
        Err(Rejected::Issuer) => "issuer",
        Err(Rejected::KeySize) => "key size",
        Err(Rejected::Malformed(malformed)) => match malformed.part() {
            Some(Part::Header) => "malformed header",
            Some(Part::Payload) => "malformed payload",
            Some(Part::Signature) => "malformed signature",
            None => "malformed",
        },
        Err(Rejected::NotYetValid { .. }) => "not yet valid",
        Err(Rejected::Signature) => "signature",
        Err(Rejected::TooLarge) => "too large",
        Err(Rejected::UnknownKey(_)) => "unknown key",
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn every_attack_gets_the_verdict_that_stands_beside_it() {
    let good = set(&[("k", &TestKey::a())]);
    let cases: Vec<Case> = [
        headers::cases(),
        claims::cases(),
        encoding::cases(),
        signatures::cases(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut names = HashSet::new();
    let mut wrong = Vec::new();
    for case in &cases {
        assert!(names.insert(&case.name), "{} is there twice", case.name);
        let keys = match &case.jwks {
            None => Ok(good.clone()),
            Some(jwks) => KeySet::from_jwks(jwks.as_bytes()),
        };
        let verdicts = match keys {
            Err(_) => ["no usable key"; 3],
            Ok(keys) => {
                let remembering = keys.clone().remembering(10);
                [&keys, &remembering, &remembering].map(|keys| verdict(keys, &case.token))
            }
        };
        *counts.entry(verdicts[0]).or_default() += 1;
        if verdicts != [case.expected; 3] {
            wrong.push(format!(
                "{}: {verdicts:?} instead of {}",
                case.name, case.expected
            ));
        }
    }
    println!("{} cases: {counts:?}", cases.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(cases.len() >= 200);
}
