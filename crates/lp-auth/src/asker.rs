//! Those who come to a driver, and what a step of the machines means for them: what to do before they ask again. How that
//! is done is up to the driver.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;

use lp_auth_core::{Call, Error, ErrorKind, Purpose, Step, UnixTime};

use crate::credential_files::Occasion;
use crate::machines::Upkeep;
use crate::place::Calling;
use crate::progress::Progress;
use crate::question::Question;
use crate::shared_machines::SharedMachines;

/// What to do next. After everything but the answer, ask again.
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is handed out"
)]
pub(crate) enum Next<T> {
    /// Nothing: there are other credentials now.
    Again,
    /// Make this call, and show its outcome there.
    Call(Call, Option<Arc<dyn Calling>>),
    /// This is the answer.
    Done(T),
    /// Wait for so long, or until something changes.
    Wait(Duration),
}

/// One who asks until there is an answer.
pub(crate) struct Asker<'q, Q> {
    question: &'q mut Q,
    patience: Duration,
    /// Whether it has waited: then it takes what is good enough.
    pub(crate) has_waited: bool,
    has_reread: bool,
    /// The last that rested.
    failure: Option<Error>,
}

impl<'q, Q: Question> Asker<'q, Q> {
    /// Somebody with this question. Without any patience there is one try: no rest is slept through.
    pub(crate) fn new(question: &'q mut Q, patience: Duration) -> Self {
        Self {
            question,
            patience,
            has_waited: false,
            has_reread: false,
            failure: None,
        }
    }

    /// Asks, and says what to do next. Fails where trying again is of no use, or its time lies beyond what is `left` of the
    /// patience.
    pub(crate) fn next(
        &mut self,
        machines: &SharedMachines,
        clock: impl Fn() -> UnixTime,
        left: impl FnOnce() -> Duration,
    ) -> Result<Next<Q::Answer>, Error> {
        let (now, step) = self.ask(machines, clock);
        match step {
            Ok(Step::Done(answer)) => Ok(Next::Done(answer)),
            Ok(Step::Call(call)) => {
                let place = self.question.place();
                Ok(unless_reread(&mut self.has_reread, machines, call, place, now))
            }
            Ok(Step::Wait(until)) => Ok(Next::Wait(until.since(now))),
            Err(error) => self.after(error, machines, left, now),
        }
    }

    /// Settles for what is good enough, as the patience is over.
    pub(crate) fn make_do(
        self,
        machines: &SharedMachines,
        clock: impl Fn() -> UnixTime,
    ) -> Result<Q::Answer, Error> {
        let enough = {
            let mut machines = machines.lock();
            let now = clock();
            self.question.good_enough(&mut machines, now)
        };
        enough.ok_or_else(|| {
            self.failure
                .unwrap_or_else(|| out_of_patience(self.question.purpose(), self.patience))
        })
    }

    pub(crate) fn question(&self) -> &Q {
        self.question
    }

    fn ask(
        &mut self,
        machines: &SharedMachines,
        clock: impl Fn() -> UnixTime,
    ) -> (UnixTime, Result<Step<Q::Answer>, Error>) {
        let mut machines = machines.lock();
        let now = clock();
        let enough = if self.has_waited {
            self.question.good_enough(&mut machines, now)
        } else {
            None
        };
        let step = enough.map_or_else(
            || self.question.ask(&mut machines, now),
            |answer| Ok(Step::Done(answer)),
        );
        if matches!(step, Ok(Step::Call(_))) {
            machines.publish();
        }
        (now, step)
    }

    /// What to do after a failure: a rest that would outlast the patience is an error at once.
    fn after(
        &mut self,
        error: Error,
        machines: &SharedMachines,
        left: impl FnOnce() -> Duration,
        now: UnixTime,
    ) -> Result<Next<Q::Answer>, Error> {
        let place = self.question.place();
        if error.kind() == ErrorKind::Refused
            && machines.has_other_credentials(place.as_ref(), error.purpose(), Occasion::Rest, now)
        {
            return Ok(Next::Again);
        }
        let left = left();
        let until = error.retry_at().filter(|until| {
            error.is_transient() && self.question.sleeps_through_rests() && until.since(now) <= left
        });
        let Some(until) = until else {
            return Err(match place {
                Some(place) => place.explained(error),
                None => error,
            });
        };
        // Once for each rest, however often this asker is woken in it.
        if self.failure.as_ref().and_then(Error::retry_at) != Some(until) {
            machines.tell(|| Progress::Resting {
                error: error.clone(),
                until,
            });
        }
        self.failure = Some(error);
        Ok(Next::Wait(until.since(now)))
    }
}

/// One who asks for nothing, and keeps everything fresh.
#[derive(Default)]
pub(crate) struct Keeper {
    has_reread: bool,
}

impl Keeper {
    /// A sleeping laptop stops timers, so none is trusted for longer.
    const LONGEST_SLEEP: Duration = Duration::from_secs(60);

    /// Looks what is due, and says what to do next.
    pub(crate) fn next(
        &mut self,
        machines: &SharedMachines,
        clock: impl Fn() -> UnixTime,
    ) -> Next<Infallible> {
        match machines.upkeep(clock) {
            (now, Upkeep::Call(call, place)) => {
                unless_reread(&mut self.has_reread, machines, call, place, now)
            }
            (now, Upkeep::Wait(until)) => Next::Wait(until.since(now).min(Self::LONGEST_SLEEP)),
        }
    }
}

/// To make this call, unless there are other credentials to make it with.
///
/// Files that say something else whenever they are read must not keep anybody busy, so the next time it is made.
fn unless_reread<T>(
    has_reread: &mut bool,
    machines: &SharedMachines,
    call: Call,
    place: Option<Arc<dyn Calling>>,
    now: UnixTime,
) -> Next<T> {
    *has_reread =
        !*has_reread && machines.has_other_credentials(place.as_ref(), call.purpose(), Occasion::Call, now);
    if *has_reread {
        Next::Again
    } else {
        Next::Call(call, place)
    }
}

fn out_of_patience(purpose: Purpose, patience: Duration) -> Error {
    let detail = format!("no answer within the patience of {} s", patience.as_secs_f32());
    Error::new(ErrorKind::OutOfPatience, purpose).with_detail(detail)
}
