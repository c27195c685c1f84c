//! Times without a token.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lp_auth_emulator::Endpoint;

use crate::machine::Machine;
use crate::outages::{LostCall, Outage, longest_rest};

/// What calls take on loopback, and whatever else there is to do: a lookup, a token, a handful of handshakes.
pub(crate) const CALLS: Duration = Duration::from_millis(150);

/// From when an asker asked to when he had a token, by the beginning of the run. He may have had errors meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spell {
    pub(crate) start: Duration,
    pub(crate) end: Duration,
}

/// What all askers of a world went through.
#[derive(Debug, Default)]
pub(crate) struct Spells {
    noted: Mutex<Vec<Spell>>,
}

impl Spells {
    /// Too short to be looked at.
    const SHORT: Duration = Duration::from_millis(20);

    pub(crate) fn note(&self, spell: Spell) {
        if spell.length() > Self::SHORT {
            self.noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(spell);
        }
    }

    pub(crate) fn longest(&self) -> Duration {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.iter().map(Spell::length).max().unwrap_or_default()
    }

    /// The worst stretch of time in which somebody was without a token although nothing was out of order, beside what is
    /// allowed of it: one rest, the calls, and the machine's own lateness meanwhile.
    pub(crate) fn worst(&self, outages: &[Outage], too_slow: &[LostCall], machine: &Machine) -> Worst {
        let mut excuses: Vec<(Duration, Duration)> = outages
            .iter()
            // Nobody needs keys to have a token.
            .filter(|outage| outage.at != Endpoint::Keys)
            .map(|outage| (outage.start, outage.end()))
            .chain(too_slow.iter().map(|call| (call.start, call.end)))
            .collect();
        excuses.sort_unstable();
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let stretches = noted.iter().flat_map(|spell| spell.without(&excuses));
        let judged = stretches.map(|stretch| Worst {
            lasted: stretch.length(),
            allowed: longest_rest() + CALLS + machine.lateness(stretch.start, stretch.end),
        });
        judged
            .max_by_key(|judged| (judged.is_broken(), judged.lasted))
            .unwrap_or(Worst {
                lasted: Duration::ZERO,
                allowed: longest_rest() + CALLS,
            })
    }
}

impl Spell {
    fn length(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }

    /// What is left of it, without these stretches of time, in their order.
    fn without(self, excuses: &[(Duration, Duration)]) -> Vec<Self> {
        let mut left = Vec::new();
        let mut from = self.start;
        for (start, end) in excuses.iter().filter(|(start, _)| *start < self.end) {
            if *start > from {
                left.push(Self {
                    start: from,
                    end: *start,
                });
            }
            from = from.max(*end);
        }
        if from < self.end {
            left.push(Self {
                start: from,
                end: self.end,
            });
        }
        left
    }
}

/// A time without a token and without an outage, and what is allowed of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worst {
    pub(crate) lasted: Duration,
    pub(crate) allowed: Duration,
}

impl Worst {
    pub(crate) fn is_broken(&self) -> bool {
        self.lasted > self.allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_spell_is_what_no_outage_excuses() {
        let left = |excuses: &[(u64, u64)]| -> Vec<(u64, u64)> {
            let seconds = Duration::from_secs;
            let excuses: Vec<_> = excuses
                .iter()
                .map(|(start, end)| (seconds(*start), seconds(*end)))
                .collect();
            let spell = Spell {
                start: seconds(10),
                end: seconds(20),
            };
            let left = spell.without(&excuses);
            left.iter()
                .map(|spell| (spell.start.as_secs(), spell.end.as_secs()))
                .collect()
        };
        assert_eq!(left(&[]), [(10, 20)]);
        assert_eq!(left(&[(5, 9), (21, 30)]), [(10, 20)]);
        assert_eq!(left(&[(5, 18), (25, 30)]), [(18, 20)]);
        assert_eq!(left(&[(5, 12), (11, 13), (15, 16)]), [(13, 15), (16, 20)]);
        assert_eq!(left(&[(12, 25)]), [(10, 12)]);
        assert_eq!(left(&[(5, 25)]), []);
    }

    #[test]
    fn a_time_without_a_token_that_nothing_excuses_is_a_broken_promise() {
        let machine = Machine::watched();
        let worst = |length: Duration| {
            let spells = Spells::default();
            let start = Duration::from_secs(1);
            spells.note(Spell {
                start,
                end: start + length,
            });
            spells.worst(&[], &[], &machine)
        };
        assert!(!worst(longest_rest()).is_broken());
        assert!(worst(longest_rest() + CALLS + Duration::from_millis(1)).is_broken());
    }
}
