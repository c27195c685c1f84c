//! Verification by `jwt-simple` on BoringSSL, in a process of its own: its C library and `aws-lc` share names.
#![forbid(unsafe_code)]

use std::collections::HashSet;

use jwt_simple::algorithms::{RS256PublicKey, RSAPublicKeyLike};
use jwt_simple::claims::NoCustomClaims;
use jwt_simple::common::VerificationOptions;
use player::{Player, token};

fn main() {
    let read = |name: &str| {
        std::fs::read_to_string(token::folder().join(name)).expect("`verify-aws-lc --write` wrote it")
    };
    let (token, pem) = (read("token"), read("key.pem"));
    let key = RS256PublicKey::from_pem(&pem).expect("the key is good");
    let only = |name: &str| Some(HashSet::from([name.to_owned()]));
    let options = VerificationOptions {
        allowed_issuers: only(token::ISSUER),
        allowed_audiences: only(token::ACCOUNT),
        ..VerificationOptions::default()
    };
    Player::new()
        .timed("jwt-simple", move || {
            key.verify_token::<NoCustomClaims>(&token, Some(options.clone()))
                .expect("the token is genuine")
        })
        .perform();
}
