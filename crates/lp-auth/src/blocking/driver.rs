//! The blocking driver: the asker that is told to make a call makes it on its own thread, and the others wait.

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Instant, SystemTime};

use event_listener::{Event, Listener as _};

use lp_auth_core::{
    BlockingTransport, Call, Error, ErrorKind, Flow as _, Purpose, Step, TokenSource, TransportError,
    TransportErrorKind, UnixTime, http,
};

use crate::credential_files::Occasion;
use crate::driver::out_of_patience;
use crate::machines::{Machines, Upkeep};
use crate::place::{Calling, TokenPlace};
use crate::progress::{Progress, Watcher};
use crate::question::Question;

pub(crate) struct Driver {
    machines: Mutex<Machines>,
    /// Told whenever a call ends, and when the driver goes.
    changed: Arc<Event>,
    transport: Arc<dyn BlockingTransport>,
    watcher: Watcher,
}

impl Driver {
    pub(crate) fn new(
        machines: Machines,
        transport: Arc<dyn BlockingTransport>,
        watcher: Watcher,
    ) -> Arc<Self> {
        Arc::new(Self {
            machines: Mutex::new(machines),
            changed: Arc::default(),
            transport,
            watcher,
        })
    }

    /// Asks until there is an answer, and makes the calls that it takes.
    ///
    /// Returns within the patience and the time limit of one call. Without any patience there is one try: no rest is
    /// slept through, and the calls that it takes have their own limits of time.
    pub(crate) fn ask<Q: Question>(&self, question: &mut Q, patience: Duration) -> Result<Q::Answer, Error> {
        let asked = monotonic();
        let mut failure: Option<Error> = None;
        // Files that say something else whenever they are read must not keep anybody busy.
        let mut has_reread = false;
        let mut waited = false;
        loop {
            // Before the question, so that nothing that happens after it is missed.
            let changed = self.changed.listen();
            let left = patience.saturating_sub(monotonic().duration_since(asked));
            let (now, step) = {
                let mut machines = self.machines();
                let now = now();
                let enough = if waited {
                    question.good_enough(&mut machines, now)
                } else {
                    None
                };
                let step = match enough {
                    Some(answer) => Ok(Step::Done(answer)),
                    // Not even a call that the machines would ask for: it might take a whole time limit.
                    None if waited && left.is_zero() && !patience.is_zero() => {
                        return Err(failure.unwrap_or_else(|| out_of_patience(question.purpose(), patience)));
                    }
                    None => question.ask(&mut machines, now),
                };
                if matches!(step, Ok(Step::Call(_))) {
                    machines.publish();
                }
                (now, step)
            };
            match step {
                Ok(Step::Done(answer)) => return Ok(answer),
                Ok(Step::Call(call)) => {
                    let place = question.place();
                    if !has_reread
                        && self.has_other_credentials(place.as_ref(), call.purpose(), Occasion::Call, now)
                    {
                        has_reread = true;
                        continue;
                    }
                    has_reread = false;
                    self.carry_out(call, place.as_ref());
                }
                Ok(Step::Wait(until)) => {
                    let most = if patience.is_zero() { Duration::MAX } else { left };
                    changed.wait_timeout(until.since(now).min(most));
                }
                Err(error) => {
                    let place = question.place();
                    if error.kind() == ErrorKind::Refused
                        && self.has_other_credentials(place.as_ref(), error.purpose(), Occasion::Rest, now)
                    {
                        continue;
                    }
                    let until = error.retry_at().filter(|until| {
                        error.is_transient() && question.sleeps_through_rests() && until.since(now) <= left
                    });
                    let Some(until) = until else {
                        return Err(match place {
                            Some(place) => place.explained(error),
                            None => error,
                        });
                    };
                    // Once for each rest, however often this asker is woken in it.
                    if failure.as_ref().and_then(Error::retry_at) != Some(until) {
                        self.watcher.tell(|| Progress::Resting {
                            error: error.clone(),
                            until,
                        });
                    }
                    failure = Some(error);
                    changed.wait_timeout(until.since(now));
                }
            }
            waited = true;
        }
    }

    /// Keeps everything fresh until the driver goes. Holds no driver while it waits.
    pub(crate) fn keep_fresh(self: &Arc<Self>) -> impl FnOnce() + Send + use<> {
        // A sleeping laptop stops timers, so none is trusted for longer.
        const LONGEST_SLEEP: Duration = Duration::from_secs(60);
        let driver: Weak<Self> = Arc::downgrade(self);
        move || {
            let mut has_reread = false;
            while let Some(driver) = driver.upgrade() {
                let changed = driver.changed.listen();
                let (now, upkeep) = {
                    let mut machines = driver.machines();
                    let now = now();
                    let upkeep = machines.upkeep(now);
                    if matches!(upkeep, Upkeep::Call(..)) {
                        machines.publish();
                    }
                    (now, upkeep)
                };
                match upkeep {
                    Upkeep::Call(call, place) => {
                        let place = place.as_ref();
                        has_reread = !has_reread
                            && driver.has_other_credentials(place, call.purpose(), Occasion::Call, now);
                        if !has_reread {
                            driver.carry_out(call, place);
                        }
                    }
                    Upkeep::Wait(until) => {
                        drop(driver);
                        changed.wait_timeout(until.since(now).min(LONGEST_SLEEP));
                    }
                }
            }
        }
    }

    /// Changes a token source between two decisions, and wakes whoever waits for what it decided before.
    pub(crate) fn change<R>(
        &self,
        place: &TokenPlace,
        change: impl FnOnce(&mut TokenSource, UnixTime) -> R,
    ) -> R {
        let result = place.change(|source| change(source, now()));
        self.changed.notify(usize::MAX);
        result
    }

    pub(crate) fn machines(&self) -> MutexGuard<'_, Machines> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, call: Call, place: Option<&Arc<dyn Calling>>) {
        self.watcher.tell(|| Progress::asking(&call));
        let began = now();
        let (ticket, request, limits) = call.into_parts();
        // A panic must not leave the others waiting until the lease runs out.
        let outcome =
            catch_unwind(AssertUnwindSafe(|| self.transport.send(request, limits))).unwrap_or_else(|_| {
                Err(TransportError::new(TransportErrorKind::Other).caused_by("the transport panicked"))
            });
        self.watcher.tell(|| Progress::Answered {
            purpose: ticket.purpose().clone(),
            outcome: outcome.as_ref().map(http::Response::status).map_err(Clone::clone),
            took: now().since(began),
        });
        let is_refused = outcome
            .as_ref()
            .is_ok_and(|reply| reply.status().is_client_error());
        let place = place.filter(|_| is_refused && *ticket.purpose() == Purpose::Token);
        let other = place.and_then(|place| {
            let other = place.other_credentials(Occasion::Refusal, now(), &self.watcher)?;
            Some((place, other))
        });
        {
            let mut machines = self.machines();
            let now = now();
            // A reply that is nobody's is for a client that was dropped.
            drop(machines.handle(ticket.reply(outcome), now));
            // Nobody rests who may try with other credentials.
            if let Some((place, credentials)) = other {
                place.adopt(credentials, now);
            }
            machines.publish();
        }
        self.changed.notify(usize::MAX);
    }

    /// Whether the files hold other credentials than those that a call was, or would be, made with. They are used then.
    fn has_other_credentials(
        &self,
        place: Option<&Arc<dyn Calling>>,
        purpose: &Purpose,
        occasion: Occasion,
        now: UnixTime,
    ) -> bool {
        let place = place.filter(|_| *purpose == Purpose::Token);
        let has_other = place.is_some_and(|place| place.follow_files(occasion, now, &self.watcher));
        if has_other {
            self.changed.notify(usize::MAX);
        }
        has_other
    }
}

/// Ends what waits for a change: there will be none.
impl Drop for Driver {
    fn drop(&mut self) {
        self.changed.notify(usize::MAX);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "threads have no runtime to ask: this is their clock"
)]
pub(crate) fn now() -> UnixTime {
    SystemTime::now().into()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a clock that is set must not end or prolong anybody's patience"
)]
fn monotonic() -> Instant {
    Instant::now()
}
