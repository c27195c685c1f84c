//! Replies that are lost, late, somebody else's, or of no use (rules 6, 11 and 19).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    a_lost_reply_wedges_nothing_and_a_late_one_is_ignored: [
        Ask(AToken, Call(TheToken)),
        After(10.9),
        Ask(AToken, Waits),
        After(0.2),
        Ask(AToken, Call(TheToken)),
        // The first call's answer comes first, although another call has taken its place.
        Reply(TheToken, Lives("late", 3600)),
        Ask(AToken, Waits),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
    ]

    a_late_failure_is_ignored: [
        Ask(AToken, Call(TheToken)),
        After(11.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        Ask(AToken, Waits),
        ReplyToNewest(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
    ]

    an_answer_that_comes_after_a_newer_one_changes_nothing: [
        Ask(AToken, Call(TheToken)),
        After(11.0),
        Ask(AToken, Call(TheToken)),
        ReplyToNewest(TheToken, Lives("a", 3600)),
        Reply(TheToken, Lives("old", 3600)),
        Ask(AToken, Token("a")),
    ]

    a_lost_lookup_and_a_lost_key_request_wedge_nothing: [
        WithDomainApi,
        Ask(Keys, Call(TheSentinel)),
        Lose(TheSentinel),
        Ask(Keys, Waits),
        After(11.0),
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(Keys, Call(TheKeys)),
        Lose(TheKeys),
        Ask(Keys, Waits),
        After(11.0),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("k")),
        Ask(Keys, KeySet("k")),
    ]

    a_late_lookup_and_a_late_key_set_are_ignored: [
        WithDomainApi,
        Ask(Keys, Call(TheSentinel)),
        After(11.0),
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(LONDON)),
        Ask(Keys, Waits),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(Keys, CallTo(TheKeys, VIRGINIA)),
        After(11.0),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("late")),
        Ask(Keys, Waits),
        Reply(TheKeys, Publishes("k")),
        Ask(Keys, KeySet("k")),
    ]

    the_answer_of_a_call_whose_lease_ran_out_still_counts_while_no_other_was_begun: [
        Ask(AToken, Call(TheToken)),
        After(60.0),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
    ]

    a_foreign_reply_comes_back_and_changes_nothing: [
        ForeignReply(TheToken),
        ForeignReply(TheKeys),
        ForeignReply(TheSentinel),
        Ask(AToken, Call(TheToken)),
        Ask(Keys, Call(TheKeys)),
        ForeignReply(TheToken),
        ForeignReply(TheKeys),
        ForeignReply(TheSentinel),
        Ask(AToken, Waits),
        Ask(Keys, Waits),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
        Anew,
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        ForeignReply(TheSentinel),
        ForeignReply(TheToken),
        Ask(AToken, Waits),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(AToken, Call(TheToken)),
    ]

    a_late_answer_from_a_host_that_is_gone_casts_no_doubt_on_the_new_one: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(AToken, Call(TheToken)),
        After(11.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(404, "")),
        Ask(AToken, Waits),
        Lose(TheToken),
        After(11.0),
        Ask(AToken, CallTo(TheToken, VIRGINIA)),
    ]

    an_answer_that_makes_no_sense_is_a_failure_and_rests: each(
        [
            Html(200),
            Body(""),
            Body("   "),
            Body("null"),
            Body("{}"),
            Body(r#"{"access_token":7}"#),
            Body(r#"{"access_token":"no JWT"}"#),
            Body(r#"{"access_token":"e30.bm8.c2ln"}"#),
            Body(r#"{"access_token":"e30.e30.c2ln","token_type":"mac"}"#),
            Body("{\"access_token\":\"\u{0}\"}"),
            Status(204, ""),
            Status(206, ""),
            Status(307, ""),
            ExpiredOnArrival,
            ForAccount("87654321"),
            Lives("a", -5),
            Lives("a", 0),
            Says::Lost(Lost::TooLarge),
            Says::Lost(Lost::Redirected),
        ],
        |says| [
            Ask(AToken, Call(TheToken)),
            Reply(TheToken, says),
            Ask(AToken, Fails(Malformed)),
            After(0.99),
            Ask(AToken, Fails(Malformed)),
            After(0.12),
            Ask(AToken, Call(TheToken)),
            Reply(TheToken, Lives("b", 3600)),
            Ask(AToken, Token("b")),
        ],
    )

    a_token_that_has_expired_on_arrival_makes_no_second_call_without_a_rest: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, ExpiredOnArrival),
        Ask(AToken, Fails(Malformed)),
        ErrorSays("already expired by the server's own clock"),
        Ask(AToken, Fails(Malformed)),
        Calls(TheToken, 1),
    ]

    a_token_whose_life_is_over_when_its_answer_comes_is_a_failure: [
        Ask(AToken, Call(TheToken)),
        After(9.0),
        Reply(TheToken, Lives("short", 10)),
        Ask(AToken, Fails(Malformed)),
        ErrorSays("no usable life left"),
        Calls(TheToken, 1),
    ]

    a_redirect_is_not_followed: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(307, "")),
        Ask(AToken, Fails(Malformed)),
        ErrorSays("a redirect, which is not followed"),
        After(1.2),
        Ask(AToken, CallTo(TheToken, VIRGINIA)),
    ]
}
