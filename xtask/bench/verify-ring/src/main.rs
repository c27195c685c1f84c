//! Verification on `ring`: ours, and the bare cryptography. Features add up, so this is a program of its own.
#![forbid(unsafe_code)]

use lp_auth_core::UnixTime;
use lp_auth_jwt::{KeySet, Keys, Policy, VerifyingKey};
use player::{Player, token};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaPublicKeyComponents};

fn main() {
    let pem = pem::parse(token::PRIVATE_KEY).expect("a test key");
    let pair = KeyPair::from_pkcs8(pem.contents()).expect("a test key");
    let text = token::signed(token::KID, 0, |message| {
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a test key signs");
        signature
    });
    let key = VerifyingKey::from_pkcs1_der(pair.public().as_ref())
        .expect("the key is good")
        .with_kid(token::KID);
    let (message, signature) = (token::message(&text), token::signature(&text));
    let (n, e) = (key.n().to_vec(), key.e().to_vec());
    let keys = KeySet::from(key);
    let policy = Policy::builder([token::ACCOUNT.parse().expect("these are digits")])
        .any_client()
        .build()
        .expect("nothing is left open");
    Player::new()
        .timed("bare", move || {
            RsaPublicKeyComponents { n: &n, e: &e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, &message, &signature)
                .expect("the token is genuine")
        })
        .timed("full", move || {
            let now: UnixTime = std::time::SystemTime::now().into();
            policy
                .verify(&text, Keys::v2(&keys), now)
                .expect("the token is genuine")
        })
        .perform();
}
