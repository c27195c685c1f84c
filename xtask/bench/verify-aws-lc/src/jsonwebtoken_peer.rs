//! `jsonwebtoken`, configured as its documentation advises, with every check on that it has.

use std::collections::HashMap;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use lp_auth_jwt::KeySet;
use player::{Player, token};
use serde::Deserialize;

use crate::bare::Signer;

#[derive(Deserialize)]
#[expect(dead_code, reason = "what a service would read")]
struct Claims {
    aud: String,
    azp: String,
    scope: String,
    iss: String,
    exp: u64,
    iat: u64,
}

pub(crate) fn subjects(player: Player, signer: &Signer) -> Player {
    let token = signer.token(0);
    let key = DecodingKey::from_rsa_pem(signer.public_pem().as_bytes()).expect("the key is good");
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[token::ACCOUNT]);
    validation.set_issuer(&[token::ISSUER]);
    validation.validate_nbf = true;
    let thousand = crate::growth::jwks(signer, 1000);
    let again = thousand.clone();
    player
        .timed("jsonwebtoken", move || {
            decode::<Claims>(&token, &key, &validation).expect("the token is genuine")
        })
        .timed("jwks-1000", move || {
            KeySet::from_jwks(&thousand).expect("the set is good")
        })
        .timed("jwks-1000-jsonwebtoken", move || {
            let set: JwkSet = serde_json::from_slice(&again).expect("the set is good");
            let keys: HashMap<String, DecodingKey> = set
                .keys
                .iter()
                .filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)))
                .collect();
            keys
        })
}
