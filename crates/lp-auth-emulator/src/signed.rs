//! What was signed within the current second, to be handed out again.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lp_auth_core::UnixTime;

/// Tokens by what they were signed over. RS256 is deterministic (RFC 8017 §8.2.1): to sign the same claims again with the
/// same key makes the same token.
#[derive(Clone, Default)]
pub(crate) struct SignedNow(Arc<Mutex<Tokens>>);

#[derive(Default)]
struct Tokens {
    /// In seconds since the epoch.
    second: u64,
    by_signing_input: HashMap<String, String>,
}

impl SignedNow {
    /// The token of this signing input, signed unless it was in this second already. The lock is not held meanwhile.
    pub(crate) fn token(&self, now: UnixTime, input: String, sign: impl FnOnce(&str) -> String) -> String {
        if let Some(token) = self.tokens_of(now, |tokens| tokens.get(&input).cloned()) {
            return token;
        }
        let token = sign(&input);
        self.tokens_of(now, |tokens| tokens.insert(input, token.clone()));
        token
    }

    fn tokens_of<T>(&self, now: UnixTime, work: impl FnOnce(&mut HashMap<String, String>) -> T) -> T {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.second != now.as_secs() {
            tokens.second = now.as_secs();
            tokens.by_signing_input.clear();
        }
        work(&mut tokens.by_signing_input)
    }
}

/// Shows no tokens.
impl fmt::Debug for SignedNow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedNow").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    #[test]
    fn the_same_is_signed_once_in_a_second_and_anew_in_the_next() {
        let (signed, signatures) = (SignedNow::default(), Cell::new(0));
        let token = |second, input: &str| {
            signed.token(UnixTime::from_secs(second), input.to_owned(), |input| {
                signatures.set(signatures.get() + 1);
                format!("{input}.{}", signatures.get())
            })
        };
        assert_eq!(token(1, "a"), "a.1");
        assert_eq!(token(1, "a"), "a.1");
        assert_eq!(token(1, "b"), "b.2");
        assert_eq!(token(2, "a"), "a.3");
        assert_eq!(signed.0.lock().unwrap().by_signing_input.len(), 1);
    }
}
