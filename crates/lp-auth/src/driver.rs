//! The async driver: makes the calls that the machines ask for, and waits.
//!
//! Each call in flight belongs to the driver, not to the asker that was told to make it: the futures stand in the
//! shared part, and whoever waits polls them. So an asker that is dropped, slow or never polled again neither aborts
//! nor delays a call that others wait for.

use core::future::{Future, pending, poll_fn};
use core::ops::ControlFlow::{self, Break, Continue};
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use event_listener::{Event, EventListener};
use futures_util::future::{BoxFuture, Either, FutureExt as _, Shared, select};

use lp_auth_core::{
    Body, Call, Error, ErrorKind, Flow as _, Limits, Purpose, Reply, Runtime, Step, TokenSource, Transport,
    TransportError, TransportErrorKind, UnixTime, http,
};

use crate::machines::{Machines, Published, TokenPlace};
use crate::progress::{Progress, Watcher};
use crate::question::Question;

/// How long a transport may overrun its limit of time: less than the grace of a lease, so that the machine hears of it
/// before it counts the call as lost.
const GRACE: Duration = Duration::from_millis(500);

pub(crate) struct Driver {
    machines: Mutex<Machines>,
    in_flight: Mutex<Vec<InFlight>>,
    /// Told whenever a call begins or ends, and when the driver goes.
    changed: Event,
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
            changed: Event::new(),
            transport,
            runtime,
            watcher,
        })
    }

    /// Asks until there is an answer, and makes the calls that it takes.
    ///
    /// Rests after transient failures are slept through as long as the patience lasts; a rest that would outlast it
    /// is an error at once.
    pub(crate) async fn ask<Q: Question>(
        self: &Arc<Self>,
        question: &mut Q,
        patience: Duration,
    ) -> Result<Q::Answer, Error> {
        let mut impatience = pin!(self.runtime.sleep(patience));
        let asked_at = self.runtime.now();
        let mut failure = None;
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
                        attendance.until(impatience.as_mut()).await
                    }
                },
                Ok(Step::Call(call)) => {
                    self.begin(call, question.place().as_ref())
                        .until(impatience.as_mut())
                        .await
                }
                Ok(Step::Wait(until)) => self.wait(changed, until.since(now), impatience.as_mut()).await,
                Err(error) => {
                    let until = error
                        .retry_at()
                        .filter(|_| error.is_transient() && question.sleeps_through_rests());
                    let Some(until) = until.filter(|until| until.since(asked_at) <= patience) else {
                        return Err(error);
                    };
                    self.watcher.tell(|| Progress::Resting {
                        error: error.clone(),
                        until,
                    });
                    failure = Some(error);
                    self.wait(changed, until.since(now), impatience.as_mut()).await
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
            while let Some(driver) = driver.upgrade() {
                let changed = driver.changed.listen();
                let (now, step) = {
                    let mut machines = driver.machines();
                    let now = runtime.now();
                    let step = machines.upkeep(now);
                    if matches!(step, Step::Call(_)) {
                        machines.publish();
                    }
                    (now, step)
                };
                match step {
                    Step::Done(never) => match never {},
                    Step::Call(call) => {
                        let attendance = driver.begin(call, None);
                        drop(driver);
                        let _: ControlFlow<()> = attendance.until(pin!(pending())).await;
                    }
                    Step::Wait(until) => {
                        drop(driver);
                        let sleep = runtime.sleep(until.since(now).min(LONGEST_SLEEP));
                        select(changed, sleep).await;
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

    /// Puts a call among those in flight. Nothing is sent until somebody polls it, as the one who began it undertakes.
    fn begin(self: &Arc<Self>, call: Call, place: Option<&Arc<dyn Published>>) -> Attendance {
        self.watcher.tell(|| Progress::asking(&call));
        let began = self.runtime.now();
        let (ticket, request, limits) = call.into_parts();
        let state = Arc::new(CallState::default());
        let sending = send(
            Arc::clone(&self.transport),
            Arc::clone(&self.runtime),
            request,
            limits,
        );
        let (driver, ended) = (Arc::downgrade(self), Arc::clone(&state));
        let future = async move {
            let outcome = sending.await;
            if let Some(driver) = driver.upgrade() {
                driver.watcher.tell(|| Progress::Answered {
                    purpose: ticket.purpose().clone(),
                    outcome: outcome.as_ref().map(http::Response::status).map_err(Clone::clone),
                    took: driver.runtime.now().since(began),
                });
                driver.deliver(ticket.reply(outcome), &ended);
            }
        };
        // A panic would come out of every asker that polls the shared future.
        let future = AssertUnwindSafe(future).catch_unwind().map(drop).boxed().shared();
        let call = InFlight {
            future,
            state,
            place: place.map(Arc::downgrade),
            lost_at: began + limits.timeout + GRACE + GRACE,
        };
        let attendance = Attendance::of(call.clone());
        let mut calls = self.calls();
        let lost: Vec<InFlight> = calls.extract_if(.., |call| call.lost_at <= began).collect();
        calls.push(call);
        drop(calls);
        drop(lost);
        self.changed.notify(usize::MAX);
        attendance
    }

    fn deliver(&self, reply: Reply, ended: &Arc<CallState>) {
        {
            let mut machines = self.machines();
            let now = self.runtime.now();
            // A reply that is nobody's is for a client that was dropped.
            drop(machines.handle(reply, now));
            machines.publish();
        }
        ended.ended.store(true, Ordering::Release);
        let gone: Vec<InFlight> = self
            .calls()
            .extract_if(.., |call| Arc::ptr_eq(&call.state, ended))
            .collect();
        drop(gone);
        self.changed.notify(usize::MAX);
    }

    /// Polls all calls in flight until something has changed, or this time or the patience is over.
    async fn wait(
        &self,
        mut changed: EventListener,
        length: Duration,
        mut impatience: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> ControlFlow<()> {
        let mut calls: Vec<_> = self.calls().iter().map(|call| call.future.clone()).collect();
        let mut over = pin!(self.runtime.sleep(length));
        poll_fn(|context| {
            for call in &mut calls {
                if call.poll_unpin(context).is_ready() {
                    return Poll::Ready(Continue(()));
                }
            }
            if Pin::new(&mut changed).poll(context).is_ready() || over.as_mut().poll(context).is_ready() {
                return Poll::Ready(Continue(()));
            }
            impatience.as_mut().poll(context).map(Break)
        })
        .await
    }

    /// A call for the question's place that nobody has undertaken to poll any more.
    fn abandoned(&self, question: &impl Question) -> Option<Attendance> {
        let place = question.place()?;
        let is_its_own = |call: &&InFlight| {
            let owner = call.place.as_ref().map(|owner| owner.as_ptr().cast::<()>());
            owner == Some(Arc::as_ptr(&place).cast::<()>()) && call.state.is_abandoned()
        };
        self.calls().iter().find(is_its_own).cloned().map(Attendance::of)
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

/// A call in flight, which whoever waits polls.
#[derive(Clone)]
struct InFlight {
    future: Shared<BoxFuture<'static, ()>>,
    state: Arc<CallState>,
    /// Where the answer will be published for whoever began the call.
    place: Option<Weak<dyn Published>>,
    /// When the machine has given it up, whatever becomes of it.
    lost_at: UnixTime,
}

#[derive(Default)]
struct CallState {
    /// How many have undertaken to poll it to its end.
    attendants: AtomicUsize,
    ended: AtomicBool,
}

impl CallState {
    fn is_abandoned(&self) -> bool {
        self.attendants.load(Ordering::Acquire) == 0 && !self.ended.load(Ordering::Acquire)
    }
}

/// Somebody has undertaken to poll a call to its end. If the last one goes before that, what was published for its place
/// is taken back: the next asker comes to the machines instead, and finds the call.
struct Attendance {
    call: InFlight,
}

impl Attendance {
    fn of(call: InFlight) -> Self {
        call.state.attendants.fetch_add(1, Ordering::AcqRel);
        Self { call }
    }

    /// Polls the call to its end, or until the patience is over.
    async fn until(self, impatience: Pin<&mut (impl Future<Output = ()> + Send)>) -> ControlFlow<()> {
        match select(self.call.future.clone(), impatience).await {
            Either::Left(_) => Continue(()),
            Either::Right(_) => Break(()),
        }
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.call.state.attendants.fetch_sub(1, Ordering::AcqRel);
        let place = self
            .call
            .place
            .as_ref()
            .filter(|_| self.call.state.is_abandoned());
        if let Some(place) = place.and_then(Weak::upgrade) {
            place.unpublish();
        }
    }
}

/// Sends a request, and answers for a transport that panics or ignores its limit of time.
async fn send(
    transport: Arc<dyn Transport>,
    runtime: Arc<dyn Runtime>,
    request: http::Request<Body>,
    limits: Limits,
) -> Result<http::Response<Body>, TransportError> {
    let sending = async { transport.send(request, limits).await };
    let sending = pin!(AssertUnwindSafe(sending).catch_unwind());
    let too_long = pin!(runtime.sleep(limits.timeout.saturating_add(GRACE)));
    match select(sending, too_long).await {
        Either::Left((Ok(outcome), _)) => outcome,
        Either::Left((Err(_), _)) => {
            Err(TransportError::new(TransportErrorKind::Other).caused_by("the transport panicked"))
        }
        Either::Right(_) => Err(TransportError::new(TransportErrorKind::TimedOut)
            .caused_by("the transport did not keep to its limit of time")),
    }
}

pub(crate) fn out_of_patience(purpose: Purpose, patience: Duration) -> Error {
    let detail = format!("no answer within the patience of {} s", patience.as_secs_f32());
    Error::new(ErrorKind::OutOfPatience, purpose).with_detail(detail)
}
