//! `aws-lc-rs`. Its keys are parsed once.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::Unfit;

pub(crate) struct RsaKey(ParsedPublicKey);

impl RsaKey {
    /// From modulus and exponent, big-endian without leading zeros.
    pub(crate) fn new(n: &[u8], e: &[u8]) -> Result<Self, Unfit> {
        let der: PublicKeyX509Der<'_> = RsaPublicKeyComponents { n, e }.as_der().map_err(|_| Unfit)?;
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref())
            .map(Self)
            .map_err(|_| Unfit)
    }

    /// Whether this is the key's signature of the message: RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Unfit> {
        self.0.verify_sig(message, signature).map_err(|_| Unfit)
    }
}

pub(crate) fn sha256(message: &[u8]) -> impl AsRef<[u8]> {
    digest::digest(&digest::SHA256, message)
}
