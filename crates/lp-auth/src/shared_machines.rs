//! What both drivers have: the machines behind their lock, and how a call for them begins and ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use event_listener::{Event, EventListener};

use lp_auth_core::{Body, Call, Flow as _, Limits, Purpose, Ticket, TransportError, UnixTime, http};

use crate::credential_files::Occasion;
use crate::machines::{Machines, Upkeep};
use crate::place::Calling;
use crate::progress::{Progress, Watcher};

/// The machines of one account, shared by all who ask them.
pub(crate) struct SharedMachines {
    machines: Mutex<Machines>,
    changed: Event,
    watcher: Watcher,
}

/// A call that was begun, and what it takes to hand in its outcome.
pub(crate) struct Begun {
    ticket: Ticket,
    at: UnixTime,
    place: Option<Weak<dyn Calling>>,
}

impl Begun {
    pub(crate) fn purpose(&self) -> &Purpose {
        self.ticket.purpose()
    }

    pub(crate) fn at(&self) -> UnixTime {
        self.at
    }
}

impl SharedMachines {
    pub(crate) fn new(machines: Machines, watcher: Watcher) -> Self {
        Self {
            machines: Mutex::new(machines),
            changed: Event::new(),
            watcher,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Machines> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Told of whatever may change a decision, and when the driver goes.
    pub(crate) fn changed(&self) -> &Event {
        &self.changed
    }

    /// From now on. Before a question to the machines, so that nothing that happens after it is missed.
    pub(crate) fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    /// Wakes everybody who waits.
    pub(crate) fn wake_all(&self) {
        self.changed.notify(usize::MAX);
    }

    pub(crate) fn tell(&self, progress: impl FnOnce() -> Progress) {
        self.watcher.tell(progress);
    }

    /// What is due for renewal, and when it was asked for.
    pub(crate) fn upkeep(&self, clock: impl Fn() -> UnixTime) -> (UnixTime, Upkeep) {
        let mut machines = self.lock();
        let now = clock();
        let upkeep = machines.upkeep(now);
        if matches!(upkeep, Upkeep::Call(..)) {
            machines.publish();
        }
        (now, upkeep)
    }

    /// Takes a call apart into what is sent, and what is kept until the answer is there.
    pub(crate) fn begin(
        &self,
        call: Call,
        place: Option<&Arc<dyn Calling>>,
        clock: impl Fn() -> UnixTime,
    ) -> (Begun, http::Request<Body>, Limits) {
        self.tell(|| Progress::asking(&call));
        let at = clock();
        let (ticket, request, limits) = call.into_parts();
        let place = place.map(Arc::downgrade);
        (Begun { ticket, at, place }, request, limits)
    }

    /// Hands the outcome of a call to the machines, and publishes what is then at hand, after `ended` was told. It wakes
    /// nobody.
    ///
    /// When a token request was refused, its place's files are read before: nobody rests who may try with what they hold.
    pub(crate) fn end(
        &self,
        begun: Begun,
        outcome: Result<http::Response<Body>, TransportError>,
        clock: impl Fn() -> UnixTime,
        ended: impl FnOnce(),
    ) {
        let Begun { ticket, at, place } = begun;
        self.tell(|| Progress::Answered {
            purpose: ticket.purpose().clone(),
            outcome: outcome.as_ref().map(http::Response::status).map_err(Clone::clone),
            took: clock().since(at),
        });
        let is_refused = outcome
            .as_ref()
            .is_ok_and(|reply| reply.status().is_client_error());
        let place = place
            .and_then(|place| place.upgrade())
            .filter(|_| is_refused && *ticket.purpose() == Purpose::Token);
        let other = place.and_then(|place| {
            let other = place.other_credentials(Occasion::Refusal, clock(), &self.watcher)?;
            Some((place, other))
        });
        let mut machines = self.lock();
        let now = clock();
        // A reply that is nobody's is for a client that was dropped.
        drop(machines.handle(ticket.reply(outcome), now));
        if let Some((place, credentials)) = other {
            place.adopt(credentials, now);
        }
        ended();
        machines.publish();
    }

    /// Whether the files hold other credentials than those that a call was, or would be, made with. They are used then.
    pub(crate) fn has_other_credentials(
        &self,
        place: Option<&Arc<dyn Calling>>,
        purpose: &Purpose,
        occasion: Occasion,
        now: UnixTime,
    ) -> bool {
        let place = place.filter(|_| *purpose == Purpose::Token);
        let has_other = place.is_some_and(|place| place.follow_files(occasion, now, &self.watcher));
        if has_other {
            self.wake_all();
        }
        has_other
    }
}

/// Ends what waits for a change: there will be none.
impl Drop for SharedMachines {
    fn drop(&mut self) {
        self.wake_all();
    }
}
