//! The verifier for threads.

use core::fmt;
use std::sync::Arc;

use lp_auth_jwt::{Claims, VerifyError};

use crate::blocking::driver::{self, Driver};
use crate::place::KeyPlace;
use crate::question::WhichKeys;
use crate::verifier::Rules;

/// Says whether a token that somebody presents is genuine and for you:
/// [`lp_auth::Verifier`](crate::Verifier) for threads.
///
/// Made by [`VerifierBuilder::build_blocking`](crate::VerifierBuilder::build_blocking).
///
/// ```
/// # fn main() -> Result<(), lp_auth::BuildError> {
/// # #[cfg(any(feature = "reqwest", feature = "isahc"))]
/// let verifier = lp_auth::Verifier::builder("12345678").any_client().build_blocking()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Verifier {
    driver: Arc<Driver>,
    place: Arc<KeyPlace>,
    rules: Arc<Rules>,
}

impl Verifier {
    pub(crate) fn from_parts(driver: Arc<Driver>, place: Arc<KeyPlace>, rules: Arc<Rules>) -> Self {
        Self { driver, place, rules }
    }

    /// What the token claims, if it is genuine and the policy accepts it.
    ///
    /// [`VerifyError::Rejected`] is a no for good; [`VerifyError::Unavailable`] means that the keys could not be had.
    pub fn verify(&self, token: &str) -> Result<Claims, VerifyError> {
        self.verify_with(token, Claims::clone)
    }

    /// The same by reference, which spares the copy of remembered claims.
    pub fn verify_with<T>(&self, token: &str, read: impl Fn(&Claims) -> T) -> Result<T, VerifyError> {
        let mut verification = self.rules.verification(token);
        loop {
            let now = driver::now();
            let verdict = self
                .place
                .at_hand
                .with_window(|keys| verification.attempt_with(keys, now, &read));
            if let Some(verdict) = verdict {
                return Ok(verdict?);
            }
            let mut which = WhichKeys {
                place: &self.place,
                verification: &mut verification,
            };
            self.driver.ask(&mut which, self.rules.patience)?;
        }
    }

    /// Renews host and keys before anybody has to wait for them: to run on a thread of its own. It ends with the last
    /// client and verifier that share the machines.
    pub fn keep_fresh(&self) -> impl FnOnce() + Send + use<> {
        self.driver.keep_fresh()
    }
}

/// Shows the policy.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("policy", &self.rules.policy)
            .finish_non_exhaustive()
    }
}
