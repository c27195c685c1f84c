//! What a machine answers, and how replies find the machine that waits for them.

use core::convert::Infallible;

use crate::{Call, Reply, UnixTime};

/// What a machine answers when it is asked for something.
///
/// ```
/// use lp_auth_core::{Step, UnixTime};
///
/// let step = Step::Done("token").map(str::len);
/// assert!(matches!(step, Step::Done(5)));
/// let step: Step<&str> = Step::Wait(UnixTime::from_secs(60));
/// assert!(matches!(step.map(str::len), Step::Wait(until) if until.as_secs() == 60));
/// ```
#[derive(Debug)]
#[must_use]
#[expect(
    clippy::large_enum_variant,
    reason = "a step is matched on at once; a box would cost each call an allocation"
)]
pub enum Step<T> {
    /// The answer.
    Done(T),
    /// Send this request, hand the outcome to [`Flow::handle`], then ask again.
    Call(Call),
    /// A call is in flight. Ask again when a reply was handled, or at this time.
    Wait(UnixTime),
}

impl<T> Step<T> {
    /// The same step towards another answer.
    pub fn map<U>(self, answer: impl FnOnce(T) -> U) -> Step<U> {
        match self {
            Step::Done(value) => Step::Done(answer(value)),
            Step::Call(call) => Step::Call(call),
            Step::Wait(until) => Step::Wait(until),
        }
    }
}

impl Step<Infallible> {
    /// A step that has no answer of its own is a step towards any answer.
    pub fn towards<T>(self) -> Step<T> {
        self.map(|never| match never {})
    }
}

/// A machine that takes replies.
///
/// Machines are put together by handing each reply to one after the other until it is taken: a pair of machines is
/// a machine. See [`Reply`] for an example.
pub trait Flow {
    /// Takes the reply in, or gives it back when it is not this machine's.
    ///
    /// A reply that comes too late, because its lease ran out and another call was begun, is taken in and ignored.
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply>;
}

impl<M: Flow + ?Sized> Flow for &mut M {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        (**self).handle(reply, now)
    }
}

impl<M: Flow + ?Sized> Flow for Box<M> {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        (**self).handle(reply, now)
    }
}

impl<A: Flow, B: Flow> Flow for (A, B) {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        let reply = self.0.handle(reply, now)?;
        self.1.handle(reply, now)
    }
}
