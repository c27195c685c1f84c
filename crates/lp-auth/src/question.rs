//! What the drivers can be asked for.

use lp_auth_core::{AccessToken, Error, Purpose, ServiceHost, ServiceName, Step, UnixTime};

#[cfg(feature = "verify")]
use crate::machines::KeyPlace;
use crate::machines::{Machines, TokenPlace};

/// A question to the machines, which a driver asks until it is answered.
pub(crate) trait Question {
    type Answer;

    /// The machines' step towards the answer.
    fn ask(&self, machines: &mut Machines, now: UnixTime) -> Result<Step<Self::Answer>, Error>;

    /// What an asker takes who has waited already, although something better may be had by waiting on.
    fn good_enough(&self, now: UnixTime) -> Option<Self::Answer>;

    fn purpose(&self) -> Purpose;

    /// Whether the answer may have to wait for a call of this purpose.
    fn waits_for(&self, purpose: &Purpose) -> bool {
        *purpose == self.purpose() || *purpose == Purpose::Host(ServiceName::SENTINEL)
    }
}

/// Which token to use?
pub(crate) struct WhichToken<'a>(pub(crate) &'a TokenPlace);

impl Question for WhichToken<'_> {
    type Answer = AccessToken;

    fn ask(&self, machines: &mut Machines, now: UnixTime) -> Result<Step<AccessToken>, Error> {
        machines.token(self.0, now)
    }

    fn good_enough(&self, now: UnixTime) -> Option<AccessToken> {
        self.0.machine().usable(now).cloned()
    }

    fn purpose(&self) -> Purpose {
        Purpose::Token
    }
}

/// Where does this service live?
pub(crate) struct WhichHost<'a>(pub(crate) &'a ServiceName);

impl Question for WhichHost<'_> {
    type Answer = ServiceHost;

    fn ask(&self, machines: &mut Machines, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        machines.host(self.0, now)
    }

    fn good_enough(&self, _: UnixTime) -> Option<ServiceHost> {
        None
    }

    fn purpose(&self) -> Purpose {
        Purpose::Host(self.0.clone())
    }
}
