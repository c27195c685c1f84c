//! A fault, and what it must come to.

use std::time::Duration;

use lp_auth::ErrorKind;
use lp_auth_emulator::{ClockOffset, Endpoint, Fault};

use crate::stack::HttpStack;

/// The endpoints that the rows are about, in the order in which they are asked.
pub(crate) const EVERYWHERE: [Endpoint; 3] = [Endpoint::DomainApi, Endpoint::Token, Endpoint::Keys];

/// A fault, and what it must come to at some endpoints. By the rules of the design, not by what the code does.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// In words.
    pub(crate) fault: String,
    pub(crate) plant: Plant,
    /// The code that plants it, for people who want to.
    pub(crate) how: String,
    pub(crate) at: Vec<Endpoint>,
    pub(crate) outcome: Outcome,
    /// Stacks for which it comes to something else, by their nature.
    pub(crate) unlike: Vec<Unlike>,
}

/// What is done to the servers.
#[derive(Clone, Debug)]
pub(crate) enum Plant {
    /// The emulator's clock is off: seen from there, the clock here is.
    Clock(ClockOffset),
    /// Whoever asks is sent to this place instead.
    Elsewhere(Place),
    Fault(Fault),
    FaultTimes(Fault, u32),
    /// The Domain API names this host for Sentinel.
    Names(&'static str),
    /// The Domain API knows no Sentinel.
    NoService,
    /// A redirect with this status to another host of loopback, whose certificate is in order.
    Redirect(u16),
}

/// Somewhere else than at the emulator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// A server with a certificate that is over.
    Expired,
    /// A server with a certificate for another name.
    OtherName,
    /// Nobody listens.
    Refused,
    /// A name that does not exist.
    Unresolvable,
    /// A server with a certificate from another authority.
    Untrusted,
}

/// What a fault comes to.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Fails(Failure),
    /// The keys come, and the token that was presented is refused for another reason, with these words.
    Rejects(&'static str),
    /// There is a good answer, and nobody notices anything. Where a token is asked for, it lives for so long.
    Serves(Option<Duration>),
    /// There is a good answer after these rests, for whoever is patient.
    ServesAfter(&'static [f64]),
}

/// No answer, and what follows from that.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    /// Whether a patient asker waits for the rest to be over.
    pub(crate) is_transient: bool,
    /// What the error says came back. `{answer}` stands for what the endpoint should have answered.
    pub(crate) says: String,
    /// What the error says to do, where it is not what its kind has to say.
    pub(crate) advises: Option<&'static str>,
    /// The rests after it and after the same once more, in seconds, before they are scaled and jittered by up to a
    /// tenth.
    pub(crate) rests: [f64; 2],
    /// Whether the host is looked up again before it is asked again.
    pub(crate) casts_doubt: bool,
    /// Whether it takes the whole time limit.
    pub(crate) takes_the_time_limit: bool,
}

/// A stack for which a fault comes to something else.
#[derive(Clone, Debug)]
pub(crate) struct Unlike {
    pub(crate) stacks: &'static [HttpStack],
    pub(crate) says: &'static str,
    pub(crate) reason: &'static str,
}

impl Row {
    pub(crate) fn new(fault: impl Into<String>, (plant, how): (Plant, String), outcome: Outcome) -> Self {
        Self {
            fault: fault.into(),
            plant,
            how,
            at: EVERYWHERE.to_vec(),
            outcome,
            unlike: Vec::new(),
        }
    }

    pub(crate) fn at(mut self, endpoints: impl Into<Vec<Endpoint>>) -> Self {
        self.at = endpoints.into();
        self
    }

    /// Whether requests reach the emulator while it is planted.
    pub(crate) fn lets_requests_in(&self) -> bool {
        !matches!(self.plant, Plant::Elsewhere(_))
    }
}

impl Failure {
    pub(crate) fn advising(mut self, advice: &'static str) -> Self {
        self.advises = Some(advice);
        self
    }

    pub(crate) fn casting_doubt(mut self) -> Self {
        self.casts_doubt = true;
        self
    }

    pub(crate) fn resting(mut self, rests: [f64; 2]) -> Self {
        self.rests = rests;
        self
    }

    pub(crate) fn taking_the_time_limit(mut self) -> Self {
        self.takes_the_time_limit = true;
        self
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Fails(failure)
    }
}

/// No answer came over the wire, or one that says as much: 0.25 s, doubling. The host may have moved.
pub(crate) fn no_answer(says: impl Into<String>) -> Failure {
    failure(ErrorKind::NoAnswer, true, says, [0.25, 0.5]).casting_doubt()
}

/// An answer that makes no sense: 1 s, doubling.
pub(crate) fn malformed(says: impl Into<String>) -> Failure {
    failure(ErrorKind::Malformed, true, says, [1.0, 2.0])
}

/// A no: asking again cannot help. 30 s, doubling.
pub(crate) fn refused(says: impl Into<String>) -> Failure {
    failure(ErrorKind::Refused, false, says, [30.0, 60.0])
}

/// Too many requests: at least 1 s, doubling where the server does not say for how long.
pub(crate) fn throttled(says: impl Into<String>) -> Failure {
    failure(ErrorKind::Throttled, true, says, [1.0, 2.0])
}

/// The server is in trouble: 5, 10, 15 s, then 60 s.
pub(crate) fn server_fault(says: impl Into<String>) -> Failure {
    failure(ErrorKind::ServerFault, true, says, [5.0, 10.0])
}

/// The certificate is not trusted: 30 s. The host may have moved, and somebody else lives there.
pub(crate) fn untrusted_certificate() -> Failure {
    failure(ErrorKind::Tls, false, "no trusted TLS connection", [30.0, 30.0]).casting_doubt()
}

/// The host is not trusted: 30 s.
pub(crate) fn untrusted_host(says: impl Into<String>) -> Failure {
    failure(ErrorKind::HostNotTrusted, false, says, [30.0, 30.0])
}

/// The Domain API does not know the service: like a no.
pub(crate) fn unknown_service(says: impl Into<String>) -> Failure {
    failure(ErrorKind::ServiceUnknown, false, says, [30.0, 60.0])
}

fn failure(kind: ErrorKind, is_transient: bool, says: impl Into<String>, rests: [f64; 2]) -> Failure {
    Failure {
        kind,
        is_transient,
        says: says.into(),
        advises: None,
        rests,
        casts_doubt: false,
        takes_the_time_limit: false,
    }
}

/// The fault of this expression, and the expression: what people read is what ran.
macro_rules! fault {
    ($fault:expr) => {
        (
            crate::row::Plant::Fault($fault),
            format!("fault(endpoint, {})", crate::row::one_line(stringify!($fault))),
        )
    };
}
pub(crate) use fault;

/// Without the line breaks of the source.
pub(crate) fn one_line(code: &str) -> String {
    let words: Vec<&str> = code.split_whitespace().collect();
    let line = words.join(" ");
    ["( ", " )", ", }"]
        .iter()
        .zip(["(", ")", " }"])
        .fold(line, |line, (from, to)| line.replace(from, to))
        .replace(",)", ")")
}
