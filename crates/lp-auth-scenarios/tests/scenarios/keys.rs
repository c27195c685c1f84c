//! The key set's life (rules 5, 9 and 13).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    the_first_set_is_fetched_once_for_everybody: [
        Read(KeySource, Asks),
        Ask(Keys, Call(TheKeys)),
        Ask(Keys, Waits),
        Ask(Kid("a"), Waits),
        Read(KeySource, Asks),
        Reply(TheKeys, Publishes("a b")),
        Read(KeySource, FindsIt),
        Ask(Keys, KeySet("a b")),
        Ask(Kid("a"), KeySet("a b")),
        Calls(TheKeys, 1),
    ]

    a_set_is_fresh_for_ten_minutes_and_then_one_asker_refreshes_it: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(599.999),
        Read(KeySource, FindsIt),
        Ask(Keys, KeySet("a")),
        After(0.001),
        Read(KeySource, Asks),
        Ask(Keys, Call(TheKeys)),
        Read(KeySource, FindsIt),
        Ask(Keys, KeySet("a")),
        Ask(Kid("a"), KeySet("a")),
        Reply(TheKeys, Publishes("b")),
        Ask(Keys, KeySet("b")),
        Calls(TheKeys, 2),
    ]

    upkeep_fetches_the_first_set_and_renews_it_before_anybody_must_wait: [
        KeepUp(KeySource, Call(TheKeys)),
        KeepUp(KeySource, WaitsFor(11, 11)),
        Reply(TheKeys, Publishes("a")),
        // 7/8 of ten minutes, or up to 1/16 less.
        KeepUp(KeySource, WaitsFor(487, 525)),
        After(525.0),
        Ask(Keys, KeySet("a")),
        KeepUp(KeySource, Call(TheKeys)),
        Ask(Keys, KeySet("a")),
        Reply(TheKeys, Publishes("b")),
        Ask(Keys, KeySet("b")),
        KeepUp(KeySource, WaitsFor(487, 525)),
        Calls(TheKeys, 2),
    ]

    upkeep_of_the_keys_waits_out_a_rest: [
        KeepUp(KeySource, Call(TheKeys)),
        Reply(TheKeys, Status(503, "")),
        KeepUp(KeySource, WaitsFor(5, 6)),
        After(5.6),
        KeepUp(KeySource, Call(TheKeys)),
    ]

    the_servers_max_age_counts_between_a_minute_and_a_day: each(
        [
            ("max-age=3600", 3600.0),
            ("max-age=1", 60.0),
            ("no-cache", 60.0),
            ("no-store", 60.0),
            ("max-age=999999", 86_400.0),
            ("public", 600.0),
        ],
        |(cache_control, fresh)| [
            Ask(Keys, Call(TheKeys)),
            Reply(TheKeys, PublishesFor("a", cache_control)),
            After(fresh - 0.001),
            Read(KeySource, FindsIt),
            Ask(Keys, KeySet("a")),
            After(0.001),
            Read(KeySource, Asks),
            Ask(Keys, Call(TheKeys)),
        ],
    )

    freshness_counts_from_when_the_request_was_sent: [
        Ask(Keys, Call(TheKeys)),
        After(9.0),
        Reply(TheKeys, Publishes("a")),
        After(590.999),
        Ask(Keys, KeySet("a")),
        After(0.001),
        Ask(Keys, Call(TheKeys)),
    ]

    no_failure_takes_a_key_set_away: each(FAILURES, |(says, _, _)| [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(600.0),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, says),
        Ask(Keys, KeySet("a")),
        Read(KeySource, FindsIt),
        After(700.0),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("b")),
        Ask(Keys, KeySet("b")),
    ])

    an_outage_is_served_from_the_old_set_for_a_day_and_then_unavailable: after_another([
        &[Ask(Keys, Call(TheKeys)), Reply(TheKeys, Publishes("a"))],
        &[
            After(3600.0),
            Ask(Keys, Call(TheKeys)),
            Reply(TheKeys, Says::Lost(Lost::ConnectionRefused)),
            Ask(Keys, KeySet("a")),
            Read(KeySource, FindsIt),
        ]
        .repeat(23),
        &[
            After(3599.999),
            Ask(Keys, Call(TheKeys)),
            Reply(TheKeys, Says::Lost(Lost::ConnectionRefused)),
            Ask(Keys, KeySet("a")),
            After(0.001),
            Read(KeySource, Asks),
            Ask(Keys, Fails(NoAnswer)),
            Ask(Kid("a"), Fails(NoAnswer)),
            After(80.0),
            Ask(Keys, Call(TheKeys)),
            Ask(Keys, Waits),
            Reply(TheKeys, Publishes("b")),
            Ask(Keys, KeySet("b")),
        ],
    ])

    a_set_without_sense_is_a_failure_and_the_old_set_stays: each(
        [
            Body(""),
            Body("null"),
            Body("{}"),
            Body(r#"{"keys":{}}"#),
            Body(r#"{"keys":[]}"#),
            Body(r#"{"keys":[null,7,"x",[]]}"#),
            Body(r#"{"keys":[{"kty":"RSA","kid":"small","n":"AQAB","e":"AQAB"}]}"#),
            Body(r#"{"keys":[{"kty":"RSA","kid":"cut","n":"0vx7agoebGcQSuu"#),
            Body("<html><body>Welcome to the proxy</body></html>"),
            Status(302, ""),
            Says::Lost(Lost::TooLarge),
        ],
        |says| [
            Ask(Keys, Call(TheKeys)),
            Reply(TheKeys, says),
            Ask(Keys, Fails(Malformed)),
            After(1.2),
            Ask(Keys, Call(TheKeys)),
            Reply(TheKeys, Publishes("a")),
            After(600.0),
            Ask(Keys, Call(TheKeys)),
            Reply(TheKeys, says),
            Ask(Keys, KeySet("a")),
            Ask(Kid("b"), Fails(Malformed)),
            After(1.2),
            Ask(Keys, Call(TheKeys)),
            Reply(TheKeys, Publishes("a b")),
            Ask(Keys, KeySet("a b")),
        ],
    )

    when_the_host_cannot_be_found_the_old_set_serves_and_a_missing_key_is_unavailable: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(601.0),
        NewLocator,
        Ask(Keys, Call(TheSentinel)),
        Ask(Keys, KeySet("a")),
        Ask(Kid("b"), Waits),
        Reply(TheSentinel, Status(503, "")),
        Ask(Keys, KeySet("a")),
        Read(KeySource, FindsIt),
        Ask(Kid("b"), Fails(ServerFault)),
        KeepUp(KeySource, WaitsFor(5, 6)),
        Calls(TheKeys, 1),
    ]

    while_the_keys_are_doubted_a_doubted_host_is_better_than_none: [
        WithDomainApi,
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(601.0),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Says::Lost(Lost::Unresolved)),
        After(1.0),
        Ask(Keys, Call(TheSentinel)),
        Ask(Keys, KeySet("a")),
        Ask(Kid("b"), Waits),
        Reply(TheSentinel, Status(503, "")),
        Ask(Keys, CallTo(TheKeys, VIRGINIA)),
    ]

    one_lookup_serves_the_token_and_the_keys: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Ask(Keys, Waits),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(Keys, CallTo(TheKeys, VIRGINIA)),
        Ask(AToken, CallTo(TheToken, VIRGINIA)),
        Calls(TheSentinel, 1),
    ]
}
