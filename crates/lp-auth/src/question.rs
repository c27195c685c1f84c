//! What the drivers can be asked for.

use std::sync::Arc;

use lp_auth_core::{AccessToken, Error, Purpose, ServiceHost, ServiceName, Step, UnixTime};

use crate::machines::Machines;
#[cfg(feature = "verify")]
use crate::place::KeyPlace;
use crate::place::{Calling, TokenPlace};
#[cfg(feature = "verify")]
use lp_auth_jwt::Verification;

/// A question to the machines, which a driver asks until it is answered.
pub(crate) trait Question {
    type Answer;

    /// The machines' step towards the answer.
    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<Self::Answer>, Error>;

    /// What an asker takes who has waited already, although something better may be had by waiting on.
    fn good_enough(&mut self, machines: &mut Machines, now: UnixTime) -> Option<Self::Answer>;

    fn purpose(&self) -> Purpose;

    /// Where the answer is published. Whoever asks for the same place may take over a call that was abandoned.
    fn place(&self) -> Option<Arc<dyn Calling>>;

    /// Whether it is worth waiting for the rest after a transient failure to be over.
    fn sleeps_through_rests(&self) -> bool {
        true
    }
}

/// Which token to use?
pub(crate) struct WhichToken<'a>(pub(crate) &'a Arc<TokenPlace>);

impl Question for WhichToken<'_> {
    type Answer = AccessToken;

    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<AccessToken>, Error> {
        machines.token(self.0, now)
    }

    fn good_enough(&mut self, _: &mut Machines, now: UnixTime) -> Option<AccessToken> {
        self.0.machine().usable(now).cloned()
    }

    fn purpose(&self) -> Purpose {
        Purpose::Token
    }

    fn place(&self) -> Option<Arc<dyn Calling>> {
        Some(Arc::clone(self.0) as _)
    }
}

/// Where does this service live?
pub(crate) struct WhichHost<'a>(pub(crate) &'a ServiceName);

impl Question for WhichHost<'_> {
    type Answer = ServiceHost;

    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        machines.host(self.0, now)
    }

    fn good_enough(&mut self, machines: &mut Machines, _: UnixTime) -> Option<ServiceHost> {
        machines.known_host(self.0)
    }

    fn purpose(&self) -> Purpose {
        Purpose::Host(self.0.clone())
    }

    fn place(&self) -> Option<Arc<dyn Calling>> {
        None
    }
}

/// Which keys does this verification need?
#[cfg(feature = "verify")]
pub(crate) struct WhichKeys<'a, 'v> {
    pub(crate) place: &'a Arc<KeyPlace>,
    pub(crate) verification: &'a mut Verification<'v>,
}

#[cfg(feature = "verify")]
impl Question for WhichKeys<'_, '_> {
    type Answer = ();

    fn ask(&mut self, machines: &mut Machines, now: UnixTime) -> Result<Step<()>, Error> {
        machines.keys(self.place, self.verification, now)
    }

    fn good_enough(&mut self, _: &mut Machines, now: UnixTime) -> Option<()> {
        self.verification
            .make_do(&self.place.machine(), now)
            .then_some(())
    }

    fn purpose(&self) -> Purpose {
        Purpose::Keys
    }

    fn place(&self) -> Option<Arc<dyn Calling>> {
        Some(Arc::clone(self.place) as _)
    }

    /// Only for the first key set: with one at hand, whoever makes up key ids could have us keep many askers waiting.
    fn sleeps_through_rests(&self) -> bool {
        self.place.machine().at_hand().is_none()
    }
}
