//! How long a token lives, and until when it is handed out (rule 8).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

/// The token is handed out for so many seconds after its request was sent, and no longer.
fn usable_for(seconds: f64, says: Says) -> [Line; 8] {
    [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, says),
        Ask(AToken, Token("a")),
        After(seconds - 0.1),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
        After(0.2),
        Ask(AToken, Waits),
    ]
}

scenarios! {
    an_expired_token_is_not_handed_out: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(3569.9),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
        After(0.1),
        Ask(AToken, Waits),
        Read(TokenSource, Asks),
    ]

    the_lifetime_is_the_shortest_positive_one: each(
        [
            ("120", 108.0),
            (r#""120""#, 108.0),
            (r#"" 120 ""#, 108.0),
            ("120.5", 108.45),
            ("7200", 3570.0),
            ("0", 3570.0),
            ("-1", 3570.0),
            ("1e999", 3570.0),
            (r#""NaN""#, 3570.0),
            (r#""soon""#, 3570.0),
            ("null", 3570.0),
            ("[]", 3570.0),
            ("true", 3570.0),
        ],
        |(expires_in, seconds)| usable_for(seconds, LivesBy("a", 3600, expires_in)),
    )

    the_time_from_the_answers_date_to_the_tokens_end_counts: each(
        [(3600, 600, 570.0), (3600, 7200, 3570.0), (100_000, 3600, 3570.0)],
        |(life, left, seconds)| usable_for(seconds, LivesByDate("a", life, left)),
    )

    a_token_that_says_nothing_of_its_life_lives_five_minutes: usable_for(270.0, Timeless("a"))

    no_token_lives_longer_than_a_day: usable_for(86_370.0, Lives("a", 1_000_000_000))

    a_short_token_is_not_handed_out_in_the_last_tenth_of_its_life: each(
        [(300, 270.0), (100, 90.0), (10, 9.0)],
        |(life, seconds)| usable_for(seconds, Lives("a", life)),
    )

    a_life_counts_from_when_the_request_was_sent: [
        Ask(AToken, Call(TheToken)),
        After(10.0),
        Reply(TheToken, Lives("a", 3600)),
        After(3559.9),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
        After(0.2),
        Ask(AToken, Waits),
    ]

    a_token_of_60_seconds_is_not_fetched_on_each_call: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 60)),
        After(44.0),
        Ask(AToken, Token("a")),
        After(5.0),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
        Reply(TheToken, Says::Lost(Lost::TimedOut)),
        After(4.9),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
        After(0.2),
        Ask(AToken, Waits),
    ]

    a_token_of_5_seconds_serves_in_between: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 5)),
        After(3.7),
        Ask(AToken, Token("a")),
        After(0.4),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
        Reply(TheToken, Lives("b", 5)),
        Ask(AToken, Token("b")),
        Calls(TheToken, 2),
    ]
}
