//! All machines of one account, behind one lock.

use core::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lp_auth_core::{
    AccessToken, Error, Flow, Locate, Reply, ServiceHost, ServiceName, Step, TokenSource, UnixTime,
};
#[cfg(feature = "verify")]
use lp_auth_jwt::{KeySet, KeySource, Verification};

use crate::at_hand::AtHand;

/// A machine, and where its answer is published. It goes when the last client or verifier that asks it is dropped.
pub(crate) struct Place<M, T> {
    pub(crate) at_hand: AtHand<T>,
    /// Locked for a moment at a time. Whoever needs the lock of all machines too takes that one first.
    machine: Mutex<M>,
}

pub(crate) type TokenPlace = Place<TokenSource, AccessToken>;
#[cfg(feature = "verify")]
pub(crate) type KeyPlace = Place<KeySource, Arc<KeySet>>;

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

impl<M, T> Place<M, T> {
    fn new(machine: M) -> Arc<Self> {
        Arc::new(Self {
            at_hand: AtHand::default(),
            machine: Mutex::new(machine),
        })
    }

    /// Reads or changes the machine between two decisions.
    pub(crate) fn machine(&self) -> MutexGuard<'_, M> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of whatever kind, for those who only take back what it shows.
pub(crate) trait Published: Send + Sync {
    /// Takes back what was published, so that the next asker comes to the machines.
    fn unpublish(&self);
}

impl<M: Send, T: Send + Sync> Published for Place<M, T> {
    fn unpublish(&self) {
        self.at_hand.publish(None);
    }
}

impl TokenPlace {
    /// Changes the token source between two decisions, and publishes what is then at hand.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut TokenSource) -> R) -> R {
        let mut source = self.machine();
        let result = change(&mut source);
        self.at_hand.publish(source.at_hand());
        result
    }
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

    pub(crate) fn add_tokens(&mut self, source: TokenSource) -> Arc<TokenPlace> {
        let place = Place::new(source);
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
        let place = Place::new(source());
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
    pub(crate) fn upkeep(&mut self, now: UnixTime) -> Step<Infallible> {
        let mut next = match self.locator.upkeep(now) {
            Step::Wait(until) => until,
            step => return step,
        };
        for place in self.tokens.iter().filter_map(Weak::upgrade) {
            match place.machine().upkeep(&mut *self.locator, now) {
                Step::Wait(until) => next = next.min(until),
                step => return step,
            }
        }
        #[cfg(feature = "verify")]
        if let Some(place) = self.keys.upgrade() {
            match place.machine().upkeep(&mut *self.locator, now) {
                Step::Wait(until) => next = next.min(until),
                step => return step,
            }
        }
        Step::Wait(next)
    }

    /// Publishes what is at hand now.
    pub(crate) fn publish(&self) {
        for place in self.tokens.iter().filter_map(Weak::upgrade) {
            place
                .at_hand
                .publish(place.machine().at_hand_with(&*self.locator));
        }
        #[cfg(feature = "verify")]
        if let Some(place) = self.keys.upgrade() {
            place
                .at_hand
                .publish(place.machine().at_hand_with(&*self.locator));
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
