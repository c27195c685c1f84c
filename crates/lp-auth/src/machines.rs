//! All machines of one account, behind one lock.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lp_auth_core::{
    AccessToken, Call, Error, Flow, Locate, Reply, ServiceHost, ServiceName, Step, TokenSource, UnixTime,
    Window,
};
#[cfg(feature = "verify")]
use lp_auth_jwt::{KeySet, KeySource, Verification};

use crate::at_hand::AtHand;
use crate::credential_files::{CredentialFiles, FromFiles, Occasion};
use crate::progress::Watcher;

/// A machine, and where its answer is published. It goes when the last client or verifier that asks it is dropped.
pub(crate) struct Place<M, T> {
    pub(crate) at_hand: AtHand<T>,
    /// Locked for a moment at a time. Whoever needs the lock of all machines too takes that one first.
    machine: Mutex<M>,
    /// The calls that somebody began for this place and undertook to poll.
    calls: Mutex<Vec<Weak<Attention>>>,
    /// Where the machine's credentials come from, if from files.
    files: Option<CredentialFiles>,
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

/// Whether a call is still looked after: how many have undertaken to poll it to its end, and whether it has ended.
#[derive(Default)]
pub(crate) struct Attention {
    attendants: AtomicUsize,
    ended: AtomicBool,
}

impl Attention {
    pub(crate) fn begin(&self) {
        self.attendants.fetch_add(1, Ordering::AcqRel);
    }

    /// Says whether the call is abandoned now.
    pub(crate) fn cease(&self) -> bool {
        self.attendants.fetch_sub(1, Ordering::AcqRel);
        self.is_lacking()
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether the call is out and nobody is sure to poll it.
    pub(crate) fn is_lacking(&self) -> bool {
        self.attendants.load(Ordering::Acquire) == 0 && !self.has_ended()
    }
}

impl<M, T> Place<M, T> {
    fn new(machine: M, files: Option<CredentialFiles>) -> Arc<Self> {
        Arc::new(Self {
            at_hand: AtHand::default(),
            machine: Mutex::new(machine),
            calls: Mutex::default(),
            files,
        })
    }

    /// Reads or changes the machine between two decisions.
    pub(crate) fn machine(&self) -> MutexGuard<'_, M> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows what is at hand, unless a call for this place is abandoned: then nothing, so that the next asker comes to
    /// the machines and takes that call over.
    fn publish(&self, machine: &M, at_hand: impl FnOnce(&M) -> Option<(T, Window)>) {
        let shown = if self.has_abandoned_call() {
            None
        } else {
            at_hand(machine)
        };
        self.at_hand.publish(shown);
    }

    fn has_abandoned_call(&self) -> bool {
        let calls = self.calls();
        calls
            .iter()
            .filter_map(Weak::upgrade)
            .any(|call| call.is_lacking())
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Weak<Attention>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of whatever kind, for those who make calls for it.
pub(crate) trait Calling: Send + Sync {
    /// A call begins for this place.
    fn began(&self, call: &Arc<Attention>);

    /// Takes back what is shown, if a call for this place is abandoned.
    fn withdraw(&self);

    /// The credentials that its files hold now, if they are others than before. Hold no lock: files are read.
    fn other_credentials(&self, occasion: Occasion, now: UnixTime, watcher: &Watcher) -> Option<FromFiles>;

    /// Authenticates with these from now on.
    fn adopt(&self, credentials: FromFiles, now: UnixTime);

    /// With what is known about its credentials.
    fn explained(&self, error: Error) -> Error;
}

impl<M: Send, T: Send + Sync> Calling for Place<M, T>
where
    Self: Adopting,
{
    fn began(&self, call: &Arc<Attention>) {
        let mut calls = self.calls();
        calls.retain(|call| call.upgrade().is_some_and(|call| !call.has_ended()));
        calls.push(Arc::downgrade(call));
    }

    fn withdraw(&self) {
        // Under the machine's lock, as every publication is: what a call brought that has just ended is not taken back.
        let _machine = self.machine();
        if self.has_abandoned_call() {
            self.at_hand.publish(None);
        }
    }

    fn other_credentials(&self, occasion: Occasion, now: UnixTime, watcher: &Watcher) -> Option<FromFiles> {
        self.files.as_ref()?.read_anew(occasion, now, watcher)
    }

    fn adopt(&self, credentials: FromFiles, now: UnixTime) {
        Adopting::adopt(self, credentials, now);
    }

    fn explained(&self, error: Error) -> Error {
        match &self.files {
            Some(files) => files.explained(error),
            None => error,
        }
    }
}

/// What the kinds of places make of other credentials.
pub(crate) trait Adopting {
    fn adopt(&self, credentials: FromFiles, now: UnixTime);
}

impl Adopting for TokenPlace {
    /// The token at hand stays, also where the client is another one: whoever put files there that name it has not said
    /// that the token is to go.
    fn adopt(&self, credentials: FromFiles, now: UnixTime) {
        self.change(|source| {
            let token = source.usable(now).cloned();
            let credentials = credentials.instead_of(source.credentials());
            source.set_credentials(credentials);
            if let Some(token) = token {
                source.restore(token, now);
            }
        });
    }
}

#[cfg(feature = "verify")]
impl Adopting for KeyPlace {
    /// Keys are asked for without any.
    fn adopt(&self, _: FromFiles, _: UnixTime) {}
}

impl TokenPlace {
    /// Changes the token source between two decisions, and publishes what is then at hand.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut TokenSource) -> R) -> R {
        let mut source = self.machine();
        let result = change(&mut source);
        self.publish(&source, TokenSource::at_hand);
        result
    }

    /// Where its credentials come from, if from files: for one more place like it.
    pub(crate) fn files(&self) -> Option<CredentialFiles> {
        self.files.clone()
    }
}

/// What is due for renewal.
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
            place.publish(&place.machine(), TokenSource::at_hand);
        }
        #[cfg(feature = "verify")]
        if let Some(place) = self.keys.upgrade() {
            place.publish(&place.machine(), KeySource::at_hand);
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
