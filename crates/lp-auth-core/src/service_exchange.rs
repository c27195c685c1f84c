//! An exchange with a service whose host has to be found first.

use core::convert::Infallible;
use core::time::Duration;

use http::{Request, Response};

use crate::{
    Answer, Body, Error, Exchange, Locate, Pace, Purpose, Reply, ServiceHost, ServiceName, Status, Step,
    Taken, TransportError, UnixTime, Window,
};

/// An [`Exchange`] with a service of LivePerson's: where it lives is looked up before each call, and looked up anew
/// after a call that casts doubt on the host.
///
/// To a driver the lookup looks like any other call.
///
/// ```
/// use lp_auth_core::*;
///
/// let mut exchange = ServiceExchange::new(ServiceName::SENTINEL, Pace::default(), 1);
/// let mut sentinel = FixedHost::new(Region::Us.host());
/// let now = UnixTime::from_secs(1_700_000_000);
/// let step = exchange.begin(&mut sentinel, Purpose::Other("motto"), now, |host| {
///     http::Request::get(host.uri("/motto")?).body(Body::default())
/// })?;
/// let Step::Call(call) = step else { panic!("the host is known") };
///
/// let (ticket, ..) = call.into_parts();
/// let reply = ticket.reply(Err(TransportError::new(TransportErrorKind::TimedOut)));
/// let Taken::Answer(answer) = exchange.take(reply, now) else { panic!("it is waited for") };
/// let error = success(answer.outcome, &Purpose::Other("motto"), answer.host.name(), &[]).unwrap_err();
/// exchange.fail(error, &answer.host, now);
/// assert!(matches!(exchange.status(now), Status::Resting { .. }));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct ServiceExchange {
    service: ServiceName,
    exchange: Exchange,
    /// Whom the call in flight went to.
    asked: Option<ServiceHost>,
    /// A host that did not answer well, until the locator is told.
    doubted: Option<ServiceHost>,
}

/// An outcome, whom it came from, and when its request was sent. See [`ServiceExchange`].
#[derive(Debug)]
pub struct ServiceAnswer {
    /// What came back.
    pub outcome: Result<Response<Body>, TransportError>,
    /// Whom the call went to.
    pub host: ServiceHost,
    /// When the call was begun, and no later than when it was answered.
    pub sent: UnixTime,
}

impl ServiceExchange {
    /// An idle exchange with this service. The seed decides the jitter of its rests.
    pub fn new(service: ServiceName, pace: Pace, seed: u64) -> Self {
        Self {
            service,
            exchange: Exchange::new(pace, seed),
            asked: None,
            doubted: None,
        }
    }

    /// Finds the host, then begins the call: a call of the locator's or one's own, or a time to wait for the locator.
    ///
    /// Fails where the locator does, and where the request cannot be built.
    pub fn begin(
        &mut self,
        locator: &mut (impl Locate + ?Sized),
        purpose: Purpose,
        now: UnixTime,
        request: impl FnOnce(&ServiceHost) -> Result<Request<Body>, http::Error>,
    ) -> Result<Step<Infallible>, Error> {
        if let Some(host) = self.doubted.take() {
            locator.doubt(&host);
        }
        let host = match locator.locate(&self.service, now)? {
            Step::Done(host) => host,
            Step::Call(call) => return Ok(Step::Call(call)),
            Step::Wait(until) => return Ok(Step::Wait(until)),
        };
        let call = self.exchange.begin(purpose, request(&host), now)?;
        self.asked = Some(host);
        Ok(Step::Call(call))
    }

    /// Begins the call that is due, unless one is out or the last failure still rests: a call, or when to ask again.
    pub fn upkeep(
        &mut self,
        locator: &mut (impl Locate + ?Sized),
        purpose: Purpose,
        now: UnixTime,
        request: impl FnOnce(&ServiceHost) -> Result<Request<Body>, http::Error>,
    ) -> Step<Infallible> {
        /// A locator without a host and without a plan is asked again as if it rested.
        const WITHOUT_A_PLAN: Duration = Duration::from_secs(30);
        match self.status(now) {
            Status::InFlight { until } | Status::Resting { until, .. } => Step::Wait(until),
            Status::Idle => self
                .begin(locator, purpose, now, request)
                .unwrap_or_else(|error| Step::Wait(error.retry_at().unwrap_or(now + WITHOUT_A_PLAN))),
        }
    }

    /// Takes a reply in and becomes idle, if the reply is the one waited for.
    ///
    /// An answer from before its own request is one that a clock was set back in between: it counts as sent now.
    pub fn take(&mut self, reply: Reply, now: UnixTime) -> Taken<ServiceAnswer> {
        match (self.exchange.take(reply), self.asked.take()) {
            (Taken::Answer(Answer { outcome, sent }), Some(host)) => {
                let sent = sent.min(now);
                Taken::Answer(ServiceAnswer { outcome, host, sent })
            }
            (Taken::Answer(_) | Taken::TooLate, asked) => {
                self.asked = asked;
                Taken::TooLate
            }
            (Taken::NotOurs(reply), asked) => {
                self.asked = asked;
                Taken::NotOurs(reply)
            }
        }
    }

    /// The answer taken was of use: the next failure is a first one again.
    pub fn succeed(&mut self) {
        self.exchange.succeed();
    }

    /// The answer taken was of no use: rests, and doubts the host where the error gives reason to.
    pub fn fail(&mut self, error: Error, host: &ServiceHost, now: UnixTime) {
        if error.casts_doubt_on_the_host() {
            self.doubted = Some(host.clone());
        }
        self.exchange.fail(error, now);
    }

    /// Becomes idle, whatever the state, and forgets past failures. The reply of a call in flight will be ignored.
    pub fn forget(&mut self) {
        self.exchange.forget();
    }

    /// What the exchange is doing.
    pub fn status(&self, now: UnixTime) -> Status {
        self.exchange.status(now)
    }

    /// How long what is at hand is used without asking for newer: while it is fresh, and while nobody could begin a
    /// call, since one is out or the last failure rests. Never from `end` on.
    pub fn undisturbed(&self, fresh: Window, end: UnixTime) -> Window {
        extended(fresh, self.exchange.engaged(), end)
    }

    /// The same, knowing the locator: also while nobody could begin a call because the locator's own is out or rests.
    pub fn undisturbed_with(&self, locator: &(impl Locate + ?Sized), fresh: Window, end: UnixTime) -> Window {
        extended(self.undisturbed(fresh, end), locator.engaged(&self.service), end)
    }
}

fn extended(window: Window, engaged: Option<Window>, end: UnixTime) -> Window {
    let until = engaged.map_or(window.end(), |engaged| engaged.end().max(window.end()));
    Window::new(window.start(), until.min(end))
}
