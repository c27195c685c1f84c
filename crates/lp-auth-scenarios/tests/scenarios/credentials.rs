//! Other credentials, and tokens saved earlier (rules 5 and 12).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    other_credentials_end_the_rest_after_a_refusal: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        Ask(AToken, Fails(Refused)),
        NewSecret,
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
    ]

    another_secret_keeps_the_token_and_another_client_does_not: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        NewSecret,
        Ask(AToken, Token("a")),
        Read(TokenSource, FindsIt),
        NewClient,
        Read(TokenSource, Asks),
        Ask(AToken, Call(TheToken)),
    ]

    the_answer_to_the_old_secret_does_not_count_against_the_new_one: [
        Ask(AToken, Call(TheToken)),
        NewSecret,
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        Ask(AToken, Waits),
        Reply(TheToken, Lives("a", 3600)),
        Ask(AToken, Token("a")),
    ]

    the_token_of_another_client_is_not_taken_from_a_late_answer: [
        Ask(AToken, Call(TheToken)),
        NewClient,
        Reply(TheToken, Lives("of-the-old-client", 3600)),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("of-the-new-client", 3600)),
        Ask(AToken, Token("of-the-new-client")),
    ]

    other_credentials_begin_the_rests_anew: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        After(34.0),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        NewSecret,
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        After(29.9),
        Ask(AToken, Fails(Refused)),
        After(3.2),
        Ask(AToken, Call(TheToken)),
    ]

    other_credentials_end_no_rest_of_the_lookup: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, Status(401, "")),
        NewSecret,
        Ask(AToken, Fails(Refused)),
        ErrorSays("no host of service"),
    ]

    a_token_saved_earlier_is_used_while_it_is_usable: [
        Restore("saved", 600, Taken),
        Read(TokenSource, FindsIt),
        Ask(AToken, Token("saved")),
        After(569.9),
        Ask(AToken, Call(TheToken)),
        Ask(AToken, Token("saved")),
        After(0.2),
        Ask(AToken, Waits),
    ]

    a_dead_token_is_not_restored: [
        Restore("dead", 0, Declined),
        Ask(AToken, Call(TheToken)),
    ]

    of_two_tokens_the_one_that_lives_longer_is_kept: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        Restore("shorter", 600, Declined),
        Ask(AToken, Token("a")),
        Restore("longer", 7200, Taken),
        Ask(AToken, Token("longer")),
    ]

    a_token_saved_earlier_takes_the_place_of_one_that_is_not_usable: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Lives("a", 3600)),
        After(3580.0),
        Restore("shorter", 10, Taken),
        Ask(AToken, Token("shorter")),
    ]

    a_token_saved_earlier_is_renewed_like_any_other: [
        Restore("saved", 3600, Taken),
        KeepUp(TokenSource, WaitsFor(2250, 2363)),
        After(2369.0),
        KeepUp(TokenSource, Call(TheToken)),
        Ask(AToken, Token("saved")),
        Reply(TheToken, Lives("b", 3600)),
        Ask(AToken, Token("b")),
    ]

    a_token_saved_earlier_serves_during_a_rest: [
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(401, "")),
        Ask(AToken, Fails(Refused)),
        Restore("saved", 3600, Taken),
        Ask(AToken, Token("saved")),
    ]
}
