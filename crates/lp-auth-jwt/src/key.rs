//! One public key, and whether it made a signature.

mod encoding;
mod invalid;
mod jwk;

use core::fmt;
use core::mem::MaybeUninit;
use std::sync::{Arc, OnceLock};

use base64_simd::URL_SAFE_NO_PAD;
use lp_auth_core::{Compact, Part};

pub use self::invalid::InvalidKey;
pub(crate) use self::jwk::Jwk;
use crate::Rejected;
use crate::backend::{ParsedKey, sha256};
use crate::header::Header;
use crate::memory::Memory;

/// An RSA public key that checks RS256 signatures: 2048 to 8192 bits, with an odd exponent of at least 65537.
///
/// It comes from a JWK, from DER (SPKI or PKCS#1; bare, as PEM or in base64), or from its two numbers, and is judged
/// there: what is too weak or meant for something else is no `VerifyingKey`. Cloning copies a pointer.
///
/// ```
/// use lp_auth_jwt::VerifyingKey;
///
/// let key = VerifyingKey::from_jwk(
///     br#"{"kty":"RSA","kid":"2011-04-29","alg":"RS256","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#,
/// )?;
/// assert_eq!(key.bits(), 2048);
/// assert_eq!(key.kid(), Some("2011-04-29"));
/// // The example of RFC 7638 §3.1.
/// assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
/// # Ok::<(), lp_auth_jwt::InvalidKey>(())
/// ```
#[derive(Clone)]
pub struct VerifyingKey {
    inner: Arc<Inner>,
}

struct Inner {
    kid: Option<Box<str>>,
    numbers: Arc<Numbers>,
    /// A header that a genuine token of this key had, to know it again without decoding it.
    header: OnceLock<KnownHeader>,
    memory: Option<Memory>,
}

struct Numbers {
    n: Box<[u8]>,
    e: Box<[u8]>,
    bits: usize,
    parsed: ParsedKey,
}

/// A header that was read and found good.
pub(crate) struct KnownHeader {
    encoded: Box<str>,
    pub(crate) kid: Option<Box<str>>,
}

impl VerifyingKey {
    /// The fewest bits of a modulus that are taken (RFC 7518 §3.3).
    pub const MIN_BITS: usize = 2048;
    /// The most bits of a modulus that are taken: what is longer costs more time than a stranger may take.
    pub const MAX_BITS: usize = 8192;

    /// From modulus and exponent, big-endian without leading zeros.
    pub fn from_components(n: &[u8], e: &[u8]) -> Result<Self, InvalidKey> {
        let is_canonical = |number: &[u8]| number.first().is_some_and(|byte| *byte != 0);
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        if !is_canonical(n) || !is_canonical(e) {
            return Err(InvalidKey::LeadingZero);
        }
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        if !(Self::MIN_BITS..=Self::MAX_BITS).contains(&bits) {
            return Err(InvalidKey::Size { bits });
        }
        // An exponent of five bytes and more is beyond what the backends take.
        let exponent = e.iter().fold(0_u64, |number, byte| {
            number.saturating_mul(256).saturating_add((*byte).into())
        });
        if !is_odd(e) || !(65_537..=u32::MAX.into()).contains(&exponent) {
            return Err(InvalidKey::Exponent);
        }
        if !is_odd(n) {
            return Err(InvalidKey::Modulus);
        }
        Ok(Self::from_inner(
            None,
            Arc::new(Numbers {
                n: n.into(),
                e: e.into(),
                bits,
                parsed: ParsedKey::default(),
            }),
            None,
        ))
    }

    /// The same key under this `kid`.
    pub fn with_kid(self, kid: impl Into<Box<str>>) -> Self {
        let memory = self.memory().map(Memory::emptied);
        Self::from_inner(Some(kid.into()), Arc::clone(&self.inner.numbers), memory)
    }

    /// The same key, which remembers up to so many tokens that it has verified; see [`Policy::verify`] for what that
    /// brings. With 0 it remembers none, as it does by default.
    ///
    /// A remembered token of LivePerson's usual size takes about 1,100 bytes. Clones share their memory, and it goes
    /// with the last of them.
    ///
    /// [`Policy::verify`]: crate::Policy::verify
    pub fn remembering(self, tokens: usize) -> Self {
        let memory = (tokens > 0).then(|| Memory::new(tokens));
        Self::from_inner(self.inner.kid.clone(), Arc::clone(&self.inner.numbers), memory)
    }

    fn from_inner(kid: Option<Box<str>>, numbers: Arc<Numbers>, memory: Option<Memory>) -> Self {
        Self {
            inner: Arc::new(Inner {
                kid,
                numbers,
                header: OnceLock::new(),
                memory,
            }),
        }
    }

    /// The signature step alone: whether the token says RS256 and nothing critical, and whether this key signed it.
    ///
    /// The payload is not looked at, and the header's `kid` is not compared: whoever calls has chosen the key.
    /// For access tokens use [`Policy::verify`](crate::Policy::verify).
    ///
    /// Fails with [`Rejected::Algorithm`], [`Rejected::CriticalHeader`], [`Rejected::KeySize`],
    /// [`Rejected::Malformed`] or [`Rejected::Signature`].
    ///
    /// ```
    /// use lp_auth_core::Compact;
    /// use lp_auth_jwt::{KeySet, Rejected};
    /// # let token = include_str!("../tests/vectors/specification-sample.jwt").trim();
    ///
    /// // The token that is printed in the documentation, and the key that is printed beside it.
    /// let set = KeySet::documented_v1();
    /// let key = set.keys().next().unwrap();
    /// assert_eq!(key.verify(&Compact::parse(token)?), Err(Rejected::KeySize));
    /// # Ok::<(), Rejected>(())
    /// ```
    pub fn verify(&self, token: &Compact<'_>) -> Result<(), Rejected> {
        if self.known_header(token.encoded(Part::Header)).is_none() {
            Header::read(&token.decode(Part::Header)?)?.check()?;
        }
        let mut place = Signature::PLACE;
        let signature = Signature::decode(token, &mut place)?;
        self.verify_message(token.signing_input().as_bytes(), signature.bytes())
    }

    /// Whether this key signed a message that is no token: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2.2).
    ///
    /// Fails with [`Rejected::KeySize`] or [`Rejected::Signature`].
    pub fn verify_message(&self, message: &[u8], signature: &[u8]) -> Result<(), Rejected> {
        if signature.len() != self.n().len() {
            return Err(Rejected::KeySize);
        }
        let parsed = &self.inner.numbers.parsed;
        let verdict = parsed.verify(self.n(), self.e(), message, signature);
        verdict.map_err(|_| Rejected::Signature)
    }

    /// The `kid` that tokens name this key by, if it has one.
    pub fn kid(&self) -> Option<&str> {
        self.inner.kid.as_deref()
    }

    /// The size of its modulus.
    pub fn bits(&self) -> usize {
        self.inner.numbers.bits
    }

    /// Its modulus, big-endian without leading zeros.
    pub fn n(&self) -> &[u8] {
        &self.inner.numbers.n
    }

    /// Its exponent, big-endian without leading zeros.
    pub fn e(&self) -> &[u8] {
        &self.inner.numbers.e
    }

    /// Its JWK thumbprint with SHA-256, in base64url (RFC 7638): the same for the same key, whatever its `kid`.
    pub fn thumbprint(&self) -> String {
        let jwk = format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            URL_SAFE_NO_PAD.encode_to_string(self.e()),
            URL_SAFE_NO_PAD.encode_to_string(self.n())
        );
        URL_SAFE_NO_PAD.encode_to_string(sha256(jwk.as_bytes()))
    }

    /// This header, if a genuine token of this key had the same one before.
    pub(crate) fn known_header(&self, encoded: &str) -> Option<&KnownHeader> {
        self.inner.header.get().filter(|known| *known.encoded == *encoded)
    }

    /// Knows this header again from now on. The caller has read it, found it good, and verified its signature.
    pub(crate) fn know_header(&self, encoded: &str, kid: Option<&str>) {
        const LONGEST: usize = 256;
        if encoded.len() <= LONGEST && self.inner.header.get().is_none() {
            // Somebody else may have been faster; any genuine header will do.
            let _ = self.inner.header.set(KnownHeader {
                encoded: encoded.into(),
                kid: kid.map(Into::into),
            });
        }
    }

    pub(crate) fn memory(&self) -> Option<&Memory> {
        self.inner.memory.as_ref()
    }
}

/// Keys are equal that have the same `kid` and the same numbers. What they remember is no part of that.
impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.kid() == other.kid() && self.n() == other.n() && self.e() == other.e()
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("kid", &self.kid())
            .field("bits", &self.bits())
            .field("thumbprint", &self.thumbprint())
            .finish_non_exhaustive()
    }
}

type SignaturePlace = [MaybeUninit<u8>; VerifyingKey::MAX_BITS / 8];

/// A decoded signature, of a length that a key which is accepted here can make.
#[derive(Clone, Copy)]
pub(crate) struct Signature<'a>(&'a [u8]);

impl<'a> Signature<'a> {
    /// Room for the longest.
    pub(crate) const PLACE: SignaturePlace = [MaybeUninit::uninit(); VerifyingKey::MAX_BITS / 8];

    /// Decodes without an allocation. What is longer or shorter than any key makes is not decoded.
    pub(crate) fn decode(token: &Compact<'_>, place: &'a mut SignaturePlace) -> Result<Self, Rejected> {
        let acceptable = VerifyingKey::MIN_BITS / 8..=place.len();
        if !acceptable.contains(&token.decoded_length(Part::Signature)) {
            return Err(Rejected::KeySize);
        }
        Ok(Self(token.decode_into(Part::Signature, place)?))
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }
}
