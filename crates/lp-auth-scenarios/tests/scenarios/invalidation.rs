//! Tokens that an API refuses (rule 7).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    a_hundred_refusals_of_one_token_make_one_request: after_another([
        &[Ask(AToken, Call(TheToken)), Reply(TheToken, Lives("a", 3600))],
        &[Invalidate("a", MakesSense)].repeat(100),
        &[
            Ask(AToken, Call(TheToken)),
            Ask(AToken, Waits),
            Reply(TheToken, Lives("b", 3600)),
        ],
        &[Invalidate("a", MakesSense), Ask(AToken, Token("b"))].repeat(100),
        &[Calls(TheToken, 2)],
    ])

    an_api_that_refuses_every_token_makes_no_storm: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        Invalidate("a", MakesSense),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("b", 3600)),
        After(29.9),
        Invalidate("b", IsUseless),
        Ask(AToken, Token("b")),
        After(0.1),
        Invalidate("b", MakesSense),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("c", 3600)),
        Invalidate("c", IsUseless),
        Calls(TheToken, 3),
    ]

    a_refused_token_is_forgotten_by_readers_too: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        Read(TokenSource, FindsIt),
        Invalidate("a", MakesSense),
        Read(TokenSource, Asks),
    ]

    a_token_that_is_not_at_hand_is_not_forgotten: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        Invalidate("other", MakesSense),
        Ask(AToken, Token("a")),
        // And nothing was used up by it.
        Invalidate("a", MakesSense),
        Ask(AToken, Call(TheToken)),
    ]

    a_retry_makes_sense_after_an_older_token_was_refused_although_the_newer_one_has_expired: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 60)),
        After(70.0),
        Invalidate("older", MakesSense),
        Ask(AToken, Call(TheToken)),
    ]

    a_refused_token_ends_no_rest: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(503, "")),
        Ask(AToken, Token("a")),
        Invalidate("a", MakesSense),
        Ask(AToken, Fails(ServerFault)),
        After(5.6),
        Ask(AToken, Call(TheToken)),
    ]

    a_token_refused_while_its_renewal_is_out_makes_no_second_call: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        Invalidate("a", MakesSense),
        Ask(AToken, Waits),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
        Calls(TheToken, 2),
    ]

    a_clock_set_back_does_not_keep_an_invalidation_from_being_obeyed: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(600.0),
        Invalidate("a", MakesSense),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("b", 3600)),
        SetBack(300.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("c", 3600)),
        Invalidate("c", MakesSense),
        Ask(AToken, Call(TheToken)),
    ]
}
