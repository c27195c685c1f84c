//! Properties of the machines, over whatever may happen to them.
//!
//! - `interleavings`: many askers, faults, lost, late and foreign replies, jumping clocks: at each step the machines do
//!   what the `model` says, and in the end everybody is served.
//! - `storms`: a server that fails in one way for a long time is asked as often as the rules say, not more, not less.
//! - `bytes`: whatever bytes come, nothing panics, and nothing is shown.

mod bytes;
mod events;
mod interleavings;
mod model;
mod storms;

/// A multiple of the usual number of cases (256, or `PROPTEST_CASES`). What was found once becomes a scenario: no file of seeds.
fn cases(multiple: f64) -> proptest::test_runner::Config {
    let usual = proptest::test_runner::Config::default();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive number"
    )]
    let cases = (f64::from(usual.cases) * multiple) as u32;
    proptest::test_runner::Config {
        cases: cases.max(1),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..usual
    }
}
