//! One verification on its way: with the keys at hand, and where these do not do, with keys that are asked for.

use std::sync::Arc;

use lp_auth_core::{ApiVersion, Error, Locate, Step, UnixTime, Window};

use crate::{Claims, KeySet, KeySource, Keys, Policy, Rejected};

/// A verification that may have to ask for keys, in two kinds of steps: what takes time, and what takes a lock.
///
/// [`attempt`](Self::attempt) does the cryptography and wants no lock; [`ask`](Self::ask) wants the
/// [`KeySource`], and takes no time. In turns, until `attempt` has a verdict:
///
/// ```
/// use lp_auth_core::{FixedHost, Step, UnixTime, Window};
/// use lp_auth_jwt::{Claims, KeySet, KeySource, Policy, Verification, VerifyError};
/// use std::sync::{Arc, Mutex};
///
/// # struct Driver { policy: Policy, v1: Option<KeySet>, machines: Mutex<(KeySource, FixedHost)> }
/// # impl Driver {
/// #     fn now(&self) -> UnixTime { todo!() }
/// #     fn snapshot(&self) -> Option<(Arc<KeySet>, Window)> { todo!() }
/// #     fn carry_out(&self, _: lp_auth_core::Call) {}
/// #     fn wait_until(&self, _: UnixTime) {}
/// fn verify(&self, token: &str) -> Result<Claims, VerifyError> {
///     let mut verification = Verification::new(&self.policy, self.v1.as_ref(), token);
///     loop {
///         // What was published when the machine last changed: no lock.
///         let snapshot = self.snapshot();
///         let at_hand = snapshot.as_ref().map(|(keys, window)| (&**keys, *window));
///         if let Some(verdict) = verification.attempt(at_hand, self.now()) {
///             return Ok(verdict?);
///         }
///         let step = {
///             let (source, sentinel) = &mut *self.machines.lock().unwrap();
///             verification.ask(source, sentinel, self.now())?
///         };
///         match step {
///             Step::Done(()) => {}
///             Step::Call(call) => self.carry_out(call),
///             Step::Wait(until) => self.wait_until(until),
///         }
///     }
/// }
/// # }
/// ```
///
/// An error of `ask` means that the key cannot be had now, and makes a [`VerifyError::Unavailable`]; a patient driver
/// may ask again when its rest is over. A V1 token never gets that far: it is verified without Sentinel.
///
/// [`VerifyError::Unavailable`]: crate::VerifyError::Unavailable
#[derive(Debug)]
#[must_use = "nothing is verified before `attempt` says so"]
pub struct Verification<'a> {
    policy: &'a Policy,
    v1: Option<&'a KeySet>,
    token: &'a str,
    stage: Stage,
    /// Whether a set was asked for that has the token's `kid`. One that comes without it settles the matter.
    asked_for_kid: bool,
}

#[derive(Debug)]
enum Stage {
    /// Nothing was asked for: the keys at hand have to do.
    AtHand,
    /// A set is needed, with this `kid` if the token names one that the last set lacked.
    Needed(Option<Box<str>>),
    Given(Arc<KeySet>),
}

impl<'a> Verification<'a> {
    /// Of this token, under this policy. `v1` are the keys for V1 tokens, if the policy accepts these.
    pub fn new(policy: &'a Policy, v1: Option<&'a KeySet>, token: &'a str) -> Self {
        Self {
            policy,
            v1,
            token,
            stage: Stage::AtHand,
            asked_for_kid: false,
        }
    }

    /// Verifies with the V2 keys that are at hand ([`KeySource::at_hand`]) or that [`ask`](Self::ask) brought.
    /// Takes as long as the cryptography does.
    ///
    /// The verdict, or none: then `ask` for keys, and attempt again.
    pub fn attempt(
        &mut self,
        at_hand: Option<(&KeySet, Window)>,
        now: UnixTime,
    ) -> Option<Result<Claims, Rejected>> {
        let (policy, token) = (self.policy, self.token);
        self.attempt_by(at_hand, now, |keys| policy.verify(token, keys, now))
    }

    /// The same, with the claims handed over by reference; see [`Policy::with_claims`].
    ///
    /// `read` is called for an accepted token, once, and not at all otherwise.
    pub fn attempt_with<T>(
        &mut self,
        at_hand: Option<(&KeySet, Window)>,
        now: UnixTime,
        read: impl FnMut(&Claims) -> T,
    ) -> Option<Result<T, Rejected>> {
        let (policy, token) = (self.policy, self.token);
        self.attempt_by(at_hand, now, |keys| policy.with_claims(token, keys, now, read))
    }

    /// Asks for the keys that the last attempt lacked. Takes no time: this is what the lock around the machines is
    /// held for.
    ///
    /// Fails as [`KeySource::keys`] does.
    pub fn ask(
        &mut self,
        source: &mut KeySource,
        sentinel: &mut (impl Locate + ?Sized),
        now: UnixTime,
    ) -> Result<Step<()>, Error> {
        let Stage::Needed(kid) = &self.stage else {
            return Ok(Step::Done(()));
        };
        let for_kid = kid.is_some();
        let step = source.keys(sentinel, kid.as_deref(), now)?;
        Ok(step.map(|keys| {
            self.asked_for_kid |= for_kid;
            self.stage = Stage::Given(keys);
        }))
    }

    /// Takes the set that the source holds although a newer one is due, if it serves and has the key that is needed: for an
    /// asker who has waited already. Says whether it did.
    pub fn make_do(&mut self, source: &KeySource, now: UnixTime) -> bool {
        let Stage::Needed(kid) = &self.stage else {
            return true;
        };
        let Some(keys) = source.usable(now) else {
            return false;
        };
        if kid.as_deref().is_some_and(|kid| keys.key(kid).is_none()) {
            return false;
        }
        self.stage = Stage::Given(Arc::clone(keys));
        true
    }

    fn attempt_by<T>(
        &mut self,
        at_hand: Option<(&KeySet, Window)>,
        now: UnixTime,
        verify: impl FnOnce(Keys<'_>) -> Result<T, Rejected>,
    ) -> Option<Result<T, Rejected>> {
        let keys = |v2| Keys { v1: self.v1, v2 };
        let verdict = match &self.stage {
            Stage::Needed(_) => return None,
            Stage::Given(set) => verify(keys(Some(set))),
            Stage::AtHand => match at_hand {
                Some((set, window)) if window.contains(now) => verify(keys(Some(set))),
                // A new set is due or there is none yet, which is no concern of V1's tokens.
                Some(_) if !self.policy.accepts(ApiVersion::V1) => {
                    self.stage = Stage::Needed(None);
                    return None;
                }
                _ => verify(keys(None)),
            },
        };
        if let Err(rejected) = &verdict
            && let Some(missing) = rejected.missing_key()
            && !self.asked_for_kid
        {
            self.stage = Stage::Needed(missing.kid().map(Into::into));
            return None;
        }
        Some(verdict)
    }
}
