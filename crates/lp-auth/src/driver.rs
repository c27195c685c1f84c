//! The async driver: makes the calls that the machines ask for, and waits.
//!
//! Each call in flight belongs to the driver, not to the asker that was told to make it: the futures stand in the
//! shared part, and whoever waits polls them. So an asker that is dropped, slow or never polled again neither aborts
//! nor delays a call that others wait for.

use core::future::{Future, poll_fn};
use core::ops::ControlFlow::{self, Break, Continue};
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use event_listener::{Event, EventListener};
use futures_util::future::{BoxFuture, FutureExt as _, Shared, select};

use lp_auth_core::{
    Body, Call, Error, ErrorKind, Flow as _, Limits, Purpose, Reply, Runtime, Step, Transport,
    TransportError, TransportErrorKind, http,
};

use crate::machines::Machines;
use crate::progress::{Progress, Watcher};
use crate::question::Question;

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
                let enough = if waited { question.good_enough(now) } else { None };
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
                Ok(Step::Done(answer)) => match self.unattended(question).filter(|_| !waited) {
                    None => return Ok(answer),
                    // Whoever was told to make this call has gone.
                    Some(call) => self.attend(call, impatience.as_mut()).await,
                },
                Ok(Step::Call(call)) => {
                    let call = self.begin(call);
                    self.attend(call, impatience.as_mut()).await
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
                let enough = question.good_enough(now);
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
                        let call = driver.begin(call);
                        let _attendance = Attendance::of(&call, &driver);
                        drop(driver);
                        call.future.await;
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

    /// Puts a call among those in flight. Nothing is sent until somebody polls it.
    fn begin(self: &Arc<Self>, call: Call) -> InFlight {
        self.watcher.tell(|| Progress::asking(&call));
        let began = self.runtime.now();
        let (ticket, request, limits) = call.into_parts();
        let purpose = ticket.purpose().clone();
        let attendants = Arc::new(AtomicUsize::new(0));
        let sending = send(
            Arc::clone(&self.transport),
            Arc::clone(&self.runtime),
            request,
            limits,
        );
        let driver = Arc::downgrade(self);
        let key = Arc::as_ptr(&attendants) as usize;
        let future = async move {
            let outcome = sending.await;
            if let Some(driver) = driver.upgrade() {
                driver.watcher.tell(|| Progress::Answered {
                    purpose: ticket.purpose().clone(),
                    outcome: outcome.as_ref().map(http::Response::status).map_err(Clone::clone),
                    took: driver.runtime.now().since(began),
                });
                driver.deliver(ticket.reply(outcome), key);
            }
        };
        let call = InFlight {
            future: future.boxed().shared(),
            purpose,
            attendants,
        };
        self.calls().push(call.clone());
        self.changed.notify(usize::MAX);
        call
    }

    fn deliver(&self, reply: Reply, key: usize) {
        {
            let mut machines = self.machines();
            let now = self.runtime.now();
            // A reply that is nobody's is for a client that was dropped.
            drop(machines.handle(reply, now));
            machines.publish();
        }
        let ended: Vec<InFlight> = {
            let mut calls = self.calls();
            let (ended, going) = calls.drain(..).partition(|call| call.key() == key);
            *calls = going;
            ended
        };
        drop(ended);
        self.changed.notify(usize::MAX);
    }

    /// Polls this call to its end, or until the patience is over.
    async fn attend(
        self: &Arc<Self>,
        call: InFlight,
        impatience: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> ControlFlow<()> {
        let _attendance = Attendance::of(&call, self);
        match select(call.future.clone(), impatience).await {
            futures_util::future::Either::Left(_) => Continue(()),
            futures_util::future::Either::Right(_) => Break(()),
        }
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

    /// A call in flight that the question may have to wait for, and that nobody has undertaken to poll.
    fn unattended(&self, question: &impl Question) -> Option<InFlight> {
        let is_unattended = |call: &&InFlight| {
            call.attendants.load(Ordering::Acquire) == 0
                && call.future.peek().is_none()
                && question.waits_for(&call.purpose)
        };
        self.calls().iter().find(is_unattended).cloned()
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
    purpose: Purpose,
    /// How many have undertaken to poll it to its end.
    attendants: Arc<AtomicUsize>,
}

impl InFlight {
    /// Tells it from every other call in flight.
    fn key(&self) -> usize {
        Arc::as_ptr(&self.attendants) as usize
    }
}

/// Somebody has undertaken to poll a call to its end. If the last one goes before that, the next asker is sent to
/// the machines instead of taking what is at hand, and finds the call.
struct Attendance {
    call: InFlight,
    driver: Weak<Driver>,
}

impl Attendance {
    fn of(call: &InFlight, driver: &Arc<Driver>) -> Self {
        call.attendants.fetch_add(1, Ordering::AcqRel);
        Self {
            call: call.clone(),
            driver: Arc::downgrade(driver),
        }
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        let last = self.call.attendants.fetch_sub(1, Ordering::AcqRel) == 1;
        if !last || self.call.future.peek().is_some() {
            return;
        }
        if let Some(driver) = self.driver.upgrade() {
            driver.machines().unpublish();
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
    // Less than the grace of a lease, so that the machine hears of it before it counts the call as lost.
    const GRACE: Duration = Duration::from_millis(500);
    let sending = pin!(AssertUnwindSafe(transport.send(request, limits)).catch_unwind());
    let too_long = pin!(runtime.sleep(limits.timeout.saturating_add(GRACE)));
    match select(sending, too_long).await {
        futures_util::future::Either::Left((Ok(outcome), _)) => outcome,
        futures_util::future::Either::Left((Err(_), _)) => {
            Err(TransportError::new(TransportErrorKind::Other).caused_by("the transport panicked"))
        }
        futures_util::future::Either::Right(_) => Err(TransportError::new(TransportErrorKind::TimedOut)
            .caused_by("the transport did not keep to its limit of time")),
    }
}

pub(crate) fn out_of_patience(purpose: Purpose, patience: Duration) -> Error {
    let detail = format!("no answer within the patience of {} s", patience.as_secs_f32());
    Error::new(ErrorKind::OutOfPatience, purpose).with_detail(detail)
}
