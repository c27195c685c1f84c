//! What lies under every machine: one question to one server, asked by many.
//!
//! ```text
//!                      begin                        take, with a usable answer
//!          ┌────────────────────────► in flight ──────────────────────────────┐
//!          │                           │     │                                │
//!        idle ◄────────────────────────┘     │ take, then fail                │
//!          ▲ ▲     the lease runs out        ▼                                │
//!          │ └───────────────────────────  resting                            │
//!          │        the rest is over                                          │
//!          └──────────────────────────────────────────────────────────────────┘
//! ```

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use http::{Request, Response};

use crate::{Body, Call, Error, ErrorKind, Pace, Purpose, Reply, Ticket, TransportError, UnixTime, Window};

/// One question to one server: idle, in flight, or resting after a failure.
///
/// A machine that is built on it decides what to ask and what the answer means; the exchange sees to it that at most
/// one call is in flight, that a lost reply wedges nothing (a call has a lease), and that a failure is remembered and
/// leaves the server alone for a while ([`Rests`](crate::Rests)).
///
/// ```
/// use lp_auth_core::*;
///
/// /// Asks a server for its motto, once.
/// struct Motto { exchange: Exchange, known: Option<String> }
///
/// impl Motto {
///     fn motto(&mut self, now: UnixTime) -> Result<Step<String>, Error> {
///         if let Some(motto) = &self.known {
///             return Ok(Step::Done(motto.clone()));
///         }
///         match self.exchange.status(now) {
///             Status::Idle => {
///                 let request = http::Request::get("https://motto.example/").body(Body::default());
///                 Ok(Step::Call(self.exchange.begin(Purpose::Other("motto"), request, now)?))
///             }
///             Status::InFlight { until } => Ok(Step::Wait(until)),
///             Status::Resting { error, .. } => Err(error),
///         }
///     }
/// }
///
/// impl Flow for Motto {
///     fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
///         let taken = match self.exchange.take(reply) {
///             Taken::Answer(answer) => answer,
///             Taken::TooLate => return None,
///             Taken::NotOurs(reply) => return Some(reply),
///         };
///         match success(taken.outcome, &Purpose::Other("motto"), "motto.example", &[]) {
///             Ok(reply) => {
///                 self.exchange.succeed();
///                 self.known = Some(String::from_utf8_lossy(reply.body().as_ref()).into_owned());
///             }
///             Err(error) => self.exchange.fail(error, now),
///         }
///         None
///     }
/// }
/// # let now = UnixTime::from_secs(1);
/// # let mut motto = Motto { exchange: Exchange::new(Pace::default(), 1), known: None };
/// # let Ok(Step::Call(call)) = motto.motto(now) else { panic!() };
/// # let (ticket, ..) = call.into_parts();
/// # assert!(motto.handle(ticket.reply(Ok(http::Response::new("Per aspera".to_owned().into()))), now).is_none());
/// # assert!(matches!(motto.motto(now), Ok(Step::Done(text)) if text == "Per aspera"));
/// ```
#[derive(Debug)]
pub struct Exchange {
    address: u64,
    state: State,
    /// The kind of the last failure and how many of it came in a row, until a success.
    streak: Option<(ErrorKind, u32)>,
    pace: Pace,
    random: fastrand::Rng,
}

/// What an exchange is doing at some time. See [`Exchange`].
#[derive(Debug)]
pub enum Status {
    /// Nothing: a call may begin.
    Idle,
    /// A call is out, and counts as lost at this time.
    InFlight {
        /// When the lease runs out.
        until: UnixTime,
    },
    /// The last call failed, with this error, and no other is made before this time.
    Resting {
        /// Why, with [`Error::retry_at`] set.
        error: Error,
        /// When the rest is over.
        until: UnixTime,
    },
}

/// What became of a reply that was offered to an exchange. See [`Exchange`].
#[derive(Debug)]
pub enum Taken<A = Answer> {
    /// It is the one waited for. Answer with [`Exchange::succeed`] or [`Exchange::fail`].
    Answer(A),
    /// It is somebody else's.
    NotOurs(Reply),
    /// It was waited for once, but another call has taken its place.
    TooLate,
}

/// An outcome, and when its request was sent. See [`Exchange`].
#[derive(Debug)]
pub struct Answer {
    /// What came back.
    pub outcome: Result<Response<Body>, TransportError>,
    /// When the call was begun.
    pub sent: UnixTime,
}

#[derive(Debug)]
enum State {
    Idle,
    InFlight { number: u64, lease: Window },
    Resting { error: Error, rest: Window },
}

impl Exchange {
    /// An idle exchange. The seed decides the jitter of its rests.
    pub fn new(pace: Pace, seed: u64) -> Self {
        static ADDRESSES: AtomicU64 = AtomicU64::new(0);
        Self {
            address: ADDRESSES.fetch_add(1, Ordering::Relaxed),
            state: State::Idle,
            streak: None,
            pace,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Begins a call, whatever the state: one that was in flight counts as lost, a rest is over.
    ///
    /// A request that could not be built is a failure like any other: the exchange rests, and the error comes back.
    pub fn begin(
        &mut self,
        purpose: Purpose,
        request: Result<Request<Body>, http::Error>,
        now: UnixTime,
    ) -> Result<Call, Error> {
        static NUMBERS: AtomicU64 = AtomicU64::new(0);
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                let error = Error::new(ErrorKind::InvalidRequest, purpose).with_detail(error.to_string());
                return Err(self.rest(error, now));
            }
        };
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        self.state = State::InFlight {
            number,
            lease: Window::starting(now, self.pace.lease()),
        };
        Ok(Call::new(
            Ticket {
                exchange: self.address,
                number,
                purpose,
            },
            request,
            self.pace.limits,
        ))
    }

    /// Takes a reply in and becomes idle, if the reply is the one waited for.
    pub fn take(&mut self, reply: Reply) -> Taken {
        if reply.ticket.exchange != self.address {
            return Taken::NotOurs(reply);
        }
        match self.state {
            State::InFlight { number, lease } if number == reply.ticket.number => {
                self.state = State::Idle;
                Taken::Answer(Answer {
                    outcome: reply.outcome,
                    sent: lease.start(),
                })
            }
            _ => Taken::TooLate,
        }
    }

    /// The answer taken was of use: the next failure is a first one again.
    pub fn succeed(&mut self) {
        self.streak = None;
    }

    /// The answer taken was of no use: rests, for as long as the error calls for.
    pub fn fail(&mut self, error: Error, now: UnixTime) {
        let _ = self.rest(error, now);
    }

    /// Becomes idle, whatever the state, and forgets past failures. The reply of a call in flight will be ignored.
    pub fn forget(&mut self) {
        self.state = State::Idle;
        self.streak = None;
    }

    /// What the exchange is doing.
    pub fn status(&self, now: UnixTime) -> Status {
        match &self.state {
            State::InFlight { lease, .. } if lease.contains(now) => Status::InFlight { until: lease.end() },
            State::Resting { error, rest } if rest.contains(now) => Status::Resting {
                error: error.clone(),
                until: rest.end(),
            },
            _ => Status::Idle,
        }
    }

    /// The stretch of time in which no call can begin, if there is one: a lease or a rest.
    pub fn engaged(&self) -> Option<Window> {
        match &self.state {
            State::Idle => None,
            State::InFlight { lease, .. } => Some(*lease),
            State::Resting { rest, .. } => Some(*rest),
        }
    }

    /// How it paces itself.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    fn rest(&mut self, error: Error, now: UnixTime) -> Error {
        let nth = match self.streak {
            Some((kind, count)) if kind == error.kind() => count,
            _ => 0,
        };
        self.streak = Some((error.kind(), nth.saturating_add(1)));
        let least = self.pace.rests.after(&error, nth);
        // At least a millisecond, the grain of time here: a rest of nothing would be none.
        let length = least
            .mul_f64(1.0 + 0.1 * self.random.f64())
            .max(Duration::from_millis(1));
        let rest = Window::starting(now, length);
        let error = error.with_retry_at(rest.end());
        self.state = State::Resting {
            error: error.clone(),
            rest,
        };
        error
    }
}
