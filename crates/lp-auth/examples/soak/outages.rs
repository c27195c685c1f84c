//! What goes wrong and when, and how many calls the rules allow meanwhile.

use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;
use lp_auth::{Progress, Purpose};
use lp_auth_core::{TransportError, TransportErrorKind};
use lp_auth_emulator::{Endpoint, Fault, RetryAfter, TokenFault};

/// Tokens live for so long, instead of an hour.
pub(crate) const LIFE: Duration = Duration::from_secs(5);

/// The rests are shorter in the same measure.
pub(crate) const SCALE: f64 = 5.0 / 3600.0;

/// The time limit of a call.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(1);

/// The longest that anybody rests here: 64 s and a tenth, scaled.
pub(crate) fn longest_rest() -> Duration {
    Duration::from_secs_f64(64.0 * 1.1 * SCALE)
}

/// An endpoint does not do its work for a while.
#[derive(Clone, Debug)]
pub(crate) struct Outage {
    pub(crate) at: Endpoint,
    /// From the beginning of the run.
    pub(crate) start: Duration,
    pub(crate) length: Duration,
    pub(crate) fault: Fault,
    rule: Rule,
}

/// A call that brought no answer.
#[derive(Clone, Debug)]
pub(crate) struct LostCall {
    pub(crate) at: Endpoint,
    pub(crate) start: Duration,
    pub(crate) end: Duration,
    pub(crate) timed_out: bool,
    pub(crate) error: TransportError,
}

impl LostCall {
    pub(crate) fn told_of(progress: &Progress, now: Duration) -> Option<Self> {
        let Progress::Answered {
            purpose,
            outcome: Err(error),
            took,
        } = progress
        else {
            return None;
        };
        Some(Self {
            at: match purpose {
                Purpose::Keys => Endpoint::Keys,
                Purpose::Token => Endpoint::Token,
                _ => Endpoint::DomainApi,
            },
            start: now.saturating_sub(*took),
            end: now,
            timed_out: error.kind() == TransportErrorKind::TimedOut,
            error: error.clone(),
        })
    }
}

/// How the rules rest after a fault, and how long a call takes that meets it.
#[derive(Clone, Copy, Debug)]
enum Rule {
    NoAnswer { takes: Duration },
    Nonsense,
    Pressure { retry_after: Option<u64> },
    Trouble { retry_after: Option<u64> },
}

impl Outage {
    /// Outages of all kinds at random times, some of them longer than a token lives.
    pub(crate) fn plan(random: &mut Rng, length: Duration) -> Vec<Self> {
        const QUIET_AT_FIRST: Duration = Duration::from_secs(1);
        let mut plan = Vec::new();
        let mut start = QUIET_AT_FIRST;
        loop {
            let outage = Self::any(random, start);
            let end = start + outage.length;
            // So that what the last one did can be seen.
            if end + TIME_LIMIT + QUIET_AT_FIRST > length {
                return plan;
            }
            plan.push(outage);
            start = end + seconds(random, 0.5..=3.0);
        }
    }

    fn any(random: &mut Rng, start: Duration) -> Self {
        let at = match random.u8(..10) {
            0..=6 => Endpoint::Token,
            7..=8 => Endpoint::DomainApi,
            _ => Endpoint::Keys,
        };
        let (fault, rule) = loop {
            let (fault, rule) = any_fault(random);
            if fault.applies_to(at) {
                break (fault, rule);
            }
        };
        let length = if random.u8(..10) < 4 {
            seconds(random, 0.1..=2.0)
        } else {
            seconds(random, 3.0..=8.0)
        };
        Self {
            at,
            start,
            length,
            fault,
            rule,
        }
    }

    /// When the last call that met it has come to its end.
    pub(crate) fn end(&self) -> Duration {
        let takes = match self.rule {
            Rule::NoAnswer { takes } => takes,
            _ => Duration::ZERO,
        };
        self.start + self.length + takes
    }

    /// Whether the call may have met it.
    pub(crate) fn explains(&self, call: &LostCall) -> bool {
        self.at == call.at && self.start <= call.end && call.start <= self.start + self.length
    }

    /// Whether the host is looked up again after each call that meets it.
    pub(crate) fn casts_doubt(&self) -> bool {
        matches!(self.rule, Rule::NoAnswer { .. })
    }

    /// The most calls that can meet it: as many as there is room for, with a rest of the least length after each.
    pub(crate) fn most_calls(&self) -> usize {
        let mut calls = 0;
        let mut over = Duration::ZERO;
        while over <= self.length {
            over += self.rule.call_and_rest(calls);
            calls += 1;
        }
        calls
    }
}

impl Rule {
    /// From the beginning of the `nth` call of a row to the end of its rest, at least.
    fn call_and_rest(self, nth: usize) -> Duration {
        let doubling = |first: f64| (first * 2_f64.powi(i32::try_from(nth).unwrap_or(i32::MAX))).min(64.0);
        let (takes, rest) = match self {
            Self::NoAnswer { takes } => (takes, doubling(0.25)),
            Self::Nonsense | Self::Pressure { retry_after: None } => (Duration::ZERO, doubling(1.0)),
            Self::Pressure {
                retry_after: Some(pause),
            }
            | Self::Trouble {
                retry_after: Some(pause),
            } => (
                Duration::ZERO,
                f64::from(u32::try_from(pause).unwrap_or(u32::MAX)),
            ),
            Self::Trouble { retry_after: None } => (
                Duration::ZERO,
                [5.0, 10.0, 15.0].get(nth).copied().unwrap_or(60.0),
            ),
        };
        // No rest is shorter than the grain of time.
        takes + Duration::from_secs_f64(rest * SCALE).max(Duration::from_millis(1))
    }
}

fn any_fault(random: &mut Rng) -> (Fault, Rule) {
    let at_once = Rule::NoAnswer {
        takes: Duration::ZERO,
    };
    let at_last = Rule::NoAnswer { takes: TIME_LIMIT };
    let pause = random.u64(1..=60);
    match random.u8(..18) {
        0 => (Fault::ResetBefore, at_once),
        1 => (Fault::ResetWithin, at_once),
        2 => (Fault::CloseBefore, at_once),
        3 => (Fault::CloseWithin, at_once),
        4 => (Fault::StallBefore, at_last),
        5 => (Fault::StallWithin, at_last),
        6 => {
            let pause = Duration::from_millis(20);
            (Fault::Drip { pause }, at_last)
        }
        7 => (Fault::status(408), at_once),
        8 => (Fault::status(429), Rule::Pressure { retry_after: None }),
        9 => {
            let fault = Fault::status(429).with_retry_after(RetryAfter::Seconds(pause));
            (
                fault,
                Rule::Pressure {
                    retry_after: Some(pause),
                },
            )
        }
        10 => (Fault::status(500), Rule::Trouble { retry_after: None }),
        11 => (Fault::status(502), Rule::Trouble { retry_after: None }),
        12 => {
            let fault = Fault::status(503).with_retry_after(RetryAfter::Seconds(pause));
            (
                fault,
                Rule::Trouble {
                    retry_after: Some(pause),
                },
            )
        }
        13 => (Fault::Html, Rule::Nonsense),
        14 => (Fault::EmptyBody, Rule::Nonsense),
        15 => (Fault::TruncatedJson, Rule::Nonsense),
        16 => (Fault::Token(TokenFault::NotAJwt), Rule::Nonsense),
        _ => (Fault::Token(TokenFault::ExpiredOnArrival), Rule::Nonsense),
    }
}

fn seconds(random: &mut Rng, range: RangeInclusive<f64>) -> Duration {
    Duration::from_secs_f64(range.start() + random.f64() * (range.end() - range.start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most_calls(length: f64, rule: Rule) -> usize {
        let outage = Outage {
            at: Endpoint::Token,
            start: Duration::ZERO,
            length: Duration::from_secs_f64(length),
            fault: Fault::Html,
            rule,
        };
        outage.most_calls()
    }

    #[test]
    fn an_outage_has_room_for_as_many_calls_as_its_rests_leave() {
        let trouble = Rule::Trouble { retry_after: None };
        // In the time of an hour-long token: calls after 0, 5, 15, 30 and 90 s.
        assert_eq!(most_calls(0.0, trouble), 1);
        assert_eq!(most_calls(14.9 * SCALE, trouble), 2);
        assert_eq!(most_calls(89.0 * SCALE, trouble), 4);
        assert_eq!(most_calls(91.0 * SCALE, trouble), 5);
        // A call that takes its time leaves room for fewer.
        let stalls = Rule::NoAnswer { takes: TIME_LIMIT };
        assert_eq!(most_calls(3.0, stalls), 3);
    }

    #[test]
    fn a_plan_is_the_same_for_the_same_seed_and_leaves_time_to_recover() {
        let minute = Duration::from_secs(60);
        let plan = |seed| Outage::plan(&mut Rng::with_seed(seed), minute);
        assert_eq!(format!("{:?}", plan(1)), format!("{:?}", plan(1)));
        for seed in 0..100 {
            let plan = plan(seed);
            assert!(plan.len() > 3, "{plan:?}");
            assert!(plan.iter().all(|outage| outage.end() <= minute));
            assert!(plan.is_sorted_by_key(|outage| outage.start));
        }
    }
}
