//! The claims that hold several values: `aud` and `scope`.

use core::fmt;
use std::borrow::Cow;

use crate::json;

/// The claim `aud`: a string, or an array of strings (RFC 7519 §4.1.3).
///
/// ```
/// # fn example(claims: &lp_auth_jwt::Claims) {
/// for account in claims.aud() {
///     println!("for account {account}");
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Audience<'a> {
    rest: Rest<'a>,
}

#[derive(Clone, Copy)]
enum Rest<'a> {
    None,
    One(&'a str),
    /// What is left of a JSON array of strings that is known to be one.
    Several(&'a str),
}

impl<'a> Audience<'a> {
    pub(crate) fn none() -> Self {
        Self { rest: Rest::None }
    }

    pub(crate) fn one(audience: &'a str) -> Self {
        Self {
            rest: Rest::One(audience),
        }
    }

    pub(crate) fn several(array: &'a str) -> Self {
        Self {
            rest: Rest::Several(array),
        }
    }

    /// Whether this account is among them.
    pub fn contains(mut self, account: &str) -> bool {
        match self.as_one() {
            Some(one) => one == account,
            None => self.any(|audience| audience == account),
        }
    }

    /// The only one, where the claim is a string.
    pub(crate) fn as_one(&self) -> Option<&'a str> {
        match self.rest {
            Rest::One(one) => Some(one),
            _ => None,
        }
    }
}

impl<'a> Iterator for Audience<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        match self.rest {
            Rest::None => None,
            Rest::One(one) => {
                self.rest = Rest::None;
                Some(Cow::Borrowed(one))
            }
            Rest::Several(array) => {
                let (string, rest) = next_string(array)?;
                self.rest = Rest::Several(rest);
                json::text(string)
            }
        }
    }
}

impl fmt::Debug for Audience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// The first string in what is left of a JSON array of strings, with its quotes, and what is left after it.
fn next_string(array: &str) -> Option<(&str, &str)> {
    let start = array.find('"')?;
    let mut escaped = false;
    let end = array.bytes().enumerate().skip(start + 1).find(|(_, byte)| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    let end = end.0 + 1;
    Some((array.get(start..end)?, array.get(end..)?))
}

/// The claim `scope`: names with spaces between them (RFC 8693 §4.2).
///
/// ```
/// # fn example(claims: &lp_auth_jwt::Claims) {
/// if claims.scopes().contains("msg.consumer") {
///     println!("one of {}", claims.scopes().iter().count());
/// }
/// # }
/// ```
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Scopes<'a> {
    text: &'a str,
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Whether this scope is among them. Case matters (RFC 6749 §3.3).
    pub fn contains(self, scope: &str) -> bool {
        self.iter().any(|known| known == scope)
    }

    /// One after the other.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.text.split(' ').filter(|scope| !scope.is_empty())
    }

    /// As the claim has it.
    pub fn as_str(self) -> &'a str {
        self.text
    }
}

impl fmt::Debug for Scopes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
