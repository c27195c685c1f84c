//! Playing a scenario, and telling how far it got.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::{Line, Stage};

/// Plays these lines, each of which must come true.
///
/// Where one does not, the story so far is printed, and the test fails.
///
/// ```
/// use lp_auth_scenarios::Line::*;
/// use lp_auth_scenarios::Purpose::*;
/// use lp_auth_scenarios::Says::*;
/// use lp_auth_scenarios::Told::*;
/// use lp_auth_scenarios::Want::*;
///
/// lp_auth_scenarios::play(&[
///     Ask(AToken, Call(TheToken)),
///     Ask(AToken, Waits),
///     Reply(TheToken, Lives("a", 3600)),
///     Ask(AToken, Token("a")),
/// ]);
/// ```
pub fn play(scenario: &[Line]) {
    let mut stage = Stage::default();
    for (number, line) in scenario.iter().enumerate() {
        let comes_true = catch_unwind(AssertUnwindSafe(|| stage.play(*line)));
        if let Err(panic) = comes_true {
            let played = scenario.get(..=number).unwrap_or_default();
            let begins = played.iter().rposition(|line| *line == Line::Anew).unwrap_or(0);
            println!("The story so far, from line {begins} to {number}:");
            for line in played.iter().skip(begins) {
                println!("    {line:?}");
            }
            println!("    ^ this did not come true");
            resume_unwind(panic);
        }
    }
}

/// A table of scenarios: a test for each, and the names of all in `NAMES`.
///
/// An entry is a name that reads as a sentence and a list of lines, or several lists, which are played one after the
/// other from the beginning.
///
/// ```
/// # use lp_auth_scenarios::{Line::*, Purpose::*, Says::*, Told::*, Want::*};
/// lp_auth_scenarios::scenarios! {
///     a_cold_source_asks_once: [
///         Ask(AToken, Call(TheToken)),
///         Ask(AToken, Waits),
///     ]
///     a_token_is_handed_out_again: [
///         Ask(AToken, Call(TheToken)),
///         Reply(TheToken, Lives("a", 3600)),
///         Ask(AToken, Token("a")),
///     ]
/// }
/// assert_eq!(NAMES.len(), 2);
/// ```
#[macro_export]
macro_rules! scenarios {
    ($($(#[$about:meta])* $name:ident: $lines:expr)*) => {
        /// The scenarios of this file.
        #[allow(dead_code, reason = "read where scenarios are counted")]
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            $(#[$about])*
            #[test]
            fn $name() {
                $crate::play(&$lines);
            }
        )*
    };
}
