//! Which keys sign, and which are published.

use std::sync::Arc;

use lp_auth_core::UnixTime;
use serde_json::{Value, json};

use crate::application::random_uuid;
use crate::keys::SigningKey;

/// The `kid` of V1 tokens: the one in the documented sample (LIVEPERSON.md §3).
pub(crate) const V1_KEY_ID: &str = "appjwt-13-05-17";

/// One static key for V1; for V2 one that signs, and before it those that are still published.
#[derive(Clone)]
pub(crate) struct KeyRing {
    v1: Arc<SigningKey>,
    v1_created_at: UnixTime,
    /// Oldest first: the last one signs.
    v2: Vec<PublishedKey>,
    /// The number of the next of the process's shared keys; `None` where this ring's keys are its own.
    next_shared: Option<usize>,
}

#[derive(Clone)]
pub(crate) struct PublishedKey {
    pub(crate) id: Arc<str>,
    /// When it joined, by the emulator's clock.
    pub(crate) created_at: UnixTime,
    pub(crate) key: Arc<SigningKey>,
}

impl KeyRing {
    /// Keys that the emulators of this process share, to be made once. Their `kid`s are each emulator's own.
    pub(crate) fn shared(now: UnixTime) -> Self {
        let mut ring = Self {
            v1: SigningKey::shared(0),
            v1_created_at: now,
            v2: Vec::new(),
            next_shared: Some(1),
        };
        ring.rotate(now);
        ring
    }

    /// Keys that nobody else has.
    pub(crate) fn own(now: UnixTime) -> Self {
        let mut ring = Self::restored(SigningKey::new(), now, Vec::new());
        ring.rotate(now);
        ring
    }

    /// Keys that were kept; of those of V2 the last signs.
    pub(crate) fn restored(v1: Arc<SigningKey>, v1_created_at: UnixTime, v2: Vec<PublishedKey>) -> Self {
        Self {
            v1,
            v1_created_at,
            v2,
            next_shared: None,
        }
    }

    /// A new key joins and signs from now on. The old ones stay published.
    pub(crate) fn rotate(&mut self, now: UnixTime) {
        let key = match &mut self.next_shared {
            Some(number) => {
                *number += 1;
                SigningKey::shared(*number - 1)
            }
            None => SigningKey::new(),
        };
        self.v2.push(PublishedKey {
            id: random_uuid().into(),
            created_at: now,
            key,
        });
    }

    /// A rotation without overlap.
    pub(crate) fn replace(&mut self, now: UnixTime) {
        self.rotate(now);
        self.retire();
    }

    /// All keys of V2 but the one that signs leave the key set.
    pub(crate) fn retire(&mut self) {
        self.v2.drain(..self.v2.len().saturating_sub(1));
    }

    pub(crate) fn v1(&self) -> &Arc<SigningKey> {
        &self.v1
    }

    /// When the key of V1 was made.
    pub(crate) fn v1_created_at(&self) -> UnixTime {
        self.v1_created_at
    }

    /// The keys of V2, oldest first.
    pub(crate) fn v2(&self) -> &[PublishedKey] {
        &self.v2
    }

    /// The key of V2 that signs.
    pub(crate) fn v2_signer(&self) -> Option<&PublishedKey> {
        self.v2.last()
    }

    /// The key that a token with this `kid` was signed with.
    pub(crate) fn find(&self, id: &str) -> Option<&Arc<SigningKey>> {
        if id == V1_KEY_ID {
            return Some(&self.v1);
        }
        self.v2
            .iter()
            .find(|published| &*published.id == id)
            .map(|published| &published.key)
    }

    /// The JWK Set (RFC 7517 §5) of V2, newest key first.
    pub(crate) fn jwks(&self, members: JwkMembers) -> Value {
        let keys: Vec<Value> = self
            .v2
            .iter()
            .rev()
            .map(|published| published.jwk(members))
            .collect();
        json!({ "keys": keys })
    }

    /// Whether other emulators of this process sign with the same keys.
    pub(crate) fn is_shared(&self) -> bool {
        self.next_shared.is_some()
    }

    /// All keys, so that they can be made before something waits for them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<SigningKey>> {
        self.v2.iter().map(|published| &published.key).chain([&self.v1])
    }
}

/// Which of the optional members a published JWK has.
#[derive(Clone, Copy)]
pub(crate) struct JwkMembers {
    pub(crate) alg: bool,
    pub(crate) key_use: bool,
}

impl PublishedKey {
    fn jwk(&self, members: JwkMembers) -> Value {
        let (modulus, exponent) = self.key.modulus_and_exponent();
        let mut jwk = json!({ "kty": "RSA", "kid": &*self.id, "n": modulus, "e": exponent });
        if let Some(object) = jwk.as_object_mut() {
            if members.alg {
                object.insert("alg".to_owned(), json!("RS256"));
            }
            if members.key_use {
                object.insert("use".to_owned(), json!("sig"));
            }
        }
        jwk
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rotation_adds_a_key_that_signs_and_a_retirement_leaves_it_alone() {
        let mut ring = KeyRing::own(UnixTime::EPOCH);
        let first = ring.v2_signer().unwrap().id.clone();
        ring.rotate(UnixTime::EPOCH);
        let second = ring.v2_signer().unwrap().id.clone();
        assert_ne!(first, second);
        assert!(ring.find(&first).is_some());
        ring.retire();
        assert!(ring.find(&first).is_none());
        assert!(ring.find(&second).is_some());
        assert!(ring.find(V1_KEY_ID).is_some());
    }

    #[test]
    fn two_emulators_of_one_process_share_the_work_but_not_the_key_ids() {
        let (a, b) = (KeyRing::shared(UnixTime::EPOCH), KeyRing::shared(UnixTime::EPOCH));
        let (a, b) = (a.v2_signer().unwrap(), b.v2_signer().unwrap());
        assert!(Arc::ptr_eq(&a.key, &b.key));
        assert_ne!(a.id, b.id);
    }
}
