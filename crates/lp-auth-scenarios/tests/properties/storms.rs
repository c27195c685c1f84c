//! How often a server is asked that fails, and that API which refuses every token: as often as the rules say.

use std::time::Duration;

use lp_auth_core::TransportErrorKind as Lost;
use lp_auth_scenarios::{Heard, Locator, Purpose, Says, Stage, Want};
use proptest::prelude::*;

use crate::cases;

use crate::model::{meaning, rest};

fn failure() -> impl Strategy<Value = Says> {
    prop::sample::select(vec![
        Says::Lost(Lost::TimedOut),
        Says::Lost(Lost::Tls),
        Says::Lost(Lost::TooLarge),
        Says::Status(401, ""),
        Says::Status(408, ""),
        Says::Status(429, ""),
        Says::Status(500, ""),
        Says::StatusAfter(429, "3"),
        Says::StatusAfter(429, "0"),
        Says::StatusAfter(503, "0"),
        Says::StatusAfter(503, "86400"),
        Says::Html(200),
        Says::ExpiredOnArrival,
    ])
}

fn want() -> impl Strategy<Value = (Want, Purpose)> {
    prop::sample::select(vec![
        (Want::AToken, Purpose::TheToken),
        (Want::Keys, Purpose::TheKeys),
        (Want::Kid("made-up"), Purpose::TheKeys),
        (Want::HostOf("sentinel"), Purpose::TheSentinel),
    ])
}

/// How many calls fit into this time in milliseconds, where rests take `stretch` of their least length and a little.
fn calls_within(length: u64, says: Says, stretch: f64, little: u64) -> usize {
    let (kind, pause, _) = meaning(says);
    let mut calls = 1;
    let mut time = 0.0;
    loop {
        let nth = u32::try_from(calls - 1).expect("a small number");
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let next = rest(kind, pause, nth) as f64 * stretch + little as f64;
        time += next;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let length = length as f64;
        if time > length {
            return calls;
        }
        calls += 1;
    }
}

proptest! {
    #![proptest_config(cases(0.125))]

    #[test]
    fn a_server_that_always_fails_is_asked_as_often_as_the_rests_say(
        seed: u64,
        says in failure(),
        (want, purpose) in want(),
        step in 20..200_u64,
        steps in 1..2000_u64,
    ) {
        let mut stage = if purpose == Purpose::TheSentinel {
            Stage::with_domain_api(seed)
        } else {
            let Stage { locator, .. } = Stage::default();
            assert!(matches!(locator, Locator::Fixed(_)));
            Stage::new(locator, seed)
        };
        for _ in 0..steps {
            // Three ask at once, each time.
            for _ in 0..3 {
                if let Heard::Call(..) = stage.ask(want) {
                    stage.reply(0, says);
                }
            }
            stage.after(Duration::from_millis(step));
        }
        let length = (steps - 1) * step;
        let most = calls_within(length, says, 1.0, 0);
        let least = calls_within(length, says, 1.1, step + 1);
        let calls = stage.calls(purpose);
        prop_assert!((least..=most).contains(&calls), "{calls} calls, not {least} to {most}");
    }

    #[test]
    fn an_api_that_refuses_every_token_causes_two_requests_in_half_a_minute_and_one_more_in_each(
        seed: u64,
        step in 20..5000_u64,
        steps in 1..500_u64,
    ) {
        let mut stage = Stage::with_domain_api(seed);
        let lives = ["a", "b", "c"].map(|name| Says::Lives(name, 3600));
        let mut tokens = lives.iter().cycle();
        for _ in 0..steps {
            let held = loop {
                match stage.ask(Want::AToken) {
                    Heard::Call(Purpose::TheToken, _) => {
                        let token = tokens.next().expect("it goes round");
                        stage.reply(0, *token);
                    }
                    Heard::Call(..) => {
                        stage.reply(0, Says::LivesAt("va.sentinel.liveperson.net"));
                    }
                    Heard::Token(token) => break Stage::name_of(&token),
                    heard => panic!("{heard:?}"),
                }
            };
            stage.invalidate(&held);
            stage.after(Duration::from_millis(step));
        }
        let length = (steps - 1) * step;
        let most = 2 + usize::try_from(length / 30_000).expect("a small number");
        let calls = stage.calls(Purpose::TheToken);
        prop_assert!(calls <= most, "{calls} calls, not {most}");
    }

    #[test]
    fn strangers_who_make_up_kids_cause_one_call_in_half_a_minute_beside_the_due_ones(
        seed: u64,
        step in 20..5000_u64,
        steps in 1..500_u64,
    ) {
        let Stage { locator, .. } = Stage::default();
        let mut stage = Stage::new(locator, seed);
        let kids = ["u", "v", "w", "x", "y", "z"];
        let mut strangers = kids.iter().cycle();
        for _ in 0..steps {
            for _ in 0..3 {
                let kid = strangers.next().expect("it goes round");
                if let Heard::Call(..) = stage.ask(Want::Kid(kid)) {
                    stage.reply(0, Says::Publishes("a"));
                }
            }
            stage.after(Duration::from_millis(step));
        }
        let length = (steps - 1) * step;
        let most = 1 + 1 + length / 30_000 + length / 600_000;
        let calls = stage.calls(Purpose::TheKeys) as u64;
        prop_assert!(calls <= most, "{calls} calls, not {most}");
    }
}
