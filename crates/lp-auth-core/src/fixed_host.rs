//! A locator for those who name Sentinel's host themselves.

use crate::{Error, ErrorKind, Flow, Locate, Purpose, Reply, ServiceHost, ServiceName, Step, UnixTime};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Region;

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
