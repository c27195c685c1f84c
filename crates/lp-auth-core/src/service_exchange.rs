//! An exchange with a service whose host has to be found first.

use core::convert::Infallible;

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
/// let Taken::Answer(answer) = exchange.take(reply) else { panic!("it is waited for") };
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
    /// When the call was begun.
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

    /// Takes a reply in and becomes idle, if the reply is the one waited for.
    pub fn take(&mut self, reply: Reply) -> Taken<ServiceAnswer> {
        match (self.exchange.take(reply), self.asked.take()) {
            (Taken::Answer(Answer { outcome, sent }), Some(host)) => {
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

    /// The stretch of time in which no call can begin, if there is one: a lease or a rest.
    pub fn engaged(&self) -> Option<Window> {
        self.exchange.engaged()
    }
}
