//! The calls in flight, and how they are waited for.

use core::future::poll_fn;
use core::ops::ControlFlow::{self, Break, Continue};
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};

use event_listener::{Event, EventListener};
use futures_util::future::{BoxFuture, Either, FutureExt as _, Shared, select};

use lp_auth_core::{
    Body, Limits, Purpose, Runtime, Transport, TransportError, TransportErrorKind, UnixTime, http,
};

use crate::place::{Attention, Calling};

/// How long a transport may overrun its limit of time: less than the grace of a lease, so that the machine hears of it
/// before it counts the call as lost.
const GRACE: Duration = Duration::from_millis(500);

/// A call in flight, which whoever waits polls.
#[derive(Clone)]
pub(super) struct InFlight {
    future: Shared<BoxFuture<'static, ()>>,
    attention: Arc<Attention>,
    /// Where the answer will be published for whoever began the call.
    place: Option<Weak<dyn Calling>>,
    purpose: Purpose,
    /// When the machine has given it up, whatever becomes of it.
    lost_at: UnixTime,
}

impl InFlight {
    pub(super) fn new(
        future: impl Future<Output = ()> + Send + 'static,
        attention: Arc<Attention>,
        place: Option<&Arc<dyn Calling>>,
        purpose: Purpose,
        began: UnixTime,
        limits: Limits,
    ) -> Self {
        // A panic would come out of every asker that polls the shared future.
        let future = AssertUnwindSafe(future).catch_unwind().map(drop).boxed().shared();
        Self {
            future,
            attention,
            place: place.map(Arc::downgrade),
            purpose,
            lost_at: began + limits.timeout + GRACE + GRACE,
        }
    }

    pub(super) fn attention(&self) -> &Arc<Attention> {
        &self.attention
    }

    pub(super) fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    pub(super) fn is_for(&self, place: &Arc<dyn Calling>) -> bool {
        let owner = self.place.as_ref().map(|owner| owner.as_ptr().cast::<()>());
        owner == Some(Arc::as_ptr(place).cast::<()>())
    }

    pub(super) fn is_lost(&self, now: UnixTime) -> bool {
        self.lost_at <= now
    }
}

/// Somebody has undertaken to poll a call to its end. If the last one goes before that, what was published for its place
/// is taken back: the next asker comes to the machines instead, and finds the call.
pub(super) struct Attendance {
    call: InFlight,
}

impl Attendance {
    pub(super) fn of(call: InFlight) -> Self {
        call.attention.begin();
        Self { call }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.call.attention.has_ended()
    }

    /// Polls the call until it has ended or was given up, or until the patience is over.
    pub(super) async fn until(
        self,
        changed: &Event,
        mut impatience: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> ControlFlow<()> {
        let mut call = self.call.future.clone();
        loop {
            let mut listener = changed.listen();
            if self.has_ended() {
                return Continue(());
            }
            let news = poll_fn(|context| {
                if call.poll_unpin(context).is_ready() {
                    return Poll::Ready(Some(Continue(())));
                }
                if Pin::new(&mut listener).poll(context).is_ready() {
                    return Poll::Ready(None);
                }
                impatience.as_mut().poll(context).map(|()| Some(Break(())))
            })
            .await;
            if let Some(end) = news {
                return end;
            }
        }
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        let is_abandoned = self.call.attention.cease();
        let place = self.call.place.as_ref().filter(|_| is_abandoned);
        if let Some(place) = place.and_then(Weak::upgrade) {
            place.withdraw();
        }
    }
}

/// Polls these calls until one has ended, something else has changed, or this time or the patience is over.
pub(super) async fn wait(
    mut calls: Vec<InFlight>,
    mut changed: EventListener,
    over: impl Future<Output = ()> + Send,
    mut impatience: Pin<&mut (impl Future<Output = ()> + Send)>,
) -> ControlFlow<()> {
    let mut over = pin!(over);
    poll_fn(|context| {
        for call in &mut calls {
            if call.future.poll_unpin(context).is_ready() {
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

/// Sends a request, and answers for a transport that panics or ignores its limit of time.
pub(super) async fn send(
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
