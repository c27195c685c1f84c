//! The machine that keeps Sentinel's key set at hand.

mod builder;
mod unknown;

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;

use lp_auth_core::{
    Answer, Error, Flow, Locate, Purpose, Reply, ServiceAnswer, ServiceExchange, Status, Step, Taken,
    UnixTime, Window,
};

pub use self::builder::KeySourceBuilder;
use self::unknown::UnknownKids;
use crate::{Claims, JwksRequest, KeySet, Policy, PublishedKeys, Verification, VerifyError};

/// Asks Sentinel for the keys that sign V2 tokens, and keeps them.
///
/// - While a set is fresh (10 minutes, or as its `max-age` says), everybody gets it.
/// - Afterwards one asker gets the [`Step::Call`] that refreshes it, and all others still the set. With
///   [`upkeep`](Self::upkeep), which is a little earlier, nobody has to.
/// - It serves for up to 24 hours while no newer one can be had.
/// - A `kid` that it lacks may be that of a new key: one fetch, at most one in 30 s that brought a set. Strangers who
///   invent `kid`s cause no more than that, and at most 16 of them wait for it.
///
/// ```
/// use lp_auth_core::*;
/// use lp_auth_jwt::{KeySource, Policy};
///
/// # fn now() -> UnixTime { UnixTime::from_secs(1_700_000_000) }
/// # fn send(_: http::Request<Body>, _: Limits) -> Result<http::Response<Body>, TransportError> {
/// #     Ok(http::Response::new(br#"{"keys":[{"kty":"RSA","kid":"k","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}]}"#.as_slice().into()))
/// # }
/// let mut source = KeySource::builder().seed(7).build();
/// let mut sentinel = FixedHost::new(Region::Us.host());
/// let set = loop {
///     match source.keys(&mut sentinel, None, now())? {
///         Step::Done(set) => break set,
///         Step::Wait(until) => println!("a call is in flight, ask again at {until}"),
///         Step::Call(call) => {
///             let (ticket, request, limits) = call.into_parts();
///             source.handle(ticket.reply(send(request, limits)), now());
///         }
///     }
/// };
/// assert!(set.key("k").is_some());
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct KeySource {
    exchange: ServiceExchange,
    /// Why the last call was made.
    cause: Cause,
    held: Option<Held>,
    unknown: UnknownKids,
    random: fastrand::Rng,
    settings: KeySourceBuilder,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Cause {
    /// There is no set, or it is due for renewal.
    Schedule,
    UnknownKid,
}

/// A key set, and what to do with it when.
#[derive(Debug)]
struct Held {
    keys: Arc<KeySet>,
    /// From here on upkeep renews it.
    upkeep_from: UnixTime,
    /// Nobody need ask.
    fresh: Window,
    /// From here on it serves no more.
    end: UnixTime,
}

impl KeySource {
    /// The least time that `max-age` counts.
    const MIN_MAX_AGE: Duration = Duration::from_secs(60);
    /// The most time that `max-age` counts.
    const MAX_MAX_AGE: Duration = Duration::from_secs(24 * 3600);

    /// A machine with nothing at hand. Everything has a default.
    pub fn builder() -> KeySourceBuilder {
        KeySourceBuilder::default()
    }

    /// The key set, a call to make, or a time to wait for.
    ///
    /// `missing` is the `kid` of a token that the set at hand could not verify ([`Rejected::missing_key`]); the answer
    /// may be a set that has it. It may also be the old set once more: then the key is unknown, for now.
    ///
    /// Fails where no set can be had, and for a missing key also where a set is at hand and the last try to get a
    /// newer one failed: with that failure, until its rest is over.
    ///
    /// [`Rejected::missing_key`]: crate::Rejected::missing_key
    pub fn keys(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        missing: Option<&str>,
        now: UnixTime,
    ) -> Result<Step<Arc<KeySet>>, Error> {
        let Some(held) = self.held.as_ref().filter(|held| now < held.end) else {
            return self.first_keys(sentinel, missing, now).map(Step::towards);
        };
        let keys = Arc::clone(&held.keys);
        let is_due = !held.fresh.contains(now);
        match missing.filter(|kid| keys.key(kid).is_none()) {
            Some(kid) => self.newer_keys(sentinel, keys, is_due, kid, now),
            None if is_due => Ok(self.aging_keys(sentinel, keys, now)),
            None => Ok(Step::Done(keys)),
        }
    }

    /// Verifies a token, asking Sentinel for keys where that takes some: claims, a call to make, or a time to wait for.
    ///
    /// For embedders. What waits under a lock uses a [`Verification`], which does the cryptography outside it.
    pub fn verify(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        policy: &Policy,
        v1: Option<&KeySet>,
        token: &str,
        now: UnixTime,
    ) -> Result<Step<Claims>, VerifyError> {
        let mut verification = Verification::new(policy, v1, token);
        loop {
            let at_hand = self.at_hand();
            let at_hand = at_hand.as_ref().map(|(keys, window)| (&**keys, *window));
            if let Some(verdict) = verification.attempt(at_hand, now) {
                return Ok(Step::Done(verdict?));
            }
            match verification.ask(self, sentinel, now)? {
                Step::Done(()) => {}
                Step::Call(call) => return Ok(Step::Call(call)),
                Step::Wait(until) => return Ok(Step::Wait(until)),
            }
        }
    }

    /// Renews the key set when that is due, or fetches the first one: a call, or when to ask again.
    pub fn upkeep(&mut self, sentinel: &mut (impl Locate + ?Sized), now: UnixTime) -> Step<Infallible> {
        let not_due = self
            .held
            .as_ref()
            .filter(|held| Window::new(held.fresh.start(), held.upkeep_from.min(held.end)).contains(now));
        if let Some(held) = not_due {
            return Step::Wait(held.upkeep_from.min(held.end));
        }
        let Self { exchange, cause, .. } = self;
        exchange.upkeep(sentinel, Purpose::Keys, now, |host| {
            *cause = Cause::Schedule;
            JwksRequest.to_http(host)
        })
    }

    /// The key set at hand and the stretch of time in which nobody need ask for another, for readers without a lock.
    ///
    /// Also while it ages: as long as a refresh is in flight, or rests after a failure, nobody need ask.
    pub fn at_hand(&self) -> Option<(Arc<KeySet>, Window)> {
        let held = self.held.as_ref()?;
        let window = self.exchange.undisturbed(held.fresh, held.end);
        Some((Arc::clone(&held.keys), window))
    }

    /// The same, knowing the locator: nobody need ask, either, while Sentinel's host is being looked up for the refresh.
    pub fn at_hand_with(&self, sentinel: &(impl Locate + ?Sized)) -> Option<(Arc<KeySet>, Window)> {
        let held = self.held.as_ref()?;
        let window = self.exchange.undisturbed_with(sentinel, held.fresh, held.end);
        Some((Arc::clone(&held.keys), window))
    }

    /// The key set at hand, if it still serves, whether or not a newer one is due.
    pub fn usable(&self, now: UnixTime) -> Option<&Arc<KeySet>> {
        self.held
            .as_ref()
            .filter(|held| now < held.end)
            .map(|held| &held.keys)
    }

    /// Nothing is at hand: everybody waits for the one call, or for the end of a rest.
    fn first_keys(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        missing: Option<&str>,
        now: UnixTime,
    ) -> Result<Step<Infallible>, Error> {
        match self.exchange.status(now) {
            Status::InFlight { until } => {
                missing.map(|kid| self.unknown.admit(kid));
                Ok(Step::Wait(until))
            }
            Status::Resting { error, .. } => Err(error),
            Status::Idle => {
                missing.map(|kid| self.unknown.admit(kid));
                // Without any set a fetch is due, whatever the token says: its `kid` uses up nothing.
                self.fetch(sentinel, Cause::Schedule, now)
            }
        }
    }

    /// The set at hand serves, and should be renewed: by the asker that is told so.
    fn aging_keys(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        keys: Arc<KeySet>,
        now: UnixTime,
    ) -> Step<Arc<KeySet>> {
        match self.exchange.status(now) {
            Status::Idle => match self.fetch(sentinel, Cause::Schedule, now) {
                Ok(Step::Call(call)) => Step::Call(call),
                _ => Step::Done(keys),
            },
            Status::InFlight { .. } | Status::Resting { .. } => Step::Done(keys),
        }
    }

    /// The set at hand lacks a key: a newer one may have it.
    fn newer_keys(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        keys: Arc<KeySet>,
        is_due: bool,
        kid: &str,
        now: UnixTime,
    ) -> Result<Step<Arc<KeySet>>, Error> {
        let until = match self.exchange.status(now) {
            Status::InFlight { until } => until,
            Status::Resting { error, .. } => return Err(error),
            Status::Idle => {
                if !is_due && !self.unknown.may_cause_a_call(kid, now) {
                    return Ok(Step::Done(keys));
                }
                let cause = if is_due {
                    Cause::Schedule
                } else {
                    Cause::UnknownKid
                };
                match self.fetch(sentinel, cause, now)? {
                    Step::Wait(until) => until,
                    call => {
                        self.unknown.lead(kid);
                        return Ok(call.towards());
                    }
                }
            }
        };
        if self.unknown.admit(kid) {
            Ok(Step::Wait(until))
        } else {
            Ok(Step::Done(keys))
        }
    }

    fn fetch(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        cause: Cause,
        now: UnixTime,
    ) -> Result<Step<Infallible>, Error> {
        let Self {
            exchange, cause: of, ..
        } = self;
        exchange.begin(sentinel, Purpose::Keys, now, |host| {
            *of = cause;
            JwksRequest.to_http(host)
        })
    }

    fn read(&mut self, answer: ServiceAnswer, now: UnixTime) {
        let ServiceAnswer { outcome, host, sent } = answer;
        match JwksRequest.read(&host, Answer { outcome, sent }) {
            Ok(published) => {
                self.exchange.succeed();
                let held = self.hold(published, sent);
                self.unknown
                    .answered(&held.keys, self.cause == Cause::UnknownKid, now);
                self.held = Some(held);
            }
            Err(error) => {
                self.unknown.failed();
                self.exchange.fail(error, &host, now);
            }
        }
    }

    fn hold(&mut self, PublishedKeys { keys, max_age }: PublishedKeys, sent: UnixTime) -> Held {
        let mut keys = keys.remembering(self.settings.remembering);
        if let Some(older) = &self.held {
            keys.inherit(&older.keys);
        }
        let limit = self.settings.outage_limit;
        let interval = max_age
            .map_or(self.settings.refresh_interval, |age| {
                age.clamp(Self::MIN_MAX_AGE, Self::MAX_MAX_AGE)
            })
            .min(limit);
        // Before the first asker would have to, and not all processes at once.
        let upkeep_after = interval.mul_f64(0.875 - 0.0625 * self.random.f64());
        Held {
            keys: Arc::new(keys),
            upkeep_from: sent + upkeep_after,
            fresh: Window::starting(sent, interval),
            end: sent + limit,
        }
    }
}

impl Flow for KeySource {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        match self.exchange.take(reply, now) {
            Taken::Answer(answer) => {
                self.read(answer, now);
                None
            }
            Taken::NotOurs(reply) => Some(reply),
            Taken::TooLate => None,
        }
    }
}
