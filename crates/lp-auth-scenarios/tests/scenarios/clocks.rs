//! Clocks that jump, and times that come out of order (rule 9).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    a_time_up_to_two_seconds_before_the_start_counts_as_inside: [
        Ask(AToken, Call(TheToken)),
        SetBack(2.0),
        Ask(AToken, Waits),
        After(2.0),
        Reply(TheToken, Lives("a", 3600)),
        SetBack(2.0),
        Ask(AToken, Token("a")),
        Read(TokenSource, FindsIt),
        SetBack(0.001),
        Ask(AToken, Call(TheToken)),
    ]

    a_clock_that_is_set_back_or_forward_costs_one_extra_request: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        SetBack(36_000.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
        After(36_001.9),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("c", 3600)),
        Ask(AToken, Token("c")),
        Calls(TheToken, 3),
    ]

    a_clock_that_is_set_back_ends_a_rest: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        Ask(AToken, Fails(Refused)),
        SetBack(1.9),
        Ask(AToken, Fails(Refused)),
        SetBack(3600.0),
        Ask(AToken, Call(TheToken)),
    ]

    a_clock_that_is_set_back_ends_a_wait: [
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Waits),
        SetBack(3600.0),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Waits),
    ]

    a_clock_that_is_set_back_ends_the_rest_and_the_wait_of_a_lookup: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        SetBack(3600.0),
        Ask(AToken, Call(TheSentinel)),
        ReplyToNewest(TheSentinel, Status(401, "")),
        Ask(AToken, Fails(Refused)),
        SetBack(3600.0),
        Ask(AToken, Call(TheSentinel)),
    ]

    an_answer_that_comes_after_the_clock_was_set_back_is_used: [
        Ask(AToken, Call(TheToken)),
        SetBack(3600.0),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
        Ask(Keys, Call(TheKeys)),
        SetBack(3600.0),
        Reply(TheKeys, Publishes("k")),
        Ask(Keys, KeySet("k")),
        Read(KeySource, FindsIt),
        Calls(TheKeys, 1),
    ]

    an_answer_that_comes_after_the_clock_was_set_forward_costs_a_rest_and_one_request: [
        Ask(AToken, Call(TheToken)),
        After(7200.0),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Fails(Malformed)),
        After(1.2),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
        Calls(TheToken, 2),
    ]

    a_laptop_that_slept_through_a_tokens_life_fetches_a_new_one: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(28_800.0),
        Read(TokenSource, Asks),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Waits),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
    ]

    upkeep_notices_a_clock_that_was_set_back: [
        KeepUp(TokenSource, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        KeepUp(KeySource, Call(TheKeys)),
        Reply(TheKeys, Publishes("k")),
        SetBack(3600.0),
        KeepUp(TokenSource, Call(TheToken)),
        KeepUp(KeySource, Call(TheKeys)),
        Reply(TheToken, Lives("b", 3600)),
        Reply(TheKeys, Publishes("k")),
        KeepUp(TokenSource, WaitsFor(2250, 2363)),
        KeepUp(KeySource, WaitsFor(487, 525)),
    ]

    a_small_set_back_that_nobody_can_notice_prolongs_a_token_by_as_much_and_invalidation_cures_it: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2000.0),
        SetBack(2000.0),
        After(2000.0),
        Ask(AToken, Token("a")),
        Invalidate("a", MakesSense),
        Ask(AToken, Call(TheToken)),
    ]

    a_host_is_looked_up_again_after_the_clock_was_set_back: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        SetBack(2.0),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        SetBack(1.0),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
    ]

    a_key_set_survives_a_clock_that_was_set_back_for_one_request: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("k")),
        SetBack(3600.0),
        Ask(Keys, Call(TheKeys)),
        Ask(Keys, KeySet("k")),
        Reply(TheKeys, Publishes("k")),
        Ask(Keys, KeySet("k")),
        After(3600.0),
        Ask(Keys, Call(TheKeys)),
        Ask(Keys, KeySet("k")),
    ]
}
