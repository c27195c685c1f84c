//! The two ways to know where Sentinel lives.

use core::convert::Infallible;

use lp_auth_core::{Error, FixedHost, Flow, Locate, Reply, ServiceHost, ServiceName, Step, UnixTime, Window};
use lp_auth_domain::DomainLookup;

/// Where Sentinel's host comes from.
#[derive(Debug)]
pub enum Locator {
    /// The Domain API is asked.
    Domain(DomainLookup),
    /// The user named it.
    Fixed(FixedHost),
}

impl Flow for Locator {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        match self {
            Self::Domain(domain) => domain.handle(reply, now),
            Self::Fixed(fixed) => fixed.handle(reply, now),
        }
    }
}

impl Locate for Locator {
    fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        match self {
            Self::Domain(domain) => domain.locate(service, now),
            Self::Fixed(fixed) => fixed.locate(service, now),
        }
    }

    fn doubt(&mut self, host: &ServiceHost) {
        match self {
            Self::Domain(domain) => domain.doubt(host),
            Self::Fixed(fixed) => fixed.doubt(host),
        }
    }

    fn known(&self, service: &ServiceName) -> Option<ServiceHost> {
        match self {
            Self::Domain(domain) => domain.known(service),
            Self::Fixed(fixed) => fixed.known(service),
        }
    }

    fn engaged(&self, service: &ServiceName) -> Option<Window> {
        match self {
            Self::Domain(domain) => domain.engaged(service),
            Self::Fixed(fixed) => fixed.engaged(service),
        }
    }

    fn upkeep(&mut self, now: UnixTime) -> Step<Infallible> {
        match self {
            Self::Domain(domain) => domain.upkeep(now),
            Self::Fixed(fixed) => fixed.upkeep(now),
        }
    }
}
