//! The names that go into a request's path: accounts and services.

use core::fmt;
use core::str::FromStr;
use std::borrow::Cow;
use std::sync::Arc;

/// The id of a LivePerson account, also called site id: 1 to 64 of `[A-Za-z0-9]`.
///
/// Mostly digits, but `le81823118` and the like exist (LIVEPERSON.md §1), and case is kept.
///
/// ```
/// use lp_auth_core::AccountId;
///
/// let account: AccountId = "le81823118".parse()?;
/// assert_eq!(account.as_str(), "le81823118");
/// assert!("../12345678".parse::<AccountId>().is_err());
/// # Ok::<(), lp_auth_core::InvalidName>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// As it stands in paths and in the claim `aud`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        check("an account id", text)?;
        Ok(Self(text.into()))
    }
}

/// The name of a LivePerson service in the Domain API: 1 to 64 of `[A-Za-z0-9]`, case-sensitive.
///
/// ```
/// use lp_auth_core::ServiceName;
///
/// let functions: ServiceName = "faasGW".parse()?;
/// assert_ne!(functions, ServiceName::SENTINEL);
/// # Ok::<(), lp_auth_core::InvalidName>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServiceName(Cow<'static, str>);

impl ServiceName {
    /// The authorization server.
    pub const SENTINEL: Self = Self(Cow::Borrowed("sentinel"));

    /// As the Domain API spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        check("a service name", text)?;
        Ok(Self(Cow::Owned(text.to_owned())))
    }
}

/// A text is not an account id, or not a service name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{text:?} is not {what}: 1 to 64 letters and digits are")]
#[non_exhaustive]
pub struct InvalidName {
    what: &'static str,
    /// The beginning of the text.
    text: String,
}

fn check(what: &'static str, text: &str) -> Result<(), InvalidName> {
    if (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(InvalidName {
        what,
        text: text.chars().take(64).collect(),
    })
}

macro_rules! shown_as_written {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
    )*};
}
shown_as_written!(AccountId ServiceName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_1_to_64_letters_and_digits() {
        let longest = "x".repeat(64);
        for good in ["1", "12345678", "le81823118", longest.as_str()] {
            assert_eq!(good.parse::<AccountId>().unwrap().as_str(), good);
            assert_eq!(good.parse::<ServiceName>().unwrap().as_str(), good);
        }
        let too_long = "x".repeat(65);
        for bad in [
            "",
            " 1",
            "1\n",
            "a/b",
            "a?b",
            "a%2fb",
            "..",
            "é",
            too_long.as_str(),
        ] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
            assert!(bad.parse::<ServiceName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refused_name_is_shown_escaped_and_cut_short() {
        let error = "a\nb".parse::<AccountId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#""a\nb" is not an account id: 1 to 64 letters and digits are"#
        );
        assert!(
            "y".repeat(9999)
                .parse::<AccountId>()
                .unwrap_err()
                .to_string()
                .len()
                < 150
        );
    }
}
