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

    /// The names that LivePerson's documentation uses (LIVEPERSON.md §1), in alphabetical order. There are others.
    ///
    /// ```
    /// use lp_auth_core::ServiceName;
    ///
    /// assert!(ServiceName::DOCUMENTED.contains(&"faasGW"));
    /// ```
    pub const DOCUMENTED: [&str; 13] = [
        "accountConfigReadOnly",
        "accountConfigReadWrite",
        "agentVep",
        "asyncMessagingEnt",
        "engHistDomain",
        "faasGW",
        "faasUI",
        "idp",
        "leDataReporting",
        "messagingRestApiDomain",
        "msgHist",
        "mtlsGateway",
        "sentinel",
    ];

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
///
/// The text is not shown: it may be a secret that was given in the wrong place.
///
/// ```
/// let error = "12 34".parse::<lp_auth_core::AccountId>().unwrap_err();
/// assert!(error.to_string().starts_with("a text of 5 characters, with ' ' at place 3, is not an account id"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{} is not {what}: 1 to 64 letters and digits are", self.text())]
#[non_exhaustive]
pub struct InvalidName {
    what: &'static str,
    /// In characters.
    length: usize,
    /// The first character that does not fit, and its place, counted from 1.
    unfit: Option<(usize, char)>,
}

impl InvalidName {
    fn text(&self) -> String {
        match (self.length, self.unfit) {
            (0, _) => "an empty text".to_owned(),
            (length, None) => format!("a text of {length} characters"),
            (1, Some((_, letter))) => format!("the character {letter:?}"),
            (length, Some((place, letter))) => {
                format!("a text of {length} characters, with {letter:?} at place {place},")
            }
        }
    }
}

fn check(what: &'static str, text: &str) -> Result<(), InvalidName> {
    if (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(InvalidName {
        what,
        length: text.chars().count(),
        unfit: (1..)
            .zip(text.chars())
            .find(|(_, letter)| !letter.is_ascii_alphanumeric()),
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
    fn a_refused_name_is_described_and_not_shown() {
        let too_long = "y".repeat(9999);
        for (text, description) in [
            ("", "an empty text"),
            ("\n", r"the character '\n'"),
            ("a\nb", r"a text of 3 characters, with '\n' at place 2,"),
            (too_long.as_str(), "a text of 9999 characters"),
        ] {
            let error = text.parse::<AccountId>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("{description} is not an account id: 1 to 64 letters and digits are")
            );
        }
        let error = "canary!".parse::<ServiceName>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
