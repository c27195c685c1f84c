//! The two versions of Sentinel's token API.

use core::fmt;
use core::str::FromStr;

/// A version of Sentinel's token API (SPECIFICATION.md, "API Versioning").
///
/// ```
/// use lp_auth_core::ApiVersion;
///
/// assert_eq!(ApiVersion::default(), ApiVersion::V2);
/// assert_eq!("v1".parse(), Ok(ApiVersion::V1));
/// assert_eq!(ApiVersion::V2.to_string(), "v2");
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ApiVersion {
    /// Tokens signed with a static key. In the newest documentation for the Connector API alone.
    V1,
    /// Tokens signed with the keys of a key set that rotates.
    #[default]
    V2,
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        })
    }
}

/// `v1` or `v2`, in either case.
impl FromStr for ApiVersion {
    type Err = UnknownApiVersion;

    fn from_str(text: &str) -> Result<Self, UnknownApiVersion> {
        match text {
            "v1" | "V1" => Ok(Self::V1),
            "v2" | "V2" => Ok(Self::V2),
            _ => Err(UnknownApiVersion),
        }
    }
}

/// A text names no version of the API.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a version of the token API: `v1` and `v2` are")]
#[non_exhaustive]
pub struct UnknownApiVersion;
