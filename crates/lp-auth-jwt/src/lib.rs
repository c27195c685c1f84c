//! Whether a LivePerson access token is genuine. No I/O: nothing here opens a socket, reads a clock, sleeps or spawns,
//! and it compiles for `wasm32-unknown-unknown`.
//!
//! With keys that you have, one call does it:
//!
//! ```
//! use lp_auth_core::{ApiVersion, UnixTime};
//! use lp_auth_jwt::{Claims, KeySet, Keys, Policy, Rejected};
//!
//! # fn example(token: &str, now: UnixTime) -> Result<(), Box<dyn std::error::Error>> {
//! let policy = Policy::builder(["12345678".parse()?])
//!     .any_client()
//!     .scopes(["msg.consumer"])
//!     .versions([ApiVersion::V1])
//!     .build()?;
//! let keys = KeySet::documented_v1();
//!
//! let claims: Result<Claims, Rejected> = policy.verify(token, Keys::v1(&keys), now);
//! # Ok(())
//! # }
//! ```
//!
//! V2's keys rotate. [`KeySource`] is the machine that says when to fetch them and what the answer means; whoever has
//! an HTTP stack drives it as any other machine of `lp-auth-core`. [`KeySource::verify`] does a verification with it in
//! one go, [`Verification`] the same in steps that keep the cryptography outside a lock.
//!
//! # The map
//!
//! | subject | types |
//! |---|---|
//! | the verdict | [`Policy::verify`], [`Claims`], [`Rejected`], [`VerifyError`] |
//! | what is acceptable | [`Policy`], [`PolicyBuilder`] |
//! | keys | [`VerifyingKey`], [`KeySet`], [`Keys`], [`SkippedKey`], [`InvalidKey`], [`InvalidKeySet`] |
//! | keys that rotate | [`KeySource`], [`Verification`], [`JwksRequest`], [`PublishedKeys`] |
//! | reading claims | [`ClaimsSet`], [`Audience`], [`Scopes`] |
//! | looking without verifying | [`Unverified`] |
//!
//! The way of a token through the files: `verify` splits it, `header` says which key to try, `key` checks the signature
//! through `backend`, `claims` reads the payload with the strict eyes of `json`, `policy` holds it against what was asked
//! for, and `memory` keeps the verdict for the next time.
#![forbid(unsafe_code)]

mod backend;
mod claims;
mod header;
mod json;
mod jwks;
mod key;
mod key_set;
mod key_source;
mod lists;
mod malformed;
mod memory;
mod policy;
mod rejected;
mod unverified;
mod verification;
mod verify;

pub use claims::{Claims, ClaimsSet, InvalidCustomClaims};
pub use jwks::{JwksRequest, PublishedKeys};
pub use key::{InvalidKey, VerifyingKey};
pub use key_set::{InvalidKeySet, KeySet, SkippedKey};
pub use key_source::{KeySource, KeySourceBuilder};
pub use lists::{Audience, Scopes};
pub use malformed::Malformed;
pub use policy::{InvalidPolicy, Policy, PolicyBuilder};
pub use rejected::{Rejected, UnknownKey, VerifyError};
pub use unverified::Unverified;
pub use verification::Verification;
pub use verify::Keys;
