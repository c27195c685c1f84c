//! A verification with the keys at hand: token in, claims or the reason why not out.

use std::sync::Arc;

use lp_auth_core::{ApiVersion, Compact, Part, UnixTime};

use crate::header::Header;
use crate::key::Signature;
use crate::memory::{Recalled, Remembered};
use crate::{Claims, ClaimsSet, KeySet, Policy, Rejected, UnknownKey, VerifyingKey};

/// The keys at hand, of either version. A version without keys is one whose tokens cannot be verified now.
///
/// ```
/// use lp_auth_jwt::{KeySet, Keys};
///
/// let documented = KeySet::documented_v1();
/// let keys = Keys::v1(&documented);
/// assert!(keys.v2.is_none());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys<'a> {
    /// V1's: the documented one, or the user's own.
    pub v1: Option<&'a KeySet>,
    /// V2's: what Sentinel published last.
    pub v2: Option<&'a KeySet>,
}

impl<'a> Keys<'a> {
    /// No keys at all.
    pub fn none() -> Self {
        Self::default()
    }

    /// Keys for V1 tokens.
    pub fn v1(keys: &'a KeySet) -> Self {
        Self {
            v1: Some(keys),
            v2: None,
        }
    }

    /// Keys for V2 tokens.
    pub fn v2(keys: &'a KeySet) -> Self {
        Self {
            v1: None,
            v2: Some(keys),
        }
    }

    /// The sets that the policy lets count, V2's first, since its keys are told apart by their `kid`s.
    fn acceptable(self, policy: &Policy) -> impl Iterator<Item = (ApiVersion, &'a KeySet)> + Clone {
        [(ApiVersion::V2, self.v2), (ApiVersion::V1, self.v1)]
            .into_iter()
            .filter(|(version, _)| policy.accepts(*version))
            .filter_map(|(version, set)| Some((version, set?)))
    }
}

impl Policy {
    /// Verifies a token with the keys at hand, at this time.
    ///
    /// Which keys are tried: those with the token's `kid`; for a token without one, and for a V1 token whose `kid`
    /// no V1 key has, the keys without a `kid`. Where a newer V2 key set may have the key,
    /// [`Rejected::missing_key`] says so: [`KeySource::keys`](crate::KeySource::keys) fetches it.
    ///
    /// A key that [remembers](VerifyingKey::remembering) answers for a token that it has verified before without
    /// the cryptography; the policy is held against its claims every time.
    ///
    /// ```
    /// use lp_auth_core::{ApiVersion, UnixTime};
    /// use lp_auth_jwt::{KeySet, Keys, Policy, Rejected};
    /// # let token = include_str!("../tests/vectors/specification-sample.jwt").trim();
    ///
    /// let policy = Policy::builder(["le81823118".parse()?])
    ///     .any_client()
    ///     .versions([ApiVersion::V1])
    ///     .build()?;
    /// let documented = KeySet::documented_v1();
    ///
    /// // The documentation's sample token does not verify against the documentation's key: it is half as long.
    /// let verdict = policy.verify(token, Keys::v1(&documented), UnixTime::from_secs(1_524_643_000));
    /// assert_eq!(verdict.unwrap_err(), Rejected::KeySize);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self, token: &str, keys: Keys<'_>, now: UnixTime) -> Result<Claims, Rejected> {
        match self.authenticate(token, keys)? {
            Genuine::Recalled(recalled) => {
                let claims = recalled.claims().ok_or(Rejected::Signature)?;
                self.check(claims, now)?;
                Ok(claims.clone())
            }
            Genuine::Verified { claims, key } => {
                self.check(&claims, now)?;
                if let Some(memory) = key.memory() {
                    memory.remember(Arc::new(Remembered::new(token, claims.clone())));
                }
                Ok(claims)
            }
        }
    }

    /// The same, with the claims handed over by reference: a remembered token is answered without an allocation.
    ///
    /// ```
    /// use lp_auth_core::UnixTime;
    /// use lp_auth_jwt::{Keys, Policy, Rejected};
    ///
    /// fn may_write(policy: &Policy, token: &str, keys: Keys<'_>, now: UnixTime) -> Result<bool, Rejected> {
    ///     policy.with_claims(token, keys, now, |claims| claims.scopes().contains("msg.consumer"))
    /// }
    /// ```
    pub fn with_claims<T>(
        &self,
        token: &str,
        keys: Keys<'_>,
        now: UnixTime,
        read: impl FnOnce(&Claims) -> T,
    ) -> Result<T, Rejected> {
        match self.authenticate(token, keys)? {
            Genuine::Recalled(recalled) => {
                let claims = recalled.claims().ok_or(Rejected::Signature)?;
                self.check(claims, now)?;
                Ok(read(claims))
            }
            Genuine::Verified { claims, key } => {
                self.check(&claims, now)?;
                let Some(memory) = key.memory() else {
                    return Ok(read(&claims));
                };
                let remembered = Arc::new(Remembered::new(token, claims));
                memory.remember(Arc::clone(&remembered));
                Ok(read(&remembered.claims))
            }
        }
    }

    /// Whether a key at hand signed the token. What the token claims is for the caller to judge.
    fn authenticate<'k>(&self, token: &str, keys: Keys<'k>) -> Result<Genuine<'k>, Rejected> {
        let sets = keys.acceptable(self);
        if let Some(recalled) = sets
            .clone()
            .find_map(|(version, set)| set.first_few().find_map(|key| recall(key, token, version)))
        {
            return Ok(Genuine::Recalled(recalled));
        }
        let compact = Compact::split(token)?;
        let encoded_header = compact.encoded(Part::Header);
        let known = sets
            .clone()
            .find_map(|(_, set)| set.first_few().find_map(|key| key.known_header(encoded_header)));
        let decoded;
        let header;
        let kid = if let Some(known) = known {
            known.kid.as_deref()
        } else {
            decoded = compact.decode(Part::Header)?;
            header = Header::read(&decoded)?;
            header.check()?;
            header.kid.as_deref()
        };
        let mut place = Signature::PLACE;
        let signature = match Signature::decode(&compact, &mut place) {
            Ok(signature) => signature,
            Err(rejected) => {
                compact.check()?;
                return Err(rejected);
            }
        };

        let mut why_not = None;
        for (version, key) in sets.flat_map(|(version, set)| candidates(version, set, kid)) {
            if let Some(recalled) = recall(key, token, version) {
                return Ok(Genuine::Recalled(recalled));
            }
            match key.verify_message(compact.signing_input().as_bytes(), signature.bytes()) {
                Ok(()) => {
                    key.know_header(encoded_header, kid);
                    let claims = Claims::new(ClaimsSet::read(compact.decode(Part::Payload)?)?, version);
                    return Ok(Genuine::Verified { claims, key });
                }
                // Of several keys tried, one of the right size tells more.
                Err(Rejected::KeySize) => _ = why_not.get_or_insert(Rejected::KeySize),
                Err(rejected) => why_not = Some(rejected),
            }
        }
        // What was not decoded so far may be misspelled, which tells more, and is nothing to fetch a key for.
        compact.check()?;
        let may_be_published = self.accepts(ApiVersion::V2)
            && match keys.v2 {
                Some(set) => kid.is_some_and(|kid| set.key(kid).is_none()),
                None => true,
            };
        match why_not {
            Some(why_not) if !may_be_published => Err(why_not),
            _ => Err(Rejected::UnknownKey(UnknownKey::new(kid, may_be_published))),
        }
    }
}

/// A token that a key at hand signed.
enum Genuine<'k> {
    Recalled(Recalled),
    Verified { claims: Claims, key: &'k VerifyingKey },
}

/// The keys of a set that may have signed a token with this `kid`.
fn candidates<'k>(
    version: ApiVersion,
    set: &'k KeySet,
    kid: Option<&str>,
) -> impl Iterator<Item = (ApiVersion, &'k VerifyingKey)> {
    let named = kid.and_then(|kid| set.key(kid));
    // V1's documented key has no `kid`, and V1's tokens name one.
    let unnamed = kid.is_none() || (version == ApiVersion::V1 && named.is_none());
    let unnamed = unnamed.then(|| set.keys_without_kid()).into_iter().flatten();
    named.into_iter().chain(unnamed).map(move |key| (version, key))
}

/// What this key remembers of the token, as one of this version.
fn recall(key: &VerifyingKey, token: &str, version: ApiVersion) -> Option<Recalled> {
    key.memory()?.recall(token).filter(|recalled| {
        recalled
            .claims()
            .is_some_and(|claims| claims.version() == version)
    })
}
