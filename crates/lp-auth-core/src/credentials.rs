//! Who asks for a token: the application's id and secret.

use core::fmt;
use core::str::FromStr;

use secrecy::{ExposeSecret, SecretString};

/// The id of an installed application (RFC 6749 §2.2): at Sentinel a UUID. It is no secret.
///
/// 1 to 256 printable ASCII characters.
///
/// ```
/// use lp_auth_core::ClientId;
///
/// let id: ClientId = "75588e18-0213-4e33-8174-883acac7e3c4".parse()?;
/// assert_eq!(id.as_str(), "75588e18-0213-4e33-8174-883acac7e3c4");
/// # Ok::<(), lp_auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ClientId(String);

impl ClientId {
    /// As it stands in requests and in the claim `azp`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = InvalidCredential;

    fn from_str(text: &str) -> Result<Self, InvalidCredential> {
        check("client id", 256, text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret of an installed application (RFC 6749 §2.3.1): shown by no `Debug`, overwritten when dropped.
///
/// 1 to 1024 printable ASCII characters. Whoever reads one from a file strips the line's end first.
///
/// ```
/// use lp_auth_core::ClientSecret;
///
/// let secret: ClientSecret = "mfrggzdfmztwq2lknnwg23tpob".parse()?;
/// assert_eq!(format!("{secret:?}"), "ClientSecret([redacted])");
/// assert!("with a line's end\n".parse::<ClientSecret>().is_err());
/// # Ok::<(), lp_auth_core::InvalidCredential>(())
/// ```
#[derive(Clone)]
pub struct ClientSecret(SecretString);

impl ClientSecret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl FromStr for ClientSecret {
    type Err = InvalidCredential;

    fn from_str(text: &str) -> Result<Self, InvalidCredential> {
        check("client secret", 1024, text)?;
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret([redacted])")
    }
}

/// What an application authenticates with. Two types, so that the secret cannot be given for the id.
///
/// ```
/// use lp_auth_core::Credentials;
///
/// let credentials = Credentials {
///     client_id: "75588e18-0213-4e33-8174-883acac7e3c4".parse()?,
///     client_secret: "mfrggzdfmztwq2lknnwg23tpob".parse()?,
/// };
/// # Ok::<(), lp_auth_core::InvalidCredential>(())
/// ```
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The application's id.
    pub client_id: ClientId,
    /// The application's secret.
    pub client_secret: ClientSecret,
}

/// A text cannot be a client id, or a client secret. The text is not shown: it may be the secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCredential {
    /// It is empty.
    #[error("the {what} is empty")]
    Empty {
        /// Which of the two.
        what: &'static str,
    },
    /// A character is not printable ASCII.
    #[error(
        "the {what} has a character at place {place} that is not printable ASCII: is there a line's end or a blank in it?"
    )]
    NotPrintable {
        /// Which of the two.
        what: &'static str,
        /// The place of the byte, counted from 1.
        place: usize,
    },
    /// It is too long.
    #[error("the {what} is longer than {limit} characters")]
    TooLong {
        /// Which of the two.
        what: &'static str,
        /// The longest that is accepted.
        limit: usize,
    },
}

fn check(what: &'static str, limit: usize, text: &str) -> Result<(), InvalidCredential> {
    if text.is_empty() {
        return Err(InvalidCredential::Empty { what });
    }
    if text.len() > limit {
        return Err(InvalidCredential::TooLong { what, limit });
    }
    // VSCHAR of RFC 6749 appendix A, without the blank.
    match text.bytes().position(|byte| !byte.is_ascii_graphic()) {
        Some(place) => Err(InvalidCredential::NotPrintable {
            what,
            place: place + 1,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_printable_ascii_of_bounded_length_and_errors_do_not_show_it() {
        let long = "s".repeat(1025);
        for (text, message) in [
            ("", "the client secret is empty"),
            ("hush\r\n", "at place 5"),
            ("hüsh", "at place 2"),
            (long.as_str(), "longer than 1024"),
        ] {
            let error = text.parse::<ClientSecret>().unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(!error.contains("hush") && !error.contains("sss"), "{error}");
        }
        assert!("s".repeat(1024).parse::<ClientSecret>().is_ok());
    }
}
