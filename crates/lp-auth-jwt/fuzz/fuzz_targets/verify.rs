//! Any text is verified without a panic; and any header with any payload, signed by the key, is accepted only where a
//! second, slow reading of it agrees.
#![no_main]

use std::sync::LazyLock;

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use lp_auth_core::UnixTime;
use lp_auth_jwt::{KeySet, Keys, Policy, Rejected, VerifyingKey};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::Value;

struct World {
    pair: KeyPair,
    keys: KeySet,
    remembering: KeySet,
    policy: Policy,
}

const NOW: u64 = 1_700_000_000;

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let pem = include_str!("../../tests/keys/rsa-2048-a.pem");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pair = KeyPair::from_pkcs8(&STANDARD.decode_to_vec(base64).expect("base64")).expect("a key");
    let key = VerifyingKey::from_pkcs1_der(pair.public().as_ref()).expect("a key");
    let keys = KeySet::from(key.with_kid("k"));
    World {
        pair,
        remembering: keys.clone().remembering(64),
        keys,
        policy: Policy::builder(["12345678".parse().expect("an account")])
            .any_client()
            .build()
            .expect("a policy"),
    }
});

fn verify(token: &str) -> Result<(), Rejected> {
    let world = &*WORLD;
    let now = UnixTime::from_secs(NOW);
    let verify = |keys| world.policy.verify(token, Keys::v2(keys), now).map(|_| ());
    let verdict = verify(&world.keys);
    assert_eq!(verdict, verify(&world.remembering));
    assert_eq!(verdict, verify(&world.remembering));
    if let Err(rejected) = &verdict {
        assert!(rejected.to_string().len() < 1000);
    }
    verdict
}

/// Whether two readings by serde_json find nothing wrong. It keeps the last of duplicates, which we refuse: it may
/// accept more than we do, and never less.
fn is_acceptable(header: &[u8], payload: &[u8]) -> bool {
    let (Ok(header), Ok(claims)) = (
        serde_json::from_slice::<Value>(header),
        serde_json::from_slice::<Value>(payload),
    ) else {
        return false;
    };
    let aud_fits = match &claims["aud"] {
        Value::Array(several) => several.iter().any(|one| one == "12345678"),
        one => one == "12345678",
    };
    let seconds = |name: &str| claims[name].as_f64();
    header["alg"] == "RS256"
        && header["kid"] == "k"
        && header.get("crit").is_none()
        && claims["iss"] == "Sentinel"
        && aud_fits
        && seconds("exp").is_some_and(|exp| exp.floor() + 60.0 > NOW as f64)
        && seconds("nbf").is_none_or(|nbf| nbf.floor() <= NOW as f64 + 60.0)
        && seconds("iat").is_none_or(|iat| iat.floor() <= NOW as f64 + 60.0)
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = core::str::from_utf8(bytes)
        && verify(text).is_ok()
    {
        // Only the key itself makes such a token, and it is asked for below alone.
        let known = text.split('.').count();
        assert_eq!(known, 3);
    }
    // A header and a payload, with a byte between them that is in no UTF-8.
    let Some(middle) = bytes.iter().position(|byte| *byte == 0xFF) else {
        return;
    };
    let (header, payload) = (&bytes[..middle], &bytes[middle + 1..]);
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
    let input = format!("{}.{}", encode(header), encode(payload));
    let mut signature = vec![0; WORLD.pair.public().modulus_len()];
    WORLD
        .pair
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            input.as_bytes(),
            &mut signature,
        )
        .expect("a signature");
    let token = format!("{input}.{}", encode(&signature));
    if verify(&token).is_ok() {
        assert!(is_acceptable(header, payload));
        signature[200] ^= 1;
        assert!(verify(&format!("{input}.{}", encode(&signature))).is_err());
    }
});
