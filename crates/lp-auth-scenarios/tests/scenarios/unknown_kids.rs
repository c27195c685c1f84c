//! Keys that nobody knows: a rotation, or a stranger's invention (rule 14).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    an_unknown_kid_is_looked_for_once_and_found_after_a_rotation_with_overlap: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("b"), Call(TheKeys)),
        Ask(Kid("b"), Waits),
        Ask(Kid("a"), KeySet("a")),
        Ask(Keys, KeySet("a")),
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
        Calls(TheKeys, 2),
    ]

    a_rotation_without_overlap_is_survived: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("b"), Call(TheKeys)),
        Reply(TheKeys, Publishes("b")),
        Ask(Kid("b"), KeySet("b")),
        Ask(Keys, KeySet("b")),
    ]

    a_second_unknown_kid_causes_no_fetch_for_30_seconds_after_a_successful_one: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), KeySet("a")),
        Ask(Kid("y"), KeySet("a")),
        After(29.999),
        Ask(Kid("y"), KeySet("a")),
        After(0.001),
        Ask(Kid("y"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a y")),
        Ask(Kid("y"), KeySet("a y")),
        Calls(TheKeys, 3),
    ]

    a_genuine_rotation_right_after_a_failed_fetch_is_still_seen: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), Call(TheKeys)),
        Reply(TheKeys, Says::Lost(Lost::TimedOut)),
        Ask(Kid("b"), Fails(NoAnswer)),
        After(1.0),
        Ask(Kid("b"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
    ]

    during_a_rest_an_unknown_kid_is_unavailable_and_a_known_one_is_served: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("b"), Call(TheKeys)),
        Reply(TheKeys, Status(500, "")),
        Ask(Kid("b"), Fails(ServerFault)),
        Ask(Kid("c"), Fails(ServerFault)),
        Ask(Kid("a"), KeySet("a")),
        Ask(Keys, KeySet("a")),
        Read(KeySource, FindsIt),
    ]

    a_scheduled_refresh_uses_up_nothing_of_what_unknown_kids_may_cause: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(600.0),
        Ask(Keys, Call(TheKeys)),
        // They wait for the refresh that is in flight anyway,
        Ask(Kid("x"), Waits),
        Reply(TheKeys, Publishes("a")),
        // are told of its result, and make no second call of their own;
        Ask(Kid("x"), KeySet("a")),
        // but a key that was published since can be found at once.
        Ask(Kid("b"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
        Calls(TheKeys, 3),
    ]

    upkeep_uses_up_nothing_of_what_unknown_kids_may_cause: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(570.0),
        KeepUp(KeySource, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("b"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
    ]

    an_unknown_kid_that_comes_when_a_refresh_is_due_uses_up_nothing_either: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        After(600.0),
        Ask(Kid("x"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), KeySet("a")),
        Ask(Kid("b"), Call(TheKeys)),
    ]

    a_kid_that_was_looked_for_in_vain_may_be_looked_for_again_half_a_minute_later: [
        Ask(Keys, Call(TheKeys)),
        Ask(Kid("x"), Waits),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), KeySet("a")),
        After(29.999),
        Ask(Kid("x"), KeySet("a")),
        After(0.001),
        Ask(Kid("x"), Call(TheKeys)),
    ]

    on_a_cold_source_no_asker_makes_two_calls: [
        Ask(Kid("x"), Call(TheKeys)),
        Ask(Kid("y"), Waits),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), KeySet("a")),
        Ask(Kid("y"), KeySet("a")),
        Calls(TheKeys, 1),
    ]

    a_rotation_right_after_the_first_fetch_is_seen: [
        Ask(Kid("a"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("b"), Call(TheKeys)),
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
    ]

    ten_thousand_made_up_kids_make_one_call_and_sixteen_of_them_wait: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        // The one that makes the call waits for it as well.
        Flood { strangers: 10_000, call: 1, wait: 15, others: KeySet("a") },
        Reply(TheKeys, Publishes("a")),
        Flood { strangers: 10_000, call: 0, wait: 0, others: KeySet("a") },
        // A genuine one that waits among them is served.
        After(30.0),
        Ask(Kid("b"), Call(TheKeys)),
        Flood { strangers: 10_000, call: 0, wait: 15, others: KeySet("a") },
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
        Calls(TheKeys, 3),
    ]

    a_flood_on_a_cold_source_makes_the_one_call_that_is_due_and_one_more_in_half_a_minute: [
        Flood { strangers: 10_000, call: 1, wait: 9_999, others: KeySet("") },
        Reply(TheKeys, Publishes("a")),
        Flood { strangers: 10_000, call: 1, wait: 15, others: KeySet("a") },
        Reply(TheKeys, Publishes("a")),
        Flood { strangers: 10_000, call: 0, wait: 0, others: KeySet("a") },
    ]

    a_flood_during_a_rest_makes_no_call_and_is_unavailable: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Ask(Kid("x"), Call(TheKeys)),
        Reply(TheKeys, Status(500, "")),
        Flood { strangers: 10_000, call: 0, wait: 0, others: Fails(ServerFault) },
        Ask(Keys, KeySet("a")),
    ]

    waiters_of_a_lost_call_do_not_fill_the_room_of_the_next: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Flood { strangers: 10_000, call: 1, wait: 15, others: KeySet("a") },
        Lose(TheKeys),
        After(12.0),
        Ask(Kid("b"), Call(TheKeys)),
        Ask(Kid("b"), Waits),
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
    ]

    waiters_of_a_failed_call_do_not_fill_the_room_of_the_next: [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Flood { strangers: 100, call: 1, wait: 15, others: KeySet("a") },
        Reply(TheKeys, Status(503, "")),
        After(5.6),
        Ask(Kid("b"), Call(TheKeys)),
        Flood { strangers: 100, call: 0, wait: 15, others: KeySet("a") },
    ]

    an_unknown_kid_waits_for_the_lookup_of_the_host_and_then_for_the_keys: [
        WithDomainApi,
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("a")),
        Doubt(VIRGINIA),
        Ask(Kid("b"), Call(TheSentinel)),
        Ask(Kid("b"), Waits),
        Reply(TheSentinel, LivesAt(LONDON)),
        Ask(Kid("b"), CallTo(TheKeys, LONDON)),
        Ask(Kid("b"), Waits),
        Reply(TheKeys, Publishes("a b")),
        Ask(Kid("b"), KeySet("a b")),
    ]
}
