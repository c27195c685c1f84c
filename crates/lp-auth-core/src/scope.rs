//! What a token is good for.

use core::str::FromStr;

/// A space-separated list of scopes (RFC 6749 §3.3).
///
/// ```
/// use lp_auth_core::Scope;
///
/// let scope: Scope = "msg.consumer faas.lambda.invoke".parse()?;
/// assert_eq!(scope.as_str(), "msg.consumer faas.lambda.invoke");
/// assert!("two  blanks".parse::<Scope>().is_err());
/// # Ok::<(), lp_auth_core::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Scope(String);

impl Scope {
    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        // `scope-token` of RFC 6749 §3.3.
        let is_scope = |scope: &str| {
            !scope.is_empty()
                && scope
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        };
        if text.len() > 1024 || !text.split(' ').all(is_scope) {
            return Err(InvalidScope);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A text is no list of scopes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "not a list of scopes: names with single blanks between them are, as `msg.consumer faas.lambda.invoke`"
)]
#[non_exhaustive]
pub struct InvalidScope;
