//! How much more two threads do than one.

use crate::bench::report::{Row, with_spread};
use crate::bench::rounds::Samples;

/// How long one turn lasts, in nanoseconds: threads take longer to start than a turn of one.
pub(crate) const TURN: f64 = 1e7;
pub(crate) const ROUNDS: usize = 61;

/// From samples of the control and of the work, on one thread and on two: of the rounds in which there were two cores.
pub(crate) fn scaling(what: &str, samples: &[Samples]) -> Row {
    const BOUND: f64 = 1.8;
    /// A machine whose second core is somebody else's for longer shows nothing about two threads.
    const LEAST_ROUNDS: usize = 5;
    let [control_1, control_2, work_1, work_2] = samples else {
        return Row::skipped(what, "not measured");
    };
    let twice = |one: &Samples, two: &Samples| one.with(two, |one, two| 2.0 * one / two);
    let (control, work) = (twice(control_1, control_2), twice(work_1, work_2));
    let with_two_cores = work.where_other(&control, |control| control >= BOUND);
    let rounds = format!("in {} of {} rounds", with_two_cores.len(), work.len());
    let beside = format!(
        "{rounds} there were two cores: work that shares nothing did {} × in all",
        with_spread(control.spread())
    );
    let what = format!("{what}, by the clock on the wall");
    let row = Row::at_least(what, BOUND, with_two_cores.spread(), beside);
    if with_two_cores.len() < LEAST_ROUNDS || control.spread().median < BOUND {
        return Row {
            measured: "not shown: no second core was free".to_owned(),
            reached: None,
            ..row
        };
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so many rounds: what one thread takes, and two, of the control and of the work.
    fn row(rounds: usize, control_on_2: f64, work_on_2: f64) -> Row {
        let samples = [1.0, control_on_2, 1.0, work_on_2].map(|took| Samples::new(vec![took; rounds]));
        scaling("work", &samples)
    }

    #[test]
    fn two_threads_are_judged_by_the_rounds_that_had_two_cores() {
        assert_eq!(row(5, 1.0, 1.0).reached, Some(true));
        assert_eq!(row(5, 1.0, 1.5).reached, Some(false));
    }

    #[test]
    fn without_a_second_core_nothing_is_shown() {
        let mostly_without = [2.0; 7].into_iter().chain([1.0; 6]);
        let controls = Samples::new(mostly_without.collect());
        let one = Samples::new(vec![1.0; 13]);
        let mostly_without = scaling("work", &[one.clone(), controls, one.clone(), one]);
        for row in [
            row(4, 1.0, 1.0),
            row(61, 2.0, 1.0),
            mostly_without,
            scaling("work", &[]),
        ] {
            assert_eq!(row.reached, None, "{}", row.measured);
        }
    }
}
