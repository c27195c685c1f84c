//! Where Sentinel lives, and who is trusted with the secret (rules 9 and 10).

use lp_auth_scenarios::scenarios;

use crate::prelude::*;

scenarios! {
    a_cold_source_first_looks_up_the_host_and_then_asks_it: [
        WithDomainApi,
        Ask(AToken, CallTo(TheSentinel, "api.liveperson.net")),
        Ask(AToken, Waits),
        Reply(TheSentinel, LivesAt(LONDON)),
        Ask(AToken, CallTo(TheToken, LONDON)),
    ]

    a_host_is_asked_for_once_and_kept_for_an_hour: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Ask(HostOf("sentinel"), WaitsFor(11, 11)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        After(3599.9),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        After(0.1),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
    ]

    a_stale_host_is_looked_up_by_one_asker_and_used_by_the_others: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        After(3600.0),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        Ask(AToken, CallTo(TheToken, VIRGINIA)),
        Reply(TheSentinel, LivesAt(LONDON)),
        Ask(HostOf("sentinel"), Host(LONDON)),
    ]

    while_the_domain_api_is_down_the_old_host_stays_however_old: after_another([
        &[
            WithDomainApi,
            Ask(HostOf("sentinel"), Call(TheSentinel)),
            Reply(TheSentinel, LivesAt(VIRGINIA)),
        ],
        &[
            After(86_400.0),
            Ask(HostOf("sentinel"), Call(TheSentinel)),
            Reply(TheSentinel, Says::Lost(Lost::TimedOut)),
            Ask(HostOf("sentinel"), Host(VIRGINIA)),
        ]
        .repeat(10),
    ])

    a_doubted_host_is_looked_up_before_it_is_used_again: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Doubt(LONDON),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        Doubt(VIRGINIA),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Ask(HostOf("sentinel"), Waits),
        Reply(TheSentinel, LivesAt(LONDON)),
        Ask(HostOf("sentinel"), Host(LONDON)),
    ]

    a_doubted_host_is_better_than_none_while_the_domain_api_is_down: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Doubt(VIRGINIA),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, Says::Lost(Lost::TimedOut)),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        After(1.0),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
    ]

    a_sentinel_that_moved_is_found: each(
        [
            Says::Lost(Lost::ConnectionRefused),
            Says::Lost(Lost::Unresolved),
            Says::Lost(Lost::TimedOut),
            // Somebody else has its address by now.
            Says::Lost(Lost::Tls),
            Status(404, ""),
            Status(410, ""),
            Status(421, ""),
        ],
        |says| [
            WithDomainApi,
            Ask(AToken, Call(TheSentinel)),
            Reply(TheSentinel, LivesAt(VIRGINIA)),
            Ask(AToken, CallTo(TheToken, VIRGINIA)),
            Reply(TheToken, says),
            After(34.0),
            Ask(AToken, CallTo(TheSentinel, "api.liveperson.net")),
            Reply(TheSentinel, LivesAt(LONDON)),
            Ask(AToken, CallTo(TheToken, LONDON)),
        ],
    )

    a_sentinel_that_moved_is_found_by_the_key_source_too: each(
        [Says::Lost(Lost::TimedOut), Says::Lost(Lost::Unresolved), Says::Lost(Lost::Tls), Status(404, ""), Status(410, ""), Status(421, "")],
        |says| [
            WithDomainApi,
            Ask(Keys, Call(TheSentinel)),
            Reply(TheSentinel, LivesAt(VIRGINIA)),
            Ask(Keys, CallTo(TheKeys, VIRGINIA)),
            Reply(TheKeys, says),
            After(34.0),
            Ask(Keys, CallTo(TheSentinel, "api.liveperson.net")),
            Reply(TheSentinel, LivesAt(LONDON)),
            Ask(Keys, CallTo(TheKeys, LONDON)),
            Reply(TheKeys, Publishes("k")),
            Ask(AToken, CallTo(TheToken, LONDON)),
        ],
    )

    other_failures_cast_no_doubt_on_the_host: each(
        [Status(401, ""), Status(403, ""), Status(429, ""), Status(500, ""), Html(200)],
        |says| [
            WithDomainApi,
            Ask(AToken, Call(TheSentinel)),
            Reply(TheSentinel, LivesAt(VIRGINIA)),
            Ask(AToken, Call(TheToken)),
            Reply(TheToken, says),
            After(34.0),
            Ask(AToken, CallTo(TheToken, VIRGINIA)),
            Calls(TheSentinel, 1),
        ],
    )

    one_failed_call_makes_one_lookup: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Says::Lost(Lost::TimedOut)),
        After(0.3),
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(AToken, Call(TheToken)),
        Reply(TheToken, Status(503, "")),
        After(5.6),
        Ask(AToken, Call(TheToken)),
        Calls(TheSentinel, 2),
    ]

    either_body_is_taken_from_the_one_request: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(
            TheSentinel,
            Body(r#"{"baseURIs":[{"service":"faasGW","baseURI":"f.liveperson.net"},{"service":"sentinel","account":"12345678","baseURI":"va.sentinel.liveperson.net"}]}"#),
        ),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
    ]

    each_failure_of_a_lookup_says_what_is_wrong: each(
        [
            (LivesAt("evil.example"), HostNotTrusted, "if `evil.example` is yours, allow it by name"),
            (LivesAt("va.sentinel.liveperson.net.evil.example"), HostNotTrusted, "allow it by name"),
            (LivesAt("xliveperson.net"), HostNotTrusted, "allow it by name"),
            (LivesAt("va.sentinel.liveperson.net/x"), HostNotTrusted, "is not a host"),
            (LivesAt("user@va.sentinel.liveperson.net"), HostNotTrusted, "host"),
            (LivesAt("va..liveperson.net"), HostNotTrusted, "is not a host"),
            (LivesAt("va.sentinel.liveperson.net."), HostNotTrusted, "is not a host"),
            (LivesAt("va.sentinel.liveperson.net:8443"), HostNotTrusted, "va.sentinel.liveperson.net:8443"),
            (LivesAt("https://va.sentinel.liveperson.net"), HostNotTrusted, "is not a host"),
            (Body(r#"{"baseURIs":[]}"#), ServiceUnknown, "account `12345678` has no such service"),
            (Body("<html>"), Malformed, "the body is an HTML page"),
            (Body(""), Malformed, "the body is empty"),
            (Body("{}"), Malformed, "the body is not the JSON that names hosts"),
            (Status(401, r#"{"message":"invalid site"}"#), Refused, "check the account id, `12345678`"),
            (Status(302, ""), Malformed, "a redirect, which is not followed"),
            (Status(503, ""), ServerFault, "ask again later"),
        ],
        |(says, kind, words)| [
            WithDomainApi,
            Ask(AToken, Call(TheSentinel)),
            Reply(TheSentinel, says),
            Ask(AToken, Fails(kind)),
            ErrorSays("no host of service `sentinel` from api.liveperson.net: "),
            ErrorSays(words),
            After(34.0),
            Ask(AToken, Call(TheSentinel)),
        ],
    )

    an_untrusted_host_takes_no_secret_and_no_usable_host_away: [
        WithDomainApi,
        Ask(AToken, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        After(3600.0),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt("evil.example")),
        Ask(AToken, CallTo(TheToken, VIRGINIA)),
    ]

    hosts_are_trusted_under_each_of_livepersons_names: each(
        ["VA.Sentinel.LivePerson.net", "x.liveperson.net", "a.b.liveperson.net"],
        |host| [
            WithDomainApi,
            Ask(AToken, Call(TheSentinel)),
            Reply(TheSentinel, LivesAt(host)),
            Ask(AToken, Call(TheToken)),
        ],
    )

    services_are_kept_apart: [
        WithDomainApi,
        Ask(HostOf("faasGW"), Call(TheService("faasGW"))),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheService("faasGW"), Status(503, "")),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Ask(HostOf("faasGW"), Fails(ServerFault)),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        Ask(HostOf("FAASgw"), Call(TheService("FAASgw"))),
        After(5.6),
        Ask(HostOf("faasGW"), Call(TheService("faasGW"))),
        Reply(TheService("faasGW"), LivesAt("f.faas.liveperson.net")),
        Ask(HostOf("faasGW"), Host("f.faas.liveperson.net")),
    ]

    upkeep_renews_the_hosts_that_were_asked_for: [
        WithDomainApi,
        KeepUp(Hosts, Waits),
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        After(60.0),
        Ask(HostOf("faasGW"), Call(TheService("faasGW"))),
        Reply(TheService("faasGW"), LivesAt("f.faas.liveperson.net")),
        KeepUp(Hosts, WaitsFor(3540, 3540)),
        After(3540.0),
        KeepUp(Hosts, Call(TheSentinel)),
        KeepUp(Hosts, WaitsFor(11, 11)),
        Reply(TheSentinel, Status(503, "")),
        KeepUp(Hosts, WaitsFor(5, 6)),
        After(60.0),
        KeepUp(Hosts, Call(TheSentinel)),
        KeepUp(Hosts, Call(TheService("faasGW"))),
        Reply(TheSentinel, LivesAt(LONDON)),
        Reply(TheService("faasGW"), LivesAt("f.faas.liveperson.net")),
        KeepUp(Hosts, WaitsFor(3600, 3600)),
    ]

    upkeep_looks_a_doubted_host_up: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        Doubt(VIRGINIA),
        KeepUp(Hosts, Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(LONDON)),
        Ask(HostOf("sentinel"), Host(LONDON)),
    ]

    a_fixed_host_knows_sentinel_and_no_other_service: [
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        Ask(HostOf("faasGW"), Fails(ServiceUnknown)),
        ErrorSays("only Sentinel's host was given"),
        KeepUp(Hosts, Waits),
    ]

    a_thousand_made_up_services_push_out_no_service_that_has_a_host: [
        WithDomainApi,
        Ask(HostOf("sentinel"), Call(TheSentinel)),
        Reply(TheSentinel, LivesAt(VIRGINIA)),
        MadeUpServices(1000),
        Ask(HostOf("sentinel"), Host(VIRGINIA)),
        Calls(TheSentinel, 1),
    ]

    a_thousand_made_up_services_push_out_no_service_that_is_being_looked_up: [
        WithDomainApi,
        Ask(HostOf("faasGW"), Call(TheService("faasGW"))),
        MadeUpServices(1000),
        Ask(HostOf("faasGW"), Waits),
        Reply(TheService("faasGW"), LivesAt("f.faas.liveperson.net")),
        Ask(HostOf("faasGW"), Host("f.faas.liveperson.net")),
    ]

    of_the_services_without_a_host_the_one_that_nobody_asked_for_longest_goes: [
        WithDomainApi,
        Ask(HostOf("older"), Call(TheService("older"))),
        Reply(TheService("older"), Body(r#"{"baseURIs":[]}"#)),
        Ask(HostOf("newer"), Call(TheService("newer"))),
        Reply(TheService("newer"), Body(r#"{"baseURIs":[]}"#)),
        Ask(HostOf("older"), Fails(ServiceUnknown)),
        MadeUpServices(63),
        Ask(HostOf("older"), Fails(ServiceUnknown)),
        Ask(HostOf("newer"), Call(TheService("newer"))),
    ]
}
