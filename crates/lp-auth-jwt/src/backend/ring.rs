//! `ring`. It parses a key on each verification; there is no other way in its public interface.

use ring::digest;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::Unfit;

pub(crate) struct RsaKey {
    n: Box<[u8]>,
    e: Box<[u8]>,
}

impl RsaKey {
    /// From modulus and exponent, big-endian without leading zeros.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the other backend parses here and can refuse"
    )]
    pub(crate) fn new(n: &[u8], e: &[u8]) -> Result<Self, Unfit> {
        Ok(Self {
            n: n.into(),
            e: e.into(),
        })
    }

    /// Whether this is the key's signature of the message: RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unfit> {
        RsaPublicKeyComponents {
            n: &self.n,
            e: &self.e,
        }
        .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        .map_err(|_| Unfit)
    }
}

pub(crate) fn sha256(message: &[u8]) -> impl AsRef<[u8]> {
    digest::digest(&digest::SHA256, message)
}
