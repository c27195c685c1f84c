//! What the drivers can be asked for.

use lp_auth_core::{AccessToken, Error, Purpose, ServiceHost, ServiceName, Step, UnixTime};

#[cfg(feature = "verify")]
use crate::machines::KeyPlace;
use crate::machines::{Machines, TokenPlace};
#[cfg(feature = "verify")]
use lp_auth_jwt::Verification;

/// A question to the machines, which a driver asks until it is answered.
pub(crate) trait Question {
    type Answer;

    /// The machines' step towards the answer.
    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<Self::Answer>, Error>;

    /// What an asker takes who has waited already, although something better may be had by waiting on.
    fn good_enough(&self, now: UnixTime) -> Option<Self::Answer>;

    fn purpose(&self) -> Purpose;

    /// Whether it is worth waiting for the rest after a transient failure to be over.
    fn sleeps_through_rests(&self) -> bool {
        true
    }

    /// Whether the answer may have to wait for a call of this purpose.
    fn waits_for(&self, purpose: &Purpose) -> bool {
        *purpose == self.purpose() || *purpose == Purpose::Host(ServiceName::SENTINEL)
    }
}

/// Which token to use?
pub(crate) struct WhichToken<'a>(pub(crate) &'a TokenPlace);

impl Question for WhichToken<'_> {
    type Answer = AccessToken;

    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<AccessToken>, Error> {
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

    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        machines.host(self.0, now)
    }

    fn good_enough(&self, _: UnixTime) -> Option<ServiceHost> {
        None
    }

    fn purpose(&self) -> Purpose {
        Purpose::Host(self.0.clone())
    }
}

/// Which keys does this verification need?
#[cfg(feature = "verify")]
pub(crate) struct WhichKeys<'a, 'v> {
    pub(crate) place: &'a KeyPlace,
    pub(crate) verification: &'a mut Verification<'v>,
}

#[cfg(feature = "verify")]
impl Question for WhichKeys<'_, '_> {
    type Answer = ();

    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<()>, Error> {
        machines.keys(self.place, self.verification, now)
    }

    fn good_enough(&self, _: UnixTime) -> Option<()> {
        None
    }

    fn purpose(&self) -> Purpose {
        Purpose::Keys
    }

    /// Only for the first key set: with one at hand, whoever makes up key ids could have us keep many askers waiting.
    fn sleeps_through_rests(&self) -> bool {
        self.place.machine().at_hand().is_none()
    }
}
