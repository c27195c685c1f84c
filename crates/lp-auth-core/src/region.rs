//! LivePerson's regions.

use core::fmt;
use core::str::FromStr;

use crate::ServiceHost;

/// A LivePerson region, for its documented Sentinel host (SPECIFICATION.md, step 2).
///
/// A named fallback for those who cannot ask the Domain API, which is what LivePerson recommends: hosts may change.
///
/// ```
/// use lp_auth_core::Region;
///
/// assert_eq!(Region::Us.host().name(), "va.sentinel.liveperson.net");
/// assert_eq!("apac".parse::<Region>()?, Region::Apac);
/// # Ok::<(), lp_auth_core::UnknownRegion>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Region {
    /// Asia and the Pacific: `sy.sentinel.liveperson.net`.
    Apac,
    /// Europe, the Middle East and Africa: `lo.sentinel.liveperson.net`.
    Emea,
    /// The Americas: `va.sentinel.liveperson.net`.
    Us,
}

impl Region {
    /// All regions.
    pub const ALL: [Self; 3] = [Self::Apac, Self::Emea, Self::Us];

    /// The documented Sentinel host.
    pub fn host(self) -> ServiceHost {
        ServiceHost::known(match self {
            Self::Apac => "sy.sentinel.liveperson.net",
            Self::Emea => "lo.sentinel.liveperson.net",
            Self::Us => "va.sentinel.liveperson.net",
        })
    }
}

/// `apac`, `emea` or `us`.
impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Apac => "apac",
            Self::Emea => "emea",
            Self::Us => "us",
        })
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let matches = |region: &Self| region.to_string().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(matches).ok_or(UnknownRegion)
    }
}

/// A text names no region.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a region: `apac`, `emea` and `us` are")]
#[non_exhaustive]
pub struct UnknownRegion;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regions_are_the_documented_hosts() {
        let hosts = Region::ALL.map(|region| region.host().to_string());
        assert_eq!(
            hosts,
            [
                "sy.sentinel.liveperson.net",
                "lo.sentinel.liveperson.net",
                "va.sentinel.liveperson.net"
            ]
        );
        for region in Region::ALL {
            assert_eq!(region.to_string().parse(), Ok(region));
            assert_eq!(region.host().to_string().parse(), Ok(region.host()));
        }
        assert!("mars".parse::<Region>().unwrap_err().to_string().contains("emea"));
    }
}
