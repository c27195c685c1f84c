//! For whom a delegated token is.

use core::fmt;
use core::str::FromStr;

/// The consumer that a delegated token is bound to (`state`). Shown by no `Debug`: it names a person.
///
/// 1 to 512 bytes, without control characters.
///
/// ```
/// use lp_auth_core::ConsumerId;
///
/// let consumer: ConsumerId = "consumer-4711".parse()?;
/// assert_eq!(format!("{consumer:?}"), "ConsumerId([redacted])");
/// # Ok::<(), lp_auth_core::InvalidConsumerId>(())
/// ```
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct ConsumerId(String);

impl ConsumerId {
    /// The id itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConsumerId {
    type Err = InvalidConsumerId;

    fn from_str(text: &str) -> Result<Self, InvalidConsumerId> {
        if !(1..=512).contains(&text.len()) || text.chars().any(char::is_control) {
            return Err(InvalidConsumerId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for ConsumerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConsumerId([redacted])")
    }
}

/// A text cannot be a consumer id. The text is not shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a consumer id: 1 to 512 bytes without control characters are")]
#[non_exhaustive]
pub struct InvalidConsumerId;
