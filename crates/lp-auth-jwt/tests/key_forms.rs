//! Keys in every form they come in, and forms that are none.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use lp_auth_jwt::{InvalidKey, InvalidKeySet, KeySet, VerifyingKey};
use support::*;

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = standard(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| core::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

#[test]
fn one_key_is_the_same_in_every_form() {
    let key = TestKey::a();
    let expected = key.verifying();
    let (spki, pkcs1) = (key.spki(), key.pkcs1());
    let forms = [
        VerifyingKey::from_components(&key.n(), &key.e()),
        VerifyingKey::from_spki_der(&spki),
        VerifyingKey::from_pkcs1_der(&pkcs1),
        VerifyingKey::from_pem(&pem("PUBLIC KEY", &spki)),
        VerifyingKey::from_pem(&pem("RSA PUBLIC KEY", &pkcs1)),
        VerifyingKey::from_pem(&pem("PUBLIC KEY", &spki).replace('\n', "\r\n")),
        VerifyingKey::from_pem(&format!("a remark\n{}", pem("PUBLIC KEY", &spki))),
        VerifyingKey::from_base64_der(&standard(&spki)),
        VerifyingKey::from_base64_der(&standard(&pkcs1)),
        VerifyingKey::from_base64_der(&format!(
            " {}\n{}\n",
            &standard(&spki)[..99],
            &standard(&spki)[99..]
        )),
    ];
    for form in forms {
        assert_eq!(form.unwrap(), expected);
    }
    let jwk = VerifyingKey::from_jwk(key.jwk("k").as_bytes()).unwrap();
    assert_eq!(jwk, expected.clone().with_kid("k"));
    assert_ne!(jwk, expected);
    assert_eq!(jwk.thumbprint(), expected.thumbprint());
    assert_ne!(jwk.thumbprint(), TestKey::b().verifying().thumbprint());
}

#[test]
fn a_file_of_keys_is_read_whatever_kind_it_is() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let both =
        pem("PUBLIC KEY", &a.spki()) + &pem("CERTIFICATE", &[0x30, 0]) + &pem("RSA PUBLIC KEY", &b.pkcs1());
    let count = |text: &str| KeySet::from_text(text).unwrap().keys().count();
    assert_eq!(count(&jwks(&[a.jwk("a"), b.jwk("b")])), 2);
    assert_eq!(count(&format!("\n  {}", a.jwk("a"))), 1);
    assert_eq!(count(&both), 2);
    assert_eq!(count(&standard(&a.spki())), 1);
    let why = |text: &str| KeySet::from_text(text).unwrap_err().to_string();
    assert_eq!(
        why("helloyou"),
        "none of the keys can be used: key 0: the key is no RSA public key in DER (SPKI or PKCS#1)"
    );
    assert_eq!(
        why("héllo"),
        "none of the keys can be used: key 0: the key is not in base64, or in another kind of base64 than belongs there"
    );
    for no_key in [
        "-----BEGIN PUBLIC KEY-----\nAAAA",
        "-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
    ] {
        assert!(
            why(no_key).starts_with("there is no public key in PEM here"),
            "{}",
            why(no_key)
        );
    }
    assert!(why("{}").contains("key 0: the key is no JWK"), "{}", why("{}"));
    assert_eq!(
        KeySet::from_jwks(b"\xff").unwrap_err().to_string(),
        "this is no JWK Set: a JSON object with an array `keys` is"
    );
    let flood = jwks(&vec![r#"{"kty":"oct","kid":"\u001b[31m"}"#.to_owned(); 9]);
    let why = KeySet::from_jwks(flood.as_bytes()).unwrap_err();
    assert!(why.to_string().ends_with("; and 5 more"), "{why}");
    assert!(!why.to_string().contains('\u{1b}'));
    assert!(matches!(why, InvalidKeySet::NoUsableKey { skipped } if skipped.len() == 9));
}

#[test]
fn what_is_no_key_says_why() {
    let key = TestKey::a();
    let spki = key.spki();
    let jwk = |json: &str| VerifyingKey::from_jwk(json.as_bytes()).unwrap_err();
    let der = |der: &[u8]| VerifyingKey::from_spki_der(der).unwrap_err();
    assert_eq!(der(&[&*spki, &[0]].concat()), InvalidKey::Der);
    assert_eq!(der(&spki[..spki.len() - 1]), InvalidKey::Der);
    assert_eq!(der(&[]), InvalidKey::Der);
    assert_eq!(der(&key.pkcs1()), InvalidKey::Der);
    // Another algorithm's name: RSASSA-PSS.
    let mut pss = spki.clone();
    let name = pss
        .windows(9)
        .position(|bytes| bytes.ends_with(&[1, 1, 1]))
        .unwrap();
    pss[name + 8] = 10;
    assert_eq!(der(&pss), InvalidKey::Der);
    assert_eq!(VerifyingKey::from_pkcs1_der(&spki).unwrap_err(), InvalidKey::Der);
    assert_eq!(VerifyingKey::from_pem("").unwrap_err(), InvalidKey::Pem);
    assert_eq!(
        VerifyingKey::from_pem(&pem("PRIVATE KEY", &spki)).unwrap_err(),
        InvalidKey::Pem
    );
    assert_eq!(
        VerifyingKey::from_base64_der("*").unwrap_err(),
        InvalidKey::Base64
    );
    assert_eq!(jwk("[]"), InvalidKey::Jwk);
    assert_eq!(jwk("{}"), InvalidKey::Jwk);
    assert_eq!(jwk(r#"{"kty":"RSA","e":"AQAB"}"#), InvalidKey::Jwk);
    assert_eq!(jwk(r#"{"kty":"rsa"}"#), InvalidKey::KeyType);
    assert_eq!(jwk(&key.jwk_with("k", r#","use":"enc""#)), InvalidKey::Use);
    assert_eq!(
        jwk(&key.jwk_with("k", r#","key_ops":["sign"]"#)),
        InvalidKey::KeyOperations
    );
    assert_eq!(jwk(&key.jwk_with("k", r#","key_ops":"verify""#)), InvalidKey::Jwk);
    assert_eq!(
        jwk(&key.jwk_with("k", r#","alg":"RS512""#)),
        InvalidKey::Algorithm
    );
    assert_eq!(jwk(&key.jwk_with("k", r#","k\u0069d":"k""#)), InvalidKey::Jwk);
    assert_eq!(jwk(&key.jwk("k").replace("AQAB", "AQAB=")), InvalidKey::Base64);
    assert_eq!(jwk(&key.jwk("k").replace("AQAB", "AQA")), InvalidKey::Exponent);
    assert_eq!(
        jwk(&key.jwk("k").replace("AQAB", "AAEAAQ")),
        InvalidKey::LeadingZero
    );
}

#[test]
fn every_reason_reads_as_a_sentence_about_the_key() {
    for why in [
        InvalidKey::Algorithm,
        InvalidKey::Base64,
        InvalidKey::Der,
        InvalidKey::DuplicateKid,
        InvalidKey::Exponent,
        InvalidKey::Jwk,
        InvalidKey::KeyOperations,
        InvalidKey::KeyType,
        InvalidKey::LeadingZero,
        InvalidKey::Modulus,
        InvalidKey::Pem,
        InvalidKey::Size { bits: 512 },
        InvalidKey::Use,
    ] {
        let text = why.to_string();
        assert!(
            text.starts_with("the key") || text.starts_with("an earlier key"),
            "{text}"
        );
    }
}

#[test]
fn keys_and_sets_show_themselves_without_their_numbers() {
    let set = set(&[("k", &TestKey::a())]);
    let shown = format!("{set:?}");
    assert!(
        shown.contains("kid: Some(\"k\")") && shown.contains("bits: 2048"),
        "{shown}"
    );
    assert!(!shown.contains(&b64(&TestKey::a().n())), "{shown}");
}
