//! Where a service lives: the question, and the two answers that need no lookup.

use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;

use crate::{Error, ErrorKind, Flow, Purpose, Reply, ServiceHost, ServiceName, Step, UnixTime};

/// A machine that knows, or finds out, where services live.
///
/// Machines that need a host borrow one of these for the time of a question, so that one lookup serves them all.
/// `lp-auth-domain` asks the Domain API; [`FixedHost`] knows one host by name.
pub trait Locate: Flow {
    /// Where does this service live?
    fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error>;

    /// This host did not answer, or not like the service: look it up again before the next call.
    fn doubt(&mut self, host: &ServiceHost);

    /// The host as far as it is known, however old, for an asker who cannot wait. None, unless the machine says otherwise.
    fn known(&self, service: &ServiceName) -> Option<ServiceHost> {
        let _ = service;
        None
    }

    /// Renews what is due for renewal: a call, or when to ask again. Never, unless the machine says otherwise.
    fn upkeep(&mut self, now: UnixTime) -> Step<Infallible> {
        let _ = now;
        Step::Wait(UnixTime::MAX)
    }
}

impl<L: Locate + ?Sized> Locate for &mut L {
    fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        (**self).locate(service, now)
    }

    fn doubt(&mut self, host: &ServiceHost) {
        (**self).doubt(host);
    }

    fn known(&self, service: &ServiceName) -> Option<ServiceHost> {
        (**self).known(service)
    }

    fn upkeep(&mut self, now: UnixTime) -> Step<Infallible> {
        (**self).upkeep(now)
    }
}

impl<L: Locate + ?Sized> Locate for Box<L> {
    fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        (**self).locate(service, now)
    }

    fn doubt(&mut self, host: &ServiceHost) {
        (**self).doubt(host);
    }

    fn known(&self, service: &ServiceName) -> Option<ServiceHost> {
        (**self).known(service)
    }

    fn upkeep(&mut self, now: UnixTime) -> Step<Infallible> {
        (**self).upkeep(now)
    }
}

/// Sentinel at a host that the user names: no lookup, and no other service.
///
/// ```
/// use lp_auth_core::{FixedHost, Locate, Region, ServiceName, Step, UnixTime};
///
/// let mut sentinel = FixedHost::new(Region::Emea.host());
/// let step = sentinel.locate(&ServiceName::SENTINEL, UnixTime::EPOCH)?;
/// assert!(matches!(step, Step::Done(host) if host.name() == "lo.sentinel.liveperson.net"));
/// # Ok::<(), lp_auth_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FixedHost {
    sentinel: ServiceHost,
}

impl FixedHost {
    /// Sentinel lives at this host.
    pub fn new(sentinel: ServiceHost) -> Self {
        Self { sentinel }
    }
}

impl Flow for FixedHost {
    fn handle(&mut self, reply: Reply, _: UnixTime) -> Option<Reply> {
        Some(reply)
    }
}

impl Locate for FixedHost {
    fn locate(&mut self, service: &ServiceName, _: UnixTime) -> Result<Step<ServiceHost>, Error> {
        if *service == ServiceName::SENTINEL {
            return Ok(Step::Done(self.sentinel.clone()));
        }
        Err(Error::new(ErrorKind::ServiceUnknown, Purpose::Host(service.clone()))
            .with_detail("only Sentinel's host was given, and no Domain API is asked")
            .with_advice("leave Sentinel's host and the region out of the settings, so that the Domain API is asked"))
    }

    fn doubt(&mut self, _: &ServiceHost) {}

    fn known(&self, service: &ServiceName) -> Option<ServiceHost> {
        (*service == ServiceName::SENTINEL).then(|| self.sentinel.clone())
    }
}

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
        let name = match self {
            Self::Apac => "sy",
            Self::Emea => "lo",
            Self::Us => "va",
        };
        ServiceHost::known(&format!("{name}.sentinel.liveperson.net"))
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

    #[test]
    fn a_fixed_host_knows_sentinel_and_says_what_to_do_about_the_rest() {
        let mut fixed = FixedHost::new(Region::Us.host());
        let error = fixed
            .locate(&"faasGW".parse().unwrap(), UnixTime::EPOCH)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ServiceUnknown);
        assert!(error.to_string().contains("Domain API"), "{error}");
    }
}
