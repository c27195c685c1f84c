//! `aws-lc-rs`. Its keys are parsed once, when the first signature comes: of a large key set most never see one.

use std::sync::OnceLock;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::Unfit;

/// A key as the backend keeps it; none where it has no use for the key.
#[derive(Default)]
pub(crate) struct ParsedKey(OnceLock<Option<ParsedPublicKey>>);

impl ParsedKey {
    /// Whether the key of these numbers signed the message: RSASSA-PKCS1-v1_5 with SHA-256.
    pub(crate) fn verify(&self, n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Unfit> {
        self.0
            .get_or_init(|| {
                let der: PublicKeyX509Der<'_> = RsaPublicKeyComponents { n, e }.as_der().ok()?;
                ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref()).ok()
            })
            .as_ref()
            .ok_or(Unfit)?
            // Hashed first: to be given the message, the library makes a context on the heap that could take it in pieces.
            .verify_digest_sig(&digest::digest(&digest::SHA256, message), signature)
            .map_err(|_| Unfit)
    }
}

pub(crate) fn sha256(message: &[u8]) -> impl AsRef<[u8]> {
    digest::digest(&digest::SHA256, message)
}
