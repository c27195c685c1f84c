//! The blocking driver: the asker that is told to make a call makes it on its own thread, and the others wait.

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard, Weak};
use std::time::{Instant, SystemTime};

use event_listener::Listener as _;

use lp_auth_core::{
    BlockingTransport, Call, Error, TokenSource, TransportError, TransportErrorKind, UnixTime,
};

use crate::asker::{Asker, Keeper, Next};
use crate::machines::Machines;
use crate::place::{Calling, TokenPlace};
use crate::progress::Watcher;
use crate::question::Question;
use crate::shared_machines::SharedMachines;

pub(crate) struct Driver {
    machines: SharedMachines,
    transport: Arc<dyn BlockingTransport>,
}

impl Driver {
    pub(crate) fn new(
        machines: Machines,
        transport: Arc<dyn BlockingTransport>,
        watcher: Watcher,
    ) -> Arc<Self> {
        Arc::new(Self {
            machines: SharedMachines::new(machines, watcher),
            transport,
        })
    }

    /// Asks until there is an answer, and makes the calls that it takes.
    ///
    /// Returns within the patience and the time limit of one call. Without any patience there is one try: no rest is
    /// slept through, and the calls that it takes have their own limits of time.
    pub(crate) fn ask<Q: Question>(&self, question: &mut Q, patience: Duration) -> Result<Q::Answer, Error> {
        let start = monotonic();
        let mut asker = Asker::new(question, patience);
        loop {
            let changed = self.machines.listen();
            let left = patience.saturating_sub(monotonic().duration_since(start));
            // Not even a call that the machines would ask for: it might take a whole time limit.
            if asker.has_waited && left.is_zero() && !patience.is_zero() {
                return asker.make_do(&self.machines, now);
            }
            match asker.next(&self.machines, now, || left)? {
                Next::Again => continue,
                Next::Call(call, place) => self.carry_out(call, place.as_ref()),
                Next::Done(answer) => return Ok(answer),
                Next::Wait(length) => {
                    let most = if patience.is_zero() { Duration::MAX } else { left };
                    changed.wait_timeout(length.min(most));
                }
            }
            asker.has_waited = true;
        }
    }

    /// Keeps everything fresh until the driver goes. Holds no driver while it waits.
    pub(crate) fn keep_fresh(self: &Arc<Self>) -> impl FnOnce() + Send + use<> {
        let driver: Weak<Self> = Arc::downgrade(self);
        move || {
            let mut keeper = Keeper::default();
            while let Some(driver) = driver.upgrade() {
                let changed = driver.machines.listen();
                match keeper.next(&driver.machines, now) {
                    Next::Again => {}
                    Next::Call(call, place) => driver.carry_out(call, place.as_ref()),
                    Next::Done(never) => match never {},
                    Next::Wait(length) => {
                        drop(driver);
                        changed.wait_timeout(length);
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
        self.machines.wake_all();
        result
    }

    pub(crate) fn machines(&self) -> MutexGuard<'_, Machines> {
        self.machines.lock()
    }

    fn carry_out(&self, call: Call, place: Option<&Arc<dyn Calling>>) {
        let (begun, request, limits) = self.machines.begin(call, place, now);
        // A panic must not leave the others waiting until the lease runs out.
        let outcome =
            catch_unwind(AssertUnwindSafe(|| self.transport.send(request, limits))).unwrap_or_else(|_| {
                Err(TransportError::new(TransportErrorKind::Other).caused_by("the transport panicked"))
            });
        self.machines.end(begun, outcome, now, || ());
        self.machines.wake_all();
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
