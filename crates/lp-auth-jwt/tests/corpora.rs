//! The public corpora, held to the signature step: their payloads are no claims.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use lp_auth_core::Compact;
use lp_auth_jwt::{InvalidKey, KeySet, VerifyingKey};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Case<'a> {
    name: String,
    #[serde(borrow)]
    jwks: Option<&'a RawValue>,
    #[serde(borrow)]
    jwk: Option<&'a RawValue>,
    pem: Option<String>,
    token: Option<String>,
    msg_hex: Option<String>,
    sig_hex: Option<String>,
    expected_rs256: String,
    level: String,
    why: String,
    flags: Vec<String>,
}

impl Case<'_> {
    fn is_expected(&self) -> bool {
        match &*self.expected_rs256 {
            "valid" => true,
            "invalid" => false,
            other => panic!("{other}"),
        }
    }
}

fn cases(corpus: &str) -> impl Iterator<Item = Case<'_>> {
    corpus.lines().map(|line| serde_json::from_str(line).unwrap())
}

/// Whether a key of the set signed the token.
fn is_genuine(jwks: &str, token: &str) -> bool {
    let (Ok(set), Ok(compact)) = (KeySet::from_jwks(jwks.as_bytes()), Compact::parse(token)) else {
        return false;
    };
    set.keys().any(|key| key.verify(&compact).is_ok())
}

/// Verdicts by what was expected, and the names of those that differ.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<(String, bool), usize>,
    differ: Vec<String>,
}

impl Tally {
    fn count(&mut self, case: &Case<'_>, verdict: bool) {
        let expected = format!("{} {}", case.level, case.expected_rs256);
        *self.counts.entry((expected, verdict)).or_default() += 1;
        if case.is_expected() != verdict {
            self.differ.push(case.name.clone());
        }
    }
}

#[test]
fn the_examples_of_rfc_7515_and_7520_get_the_verdict_of_an_rs256_verifier() {
    let mut tally = Tally::default();
    for case in cases(include_str!("vectors/rfc_cookbook.jsonl")) {
        let verdict = is_genuine(case.jwks.unwrap().get(), case.token.as_ref().unwrap());
        tally.count(&case, verdict);
    }
    println!("{:?}", tally.counts);
    assert_eq!(tally.differ, [""; 0]);
    assert_eq!(tally.counts.values().sum::<usize>(), 39);
}

#[test]
fn wycheproofs_signed_tokens_get_the_verdict_of_an_rs256_verifier() {
    let mut tally = Tally::default();
    for case in cases(include_str!("vectors/wycheproof_jws.jsonl")) {
        let verdict = is_genuine(case.jwks.unwrap().get(), case.token.as_ref().unwrap());
        tally.count(&case, verdict);
    }
    println!("{:?}", tally.counts);
    // Keys of the weak generator ROCA: a verifier may refuse them. Whether a signer's generator is weak is not ours to
    // find out: the keys come from Sentinel or from the user.
    assert_eq!(
        tally.differ,
        [
            "wycheproof/json_web_key/jws_rsa_roca_key/tc7",
            "wycheproof/json_web_crypto/jws_rsa_roca_key/tc46"
        ]
    );
    assert_eq!(tally.counts.values().sum::<usize>(), 476);
}

#[test]
fn wycheproofs_raw_signatures_get_the_verdict_of_an_rs256_verifier() {
    let mut tally = Tally::default();
    let mut refused = BTreeMap::<String, usize>::new();
    for case in cases(include_str!("vectors/wycheproof_rsa_raw.jsonl")) {
        let key = VerifyingKey::from_jwk(case.jwk.unwrap().get().as_bytes());
        if let Some(pem) = &case.pem {
            assert_eq!(VerifyingKey::from_pem(pem), key, "{}", case.name);
        }
        let verdict = match key {
            Ok(key) => key
                .verify_message(
                    &hex(case.msg_hex.as_ref().unwrap()),
                    &hex(case.sig_hex.as_ref().unwrap()),
                )
                .is_ok(),
            Err(why) => {
                assert_eq!(why, InvalidKey::Exponent, "{}", case.name);
                assert!(case.flags.contains(&"e=3".to_owned()), "{}", case.name);
                *refused.entry(case.level.clone()).or_default() += 1;
                false
            }
        };
        if case.level == "must" {
            assert_eq!(verdict, case.is_expected(), "{} {}", case.name, case.why);
        }
        tally.count(&case, verdict);
    }
    println!("{:?}", tally.counts);
    // Exponent 3: valid where a verifier allows it, which rule 13 does not.
    assert_eq!(refused, BTreeMap::from([("may".to_owned(), 6)]));
    assert_eq!(tally.differ.len(), 6);
    assert_eq!(tally.counts.values().sum::<usize>(), 1061);
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(&text[place..place + 2], 16).unwrap())
        .collect()
}
