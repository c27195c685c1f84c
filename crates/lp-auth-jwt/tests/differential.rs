//! Generated tokens get the same verdict from us and from `jsonwebtoken`'s decoder, but for the differences named here.
//!
//! It reads the clock itself, so these tokens live around the time at which the test runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashSet};
use std::time::SystemTime;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lp_auth_core::UnixTime;
use lp_auth_jwt::Keys;
use proptest::prelude::*;
use proptest::sample::select;
use support::*;

/// Where we and `jsonwebtoken` 11 differ on purpose.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Difference {
    /// Rule 15: `crit` is refused. It looks at no `crit`.
    Critical,
    /// Rule 15: names are unique, at every depth. It refuses a duplicate of a claim that it knows, and no other.
    Duplicate,
    /// Beyond the year 9999 nothing is a NumericDate to us.
    FarFuture,
    /// It reads the members of a header that it does not use, and refuses the token where one has the wrong type. Rule
    /// 15: they are never looked at.
    HeaderMembers,
    /// Rule 15: `iat` is a NumericDate that is not in the future. It never looks at it.
    IssuedAt,
    /// `iss` is a string (RFC 7519 §4.1.1). It takes an array that contains the issuer.
    IssuerArray,
    /// Rule 14: the key is that of the `kid`. It is given one key, and does not compare.
    KeyId,
    /// Rule 15: not looked at above 16 KiB. It has no bound.
    Length,
    /// `scope`, `azp` and the consumer id are strings. It does not know them.
    OtherClaims,
}

#[derive(Clone, Debug)]
struct Case {
    alg: &'static str,
    kid: &'static str,
    header: &'static str,
    iss: &'static str,
    aud: &'static str,
    exp: Time,
    iat: Time,
    nbf: Time,
    more: &'static str,
    long: bool,
    signature: Signature,
    text: Text,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Time {
    Absent,
    /// So many seconds from now.
    In(i64),
    InFraction(i64),
    Literal(&'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Signature {
    Genuine,
    OfAnotherKey,
    Flipped(usize),
    Short,
    Long,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Text {
    AsIs,
    Padded,
    NewlineAfter,
    SpaceBefore,
    FourParts,
    TwoParts,
    Respelled,
    ChangedAt(usize),
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![
        6 => (-4000..4000_i64).prop_filter("the clock goes on", |offset| (offset.abs() - 60).abs() > 20 && offset.abs() > 20).prop_map(Time::In),
        3 => Just(Time::In(3600)),
        1 => Just(Time::Absent),
        1 => select(vec![-3600, -30, 30, 3600]).prop_map(Time::InFraction),
        1 => select(vec!["-1", "\"1\"", "null", "true", "[]", "1e400", "253402300800", "18446744073709551615", "0"]).prop_map(Time::Literal),
    ]
}

fn mostly<T: Clone + std::fmt::Debug + 'static>(usual: T, others: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![8 => Just(usual), 2 => select(others)]
}

prop_compose! {
    fn case()(
        alg in mostly("RS256", vec!["RS384", "PS256", "HS256", "none", "rs256", ""]),
        kid in mostly("k", vec!["other", ""]),
        header in mostly("", vec![
            r#","typ":"JWT""#, r#","crit":["exp"]"#, r#","crit":[]"#, r#","jku":"https://evil.example""#, r#","x5c":7"#,
            r#","jwk":{}"#, r#","typ":7"#, r#","x":{"y":1}"#, r#","x":1,"x":1"#, r#","kid":"k""#,
        ]),
        iss in mostly(r#""iss":"Sentinel""#, vec![
            r#""iss":"sentinel""#, r#""iss":["Sentinel"]"#, r#""iss":["x","Sentinel"]"#, r#""iss":null"#, r#""iss":7"#,
            r#""iss":"Sent\u0069nel""#, r#""iss":"Sentinel","iss":"Sentinel""#, r#""x":1"#,
        ]),
        aud in mostly(r#""12345678""#, vec![
            r#"["12345678"]"#, r#"["x","12345678"]"#, r#"["x"]"#, "[]", r#""x""#, "12345678", "null",
            r#"["12345678",7]"#, r#""1234567\u0038""#,
        ]),
        exp in prop_oneof![5 => Just(Time::In(3600)), 5 => time()],
        iat in prop_oneof![6 => Just(Time::In(-100)), 4 => time()],
        nbf in prop_oneof![6 => Just(Time::Absent), 4 => time()],
        more in mostly("", vec![
            r#","scope":"a b""#, r#","scope":7"#, r#","azp":"x""#, r#","azp":null"#, r#","y":1,"y":2"#, r#","y":{"z":1,"z":2}"#,
            r#","sub":"x""#, r#","jti":7"#, r#","permissions":["a"]"#, r#","y":"\ud800""#, r#","y":01"#,
        ]),
        long in mostly(false, vec![true]),
        signature in prop_oneof![
            8 => Just(Signature::Genuine),
            1 => Just(Signature::OfAnotherKey),
            1 => (0..256_usize).prop_map(Signature::Flipped),
            1 => select(vec![Signature::Short, Signature::Long]),
        ],
        text in prop_oneof![
            8 => Just(Text::AsIs),
            2 => select(vec![
                Text::Padded, Text::NewlineAfter, Text::SpaceBefore, Text::FourParts, Text::TwoParts, Text::Respelled,
            ]),
            1 => (0..600_usize).prop_map(Text::ChangedAt),
        ],
    ) -> Case {
        Case { alg, kid, header, iss, aud, exp, iat, nbf, more, long, signature, text }
    }
}

impl Case {
    fn good() -> Self {
        Self {
            alg: "RS256",
            kid: "k",
            header: "",
            iss: r#""iss":"Sentinel""#,
            aud: r#""12345678""#,
            exp: Time::In(3600),
            iat: Time::In(-100),
            nbf: Time::Absent,
            more: "",
            long: false,
            signature: Signature::Genuine,
            text: Text::AsIs,
        }
    }

    fn token(&self, now: UnixTime) -> String {
        let time = |name: &str, time: Time| match time {
            Time::Absent => String::new(),
            Time::In(offset) => {
                format!(r#","{name}":{}"#, now.as_secs().saturating_add_signed(offset))
            }
            Time::InFraction(offset) => {
                format!(r#","{name}":{}.25"#, now.as_secs().saturating_add_signed(offset))
            }
            Time::Literal(text) => format!(r#","{name}":{text}"#),
        };
        let header = format!(r#"{{"alg":"{}","kid":"{}"{}}}"#, self.alg, self.kid, self.header);
        let filler = if self.long {
            "x".repeat(13_000)
        } else {
            String::new()
        };
        let payload = format!(
            r#"{{{},"aud":{}{}{}{}{},"filler":"{filler}"}}"#,
            self.iss,
            self.aud,
            time("exp", self.exp),
            time("iat", self.iat),
            time("nbf", self.nbf),
            self.more
        );
        let input = format!("{}.{}", b64(header.as_bytes()), b64(payload.as_bytes()));
        let signature = match self.signature {
            Signature::OfAnotherKey => TestKey::b().sign(input.as_bytes()),
            _ => TestKey::a().sign(input.as_bytes()),
        };
        let signature = match self.signature {
            Signature::Flipped(place) => {
                let mut signature = signature;
                if let Some(byte) = signature.get_mut(place) {
                    *byte ^= 4;
                }
                signature
            }
            Signature::Short => signature.into_iter().skip(1).collect(),
            Signature::Long => [vec![0], signature].concat(),
            Signature::Genuine | Signature::OfAnotherKey => signature,
        };
        let token = format!("{input}.{}", b64(&signature));
        match self.text {
            Text::AsIs => token,
            Text::Padded => format!("{token}=="),
            Text::NewlineAfter => format!("{token}\n"),
            Text::SpaceBefore => format!(" {token}"),
            Text::FourParts => format!("{token}.e30"),
            Text::TwoParts => input,
            Text::Respelled => {
                let last = token.chars().last().unwrap();
                format!("{}{}", token.trim_end_matches(last), char::from(last as u8 ^ 1))
            }
            Text::ChangedAt(place) => {
                let mut bytes = token.into_bytes();
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = if *byte == b'A' { b'B' } else { b'A' };
                }
                String::from_utf8(bytes).unwrap()
            }
        }
    }

    fn differences(&self) -> Vec<Difference> {
        let is_far = |time: Time| matches!(time, Time::Literal("253402300800" | "18446744073709551615"));
        let iat_is_odd = match self.iat {
            Time::In(offset) | Time::InFraction(offset) => offset > 60,
            Time::Literal(_) => true,
            Time::Absent => false,
        };
        let is_typed_wrongly = [r#","x5c":7"#, r#","jwk":{}"#].contains(&self.header);
        let has_duplicate = [self.header, self.iss, self.more].iter().any(|text| {
            [
                r#","x":1,"x":1"#,
                r#","kid":"k""#,
                r#""iss":"Sentinel","iss":"Sentinel""#,
                r#","y":1,"y":2"#,
                r#","y":{"z":1,"z":2}"#,
            ]
            .contains(text)
        });
        [
            (self.header.contains("crit"), Difference::Critical),
            (has_duplicate, Difference::Duplicate),
            (is_far(self.exp) || is_far(self.nbf), Difference::FarFuture),
            (is_typed_wrongly, Difference::HeaderMembers),
            (iat_is_odd, Difference::IssuedAt),
            (self.iss.contains('['), Difference::IssuerArray),
            (self.kid != "k", Difference::KeyId),
            (self.long, Difference::Length),
            (
                [r#","scope":7"#, r#","azp":null"#].contains(&self.more),
                Difference::OtherClaims,
            ),
        ]
        .into_iter()
        .filter_map(|(holds, difference)| holds.then_some(difference))
        .collect()
    }
}

#[expect(clippy::disallowed_methods, reason = "the other side reads the clock itself")]
fn now() -> UnixTime {
    SystemTime::now().into()
}

fn ours(token: &str, now: UnixTime) -> bool {
    let keys = set(&[("k", &TestKey::a())]);
    policy().verify(token, Keys::v2(&keys), now).is_ok()
}

fn theirs(token: &str) -> bool {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&["Sentinel"]);
    validation.set_audience(&[ACCOUNT]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.validate_nbf = true;
    let key = DecodingKey::from_rsa_raw_components(&TestKey::a().n(), &TestKey::a().e());
    jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation).is_ok()
}

#[test]
fn generated_tokens_get_the_same_verdict_but_for_the_differences_named() {
    let counts = RefCell::new(BTreeMap::<String, usize>::new());
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig {
            cases: 3000,
            failure_persistence: None,
            ..ProptestConfig::default()
        },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let verdict = runner.run(&case(), |case| {
        let now = now();
        let token = case.token(now);
        let (ours, theirs) = (ours(&token, now), theirs(&token));
        let outcome = match (ours, theirs) {
            (true, true) => "both accept".to_owned(),
            (false, false) => "both refuse".to_owned(),
            _ => {
                let differences = case.differences();
                prop_assert!(!differences.is_empty(), "ours {ours}, theirs {theirs}: {token}");
                "agreed to differ".to_owned()
            }
        };
        *counts.borrow_mut().entry(outcome).or_default() += 1;
        Ok(())
    });
    println!("{:?}", counts.borrow());
    verdict.unwrap();
    let least = |outcome: &str| counts.borrow().get(outcome).copied().unwrap_or_default();
    assert!(least("both accept") > 100 && least("both refuse") > 500 && least("agreed to differ") > 50);
}

#[test]
fn each_difference_is_one() {
    let good = Case::good();
    let cases = [
        (
            Difference::Critical,
            Case {
                header: r#","crit":[]"#,
                ..good.clone()
            },
            (false, true),
        ),
        (
            Difference::Duplicate,
            Case {
                more: r#","y":1,"y":2"#,
                ..good.clone()
            },
            (false, true),
        ),
        (
            Difference::FarFuture,
            Case {
                exp: Time::Literal("253402300800"),
                ..good.clone()
            },
            (false, true),
        ),
        (
            Difference::HeaderMembers,
            Case {
                header: r#","x5c":7"#,
                ..good.clone()
            },
            (true, false),
        ),
        (
            Difference::IssuedAt,
            Case {
                iat: Time::In(3600),
                ..good.clone()
            },
            (false, true),
        ),
        (
            Difference::IssuerArray,
            Case {
                iss: r#""iss":["Sentinel"]"#,
                ..good.clone()
            },
            (false, true),
        ),
        (
            Difference::KeyId,
            Case {
                kid: "other",
                ..good.clone()
            },
            (false, true),
        ),
        (
            Difference::Length,
            Case {
                long: true,
                ..good.clone()
            },
            (false, true),
        ),
        (
            Difference::OtherClaims,
            Case {
                more: r#","scope":7"#,
                ..good.clone()
            },
            (false, true),
        ),
    ];
    let now = now();
    let mut seen = HashSet::new();
    for (difference, case, verdicts) in cases {
        let token = case.token(now);
        assert_eq!((ours(&token, now), theirs(&token)), verdicts, "{difference:?}");
        assert_eq!(case.differences(), [difference]);
        seen.insert(format!("{difference:?}"));
    }
    assert_eq!(seen.len(), 9);
    let token = good.token(now);
    assert!(ours(&token, now) && theirs(&token));
}
