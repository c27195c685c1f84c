//! Keys as JWK (RFC 7517, RFC 7518 §6.3).
//!
//! The members are read here and not through a JWK type of another crate: such a type refuses a good key for a wrongly
//! typed member that nobody looks at, as `x5c`, and takes one with duplicate members.

use std::borrow::Cow;

use base64_simd::URL_SAFE_NO_PAD;
use serde::de::MapAccess;

use crate::json::{self, Known, Members, OptionalText};
use crate::{InvalidKey, VerifyingKey};

impl VerifyingKey {
    /// From a JSON Web Key. `use`, `key_ops` and `alg` must fit where they are present (and not
    /// `null`); other members, certificates among them, are not looked at.
    pub fn from_jwk(json: &[u8]) -> Result<Self, InvalidKey> {
        let json = core::str::from_utf8(json).map_err(|_| InvalidKey::Jwk)?;
        Jwk::read(json)?.into_key()
    }
}

/// The members of a JWK that are looked at.
#[derive(Default)]
pub(crate) struct Jwk<'a> {
    alg: Option<Cow<'a, str>>,
    e: Option<Cow<'a, str>>,
    key_ops: Option<Vec<Cow<'a, str>>>,
    pub(crate) kid: Option<Cow<'a, str>>,
    kty: Option<Cow<'a, str>>,
    n: Option<Cow<'a, str>>,
    purpose: Option<Cow<'a, str>>,
}

impl<'a> Jwk<'a> {
    pub(crate) fn read(json: &'a str) -> Result<Self, InvalidKey> {
        let mut jwk = Self::default();
        json::read_object(json, &mut jwk).map_err(|_| InvalidKey::Jwk)?;
        Ok(jwk)
    }

    pub(crate) fn into_key(self) -> Result<VerifyingKey, InvalidKey> {
        if self.kty.ok_or(InvalidKey::Jwk)? != "RSA" {
            return Err(InvalidKey::KeyType);
        }
        if self.purpose.is_some_and(|purpose| purpose != "sig") {
            return Err(InvalidKey::Use);
        }
        let can_verify = |operations: Vec<Cow<'_, str>>| operations.iter().any(|name| name == "verify");
        if !self.key_ops.is_none_or(can_verify) {
            return Err(InvalidKey::KeyOperations);
        }
        if self.alg.is_some_and(|alg| alg != "RS256") {
            return Err(InvalidKey::Algorithm);
        }
        let number = |text: Option<Cow<'_, str>>| {
            let text = text.ok_or(InvalidKey::Jwk)?;
            URL_SAFE_NO_PAD
                .decode_to_vec(text.as_bytes())
                .map_err(|_| InvalidKey::Base64)
        };
        let key = VerifyingKey::from_components(&number(self.n)?, &number(self.e)?)?;
        Ok(match self.kid {
            Some(kid) => key.with_kid(kid),
            None => key,
        })
    }
}

impl<'de> Members<'de> for Jwk<'de> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<Known, M::Error> {
        let place = match name {
            "alg" => &mut self.alg,
            "e" => &mut self.e,
            "key_ops" => {
                self.key_ops = map.next_value()?;
                return Ok(Known::Yes);
            }
            "kid" => &mut self.kid,
            "kty" => &mut self.kty,
            "n" => &mut self.n,
            "use" => &mut self.purpose,
            _ => return Ok(Known::No),
        };
        *place = map.next_value_seed(OptionalText)?;
        Ok(Known::Yes)
    }

    fn duplicate(&mut self) {}
}
