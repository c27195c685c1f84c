//! What a service sets up once, and the clock that it reads for each token.

use lp_auth_core::{ApiVersion, UnixTime};
use lp_auth_jwt::{Policy, VerifyingKey};
use player::token;

use crate::bare::Signer;

pub(crate) fn policy() -> Policy {
    Policy::builder([token::ACCOUNT.parse().expect("these are digits")])
        .any_client()
        .versions([ApiVersion::V2])
        .build()
        .expect("nothing is left open")
}

/// The clock is read for each token, as a service does.
pub(crate) fn now() -> UnixTime {
    std::time::SystemTime::now().into()
}

pub(crate) fn key(signer: &Signer) -> VerifyingKey {
    VerifyingKey::from_pem(&signer.public_pem())
        .expect("the key is good")
        .with_kid(token::KID)
}
