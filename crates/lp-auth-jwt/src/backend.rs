//! The seam to the cryptography: whether an RSA key made an RS256 signature, and SHA-256. Nothing else is asked of
//! a backend. Sizes and exponents are judged before it sees a key, so that all backends give the same verdicts.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc_rs;
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
mod ring;

#[cfg(feature = "aws-lc-rs")]
pub(crate) use self::aws_lc_rs::{ParsedKey, sha256};
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
pub(crate) use self::ring::{ParsedKey, sha256};

#[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
compile_error!("lp-auth-jwt checks signatures with `ring` or `aws-lc-rs`: switch one of these features on");

/// A signature is not the key's, or the backend has no use for the key. It does not say more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unfit;
