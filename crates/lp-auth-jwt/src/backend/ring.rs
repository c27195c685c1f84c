//! `ring`. It parses a key on each verification; there is no other way in its public interface.

use ring::digest;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

use super::Unfit;

/// What a backend needs besides the numbers of a key: nothing.
#[derive(Default)]
pub(crate) struct ParsedKey(());

impl ParsedKey {
    /// Whether the key of these numbers signed the message: RSASSA-PKCS1-v1_5 with SHA-256.
    #[expect(clippy::unused_self, reason = "the other backend keeps a parsed key here")]
    pub(crate) fn verify(&self, n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Unfit> {
        RsaPublicKeyComponents { n, e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .map_err(|_| Unfit)
    }
}

pub(crate) fn sha256(message: &[u8]) -> impl AsRef<[u8]> {
    digest::digest(&digest::SHA256, message)
}
