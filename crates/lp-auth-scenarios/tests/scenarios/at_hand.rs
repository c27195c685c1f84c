//! What is at hand is handed out, and whoever comes while it is fetched waits for the one call (rules 1 and 4).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    a_cold_source_asks_once_and_everybody_gets_the_token: [
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Waits),
        Ask(AToken, Waits),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
        Ask(AToken, Token("a")),
        Calls(TheToken, 1),
    ]

    a_fresh_token_is_handed_out_without_a_call_and_without_a_lock: [
        Ask(AToken, Call(TheToken)),
        Read(TokenSource, Asks),
        Reply(TheToken, Lives("a", 3600)),
        Read(TokenSource, FindsIt),
        After(2699.0),
        Read(TokenSource, FindsIt),
        Ask(AToken, Token("a")),
        After(226.0),
        Read(TokenSource, Asks),
    ]

    whoever_waits_is_told_when_the_call_counts_as_lost: [
        Ask(AToken, Call(TheToken)),
        After(3.0),
        Ask(AToken, WaitsFor(8, 8)),
        Ask(Keys, Call(TheKeys)),
        After(2.0),
        Ask(Keys, WaitsFor(9, 9)),
        Ask(AToken, WaitsFor(6, 6)),
    ]

    a_reader_uses_an_aging_token_while_its_renewal_is_out_or_rests: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Read(TokenSource, Asks),
        Ask(AToken, Call(TheToken)),
        Read(TokenSource, FindsIt),
        After(10.9),
        Read(TokenSource, FindsIt),
        Reply(TheToken, Status(500, "")),
        After(4.9),
        Read(TokenSource, FindsIt),
        After(0.7),
        Read(TokenSource, Asks),
    ]

    a_reader_uses_an_aging_token_while_a_doubted_host_is_looked_up_or_the_lookup_rests: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(2925.0),
        Doubt(VIRGINIA),
        Read(TokenSource, Asks),
        Ask(AToken, Call(TheSentinel)),
        Read(TokenSource, FindsIt),
        Ask(AToken, Token("a")),
        Reply(TheSentinel, LivesAt(LONDON)),
        Read(TokenSource, Asks),
        Ask(AToken, CallTo(TheToken, LONDON)),
    ]

    a_reader_uses_a_restored_token_while_the_first_lookup_is_out_or_rests: [
        WithDomainApi,
        Restore("saved", 3600, Taken),
        After(2925.0),
        Read(TokenSource, Asks),
        Ask(AToken, Call(TheSentinel)),
        Read(TokenSource, FindsIt),
        Reply(TheSentinel, Status(503, "")),
        Read(TokenSource, FindsIt),
        Ask(AToken, Token("saved")),
        After(5.6),
        Read(TokenSource, Asks),
        Ask(AToken, Call(TheSentinel)),
    ]

    a_reader_uses_a_stale_key_set_while_a_doubted_host_is_looked_up: [
        WithDomainApi,
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(600.0),
        Doubt(VIRGINIA),
        Read(KeySource, Asks),
        Ask(Keys, Call(TheSentinel)),
        Read(KeySource, FindsIt),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Read(KeySource, Asks),
        Ask(Keys, Call(TheKeys)),
        Read(KeySource, FindsIt),
    ]

    no_reader_uses_a_token_to_its_last_second_because_a_call_is_out: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(3569.0),
        Ask(AToken, Call(TheToken)),
        Read(TokenSource, FindsIt),
        After(1.0),
        Read(TokenSource, Asks),
        Ask(AToken, Waits),
    ]

    ten_thousand_askers_of_all_kinds_make_one_lookup_one_token_request_and_one_key_request: after_another([
        &[WithDomainApi, Ask(AToken, Call(TheSentinel))],
        &[
            Ask(AToken, Waits),
            Ask(Keys, Waits),
            Ask(HostOf("sentinel"), Waits),
        ]
        .repeat(1111),
        &[
            Reply(TheSentinel, LivesAt(VIRGINIA)),
            Ask(AToken, Call(TheToken)),
            Ask(Keys, Call(TheKeys)),
        ],
        &[
            Ask(AToken, Waits),
            Ask(Keys, Waits),
            Ask(HostOf("sentinel"), Host(VIRGINIA)),
        ]
        .repeat(1111),
        &[
            Reply(TheKeys, Publishes("k")),
            Reply(TheToken, Lives("a", 3600)),
        ],
        &[
            Ask(AToken, Token("a")),
            Ask(Keys, KeySet("k")),
            Ask(HostOf("sentinel"), Host(VIRGINIA)),
        ]
        .repeat(1111),
        &[
            Calls(TheSentinel, 1),
            Calls(TheToken, 1),
            Calls(TheKeys, 1),
        ],
    ])

    whoever_comes_late_is_served_when_the_one_who_made_the_call_is_gone: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        // Nobody asks on: the reply is handed in by whoever carries it.
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        After(60.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(60.0),
        Ask(AToken, Token("a")),
    ]
}
