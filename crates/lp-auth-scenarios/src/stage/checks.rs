//! What must hold in every scenario.

use std::sync::Arc;

use lp_auth_core::{Body, Step, http};

use super::{SECRET, Stage};
use crate::{Purpose, Want};

impl Stage {
    /// Whoever finds an answer at hand without a lock was right not to ask. Says what was asked to make sure.
    pub fn check_readers(&mut self) -> Vec<Want> {
        let now = self.now;
        let mut asked = Vec::new();
        if let Some((token, window)) = self.tokens.at_hand_with(&self.locator)
            && window.contains(now)
        {
            assert_eq!(self.tokens.usable(now), Some(&token), "a reader has {window:?}");
            // A clock that was set back into a lease is noticed by those who ask, and by readers when it ends.
            if !self.was_set_back {
                asked.push(Want::AToken);
                let step = self.tokens.token(&mut self.locator, now);
                assert!(
                    matches!(&step, Ok(Step::Done(other)) if *other == token),
                    "{step:?} at {now:?}, but a reader has {window:?}"
                );
            }
        }
        if let Some((keys, window)) = self.keys.at_hand_with(&self.locator)
            && window.contains(now)
        {
            assert!(
                self.keys
                    .usable(now)
                    .is_some_and(|usable| Arc::ptr_eq(usable, &keys)),
                "a reader has {window:?}"
            );
            if !self.was_set_back {
                asked.push(Want::Keys);
                let step = self.keys.keys(&mut self.locator, None, now);
                assert!(
                    matches!(&step, Ok(Step::Done(other)) if Arc::ptr_eq(other, &keys)),
                    "{step:?} at {now:?}, but a reader has {window:?}"
                );
            }
        }
        asked
    }
}

/// Over https, to LivePerson, with the secret in the token request's body and nowhere else.
pub(super) fn check_request(purpose: Purpose, request: &http::Request<Body>) {
    let uri = request.uri();
    assert_eq!(uri.scheme_str(), Some("https"), "{uri}");
    assert!(uri.host().unwrap().ends_with(".liveperson.net"), "{uri}");
    let has_secret = String::from_utf8_lossy(request.body().as_ref()).contains(SECRET);
    assert_eq!(has_secret, purpose == Purpose::TheToken, "{uri}");
    assert_is_safe_to_show(&format!("{:?} {:?}", request.headers(), request.body()));
}

pub(super) fn assert_is_safe_to_show(text: &str) {
    assert!(!text.contains(SECRET), "the secret is shown: {text}");
    assert!(!text.contains("eyJ"), "a token is shown: {text}");
}
