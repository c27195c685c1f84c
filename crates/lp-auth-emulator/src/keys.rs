//! RSA keys: made when they are first needed, and what is done with them.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKey};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// An RSA-2048 key, made at its first use: making one takes about a tenth of a second.
pub(crate) struct SigningKey {
    pair: OnceLock<RsaKeyPair>,
}

impl SigningKey {
    /// A key that nobody else has.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            pair: OnceLock::new(),
        })
    }

    /// The key of this number among those that all emulators of the process share.
    pub(crate) fn shared(number: usize) -> Arc<Self> {
        static SHARED: Mutex<Vec<Arc<SigningKey>>> = Mutex::new(Vec::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        while shared.len() <= number {
            shared.push(Self::new());
        }
        shared.get(number).map_or_else(Self::new, Arc::clone)
    }

    /// The one key that is in no emulator's key set: for forged tokens.
    pub(crate) fn foreign() -> Arc<Self> {
        static FOREIGN: OnceLock<Arc<SigningKey>> = OnceLock::new();
        Arc::clone(FOREIGN.get_or_init(Self::new))
    }

    /// The key with this PKCS#8 document, if it is one.
    pub(crate) fn from_pkcs8(document: &[u8]) -> Option<Arc<Self>> {
        let pair = RsaKeyPair::from_pkcs8(document).ok()?;
        Some(Arc::new(Self {
            pair: OnceLock::from(pair),
        }))
    }

    /// Whether it is there already, so that using it takes no time.
    pub(crate) fn is_made(&self) -> bool {
        self.pair.get().is_some()
    }

    /// Makes it now, if it is not there.
    pub(crate) fn make(&self) {
        self.pair();
    }

    /// The PKCS#8 document: the private key itself.
    pub(crate) fn pkcs8(&self) -> Vec<u8> {
        let document: Result<Pkcs8V1Der<'_>, _> = self.pair().as_der();
        document
            .map(|document| document.as_ref().to_vec())
            .expect("a key that was made can be written")
    }

    /// The public key as `SubjectPublicKeyInfo` (RFC 5280 §4.1), DER.
    pub(crate) fn spki(&self) -> Vec<u8> {
        let document: Result<PublicKeyX509Der<'_>, _> = self.public_key().as_der();
        document
            .map(|document| document.as_ref().to_vec())
            .expect("a key that was made can be written")
    }

    /// [`spki`](Self::spki) in PEM (RFC 7468 §13).
    pub(crate) fn spki_pem(&self) -> String {
        let base64 = STANDARD.encode(self.spki());
        let mut pem = String::from("-----BEGIN PUBLIC KEY-----\n");
        let mut rest = base64.as_str();
        while !rest.is_empty() {
            let (line, next) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = next;
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        pem
    }

    /// Modulus and exponent as a JWK has them (RFC 7518 §6.3.1): base64url, no leading zero.
    pub(crate) fn modulus_and_exponent(&self) -> (String, String) {
        let key = self.public_key();
        (
            URL_SAFE_NO_PAD.encode(key.modulus().big_endian_without_leading_zero()),
            URL_SAFE_NO_PAD.encode(key.exponent().big_endian_without_leading_zero()),
        )
    }

    /// The RS256 signature (RFC 7518 §3.3) of `message`.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let pair = self.pair();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a key that was made can sign");
        signature
    }

    /// Whether `signature` is this key's RS256 signature of `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        aws_lc_rs::signature::UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.public_key().as_ref())
            .verify(message, signature)
            .is_ok()
    }

    fn public_key(&self) -> &PublicKey {
        self.pair().public_key()
    }

    fn pair(&self) -> &RsaKeyPair {
        self.pair.get_or_init(|| {
            RsaKeyPair::generate(KeySize::Rsa2048).expect("the system has randomness to give")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_kept_as_pkcs8_is_the_same_key() {
        let key = SigningKey::shared(0);
        let restored = SigningKey::from_pkcs8(&key.pkcs8()).unwrap();
        assert_eq!(key.spki(), restored.spki());
        assert!(restored.verifies(b"message", &key.sign(b"message")));
        assert!(!restored.verifies(b"massage", &key.sign(b"message")));
        assert!(SigningKey::from_pkcs8(b"nonsense").is_none());
    }

    #[test]
    fn shared_keys_are_told_apart_by_their_number_and_the_foreign_key_is_none_of_them() {
        assert!(Arc::ptr_eq(&SigningKey::shared(1), &SigningKey::shared(1)));
        assert!(!Arc::ptr_eq(&SigningKey::shared(0), &SigningKey::shared(1)));
        assert!(!Arc::ptr_eq(&SigningKey::shared(0), &SigningKey::foreign()));
    }
}
