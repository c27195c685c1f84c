//! One asker renews, the others go on with what is usable, and no failure takes it away (rules 2 and 3).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    from_three_quarters_on_one_asker_renews_and_the_others_get_the_token_at_hand: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2699.0),
        Ask(AToken, Token("a")),
        After(226.0),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
        Ask(AToken, Token("a")),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
        Calls(TheToken, 2),
    ]

    upkeep_fetches_the_first_token_and_renews_from_five_eighths_on: [
        KeepUp(TokenSource, Call(TheToken)),
        KeepUp(TokenSource, WaitsFor(11, 11)),
        Reply(TheToken, Lives("a", 3600)),
        // 5/8 of an hour, and up to 1/32 of it more.
        KeepUp(TokenSource, WaitsFor(2250, 2363)),
        After(2249.0),
        KeepUp(TokenSource, Waits),
        After(120.0),
        KeepUp(TokenSource, Call(TheToken)),
        Ask(AToken, Token("a")),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
        KeepUp(TokenSource, WaitsFor(2250, 2363)),
    ]

    upkeep_waits_out_a_rest_and_tries_again: [
        KeepUp(TokenSource, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2369.0),
        KeepUp(TokenSource, Call(TheToken)),
        Reply(TheToken, Status(503, "")),
        KeepUp(TokenSource, WaitsFor(5, 6)),
        Ask(AToken, Token("a")),
        After(5.6),
        KeepUp(TokenSource, Call(TheToken)),
        Reply(TheToken, Lives("b", 3600)),
        KeepUp(TokenSource, WaitsFor(2250, 2363)),
    ]

    upkeep_and_an_asker_make_one_call_between_them: [
        KeepUp(TokenSource, Call(TheToken)),
        Ask(AToken, Waits),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        KeepUp(TokenSource, WaitsFor(11, 11)),
        Calls(TheToken, 2),
    ]

    upkeep_looks_the_host_up_first: [
        WithDomainApi,
        KeepUp(Hosts, Waits),
        KeepUp(TokenSource, Call(TheSentinel)),
        KeepUp(TokenSource, WaitsFor(11, 11)),
        KeepUp(KeySource, WaitsFor(11, 11)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        KeepUp(TokenSource, CallTo(TheToken, VIRGINIA)),
        KeepUp(KeySource, CallTo(TheKeys, VIRGINIA)),
    ]

    upkeep_waits_while_the_lookup_rests: [
        WithDomainApi,
        KeepUp(TokenSource, Call(TheSentinel)),
        Reply(TheSentinel, Status(503, "")),
        KeepUp(TokenSource, WaitsFor(5, 6)),
        After(5.6),
        KeepUp(TokenSource, Call(TheSentinel)),
    ]

    a_failed_refresh_keeps_the_usable_token: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        Ask(AToken, Token("a")),
        After(29.0),
        Ask(AToken, Token("a")),
        After(4.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Says::Lost(Lost::ConnectionRefused)),
        Ask(AToken, Token("a")),
    ]

    no_failure_of_whatever_kind_takes_a_usable_token_away: each(FAILURES, |(says, _, _)| [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, says),
        Ask(AToken, Token("a")),
        Read(TokenSource, FindsIt),
        After(500.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, says),
        Ask(AToken, Token("a")),
    ])

    a_failed_lookup_keeps_the_usable_token: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 7200)),
        // Both are due: the host after 3600 s, the token after 5850 s at the latest.
        After(5900.0),
        Ask(AToken, CallTo(TheSentinel, "api.liveperson.net")),
        Reply(TheSentinel, Says::Lost(Lost::TimedOut)),
        // The old host is still good.
        Ask(AToken, CallTo(TheToken, VIRGINIA)),
        Ask(AToken, Token("a")),
    ]

    a_lookup_that_fails_before_any_host_is_known_keeps_a_restored_token: [
        WithDomainApi,
        Restore("saved", 3600, Taken),
        After(2925.0),
        Ask(AToken, Call(TheSentinel)),
        Ask(AToken, Token("saved")),
        Reply(TheSentinel, Status(401, "")),
        Ask(AToken, Token("saved")),
        After(644.0),
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, Status(401, "")),
        Ask(AToken, Token("saved")),
        After(1.0),
        Ask(AToken, Fails(Refused)),
        ErrorSays("no host of service `sentinel`"),
    ]

    the_one_who_renews_gets_the_old_token_when_the_call_fails: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Says::Lost(Lost::TimedOut)),
        // The same asker again: one call was enough.
        Ask(AToken, Token("a")),
    ]

    a_lost_renewal_is_begun_anew_by_one_asker_when_its_lease_is_over: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        Lose(TheToken),
        After(10.9),
        Ask(AToken, Token("a")),
        After(0.2),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("a")),
    ]

    while_every_renewal_fails_the_token_serves_until_shortly_before_its_end: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(6.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(638.9),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        Ask(AToken, Token("a")),
        After(0.1),
        Ask(AToken, Fails(ServerFault)),
        After(17.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
    ]
}
