//! The blocking driver: the asker that is told to make a call makes it on its own thread, and the others wait.

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Instant, SystemTime};

use event_listener::{Event, Listener as _};

use lp_auth_core::{
    BlockingTransport, Call, Error, Flow as _, Step, TokenSource, TransportError, TransportErrorKind,
    UnixTime, http,
};

use crate::driver::out_of_patience;
use crate::machines::{Machines, TokenPlace};
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
    /// Returns within the patience and the time limit of one call.
    pub(crate) fn ask<Q: Question>(&self, question: &mut Q, patience: Duration) -> Result<Q::Answer, Error> {
        let asked = monotonic();
        let mut failure = None;
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
                    None if waited && left.is_zero() => {
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
                Ok(Step::Call(call)) => self.carry_out(call),
                Ok(Step::Wait(until)) => {
                    changed.wait_timeout(until.since(now).min(left));
                }
                Err(error) => {
                    let until = error.retry_at().filter(|until| {
                        error.is_transient() && question.sleeps_through_rests() && until.since(now) <= left
                    });
                    let Some(until) = until else { return Err(error) };
                    self.watcher.tell(|| Progress::Resting {
                        error: error.clone(),
                        until,
                    });
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
            while let Some(driver) = driver.upgrade() {
                let changed = driver.changed.listen();
                let (now, step) = {
                    let mut machines = driver.machines();
                    let now = now();
                    let step = machines.upkeep(now);
                    if matches!(step, Step::Call(_)) {
                        machines.publish();
                    }
                    (now, step)
                };
                match step {
                    Step::Done(never) => match never {},
                    Step::Call(call) => driver.carry_out(call),
                    Step::Wait(until) => {
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

    fn carry_out(&self, call: Call) {
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
        {
            let mut machines = self.machines();
            let now = now();
            // A reply that is nobody's is for a client that was dropped.
            drop(machines.handle(ticket.reply(outcome), now));
            machines.publish();
        }
        self.changed.notify(usize::MAX);
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
