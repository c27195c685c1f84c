//! Verification on `aws-lc-rs`: ours, the bare cryptography, and `jsonwebtoken`.
#![forbid(unsafe_code)]

mod bare;
mod growth;
mod jsonwebtoken_peer;
mod memory;
mod ours;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use lp_auth_jwt::{KeySet, Keys};
use player::{Player, token};

use crate::bare::Signer;
use crate::ours::{key, now, policy};

fn main() {
    let signer = Arc::new(Signer::new());
    let folder = token::folder();
    if std::env::args().any(|argument| argument == "--write") {
        std::fs::write(folder.join("token"), signer.token(0)).expect("the folder is there");
        std::fs::write(folder.join("key.pem"), signer.public_pem()).expect("the folder is there");
        return;
    }
    let player = Player::new();
    let player = verification(player, &signer);
    let player = memory::subjects(player, &signer);
    let player = jsonwebtoken_peer::subjects(player, &signer);
    growth::subjects(player, &signer).perform();
}

/// What every service does with every request: the whole verification, and the cryptography in it.
fn verification(player: Player, signer: &Signer) -> Player {
    let text = signer.token(0);
    let (parsed, message, signature) = (signer.parsed(), token::message(&text), token::signature(&text));
    let (policy, keys) = (policy(), KeySet::from(key(signer)));
    let (hashing, hashed, of_hashed) = (signer.parsed(), message.clone(), signature.clone());
    player
        .timed("bare-hashed-first", move || {
            hashing
                .verify_digest_sig(&digest(&SHA256, &hashed), &of_hashed)
                .expect("the token is genuine")
        })
        .timed("bare", move || {
            parsed
                .verify_sig(&message, &signature)
                .expect("the token is genuine")
        })
        .timed("full", move || {
            policy
                .verify(&text, Keys::v2(&keys), now())
                .expect("the token is genuine")
        })
}
