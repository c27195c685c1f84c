//! Where a service lives: the question that machines put to whoever knows.

use core::convert::Infallible;

use crate::{Error, Flow, ServiceHost, ServiceName, Step, UnixTime, Window};

/// A machine that knows, or finds out, where services live.
///
/// Machines that need a host borrow one of these for the time of a question, so that one lookup serves them all.
/// `lp-auth-domain` asks the Domain API; [`FixedHost`](crate::FixedHost) knows one host by name.
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

    /// The stretch of time in which [`locate`](Self::locate) brings neither the host nor a call for it: the lookup is out, or its
    /// failure rests. None, unless the machine says otherwise.
    fn engaged(&self, service: &ServiceName) -> Option<Window> {
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

    fn engaged(&self, service: &ServiceName) -> Option<Window> {
        (**self).engaged(service)
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

    fn engaged(&self, service: &ServiceName) -> Option<Window> {
        (**self).engaged(service)
    }

    fn upkeep(&mut self, now: UnixTime) -> Step<Infallible> {
        (**self).upkeep(now)
    }
}
