//! All machines of one account, behind one lock.

use std::sync::{Arc, Weak};

use lp_auth_core::{
    AccessToken, Call, Error, Flow, Locate, Reply, ServiceHost, ServiceName, Step, TokenSource, UnixTime,
};
#[cfg(feature = "verify")]
use lp_auth_jwt::{KeySource, Verification};

use crate::credential_files::CredentialFiles;
#[cfg(feature = "verify")]
use crate::place::KeyPlace;
use crate::place::{Calling, Place, TokenPlace};

/// The machines of one account.
///
/// One lock holds them all, as token sources and the key source borrow the locator. It is held for a decision, never
/// across I/O, and the clock is read while it is held, so that time does not run backwards between two decisions.
pub(crate) struct Machines {
    locator: Box<dyn Locate + Send>,
    tokens: Vec<Weak<TokenPlace>>,
    #[cfg(feature = "verify")]
    keys: Weak<KeyPlace>,
}

/// What is due for renewal.
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is handed out"
)]
pub(crate) enum Upkeep {
    /// Make this call, and show its outcome there.
    Call(Call, Option<Arc<dyn Calling>>),
    /// Nothing before this time.
    Wait(UnixTime),
}

impl Machines {
    pub(crate) fn new(locator: Box<dyn Locate + Send>) -> Self {
        Self {
            locator,
            tokens: Vec::new(),
            #[cfg(feature = "verify")]
            keys: Weak::new(),
        }
    }

    pub(crate) fn add_tokens(
        &mut self,
        source: TokenSource,
        files: Option<CredentialFiles>,
    ) -> Arc<TokenPlace> {
        let place = Place::new(source, files);
        self.tokens.retain(|place| place.strong_count() > 0);
        self.tokens.push(Arc::downgrade(&place));
        place
    }

    /// The place of the key source, which is made where there is none.
    #[cfg(feature = "verify")]
    pub(crate) fn keys_or_add(&mut self, source: impl FnOnce() -> KeySource) -> Arc<KeyPlace> {
        if let Some(place) = self.keys.upgrade() {
            return place;
        }
        let place = Place::new(source(), None);
        self.keys = Arc::downgrade(&place);
        place
    }

    pub(crate) fn host(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        self.locator.locate(service, now)
    }

    /// The host as far as it is known, however old.
    pub(crate) fn known_host(&self, service: &ServiceName) -> Option<ServiceHost> {
        self.locator.known(service)
    }

    pub(crate) fn token(&mut self, place: &TokenPlace, now: UnixTime) -> Result<Step<AccessToken>, Error> {
        place.machine().token(&mut *self.locator, now)
    }

    /// The keys that this verification needs, and has when it is done.
    #[cfg(feature = "verify")]
    pub(crate) fn keys(
        &mut self,
        place: &KeyPlace,
        verification: &mut Verification<'_>,
        now: UnixTime,
    ) -> Result<Step<()>, Error> {
        verification.ask(&mut place.machine(), &mut *self.locator, now)
    }

    /// Renews whatever is due: a call, or when to look again.
    pub(crate) fn upkeep(&mut self, now: UnixTime) -> Upkeep {
        let mut next = match self.locator.upkeep(now) {
            Step::Done(never) => match never {},
            Step::Call(call) => return Upkeep::Call(call, None),
            Step::Wait(until) => until,
        };
        for place in self.tokens.iter().filter_map(Weak::upgrade) {
            let step = place.machine().upkeep(&mut *self.locator, now);
            match step {
                Step::Done(never) => match never {},
                Step::Call(call) => return Upkeep::Call(call, Some(place)),
                Step::Wait(until) => next = next.min(until),
            }
        }
        #[cfg(feature = "verify")]
        if let Some(place) = self.keys.upgrade() {
            let step = place.machine().upkeep(&mut *self.locator, now);
            match step {
                Step::Done(never) => match never {},
                Step::Call(call) => return Upkeep::Call(call, Some(place)),
                Step::Wait(until) => next = next.min(until),
            }
        }
        Upkeep::Wait(next)
    }

    /// Publishes what is at hand now.
    pub(crate) fn publish(&self) {
        for place in self.tokens.iter().filter_map(Weak::upgrade) {
            place.publish(&place.machine(), |source| source.at_hand_with(&*self.locator));
        }
        #[cfg(feature = "verify")]
        if let Some(place) = self.keys.upgrade() {
            place.publish(&place.machine(), |source| source.at_hand_with(&*self.locator));
        }
    }
}

impl Flow for Machines {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        let mut reply = self.locator.handle(reply, now)?;
        for place in self.tokens.iter().filter_map(Weak::upgrade) {
            reply = place.machine().handle(reply, now)?;
        }
        #[cfg(feature = "verify")]
        if let Some(place) = self.keys.upgrade() {
            reply = place.machine().handle(reply, now)?;
        }
        Some(reply)
    }
}
