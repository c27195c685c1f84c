//! Why a key is not used.

use crate::VerifyingKey;

/// Why something is not a key that verifies LivePerson's tokens. No variant repeats key material.
///
/// ```
/// use lp_auth_jwt::{InvalidKey, VerifyingKey};
///
/// assert_eq!(VerifyingKey::from_pem("hello").unwrap_err(), InvalidKey::Pem);
/// assert_eq!(VerifyingKey::from_components(&[0xFF; 128], &[1, 0, 1]).unwrap_err(), InvalidKey::Size { bits: 1024 });
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// A JWK's `alg` is not `RS256`.
    #[error("the key is for another algorithm than RS256")]
    Algorithm,
    /// It is not base64, or, in a JWK, not base64url without padding.
    #[error("the key is not in base64, or in another kind of base64 than belongs there")]
    Base64,
    /// It is no DER of an RSA public key, neither SPKI nor PKCS#1.
    #[error("the key is no RSA public key in DER (SPKI or PKCS#1)")]
    Der,
    /// In its JWK Set an earlier key has the same `kid`.
    #[error("an earlier key of the set has the same `kid`")]
    DuplicateKid,
    /// Its exponent is even, below 65537, or above 32 bits.
    #[error("the key's exponent is not an odd number from 65537 on")]
    Exponent,
    /// It is no JWK: no JSON object, one with a duplicate member, or one with a member of the wrong type.
    #[error("the key is no JWK: a JSON object in which a member is missing, twice there or of another type")]
    Jwk,
    /// A JWK's `key_ops` lacks `verify`.
    #[error("the key is not for verifying (`key_ops`)")]
    KeyOperations,
    /// A JWK's `kty` is not `RSA`.
    #[error("the key is of another type than RSA")]
    KeyType,
    /// A number begins with a zero byte, or is empty.
    #[error("the key's modulus or exponent is empty or begins with a zero byte")]
    LeadingZero,
    /// The modulus is even.
    #[error("the key's modulus is not one of RSA")]
    Modulus,
    /// It is no PEM, or PEM of something else than a public key.
    #[error("the key is no PEM with the label `PUBLIC KEY` or `RSA PUBLIC KEY`")]
    Pem,
    /// It has fewer or more bits than is acceptable.
    #[error(
        "the key has {bits} bits; {} to {} are accepted",
        VerifyingKey::MIN_BITS,
        VerifyingKey::MAX_BITS
    )]
    Size {
        /// How many it has.
        bits: usize,
    },
    /// A JWK's `use` is not `sig`.
    #[error("the key is not for signatures (`use`)")]
    Use,
}
