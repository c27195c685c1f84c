//! A machine, where its answer is published, and the calls that are made for it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lp_auth_core::{AccessToken, Error, TokenSource, UnixTime, Window};
#[cfg(feature = "verify")]
use lp_auth_jwt::{KeySet, KeySource};

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
    pub(crate) fn new(machine: M, files: Option<CredentialFiles>) -> Arc<Self> {
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
    pub(crate) fn publish(&self, machine: &M, at_hand: impl FnOnce(&M) -> Option<(T, Window)>) {
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

    /// Uses the credentials that its files hold now, if they are others than before; says whether they are.
    fn follow_files(&self, occasion: Occasion, now: UnixTime, watcher: &Watcher) -> bool {
        let other = self.other_credentials(occasion, now, watcher);
        let is_other = other.is_some();
        if let Some(credentials) = other {
            self.adopt(credentials, now);
        }
        is_other
    }

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

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use lp_auth_core::{ApiVersion, Credentials, TokenRequest};

    use super::*;

    /// What is at hand when the one who attends to a call goes, before its end or after it.
    fn shown_after(has_ended: bool) -> bool {
        let now = UnixTime::from_secs(1_700_000_000);
        let credentials = Credentials {
            client_id: "my-app".parse().unwrap(),
            client_secret: "hush".parse().unwrap(),
        };
        let request = TokenRequest::new("12345678".parse().unwrap(), ApiVersion::V2);
        let place: Arc<TokenPlace> = Place::new(TokenSource::builder(request, credentials).build(), None);
        let call = Arc::new(Attention::default());
        call.begin();
        place.began(&call);
        if has_ended {
            call.end();
        }
        let life = Window::starting(now, Duration::from_secs(3600));
        let token = AccessToken::new("e30.e30.c2ln", life).unwrap();
        assert!(place.change(|source| source.restore(token, now)));
        call.cease();
        place.withdraw();
        place.at_hand.load(now).is_some()
    }

    #[test]
    fn what_an_ended_call_brought_is_not_taken_back_by_the_one_who_goes() {
        assert!(shown_after(true));
        assert!(!shown_after(false), "nobody would take the call over");
    }
}
