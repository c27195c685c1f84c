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

use lp_auth_core::{
    Body, Call, Credentials, Error, Purpose, Runtime, TokenSource, Transport, TransportError, UnixTime, http,
};

use self::in_flight::{Attendance, InFlight, send, wait};
use crate::asker::{Asker, Keeper, Next};
use crate::machines::Machines;
use crate::place::{Attention, Calling, TokenPlace};
use crate::progress::Watcher;
use crate::question::Question;
use crate::shared_machines::{Begun, SharedMachines};

pub(crate) struct Driver {
    machines: SharedMachines,
    in_flight: Mutex<Vec<InFlight>>,
    transport: Arc<dyn Transport>,
    runtime: Arc<dyn Runtime>,
}

impl Driver {
    pub(crate) fn new(
        machines: Machines,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
        watcher: Watcher,
    ) -> Arc<Self> {
        Arc::new(Self {
            machines: SharedMachines::new(machines, watcher),
            in_flight: Mutex::default(),
            transport,
            runtime,
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
        let start = self.runtime.monotonic();
        let left = || patience.saturating_sub(self.runtime.monotonic().saturating_sub(start));
        let mut asker = Asker::new(question, patience);
        loop {
            let changed = self.machines.listen();
            let patient = match asker.next(&self.machines, || self.runtime.now(), left)? {
                Next::Again => continue,
                Next::Done(answer) => {
                    match self.abandoned(asker.question()).filter(|_| !asker.has_waited) {
                        None => return Ok(answer),
                        // Whoever was told to make this call has gone.
                        Some(attendance) => {
                            self.machines().publish();
                            attendance
                                .until(self.machines.changed(), impatience.as_mut())
                                .await
                        }
                    }
                }
                Next::Call(call, place) => {
                    self.begin(call, place.as_ref())
                        .until(self.machines.changed(), impatience.as_mut())
                        .await
                }
                Next::Wait(length) => {
                    let over = self.runtime.sleep(length);
                    wait(self.calls_out(), changed, over, impatience.as_mut()).await
                }
            };
            asker.has_waited = true;
            if patient.is_break() {
                return asker.make_do(&self.machines, || self.runtime.now());
            }
        }
    }

    /// Keeps everything fresh until the driver goes. Holds no driver while it waits.
    pub(crate) fn keep_fresh(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let runtime = Arc::clone(&self.runtime);
        let driver = Arc::downgrade(self);
        async move {
            // Several may be out: a server that is slow to hand out keys holds up no token.
            let mut attended: Vec<Attendance> = Vec::new();
            let mut keeper = Keeper::default();
            while let Some(driver) = driver.upgrade() {
                attended.retain(|attendance| !attendance.has_ended());
                let changed = driver.machines.listen();
                match keeper.next(&driver.machines, || runtime.now()) {
                    Next::Again => {}
                    Next::Call(call, place) => attended.push(driver.begin(call, place.as_ref())),
                    Next::Done(never) => match never {},
                    Next::Wait(length) => {
                        let calls = driver.calls_out();
                        drop(driver);
                        let over = runtime.sleep(length);
                        let _: ControlFlow<()> = wait(calls, changed, over, pin!(pending())).await;
                    }
                }
            }
        }
    }

    pub(crate) fn machines(&self) -> MutexGuard<'_, Machines> {
        self.machines.lock()
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
        self.machines.wake_all();
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
        self.machines.wake_all();
        drop(gone);
    }

    /// Puts a call among those in flight. Nothing is sent until somebody polls it, as the one who began it undertakes.
    fn begin(self: &Arc<Self>, call: Call, place: Option<&Arc<dyn Calling>>) -> Attendance {
        let (begun, request, limits) = self.machines.begin(call, place, || self.runtime.now());
        let (now, purpose) = (begun.at(), begun.purpose().clone());
        let attention = Arc::new(Attention::default());
        let sending = send(
            Arc::clone(&self.transport),
            Arc::clone(&self.runtime),
            request,
            limits,
        );
        let (driver, ended) = (Arc::downgrade(self), Arc::clone(&attention));
        let future = async move {
            let outcome = sending.await;
            if let Some(driver) = driver.upgrade() {
                driver.end(begun, outcome, &ended);
            }
        };
        let call = InFlight::new(future, attention, place, purpose, now, limits);
        let attendance = Attendance::of(call.clone());
        if let Some(place) = place {
            place.began(call.attention());
        }
        let mut calls = self.calls();
        let lost: Vec<InFlight> = calls.extract_if(.., |call| call.is_lost(now)).collect();
        calls.push(call);
        drop(calls);
        drop(lost);
        self.machines.wake_all();
        attendance
    }

    /// Takes a call from those in flight, as this came of it.
    fn end(
        &self,
        begun: Begun,
        outcome: Result<http::Response<Body>, TransportError>,
        attention: &Arc<Attention>,
    ) {
        self.machines
            .end(begun, outcome, || self.runtime.now(), || attention.end());
        let gone: Vec<InFlight> = self
            .calls()
            .extract_if(.., |call| Arc::ptr_eq(call.attention(), attention))
            .collect();
        drop(gone);
        self.machines.wake_all();
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
