//! The token source in simulated time. Each scenario is a list of what happens and what is expected.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod play;

use lp_auth_core::ErrorKind::{Malformed, NoAnswer, Refused, ServerFault, Throttled, Tls};
use lp_auth_core::TransportErrorKind as Lost;

use play::Do::{After, Answer, Ask, Invalidate, KeepUp, NewSecret, Restore, SetBack};
use play::Expect::{Call, Fails, Token, Waits};
use play::Says::{
    Body, ExpiredOnArrival, ForAccount, Html, Lives, LivesBy, LostBy, Status, StatusAfter, StatusUntil,
};
use play::play;

#[test]
fn a_cold_source_asks_once_and_everybody_gets_the_token() {
    play(&[
        Ask(Call),
        Ask(Waits),
        Ask(Waits),
        Answer(Lives("a", 3600)),
        Ask(Token("a")),
        Ask(Token("a")),
    ]);
}

#[test]
fn a_fresh_token_is_handed_out_without_a_call() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        After(2699.0),
        Ask(Token("a")),
    ]);
}

#[test]
fn from_three_quarters_on_one_asker_renews_and_the_others_get_the_token_at_hand() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        After(2925.0),
        Ask(Call),
        Ask(Token("a")),
        Ask(Token("a")),
        Answer(Lives("b", 3600)),
        Ask(Token("b")),
    ]);
}

#[test]
fn a_failed_refresh_keeps_the_usable_token() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        After(2925.0),
        Ask(Call),
        Answer(Status(401, "")),
        Ask(Token("a")),
        After(29.0),
        Ask(Token("a")),
        After(4.0),
        Ask(Call),
        Answer(LostBy(Lost::ConnectionRefused)),
        Ask(Token("a")),
    ]);
}

#[test]
fn an_expired_token_is_not_handed_out() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        After(3569.0),
        Ask(Call),
        After(1.0),
        Ask(Waits),
    ]);
}

#[test]
fn a_token_of_60_seconds_is_not_fetched_on_each_call() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 60)),
        After(44.0),
        Ask(Token("a")),
        After(5.0),
        Ask(Call),
        Ask(Token("a")),
        Answer(LostBy(Lost::TimedOut)),
        After(4.9),
        Ask(Call),
        Ask(Token("a")),
        After(0.2),
        Ask(Waits),
    ]);
}

#[test]
fn upkeep_fetches_the_first_token_and_renews_from_five_eighths_on() {
    play(&[
        KeepUp(Call),
        KeepUp(Waits),
        Answer(Lives("a", 3600)),
        KeepUp(Waits),
        After(2249.0),
        KeepUp(Waits),
        After(120.0),
        KeepUp(Call),
        Ask(Token("a")),
        Answer(Status(503, "")),
        KeepUp(Waits),
        Ask(Token("a")),
        After(5.6),
        KeepUp(Call),
    ]);
}

#[test]
fn a_failure_is_told_to_everybody_until_the_rest_is_over() {
    play(&[
        Ask(Call),
        Ask(Waits),
        Answer(Status(503, "")),
        Ask(Fails(ServerFault)),
        Ask(Fails(ServerFault)),
        After(4.9),
        Ask(Fails(ServerFault)),
        After(0.7),
        Ask(Call),
        Answer(Lives("a", 3600)),
        Ask(Token("a")),
    ]);
}

#[test]
fn server_faults_rest_5_10_15_then_60_seconds() {
    let mut scenario = Vec::new();
    for rest in [5.0, 10.0, 15.0, 60.0, 60.0] {
        scenario.extend([
            Ask(Call),
            Answer(Status(500, "")),
            After(rest * 0.99),
            Ask(Fails(ServerFault)),
            After(rest * 0.12),
        ]);
    }
    play(&scenario);
}

#[test]
fn no_answer_rests_a_quarter_of_a_second_doubling_to_64() {
    let mut scenario = Vec::new();
    for rest in [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 64.0] {
        scenario.extend([
            Ask(Call),
            Answer(LostBy(Lost::BrokenOff)),
            After(rest * 0.98),
            Ask(Fails(NoAnswer)),
            After(rest * 0.13),
        ]);
    }
    play(&scenario);
}

#[test]
fn the_statuses_that_say_no_answer_rest_like_one() {
    play(&[
        Ask(Call),
        Answer(Status(408, "")),
        Ask(Fails(NoAnswer)),
        After(0.3),
        Ask(Call),
        Answer(Status(425, "")),
        Ask(Fails(NoAnswer)),
    ]);
}

#[test]
fn a_refusal_rests_30_seconds_doubling_to_10_minutes() {
    let mut scenario = Vec::new();
    for rest in [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0] {
        scenario.extend([
            Ask(Call),
            Answer(Status(400, r#"{"error":"invalid_client"}"#)),
            After(rest * 0.99),
            Ask(Fails(Refused)),
            After(rest * 0.12),
        ]);
    }
    play(&scenario);
}

#[test]
fn a_success_begins_the_rests_anew() {
    play(&[
        Ask(Call),
        Answer(Status(500, "")),
        After(5.6),
        Ask(Call),
        Answer(Status(500, "")),
        After(11.1),
        Ask(Call),
        Answer(Lives("a", 60)),
        After(60.0),
        Ask(Call),
        Answer(Status(500, "")),
        After(5.6),
        Ask(Call),
    ]);
}

#[test]
fn another_kind_of_failure_begins_its_rests_anew() {
    play(&[
        Ask(Call),
        Answer(Status(500, "")),
        After(5.6),
        Ask(Call),
        Answer(Status(500, "")),
        After(11.1),
        Ask(Call),
        Answer(LostBy(Lost::TimedOut)),
        After(0.28),
        Ask(Call),
    ]);
}

#[test]
fn too_many_requests_rest_as_asked_but_at_least_a_second_and_at_most_five_minutes() {
    for (asked, rest) in [("7", 7.0), ("0", 1.0), ("soon", 1.0), ("86400", 300.0)] {
        play(&[
            Ask(Call),
            Answer(StatusAfter(429, asked)),
            After(rest * 0.99),
            Ask(Fails(Throttled)),
            After(rest * 0.12),
            Ask(Call),
        ]);
    }
}

#[test]
fn a_server_fault_rests_as_asked_by_seconds_or_by_a_date_on_the_servers_own_clock() {
    play(&[Ask(Call), Answer(StatusAfter(503, "2")), After(2.3), Ask(Call)]);
    play(&[
        Ask(Call),
        Answer(StatusUntil(503, 3)),
        After(2.9),
        Ask(Fails(ServerFault)),
        After(0.5),
        Ask(Call),
    ]);
}

#[test]
fn an_answer_that_makes_no_sense_is_a_failure_and_rests() {
    let senseless = [
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
        Status(302, ""),
        Status(204, ""),
        ExpiredOnArrival,
        ForAccount("87654321"),
        Lives("a", -5),
        LostBy(Lost::TooLarge),
        LostBy(Lost::Redirected),
    ];
    for says in senseless {
        play(&[
            Ask(Call),
            Answer(says),
            Ask(Fails(Malformed)),
            After(0.9),
            Ask(Fails(Malformed)),
            After(0.3),
            Ask(Call),
            Answer(Lives("b", 3600)),
            Ask(Token("b")),
        ]);
    }
}

#[test]
fn an_untrusted_certificate_is_not_transient_and_rests_30_seconds() {
    play(&[
        Ask(Call),
        Answer(LostBy(Lost::Tls)),
        Ask(Fails(Tls)),
        After(29.0),
        Ask(Fails(Tls)),
        After(5.0),
        Ask(Call),
    ]);
}

#[test]
fn a_lost_reply_wedges_nothing_and_a_late_one_is_ignored() {
    play(&[
        Ask(Call),
        After(10.9),
        Ask(Waits),
        After(0.2),
        Ask(Call),
        // The first call's answer comes first, although another call has taken its place.
        Answer(Lives("late", 3600)),
        Ask(Waits),
        Answer(Lives("a", 3600)),
        Ask(Token("a")),
    ]);
}

#[test]
fn the_answer_of_a_call_whose_lease_ran_out_still_counts_while_no_other_was_begun() {
    play(&[Ask(Call), After(60.0), Answer(Lives("a", 3600)), Ask(Token("a"))]);
}

#[test]
fn a_hundred_refusals_of_one_token_make_one_request() {
    let mut scenario = vec![Ask(Call), Answer(Lives("a", 3600))];
    scenario.extend([Invalidate("a", true); 100]);
    scenario.extend([
        Ask(Call),
        Ask(Waits),
        Answer(Lives("b", 3600)),
        Invalidate("a", true),
        Ask(Token("b")),
    ]);
    play(&scenario);
}

#[test]
fn an_api_that_refuses_every_token_makes_no_storm() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        Invalidate("a", true),
        Ask(Call),
        Answer(Lives("b", 3600)),
        After(29.0),
        Invalidate("b", false),
        Ask(Token("b")),
        After(1.0),
        Invalidate("b", true),
        Ask(Call),
    ]);
}

#[test]
fn a_token_that_is_not_at_hand_cannot_be_invalidated() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        Invalidate("other", true),
        Ask(Token("a")),
    ]);
}

#[test]
fn a_retry_makes_sense_after_an_older_token_was_refused_although_the_newer_one_has_expired() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 60)),
        After(70.0),
        Invalidate("older", true),
        Ask(Call),
    ]);
}

#[test]
fn the_lifetime_is_the_shortest_positive_one() {
    for (expires_in, usable_for) in [
        ("120", 108.0),
        (r#""120""#, 108.0),
        ("7200", 3570.0),
        ("0", 3570.0),
        ("-1", 3570.0),
        ("1e999", 3570.0),
        (r#""NaN""#, 3570.0),
        (r#""soon""#, 3570.0),
        ("null", 3570.0),
        ("[]", 3570.0),
        ("true", 3570.0),
    ] {
        play(&[
            Ask(Call),
            Answer(LivesBy("a", 3600, expires_in)),
            After(usable_for - 0.1),
            Ask(Call),
            Ask(Token("a")),
            After(0.2),
            Ask(Waits),
        ]);
    }
}

#[test]
fn no_token_lives_longer_than_a_day() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 1_000_000_000)),
        After(86_369.0),
        Ask(Call),
        Ask(Token("a")),
        After(2.0),
        Ask(Waits),
    ]);
}

#[test]
fn a_clock_that_is_set_back_or_forward_costs_one_extra_request() {
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        SetBack(1.9),
        Ask(Token("a")),
        SetBack(36_000.0),
        Ask(Call),
        Answer(Lives("b", 3600)),
        Ask(Token("b")),
        After(36_001.9),
        Ask(Call),
        Answer(Lives("c", 3600)),
        Ask(Token("c")),
    ]);
}

#[test]
fn a_clock_that_is_set_back_ends_a_rest_and_a_wait() {
    play(&[
        Ask(Call),
        Answer(Status(401, "")),
        Ask(Fails(Refused)),
        SetBack(3600.0),
        Ask(Call),
    ]);
    play(&[Ask(Call), Ask(Waits), SetBack(3600.0), Ask(Call)]);
}

#[test]
fn a_token_saved_earlier_is_used_while_it_is_usable() {
    play(&[
        Restore("saved", 600, true),
        Ask(Token("saved")),
        After(590.0),
        Ask(Call),
    ]);
    play(&[Restore("dead", 0, false), Ask(Call)]);
    play(&[
        Ask(Call),
        Answer(Lives("a", 3600)),
        Restore("shorter", 600, false),
        Ask(Token("a")),
    ]);
    play(&[
        Ask(Call),
        Answer(Lives("a", 60)),
        Restore("longer", 600, true),
        Ask(Token("longer")),
    ]);
}

#[test]
fn other_credentials_end_the_rest_after_a_refusal() {
    play(&[
        Ask(Call),
        Answer(Status(401, "")),
        Ask(Fails(Refused)),
        NewSecret("my-app"),
        Ask(Call),
        Answer(Lives("a", 3600)),
        Ask(Token("a")),
        NewSecret("my-app"),
        Ask(Token("a")),
        NewSecret("other-app"),
        Ask(Call),
    ]);
}

#[test]
fn the_answer_to_the_old_secret_does_not_count_against_the_new_one() {
    play(&[
        Ask(Call),
        NewSecret("my-app"),
        Ask(Call),
        Answer(Status(401, "")),
        Ask(Waits),
        Answer(Lives("a", 3600)),
        Ask(Token("a")),
    ]);
}
