//! How things grow: threads, and keys in a set.

use std::sync::Arc;

use lp_auth_jwt::{KeySet, Keys};
use player::{Player, token};

use crate::bare::Signer;
use crate::ours::{key, now, policy};

pub(crate) const THREADS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
pub(crate) const KEYS: [usize; 4] = [1, 10, 100, 1000];

pub(crate) fn subjects(mut player: Player, signer: &Arc<Signer>) -> Player {
    for threads in THREADS {
        let (policy, keys, token) = (policy(), KeySet::from(key(signer)), signer.token(0));
        player = player.on_threads(&format!("full-on-{threads}"), threads, move || {
            policy.verify(&token, Keys::v2(&keys), now()).expect("genuine")
        });
    }
    for keys in KEYS {
        let text = jwks(signer, keys);
        let (set, policy) = (KeySet::from_jwks(&text).expect("the set is good"), policy());
        // The last key of the set signs: the longest way to it.
        let kid = kid(keys - 1);
        let token = token::signed(&kid, 0, |message| signer.sign(message));
        player = player
            .timed(&format!("full-of-{keys}-keys"), move || {
                policy.verify(&token, Keys::v2(&set), now()).expect("genuine")
            })
            .timed(&format!("jwks-of-{keys}"), move || {
                KeySet::from_jwks(&text).expect("the set is good")
            });
    }
    player
}

/// A JWK Set of so many keys. All but the last have numbers of their own that nobody can sign with.
pub(crate) fn jwks(signer: &Signer, keys: usize) -> Vec<u8> {
    let modulus = signer.modulus();
    let keys: Vec<String> = (0..keys)
        .map(|number| {
            let mut n = modulus.clone();
            if number + 1 < keys
                && let [first, .., before_last, last] = n.as_mut_slice()
            {
                *first |= 0x80;
                *before_last = (number % 256) as u8;
                *last = (number / 256 * 2 + 1) as u8;
            }
            format!(
                r#"{{"kty":"RSA","use":"sig","alg":"RS256","kid":"{}","e":"AQAB","n":"{}"}}"#,
                kid(number),
                token::base64url(&n)
            )
        })
        .collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into_bytes()
}

fn kid(number: usize) -> String {
    format!("6f3f1c86-2b1e-4a52-8c9b-{number:012}")
}
