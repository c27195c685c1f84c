//! The async driver: makes the calls that the machines ask for, and waits.
//!
//! Each call in flight belongs to the driver, not to the asker that was told to make it: the futures stand in the
//! shared part, and whoever waits polls them. So an asker that is dropped, slow or never polled again neither aborts
//! nor delays a call that others wait for.

mod in_flight;

use core::future::{Future, pending};
use core::ops::ControlFlow;
use core::pin::pin;
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::Event;

use lp_auth_core::{
    Call, Credentials, Error, ErrorKind, Flow as _, Purpose, Reply, Runtime, Step, TokenSource, Transport,
    UnixTime, http,
};

use self::in_flight::{Attendance, InFlight, send, wait};
use crate::credential_files::{FromFiles, Occasion};
use crate::machines::{Machines, Upkeep};
use crate::place::{Attention, Calling, TokenPlace};
use crate::progress::{Progress, Watcher};
use crate::question::Question;

pub(crate) struct Driver {
    machines: Mutex<Machines>,
    in_flight: Mutex<Vec<InFlight>>,
    /// Told whenever a call begins or ends, and when the driver goes.
    changed: Arc<Event>,
    transport: Arc<dyn Transport>,
    runtime: Arc<dyn Runtime>,
    watcher: Watcher,
}

impl Driver {
    pub(crate) fn new(
        machines: Machines,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
        watcher: Watcher,
    ) -> Arc<Self> {
        Arc::new(Self {
            machines: Mutex::new(machines),
            in_flight: Mutex::default(),
            changed: Arc::default(),
            transport,
            runtime,
            watcher,
        })
    }

    /// Asks until there is an answer, and makes the calls that it takes.
    ///
    /// Rests after transient failures are slept through as long as the patience lasts; a rest that would outlast it
    /// is an error at once. Without any patience there is one try: no rest is slept through, and the calls that it
    /// takes have their own limits of time.
    pub(crate) async fn ask<Q: Question>(
        self: &Arc<Self>,
        question: &mut Q,
        patience: Duration,
    ) -> Result<Q::Answer, Error> {
        let mut impatience = pin!(async {
            if patience.is_zero() {
                return pending().await;
            }
            self.runtime.sleep(patience).await;
        });
        let asked = self.runtime.monotonic();
        let mut failure: Option<Error> = None;
        // Files that say something else whenever they are read must not keep anybody busy.
        let mut has_reread = false;
        let mut waited = false;
        loop {
            // Before the question, so that nothing that happens after it is missed.
            let changed = self.changed.listen();
            let (now, step) = {
                let mut machines = self.machines();
                let now = self.runtime.now();
                let enough = if waited {
                    question.good_enough(&mut machines, now)
                } else {
                    None
                };
                let step = enough.map_or_else(
                    || question.ask(&mut machines, now),
                    |answer| Ok(Step::Done(answer)),
                );
                if matches!(step, Ok(Step::Call(_))) {
                    machines.publish();
                }
                (now, step)
            };
            let patient = match step {
                Ok(Step::Done(answer)) => match self.abandoned(question).filter(|_| !waited) {
                    None => return Ok(answer),
                    // Whoever was told to make this call has gone.
                    Some(attendance) => {
                        self.machines().publish();
                        attendance.until(&self.changed, impatience.as_mut()).await
                    }
                },
                Ok(Step::Call(call)) => {
                    let place = question.place();
                    if !has_reread
                        && self.has_other_credentials(place.as_ref(), call.purpose(), Occasion::Call, now)
                    {
                        has_reread = true;
                        continue;
                    }
                    has_reread = false;
                    self.begin(call, place.as_ref())
                        .until(&self.changed, impatience.as_mut())
                        .await
                }
                Ok(Step::Wait(until)) => {
                    let over = self.runtime.sleep(until.since(now));
                    wait(self.calls_out(), changed, over, impatience.as_mut()).await
                }
                Err(error) => {
                    let place = question.place();
                    if error.kind() == ErrorKind::Refused
                        && self.has_other_credentials(place.as_ref(), error.purpose(), Occasion::Rest, now)
                    {
                        continue;
                    }
                    let left = patience.saturating_sub(self.runtime.monotonic().saturating_sub(asked));
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
                    let over = self.runtime.sleep(until.since(now));
                    wait(self.calls_out(), changed, over, impatience.as_mut()).await
                }
            };
            waited = true;
            if patient.is_break() {
                let now = self.runtime.now();
                let enough = question.good_enough(&mut self.machines(), now);
                return enough
                    .ok_or_else(|| failure.unwrap_or_else(|| out_of_patience(question.purpose(), patience)));
            }
        }
    }

    /// Keeps everything fresh until the driver goes. Holds no driver while it waits.
    pub(crate) fn keep_fresh(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        // A sleeping laptop stops timers, so none is trusted for longer.
        const LONGEST_SLEEP: Duration = Duration::from_secs(60);
        let runtime = Arc::clone(&self.runtime);
        let driver = Arc::downgrade(self);
        async move {
            // Several may be out: a server that is slow to hand out keys holds up no token.
            let mut attended: Vec<Attendance> = Vec::new();
            let mut has_reread = false;
            while let Some(driver) = driver.upgrade() {
                attended.retain(|attendance| !attendance.has_ended());
                let changed = driver.changed.listen();
                let (now, upkeep) = {
                    let mut machines = driver.machines();
                    let now = runtime.now();
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
                            attended.push(driver.begin(call, place));
                        }
                    }
                    Upkeep::Wait(until) => {
                        let calls = driver.calls_out();
                        drop(driver);
                        let over = runtime.sleep(until.since(now).min(LONGEST_SLEEP));
                        let _: ControlFlow<()> = wait(calls, changed, over, pin!(pending())).await;
                    }
                }
            }
        }
    }

    pub(crate) fn machines(&self) -> MutexGuard<'_, Machines> {
        self.machines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn runtime(&self) -> &dyn Runtime {
        &*self.runtime
    }

    /// Changes a token source between two decisions, and wakes whoever waits for what it decided before.
    pub(crate) fn change<R>(
        &self,
        place: &TokenPlace,
        change: impl FnOnce(&mut TokenSource, UnixTime) -> R,
    ) -> R {
        let result = place.change(|source| change(source, self.runtime.now()));
        self.changed.notify(usize::MAX);
        result
    }

    /// Other credentials from now on. What is out with the old ones is given up, as nobody waits for its answer.
    pub(crate) fn set_credentials(&self, place: &Arc<TokenPlace>, credentials: Credentials) {
        let caller: Arc<dyn Calling> = Arc::<TokenPlace>::clone(place);
        // First, as from then on another may begin.
        let gone: Vec<InFlight> = self
            .calls()
            .extract_if(.., |call| {
                call.is_for(&caller) && *call.purpose() == Purpose::Token
            })
            .collect();
        for call in &gone {
            call.attention().end();
        }
        place.change(|source| source.set_credentials(credentials));
        self.changed.notify(usize::MAX);
        drop(gone);
    }

    /// Puts a call among those in flight. Nothing is sent until somebody polls it, as the one who began it undertakes.
    fn begin(self: &Arc<Self>, call: Call, place: Option<&Arc<dyn Calling>>) -> Attendance {
        self.watcher.tell(|| Progress::asking(&call));
        let began = self.runtime.now();
        let (ticket, request, limits) = call.into_parts();
        let attention = Arc::new(Attention::default());
        let purpose = ticket.purpose().clone();
        let sending = send(
            Arc::clone(&self.transport),
            Arc::clone(&self.runtime),
            request,
            limits,
        );
        let (driver, ended) = (Arc::downgrade(self), Arc::clone(&attention));
        let owner = place.map(Arc::downgrade);
        let future = async move {
            let outcome = sending.await;
            let Some(driver) = driver.upgrade() else { return };
            driver.watcher.tell(|| Progress::Answered {
                purpose: ticket.purpose().clone(),
                outcome: outcome.as_ref().map(http::Response::status).map_err(Clone::clone),
                took: driver.runtime.now().since(began),
            });
            let is_refused = outcome
                .as_ref()
                .is_ok_and(|reply| reply.status().is_client_error());
            let owner = owner
                .and_then(|owner| owner.upgrade())
                .filter(|_| is_refused && *ticket.purpose() == Purpose::Token);
            let other = owner.and_then(|owner| {
                let now = driver.runtime.now();
                let other = owner.other_credentials(Occasion::Refusal, now, &driver.watcher)?;
                Some((owner, other))
            });
            driver.deliver(ticket.reply(outcome), other, &ended);
        };
        let call = InFlight::new(future, attention, place, purpose, began, limits);
        let attendance = Attendance::of(call.clone());
        if let Some(place) = place {
            place.began(call.attention());
        }
        let mut calls = self.calls();
        let lost: Vec<InFlight> = calls.extract_if(.., |call| call.is_lost(began)).collect();
        calls.push(call);
        drop(calls);
        drop(lost);
        self.changed.notify(usize::MAX);
        attendance
    }

    /// Hands a reply to the machines. `other` is what the files held after a refusal: nobody rests who may try with that.
    fn deliver(
        &self,
        reply: Reply,
        other: Option<(Arc<dyn Calling>, FromFiles)>,
        attention: &Arc<Attention>,
    ) {
        {
            let mut machines = self.machines();
            let now = self.runtime.now();
            // A reply that is nobody's is for a client that was dropped.
            drop(machines.handle(reply, now));
            if let Some((place, credentials)) = other {
                place.adopt(credentials, now);
            }
            attention.end();
            machines.publish();
        }
        let gone: Vec<InFlight> = self
            .calls()
            .extract_if(.., |call| Arc::ptr_eq(call.attention(), attention))
            .collect();
        drop(gone);
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

    /// A call for the question's place, or of its purpose where it has none, that nobody has undertaken to poll any more.
    fn abandoned(&self, question: &impl Question) -> Option<Attendance> {
        let place = question.place();
        let is_its_own = |call: &&InFlight| {
            let is_of_use = match &place {
                Some(place) => call.is_for(place),
                None => *call.purpose() == question.purpose(),
            };
            is_of_use && call.attention().is_lacking()
        };
        // Under the lock, so that one asker alone takes it over.
        let calls = self.calls();
        calls.iter().find(is_its_own).cloned().map(Attendance::of)
    }

    fn calls_out(&self) -> Vec<InFlight> {
        self.calls().clone()
    }

    fn calls(&self) -> MutexGuard<'_, Vec<InFlight>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends what waits for a change: there will be none.
impl Drop for Driver {
    fn drop(&mut self) {
        self.changed.notify(usize::MAX);
    }
}

pub(crate) fn out_of_patience(purpose: Purpose, patience: Duration) -> Error {
    let detail = format!("no answer within the patience of {} s", patience.as_secs_f32());
    Error::new(ErrorKind::OutOfPatience, purpose).with_detail(detail)
}
