//! Keys as DER, bare, in PEM and in base64.

use base64_simd::forgiving_decode_to_vec;
use pkcs1::RsaPublicKeyRef;
use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode;
use spki::der::asn1::AnyRef;

use crate::{InvalidKey, VerifyingKey};

impl VerifyingKey {
    /// From a `SubjectPublicKeyInfo` in DER (RFC 5280 §4.1.2.7), as OpenSSL and most others write public keys.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| InvalidKey::Der)?;
        if spki.algorithm.oid != pkcs1::ALGORITHM_OID || spki.algorithm.parameters != Some(AnyRef::NULL) {
            return Err(InvalidKey::Der);
        }
        Self::from_pkcs1_der(spki.subject_public_key.as_bytes().ok_or(InvalidKey::Der)?)
    }

    /// From an `RSAPublicKey` in DER (RFC 8017, appendix A.1.1).
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let key = RsaPublicKeyRef::from_der(der).map_err(|_| InvalidKey::Der)?;
        Self::from_components(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// From DER of either kind, in base64 as the specification prints the V1 key. Line breaks and spaces are skipped.
    ///
    /// ```
    /// use lp_auth_jwt::VerifyingKey;
    ///
    /// // The V1 key of SPECIFICATION.md.
    /// let key = VerifyingKey::from_base64_der("
    ///     MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvGQctwBFFZBaSu+LC4LVk/4/XyVQmhcwM5a91lT7BwZug/GtpR+ZGpKkiZSgTehR
    ///     dBJKSPjv5K6D8/cBm28OV11Mekjn1PJrveSXrRsfUbOqIHgpfVtnkxN3ZaV6GSWQrrZArkpbAm+Kf5o5jxFPhCadB8BdRGCbMI3rFEkYSFqn
    ///     mptI3olIAtAjmtbLJnwYZyXl2WZXMBmORLXnV9aTMGp4uFZdX+QbK808q55zxSB5HM3N9B8NLUP1TELc6N2dhWk2RwR/C9WvQYH/UAnxqVEw
    ///     rAXt+rb+YWuu92Dj4NLAmpEYbRQi+S+5Y6t5g6kX/QMQ/ycdFOW/WA3JoptUSQIDAQAB")?;
    /// assert_eq!(Some(key), lp_auth_jwt::KeySet::documented_v1().keys().next().cloned());
    /// # Ok::<(), lp_auth_jwt::InvalidKey>(())
    /// ```
    pub fn from_base64_der(base64: &str) -> Result<Self, InvalidKey> {
        let der = forgiving_decode_to_vec(base64.as_bytes()).map_err(|_| InvalidKey::Base64)?;
        Self::from_spki_der(&der).or_else(|error| match error {
            InvalidKey::Der => Self::from_pkcs1_der(&der),
            other => Err(other),
        })
    }

    /// From the first public key in PEM (RFC 7468): `PUBLIC KEY` or `RSA PUBLIC KEY`.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidKey> {
        Self::all_from_pem(pem)?
            .into_iter()
            .next()
            .ok_or(InvalidKey::Pem)?
    }

    /// Every public key in PEM, each judged alone. What else is there, as certificates, is passed over.
    pub(crate) fn all_from_pem(pem: &str) -> Result<Vec<Result<Self, InvalidKey>>, InvalidKey> {
        let blocks = pem::parse_many(pem).map_err(|_| InvalidKey::Pem)?;
        let key = |block: pem::Pem| match block.tag() {
            "PUBLIC KEY" => Some(Self::from_spki_der(block.contents())),
            "RSA PUBLIC KEY" => Some(Self::from_pkcs1_der(block.contents())),
            _ => None,
        };
        Ok(blocks.into_iter().filter_map(key).collect())
    }
}
