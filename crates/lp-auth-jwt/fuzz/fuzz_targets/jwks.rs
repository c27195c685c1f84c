//! Any text is read as keys without a panic, and what is read keeps to the bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lp_auth_jwt::{InvalidKeySet, KeySet, VerifyingKey};

fuzz_target!(|bytes: &[u8]| {
    let _ = VerifyingKey::from_jwk(bytes);
    let _ = VerifyingKey::from_spki_der(bytes);
    let _ = VerifyingKey::from_pkcs1_der(bytes);
    let mut sets = vec![KeySet::from_jwks(bytes)];
    if let Ok(text) = core::str::from_utf8(bytes) {
        sets.push(KeySet::from_text(text));
    }
    for set in sets {
        match set {
            Ok(set) => {
                assert!(set.keys().count() > 0);
                for key in set.keys() {
                    assert!((2048..=8192).contains(&key.bits()));
                    assert_eq!(key.n().len(), key.bits().div_ceil(8));
                    assert!(key.e().last().expect("not empty") % 2 == 1);
                    let again = VerifyingKey::from_components(key.n(), key.e()).expect("it was one before");
                    assert_eq!(again.thumbprint(), key.thumbprint());
                    if let Some(kid) = key.kid() {
                        assert_eq!(set.key(kid), Some(key));
                    }
                }
                let twice = set.clone().joined_by(set.clone());
                let kids = set.keys().filter(|key| key.kid().is_some()).count();
                assert_eq!(twice.keys().filter(|key| key.kid().is_some()).count(), kids);
            }
            Err(error) => {
                assert!(error.to_string().len() < 2000);
                if let InvalidKeySet::NoUsableKey { skipped } = error {
                    let _ = format!("{skipped:?}");
                }
            }
        }
    }
});
