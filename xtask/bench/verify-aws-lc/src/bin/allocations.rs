//! What a verification allocates. A program of its own: to count costs time.
#![forbid(unsafe_code)]

#[path = "../bare.rs"]
#[expect(dead_code, reason = "the other program uses all of it")]
mod bare;
#[path = "../ours.rs"]
mod ours;

use std::hint::black_box;
use std::sync::Arc;

use lp_auth_jwt::{KeySet, Keys};
use player::{Player, token};

use crate::bare::Signer;
use crate::ours::{key, now, policy};

fn main() {
    let signer = Arc::new(Signer::new());
    let remembering = Arc::clone(&signer);
    Player::new()
        .measured("verification", move |_| {
            let text = signer.token(0);
            let (policy, keys) = (policy(), KeySet::from(key(&signer)));
            let verify = || policy.verify(&text, Keys::v2(&keys), now()).map(drop);
            verify().expect("the token is genuine");
            let all = allocation_counter::measure(|| drop(black_box(verify()))).count_total;
            let parsed = signer.parsed();
            let (message, signature) = (token::message(&text), token::signature(&text));
            let bare = || {
                let _ = black_box(parsed.verify_sig(&message, &signature));
            };
            (all - allocation_counter::measure(bare).count_total) as f64
        })
        .measured("bytes-of-remembered-tokens", move |tokens| {
            let texts: Vec<String> = (1..=tokens).map(|number| remembering.token(number)).collect();
            let keys = KeySet::from(key(&remembering)).remembering(tokens as usize);
            let policy = policy();
            let growth = allocation_counter::measure(|| {
                for text in &texts {
                    let verdict = policy.with_claims(text, Keys::v2(&keys), now(), |_| ());
                    verdict.expect("the token is genuine");
                }
            });
            growth.bytes_current as f64
        })
        .perform();
}
