//! Measuring by turns: every subject in every round, so that what the machine does beside it hits all alike.

use crate::bench::player::Player;
use crate::command::Failure;

/// How long one turn lasts, in nanoseconds: long beside the clock's resolution, short beside a scheduler's whims.
pub(crate) const SHORT_TURN: f64 = 3e6;
/// The same where a clock is coarse, as that of another process.
pub(crate) const LONG_TURN: f64 = 3e8;

/// Something to measure: whose subject it is, by its place among the players.
pub(crate) struct Subject {
    pub(crate) player: usize,
    pub(crate) name: String,
}

/// What was measured in each round, for one time that the work was done.
#[derive(Clone, Debug)]
pub(crate) struct Samples(Vec<f64>);

/// The median, and the quartiles on both sides of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

/// Measures the subjects in turns of this length, there and back again.
pub(crate) fn measure(
    players: &mut [Player],
    subjects: &[Subject],
    rounds: usize,
    turn: f64,
) -> Result<Vec<Samples>, Failure> {
    let mut counts = Vec::new();
    for subject in subjects {
        counts.push(calibrate(player(players, subject)?, &subject.name, turn)?);
    }
    let mut samples = vec![Vec::with_capacity(rounds); subjects.len()];
    for round in 0..rounds {
        let mut turns: Vec<_> = subjects.iter().zip(&counts).zip(&mut samples).collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for ((subject, count), samples) in turns {
            let took = player(players, subject)?.ask(&subject.name, *count)?;
            #[expect(clippy::cast_precision_loss, reason = "no count is nearly as large")]
            samples.push(took / *count as f64);
        }
    }
    Ok(samples.into_iter().map(Samples).collect())
}

fn player<'p>(players: &'p mut [Player], subject: &Subject) -> Result<&'p mut Player, Failure> {
    players
        .get_mut(subject.player)
        .ok_or_else(|| format!("{}: nobody does this", subject.name))
}

/// How often the work fits into a turn. What is slow to start is warm afterwards.
fn calibrate(player: &mut Player, name: &str, turn: f64) -> Result<u64, Failure> {
    let mut count = 1;
    loop {
        // The shortest of three: a thread that was slow to start says nothing of the work.
        let mut took = f64::INFINITY;
        for _ in 0..3 {
            took = took.min(player.ask(name, count)?.max(1.0));
        }
        if took >= turn / 4.0 || count >= 1 << 24 {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a count, and positive"
            )]
            return Ok(((count as f64 * turn / took) as u64).max(1));
        }
        count *= 4;
    }
}

impl Samples {
    pub(crate) fn new(samples: Vec<f64>) -> Self {
        Self(samples)
    }

    /// Those of the subject at this place, none where nothing was measured.
    pub(crate) fn at(samples: &[Self], place: usize) -> Self {
        samples.get(place).cloned().unwrap_or_else(|| Self(Vec::new()))
    }

    /// The rounds of several measurements, one after the other.
    pub(crate) fn of_all(measurements: impl IntoIterator<Item = Self>) -> Self {
        Self(measurements.into_iter().flat_map(|samples| samples.0).collect())
    }

    pub(crate) fn spread(&self) -> Spread {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            let place = sorted.len().saturating_sub(1) * quarter / 4;
            sorted.get(place).copied().unwrap_or(f64::NAN)
        };
        Spread {
            low: at(1),
            median: at(2),
            high: at(3),
        }
    }

    /// How many times as much this is as the other, round by round.
    pub(crate) fn over(&self, other: &Self) -> Spread {
        self.with(other, |this, other| this / other).spread()
    }

    /// The rounds in which the other was like this.
    pub(crate) fn where_other(&self, other: &Self, is_wanted: impl Fn(f64) -> bool) -> Self {
        let rounds = self.0.iter().zip(&other.0);
        let wanted = rounds.filter(|(_, other)| is_wanted(**other));
        Self(wanted.map(|(this, _)| *this).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// This and the other, round by round.
    pub(crate) fn with(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        let joined = self.0.iter().zip(&other.0);
        Self(joined.map(|(this, other)| join(*this, *other)).collect())
    }
}

impl Spread {
    /// In another unit.
    pub(crate) fn times(self, factor: f64) -> Self {
        Self {
            low: self.low * factor,
            median: self.median * factor,
            high: self.high * factor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_the_median_with_its_quartiles() {
        let spread = Samples::new(vec![9.0, 1.0, 2.0, 5.0, 3.0]).spread();
        assert_eq!(
            [spread.low, spread.median, spread.high].map(f64::to_bits),
            [2.0, 3.0, 5.0].map(f64::to_bits)
        );
    }

    #[test]
    fn a_ratio_is_taken_in_each_round_so_that_a_slow_round_changes_nothing() {
        let slow_once = Samples::new(vec![20.0, 200.0, 20.0]);
        let other = Samples::new(vec![10.0, 100.0, 10.0]);
        let ratio = slow_once.over(&other);
        assert!((ratio.low - 2.0).abs() < 1e-9 && (ratio.high - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_rounds_of_several_measurements_count_alike() {
        let all = Samples::of_all([vec![1.0, 2.0], vec![3.0]].map(Samples::new));
        let percent = all.spread().times(100.0);
        assert_eq!((all.len(), percent.median.to_bits()), (3, 200_f64.to_bits()));
    }

    #[test]
    fn rounds_are_chosen_by_what_another_subject_did_in_them() {
        let work = Samples::new(vec![1.0, 2.0, 3.0, 4.0]);
        let control = Samples::new(vec![1.9, 1.0, 1.9, 1.9]);
        let chosen = work.where_other(&control, |control| control >= 1.5);
        assert_eq!(
            (chosen.len(), chosen.spread().median.to_bits()),
            (3, 3_f64.to_bits())
        );
    }
}
