//! A failure is shared, rests, and is never latched (rules 5 and 18).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

/// Asks again and again: each time the same failure, and a rest of at least this length and at most a tenth more.
fn rests(says: Says, kind: lp_auth_core::ErrorKind, seconds: &[f64]) -> Vec<Line> {
    let rest = |least: &f64| {
        [
            Ask(AToken, Call(TheToken)),
            Reply(TheToken, says),
            After(least * 0.999),
            Ask(AToken, Fails(kind)),
            After(least * 0.102),
        ]
    };
    seconds.iter().flat_map(rest).collect()
}

scenarios! {
    a_failure_is_told_to_everybody_until_the_rest_is_over: [
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Waits),
        Reply(TheToken, Status(503, "")),
        Ask(AToken, Fails(ServerFault)),
        Ask(AToken, Fails(ServerFault)),
        After(4.9),
        Ask(AToken, Fails(ServerFault)),
        After(0.7),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
    ]

    each_failure_rests_and_is_not_latched: each(FAILURES, |(says, kind, least)| [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, says),
        Ask(AToken, Fails(kind)),
        After(least * 0.99),
        Ask(AToken, Fails(kind)),
        After(least * 0.12),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
    ])

    each_failure_of_the_key_set_rests_and_is_not_latched: each(FAILURES, |(says, kind, least)| [
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, says),
        Ask(Keys, Fails(kind)),
        ErrorSays("no key set from va.sentinel.liveperson.net"),
        After(least * 0.99),
        Ask(Keys, Fails(kind)),
        After(least * 0.12),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("k")),
        Ask(Keys, KeySet("k")),
    ])

    each_failure_of_the_lookup_rests_and_is_not_latched: each(FAILURES, |(says, kind, least)| [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, says),
        Ask(AToken, Fails(kind)),
        Ask(Keys, Fails(kind)),
        Ask(HostOf("sentinel"), Fails(kind)),
        ErrorSays("no host of service `sentinel` from api.liveperson.net"),
        After(least * 0.99),
        Ask(AToken, Fails(kind)),
        After(least * 0.12),
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(AToken, Call(TheToken)),
    ])

    server_faults_rest_5_10_15_then_60_seconds:
        rests(Status(500, ""), ServerFault, &[5.0, 10.0, 15.0, 60.0, 60.0])

    no_answer_rests_a_quarter_of_a_second_doubling_to_64:
        rests(
            Says::Lost(Lost::BrokenOff),
            NoAnswer,
            &[0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 64.0],
        )

    a_transport_that_cannot_be_used_rests_as_shortly_as_no_answer:
        rests(Says::Lost(Lost::Unusable), TransportUnusable, &[0.25, 0.5, 1.0])

    the_statuses_that_say_no_answer_rest_like_one:
        rests(Status(425, ""), NoAnswer, &[0.25, 0.5, 1.0, 2.0])

    a_time_out_said_by_the_server_rests_like_no_answer:
        rests(Status(408, ""), NoAnswer, &[0.25, 0.5, 1.0, 2.0])

    a_refusal_rests_30_seconds_doubling_to_10_minutes:
        rests(
            Status(400, r#"{"error":"invalid_client"}"#),
            Refused,
            &[30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0],
        )

    an_answer_without_sense_rests_a_second_doubling_to_64:
        rests(Html(200), Malformed, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 64.0])

    an_untrusted_certificate_rests_30_seconds_each_time:
        rests(Says::Lost(Lost::Tls), Tls, &[30.0, 30.0, 30.0])

    too_many_requests_without_a_pause_asked_for_rest_a_second_doubling_to_64:
        rests(Status(429, ""), Throttled, &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 64.0])

    too_many_requests_rest_as_asked_each_time:
        rests(StatusAfter(429, "7"), Throttled, &[7.0, 7.0, 7.0])

    a_server_fault_rests_as_asked_each_time:
        rests(StatusAfter(503, "120"), ServerFault, &[120.0, 120.0])

    too_many_requests_rest_at_least_a_second_and_at_most_five_minutes:
        each([("7", 7.0), ("0", 1.0), ("soon", 1.0), ("-3", 1.0), ("300", 300.0), ("86400", 300.0)], |(asked, rest)| [
            Ask(AToken, Call(TheToken)),
            Reply(TheToken, StatusAfter(429, asked)),
            After(rest * 0.99),
            Ask(AToken, Fails(Throttled)),
            After(rest * 0.12),
            Ask(AToken, Call(TheToken)),
        ])

    a_server_fault_rests_as_asked_within_bounds:
        each([("2", 2.0), ("0", 1.0), ("soon", 5.0), ("99999", 300.0)], |(asked, rest)| [
            Ask(AToken, Call(TheToken)),
            Reply(TheToken, StatusAfter(503, asked)),
            After(rest * 0.99),
            Ask(AToken, Fails(ServerFault)),
            After(rest * 0.12),
            Ask(AToken, Call(TheToken)),
        ])

    a_pause_asked_for_by_a_date_counts_by_the_servers_own_clock: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, StatusUntil(503, 3)),
        After(2.9),
        Ask(AToken, Fails(ServerFault)),
        After(0.5),
        Ask(AToken, Call(TheToken)),
    ]

    a_success_begins_the_rests_anew: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(5.6),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(11.1),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 60)),
        After(60.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(5.6),
        Ask(AToken, Call(TheToken)),
    ]

    a_success_begins_the_rests_of_the_lookup_and_of_the_keys_anew: [
        WithDomainApi,
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, Status(500, "")),
        After(5.6),
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Status(500, "")),
        After(5.6),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("k")),
        After(3600.0),
        Ask(Keys, Call(TheSentinel)),
        Reply(TheSentinel, Status(500, "")),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Status(500, "")),
        After(5.6),
        Ask(Keys, Call(TheSentinel)),
        Ask(Keys, Call(TheKeys)),
    ]

    another_kind_of_failure_begins_its_rests_anew: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(5.6),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(11.1),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Says::Lost(Lost::TimedOut)),
        After(0.28),
        Ask(AToken, Call(TheToken)),
    ]

    a_lost_call_is_no_failure_and_leaves_the_rests_as_they_were: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(5.6),
        Ask(AToken, Call(TheToken)),
        Lose(TheToken),
        After(11.1),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(500, "")),
        After(9.9),
        Ask(AToken, Fails(ServerFault)),
        After(1.2),
        Ask(AToken, Call(TheToken)),
    ]

    rests_of_different_machines_are_their_own: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        Ask(AToken, Fails(Refused)),
        Ask(Keys, Call(TheKeys)),
        Reply(TheKeys, Publishes("k")),
        Ask(Keys, KeySet("k")),
        Ask(AToken, Fails(Refused)),
    ]

    an_error_says_what_was_asked_of_whom_what_came_back_and_what_to_do: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(400, r#"{"error":"invalid_client","error_description":"who are you?"}"#)),
        Ask(AToken, Fails(Refused)),
        ErrorSays("no access token from va.sentinel.liveperson.net"),
        ErrorSays("400 Bad Request"),
        ErrorSays("invalid_client"),
        ErrorSays("who are you?"),
        ErrorSays("check the client id, the client secret and the account id"),
        ErrorSays("next try from 2023-11-14T22:13:5"),
    ]

    the_secret_and_tokens_are_struck_from_what_the_server_says: [
        Ask(AToken, Call(TheToken)),
        Reply(
            TheToken,
            Status(400, r#"{"error":"invalid_client","error_description":"hush-4711-canary, eyJhbGciOi.eyJhIjox.c2ln"}"#),
        ),
        // The stage looks at every error for the secret, and for what looks like a token.
        Ask(AToken, Fails(Refused)),
        ErrorSays("[redacted], [redacted]"),
    ]
}
