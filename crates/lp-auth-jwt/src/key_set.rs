//! Several keys, found by their `kid`.

use core::fmt;
use std::collections::HashSet;

use lp_auth_core::json_object;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::key::Jwk;
use crate::{InvalidKey, VerifyingKey};

/// The V1 key of the specification, SPKI DER in base64.
const DOCUMENTED_V1: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvGQctwBFFZBaSu+LC4LVk/4/XyVQmhcwM5a91lT7BwZug/GtpR+ZGpKkiZSgTehRdBJKSPjv5K6D8/cBm28OV11Mekjn1PJrveSXrRsfUbOqIHgpfVtnkxN3ZaV6GSWQrrZArkpbAm+Kf5o5jxFPhCadB8BdRGCbMI3rFEkYSFqnmptI3olIAtAjmtbLJnwYZyXl2WZXMBmORLXnV9aTMGp4uFZdX+QbK808q55zxSB5HM3N9B8NLUP1TELc6N2dhWk2RwR/C9WvQYH/UAnxqVEwrAXt+rb+YWuu92Dj4NLAmpEYbRQi+S+5Y6t5g6kX/QMQ/ycdFOW/WA3JoptUSQIDAQAB";

/// Keys that may have signed a token, and what was passed over when they were read.
///
/// Of several keys with one `kid` the first counts. Put it into an [`Arc`](std::sync::Arc) to share it.
///
/// ```
/// use lp_auth_jwt::{InvalidKey, KeySet};
///
/// let set = KeySet::from_jwks(br#"{"keys":[
///     {"kty":"EC","kid":"other","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
///     {"kty":"RSA","kid":"mine","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}
/// ]}"#)?;
/// assert!(set.key("mine").is_some());
/// assert_eq!(set.skipped()[0].why, InvalidKey::KeyType);
///
/// // The documented V1 key, joined by one of your own.
/// let both = KeySet::documented_v1().joined_by(set);
/// assert_eq!(both.keys().count(), 2);
/// # Ok::<(), lp_auth_jwt::InvalidKeySet>(())
/// ```
#[derive(Clone, Default)]
pub struct KeySet {
    keys: Vec<VerifyingKey>,
    /// Places in `keys` of those with a `kid`, in the order of the `kid`s.
    by_kid: Vec<usize>,
    skipped: Vec<SkippedKey>,
}

/// An entry of a JWK Set that is not used. See [`KeySet::skipped`].
///
/// ```
/// # fn example(set: &lp_auth_jwt::KeySet) {
/// for skipped in set.skipped() {
///     eprintln!("key {} ({:?}) is not used: {}", skipped.place, skipped.kid, skipped.why);
/// }
/// # }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Where it stood among the keys given, counted from 0.
    pub place: usize,
    /// Its `kid`, where one could be read.
    pub kid: Option<String>,
    /// Why it is not used.
    pub why: InvalidKey,
}

impl KeySet {
    /// The V1 key of LivePerson's documentation (SPECIFICATION.md, step 3), which has no `kid`.
    ///
    /// Keys differ per zone (LIVEPERSON.md §4): if yours is another one, make a set of it, or join it to this.
    pub fn documented_v1() -> Self {
        VerifyingKey::from_base64_der(DOCUMENTED_V1).into_iter().collect()
    }

    /// From a JWK Set (RFC 7517 §5). Each key is judged alone: one that cannot be used is [skipped](Self::skipped).
    ///
    /// Fails where it is no JWK Set, and where no key of it can be used.
    pub fn from_jwks(json: &[u8]) -> Result<Self, InvalidKeySet> {
        #[derive(Deserialize)]
        struct Jwks<'a> {
            #[serde(borrow)]
            keys: Vec<&'a RawValue>,
        }
        let json = core::str::from_utf8(json).map_err(|_| InvalidKeySet::Jwks)?;
        let Jwks { keys } = json_object(json.as_bytes()).map_err(|_| InvalidKeySet::Jwks)?;
        Self::from_entries(keys.into_iter().map(|entry| match Jwk::read(entry.get()) {
            Ok(jwk) => {
                let kid = jwk.kid.clone().map(Into::into);
                (kid, jwk.into_key())
            }
            Err(error) => (None, Err(error)),
        }))
    }

    /// From every public key in PEM, or fails where none can be used.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidKeySet> {
        match VerifyingKey::all_from_pem(pem) {
            Ok(keys) if !keys.is_empty() => Self::from_entries(keys.into_iter().map(|key| (None, key))),
            _ => Err(InvalidKeySet::Pem),
        }
    }

    /// From a file of any kind that holds keys: a JWK Set, a JWK, PEM, or DER in base64.
    pub fn from_text(text: &str) -> Result<Self, InvalidKeySet> {
        let text = text.trim_ascii();
        if text.starts_with('{') {
            return Self::from_jwks(text.as_bytes()).or_else(|error| match error {
                InvalidKeySet::Jwks => Self::from_entries([(None, VerifyingKey::from_jwk(text.as_bytes()))]),
                other => Err(other),
            });
        }
        if text.contains("-----BEGIN") {
            return Self::from_pem(text);
        }
        Self::from_entries([(None, VerifyingKey::from_base64_der(text))])
    }

    fn from_entries(
        entries: impl IntoIterator<Item = (Option<String>, Result<VerifyingKey, InvalidKey>)>,
    ) -> Result<Self, InvalidKeySet> {
        let mut usable = Vec::new();
        let mut skipped = Vec::new();
        for (place, (kid, key)) in entries.into_iter().enumerate() {
            match key {
                Ok(key) => usable.push((place, key)),
                Err(why) => skipped.push(SkippedKey { place, kid, why }),
            }
        }
        if usable.is_empty() {
            return Err(InvalidKeySet::NoUsableKey { skipped });
        }
        Ok(Self::assemble(usable, skipped))
    }

    /// The keys of both sets; where they share a `kid`, this set's key stays and the other's is reported as skipped.
    pub fn joined_by(self, other: Self) -> Self {
        let keys = self.keys.into_iter().chain(other.keys).enumerate().collect();
        let skipped = self.skipped.into_iter().chain(other.skipped).collect();
        Self::assemble(keys, skipped)
    }

    /// The same keys, each of which remembers up to so many tokens: see [`VerifyingKey::remembering`].
    pub fn remembering(mut self, tokens: usize) -> Self {
        self.keys = self.keys.into_iter().map(|key| key.remembering(tokens)).collect();
        self
    }

    /// The key with this `kid`.
    pub fn key(&self, kid: &str) -> Option<&VerifyingKey> {
        let found = self
            .by_kid
            .binary_search_by(|place| self.kid_at(*place).cmp(kid))
            .ok()?;
        self.keys.get(*self.by_kid.get(found)?)
    }

    /// All keys, as they were given.
    pub fn keys(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys.iter()
    }

    /// The keys that have no `kid`.
    pub fn keys_without_kid(&self) -> impl Iterator<Item = &VerifyingKey> {
        let all_have_one = self.by_kid.len() == self.keys.len();
        let without = if all_have_one { &[] } else { &*self.keys };
        without.iter().filter(|key| key.kid().is_none())
    }

    /// What was given and is not used, and why.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// Some of the keys, or all: few enough to ask one after the other what they remember.
    pub(crate) fn first_few(&self) -> impl Iterator<Item = &VerifyingKey> {
        const FEW: usize = 8;
        self.keys.iter().take(FEW)
    }

    /// Takes over what `older` knows of the keys that are in both: tokens remembered, headers known.
    pub(crate) fn inherit(&mut self, older: &Self) {
        for key in &mut self.keys {
            let same = match key.kid() {
                Some(kid) => older.key(kid),
                None => older.keys_without_kid().find(|other| *other == key),
            };
            if let Some(same) = same.filter(|same| *same == key) {
                *key = same.clone();
            }
        }
    }

    /// Of keys with the same `kid` the first stays.
    fn assemble(keys: Vec<(usize, VerifyingKey)>, mut skipped: Vec<SkippedKey>) -> Self {
        let mut kids = HashSet::with_capacity(keys.len());
        let is_first: Vec<bool> = keys
            .iter()
            .map(|(_, key)| key.kid().is_none_or(|kid| kids.insert(kid)))
            .collect();
        let mut unique = Vec::with_capacity(keys.len());
        for ((place, key), is_first) in keys.into_iter().zip(is_first) {
            if is_first {
                unique.push(key);
                continue;
            }
            skipped.push(SkippedKey {
                place,
                kid: key.kid().map(str::to_owned),
                why: InvalidKey::DuplicateKid,
            });
        }
        let kid_at = |place: &usize| unique.get(*place).and_then(VerifyingKey::kid);
        let mut by_kid: Vec<usize> = (0..unique.len())
            .filter(|place| kid_at(place).is_some())
            .collect();
        by_kid.sort_unstable_by_key(kid_at);
        Self {
            keys: unique,
            by_kid,
            skipped,
        }
    }

    fn kid_at(&self, place: usize) -> &str {
        self.keys
            .get(place)
            .and_then(VerifyingKey::kid)
            .unwrap_or_default()
    }
}

/// The keys as they come; nothing is skipped but a `kid` that is there already.
impl FromIterator<VerifyingKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = VerifyingKey>>(keys: I) -> Self {
        Self::assemble(keys.into_iter().enumerate().collect(), Vec::new())
    }
}

impl From<VerifyingKey> for KeySet {
    fn from(key: VerifyingKey) -> Self {
        Self::from_iter([key])
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySet")
            .field("keys", &self.keys)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}

/// Why something is no set of keys that could verify a token.
///
/// ```
/// use lp_auth_jwt::{InvalidKeySet, KeySet};
///
/// let error = KeySet::from_jwks(br#"{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0"}]}"#).unwrap_err();
/// assert_eq!(error.to_string(), "none of the keys can be used: key 0 (kid \"s\"): the key is of another type than RSA");
/// assert!(matches!(error, InvalidKeySet::NoUsableKey { skipped } if skipped.len() == 1));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKeySet {
    /// It is no JWK Set: a JSON object with an array `keys`.
    #[error("this is no JWK Set: a JSON object with an array `keys` is")]
    Jwks,
    /// There are no keys in it, or none that can be used.
    #[error("none of the keys can be used{}", Reasons(skipped))]
    NoUsableKey {
        /// What was there, and why it is not used.
        skipped: Vec<SkippedKey>,
    },
    /// It is no PEM, or has no public key in it.
    #[error("there is no public key in PEM here: `PUBLIC KEY` and `RSA PUBLIC KEY` are")]
    Pem,
}

/// The first few reasons why keys are not used.
struct Reasons<'a>(&'a [SkippedKey]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FEW: usize = 4;
        let mut mark = ":";
        if self.0.is_empty() {
            return f.write_str(": there are none");
        }
        for SkippedKey { place, kid, why } in self.0.iter().take(FEW) {
            write!(f, "{mark} key {place}")?;
            if let Some(kid) = kid {
                let kid: String = kid.chars().take(64).collect();
                write!(f, " (kid {kid:?})")?;
            }
            write!(f, ": {why}")?;
            mark = ";";
        }
        match self.0.len().saturating_sub(FEW) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
