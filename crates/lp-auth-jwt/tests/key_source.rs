//! The life of a key set, as scenarios in simulated time.
//!
//! A scenario is a list of lines: what is done, and what must come of it. Time stands still but for `After`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use lp_auth_core::http::{Response, StatusCode};
use lp_auth_core::{
    Body, Call, Error, ErrorKind, FixedHost, Flow, Locate, Region, Reply, ServiceHost, ServiceName, Step,
    Ticket, TransportError, TransportErrorKind, UnixTime,
};
use lp_auth_jwt::{KeySet, KeySource};
use support::*;

#[derive(Clone, Debug)]
enum Line {
    /// Somebody asks; the `kid` that he misses, and what he is told.
    Ask(Option<&'static str>, Told),
    /// The oldest call in flight is answered.
    Answer(With),
    /// The oldest call in flight is lost.
    Lose,
    /// So many milliseconds go by.
    After(u64),
    /// Upkeep is asked; whether it makes a call.
    Upkeep(Due),
    /// Whether a reader without a lock need not ask now.
    AtHand(bool),
    /// The hosts that the locator was told to doubt so far.
    Doubted(usize),
}

#[derive(Clone, Debug, PartialEq)]
enum Told {
    /// To make the call.
    Call,
    /// To wait.
    Wait,
    /// These keys.
    Keys(Vec<String>),
    /// That it failed.
    Failed(ErrorKind),
}

#[derive(Clone, Debug, PartialEq)]
enum Due {
    Call,
    /// In so many seconds, or up to a sixteenth less.
    In(u64),
}

#[derive(Clone, Debug)]
enum With {
    Keys(&'static [&'static str]),
    KeysFor(&'static [&'static str], &'static str),
    Body(String),
    Status(u16),
    Nothing(TransportErrorKind),
}

use Line::*;

fn keys(kids: &[&str]) -> Told {
    let mut kids: Vec<String> = kids.iter().map(ToString::to_string).collect();
    kids.sort();
    Told::Keys(kids)
}

fn asks(told: Told) -> Line {
    Ask(None, told)
}

fn misses(kid: &'static str, told: Told) -> Line {
    Ask(Some(kid), told)
}

fn brings(kids: &'static [&'static str]) -> Line {
    Answer(With::Keys(kids))
}

fn body(text: &str) -> Line {
    Answer(With::Body(text.to_owned()))
}

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
/// Longer than any first rest after a failure.
const A_REST: u64 = 40 * SECOND;

/// Sentinel at a fixed host, which counts how often it is doubted.
struct Sentinel {
    host: FixedHost,
    doubted: usize,
}

impl Flow for Sentinel {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        self.host.handle(reply, now)
    }
}

impl Locate for Sentinel {
    fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        self.host.locate(service, now)
    }

    fn doubt(&mut self, _: &ServiceHost) {
        self.doubted += 1;
    }
}

struct World {
    source: KeySource,
    sentinel: Sentinel,
    now: UnixTime,
    flying: Vec<Ticket>,
    calls: usize,
}

impl World {
    fn new() -> Self {
        Self {
            source: KeySource::builder().seed(1).build(),
            sentinel: Sentinel {
                host: FixedHost::new(Region::Us.host()),
                doubted: 0,
            },
            now: NOW,
            flying: Vec::new(),
            calls: 0,
        }
    }

    fn take_off(&mut self, call: Call) {
        let (ticket, request, limits) = call.into_parts();
        assert_eq!(
            request.uri(),
            "https://va.sentinel.liveperson.net/sentinel/well-known/jwks"
        );
        assert_eq!(request.method(), "GET");
        assert_eq!(limits.max_body, 256 * 1024);
        self.calls += 1;
        self.flying.push(ticket);
    }

    fn ask(&mut self, missing: Option<&str>) -> Told {
        match self.source.keys(&mut self.sentinel, missing, self.now) {
            Ok(Step::Call(call)) => {
                self.take_off(call);
                Told::Call
            }
            Ok(Step::Wait(until)) => {
                assert!(until > self.now, "a wait has an end that is not past");
                Told::Wait
            }
            Ok(Step::Done(set)) => kids_of(&set),
            Err(error) => {
                assert!(error.retry_at() > Some(self.now), "{error}");
                assert!(
                    error.to_string().starts_with("no key set from va.sentinel"),
                    "{error}"
                );
                Told::Failed(error.kind())
            }
        }
    }

    fn answer(&mut self, with: With) {
        let mut builder = Response::builder();
        let text = match with {
            With::Keys(kids) => Ok(published(kids)),
            With::KeysFor(kids, cache_control) => {
                builder = builder.header("cache-control", cache_control);
                Ok(published(kids))
            }
            With::Body(text) => Ok(text),
            With::Status(status) => {
                builder = builder.status(StatusCode::from_u16(status).unwrap());
                Ok(String::new())
            }
            With::Nothing(kind) => Err(TransportError::new(kind)),
        };
        let outcome = text.map(|text| builder.body(Body::from(text)).unwrap());
        let reply = self.flying.remove(0).reply(outcome);
        assert!(
            self.source.handle(reply, self.now).is_none(),
            "the reply is its own"
        );
    }

    fn live(&mut self, line: Line) {
        match line {
            Ask(missing, told) => assert_eq!(self.ask(missing), told),
            Answer(with) => self.answer(with),
            Lose => drop(self.flying.remove(0)),
            After(millis) => self.now = self.now + Duration::from_millis(millis),
            Upkeep(due) => match self.source.upkeep(&mut self.sentinel, self.now) {
                Step::Call(call) => {
                    self.take_off(call);
                    assert_eq!(due, Due::Call);
                }
                Step::Wait(until) => {
                    let seconds = until.since(self.now).as_secs();
                    let Due::In(expected) = due else {
                        panic!("not due for {seconds} s");
                    };
                    assert!((expected * 15 / 16..=expected).contains(&seconds), "{seconds}");
                }
                Step::Done(never) => match never {},
            },
            AtHand(expected) => {
                let at_hand = self.source.at_hand();
                let is_inside = at_hand.is_some_and(|(_, window)| window.contains(self.now));
                assert_eq!(is_inside, expected);
            }
            Doubted(times) => assert_eq!(self.sentinel.doubted, times),
        }
    }
}

fn published(kids: &[&str]) -> String {
    let key = TestKey::a();
    jwks(&kids.iter().map(|kid| key.jwk(kid)).collect::<Vec<_>>())
}

fn kids_of(set: &KeySet) -> Told {
    let kids: Vec<&str> = set.keys().filter_map(|key| key.kid()).collect();
    keys(&kids)
}

/// Lives through the lines, and says how many calls were made.
fn live(lines: impl IntoIterator<Item = Line>) -> usize {
    let mut world = World::new();
    for (number, line) in lines.into_iter().enumerate() {
        println!("line {number}: {line:?}");
        world.live(line);
    }
    world.calls
}

fn warm(kids: &'static [&'static str]) -> Vec<Line> {
    vec![asks(Told::Call), brings(kids), asks(keys(kids))]
}

fn live_warm(kids: &'static [&'static str], lines: impl IntoIterator<Item = Line>) -> usize {
    live(warm(kids).into_iter().chain(lines))
}

#[test]
fn the_first_set_is_fetched_once_for_everybody() {
    let calls = live([
        AtHand(false),
        asks(Told::Call),
        asks(Told::Wait),
        misses("a", Told::Wait),
        AtHand(false),
        brings(&["a", "b"]),
        AtHand(true),
        asks(keys(&["a", "b"])),
        misses("a", keys(&["a", "b"])),
    ]);
    assert_eq!(calls, 1);
}

#[test]
fn a_set_is_fresh_for_ten_minutes_and_then_one_asker_refreshes_it() {
    let calls = live_warm(
        &["a"],
        [
            After(10 * MINUTE - 1),
            AtHand(true),
            asks(keys(&["a"])),
            After(1),
            AtHand(false),
            asks(Told::Call),
            AtHand(true),
            asks(keys(&["a"])),
            misses("a", keys(&["a"])),
            brings(&["b"]),
            asks(keys(&["b"])),
        ],
    );
    assert_eq!(calls, 2);
}

#[test]
fn upkeep_fetches_the_first_set_and_renews_it_before_anybody_must_wait() {
    let calls = live([
        Upkeep(Due::Call),
        Upkeep(Due::In(11)),
        brings(&["a"]),
        Upkeep(Due::In(525)),
        After(525 * SECOND),
        asks(keys(&["a"])),
        Upkeep(Due::Call),
        asks(keys(&["a"])),
        brings(&["b"]),
        asks(keys(&["b"])),
        Upkeep(Due::In(525)),
    ]);
    assert_eq!(calls, 2);
}

#[test]
fn upkeep_waits_out_a_rest() {
    live([
        Upkeep(Due::Call),
        Answer(With::Status(503)),
        Upkeep(Due::In(5)),
        After(6 * SECOND),
        Upkeep(Due::Call),
    ]);
}

#[test]
fn the_servers_max_age_counts_between_a_minute_and_a_day() {
    for (cache_control, fresh) in [
        ("max-age=3600", HOUR),
        ("max-age=1", MINUTE),
        ("no-cache", MINUTE),
        ("max-age=999999", 24 * HOUR),
        ("public", 10 * MINUTE),
    ] {
        live([
            asks(Told::Call),
            Answer(With::KeysFor(&["a"], cache_control)),
            After(fresh - 1),
            AtHand(true),
            asks(keys(&["a"])),
            After(1),
            AtHand(false),
            asks(Told::Call),
        ]);
    }
}

#[test]
fn freshness_counts_from_when_the_request_was_sent() {
    live([
        asks(Told::Call),
        After(9 * SECOND),
        brings(&["a"]),
        After(10 * MINUTE - 9 * SECOND - 1),
        asks(keys(&["a"])),
        After(1),
        asks(Told::Call),
    ]);
}

#[test]
fn an_unknown_kid_is_looked_for_once_and_found_after_a_rotation_with_overlap() {
    let calls = live_warm(
        &["a"],
        [
            misses("b", Told::Call),
            misses("b", Told::Wait),
            misses("a", keys(&["a"])),
            asks(keys(&["a"])),
            brings(&["a", "b"]),
            misses("b", keys(&["a", "b"])),
        ],
    );
    assert_eq!(calls, 2);
}

#[test]
fn a_rotation_without_overlap_is_survived() {
    live_warm(
        &["a"],
        [
            misses("b", Told::Call),
            brings(&["b"]),
            misses("b", keys(&["b"])),
            asks(keys(&["b"])),
        ],
    );
}

#[test]
fn a_second_unknown_kid_causes_no_fetch_for_30_seconds_after_a_successful_one() {
    let calls = live_warm(
        &["a"],
        [
            misses("x", Told::Call),
            brings(&["a"]),
            misses("x", keys(&["a"])),
            misses("y", keys(&["a"])),
            After(30 * SECOND - 1),
            misses("y", keys(&["a"])),
            After(1),
            misses("y", Told::Call),
            brings(&["a", "y"]),
            misses("y", keys(&["a", "y"])),
        ],
    );
    assert_eq!(calls, 3);
}

#[test]
fn a_genuine_rotation_right_after_a_failed_fetch_is_still_seen() {
    live_warm(
        &["a"],
        [
            misses("x", Told::Call),
            Answer(With::Nothing(TransportErrorKind::TimedOut)),
            misses("b", Told::Failed(ErrorKind::NoAnswer)),
            After(SECOND),
            misses("b", Told::Call),
            brings(&["a", "b"]),
            misses("b", keys(&["a", "b"])),
        ],
    );
}

#[test]
fn during_a_rest_an_unknown_kid_is_unavailable_and_a_known_one_is_served() {
    live_warm(
        &["a"],
        [
            misses("b", Told::Call),
            Answer(With::Status(500)),
            misses("b", Told::Failed(ErrorKind::ServerFault)),
            misses("c", Told::Failed(ErrorKind::ServerFault)),
            misses("a", keys(&["a"])),
            asks(keys(&["a"])),
            AtHand(true),
        ],
    );
}

#[test]
fn a_scheduled_refresh_uses_up_nothing_of_what_unknown_kids_may_cause() {
    let calls = live_warm(
        &["a"],
        [
            After(10 * MINUTE),
            asks(Told::Call),
            // They wait for the refresh that is in flight anyway,
            misses("x", Told::Wait),
            brings(&["a"]),
            // are told of its result, and make no second call of their own;
            misses("x", keys(&["a"])),
            // but a key that was published since can be found at once.
            misses("b", Told::Call),
            brings(&["a", "b"]),
            misses("b", keys(&["a", "b"])),
        ],
    );
    assert_eq!(calls, 3);
}

#[test]
fn an_unknown_kid_that_comes_when_a_refresh_is_due_uses_up_nothing_either() {
    live_warm(
        &["a"],
        [
            After(10 * MINUTE),
            misses("x", Told::Call),
            brings(&["a"]),
            misses("x", keys(&["a"])),
            misses("b", Told::Call),
        ],
    );
}

#[test]
fn on_a_cold_source_no_asker_makes_two_calls() {
    let calls = live([
        misses("x", Told::Call),
        misses("y", Told::Wait),
        brings(&["a"]),
        misses("x", keys(&["a"])),
        misses("y", keys(&["a"])),
    ]);
    assert_eq!(calls, 1);
}

/// Asks for 10,000 made-up `kid`s within a second. How many were told to wait, and how many to make a call?
fn flood(world: &mut World, expected: &Told) -> (usize, usize) {
    let (mut waiting, mut calls) = (0, 0);
    for number in 0..10_000 {
        if number % 10 == 0 {
            world.now = world.now + Duration::from_millis(1);
        }
        match world.ask(Some(&format!("made-up-{number}"))) {
            Told::Wait => waiting += 1,
            Told::Call => calls += 1,
            told => assert_eq!(told, *expected),
        }
    }
    (waiting, calls)
}

#[test]
fn ten_thousand_made_up_kids_make_one_call_and_sixteen_of_them_wait() {
    let mut world = World::new();
    for line in warm(&["a"]) {
        world.live(line);
    }
    // The one that makes the call waits for it as well.
    assert_eq!(flood(&mut world, &keys(&["a"])), (15, 1));
    world.answer(With::Keys(&["a"]));
    assert_eq!(flood(&mut world, &keys(&["a"])), (0, 0));
    // A genuine one that waits among them is served.
    world.live(After(30 * SECOND));
    world.live(misses("b", Told::Call));
    assert_eq!(flood(&mut world, &keys(&["a"])), (15, 0));
    world.answer(With::Keys(&["a", "b"]));
    world.live(misses("b", keys(&["a", "b"])));
    assert_eq!(world.calls, 3);
}

#[test]
fn a_flood_on_a_cold_source_makes_the_one_call_that_is_due_and_one_more_in_half_a_minute() {
    let mut world = World::new();
    let (_, calls) = flood(&mut world, &keys(&[]));
    assert_eq!(calls, 1);
    world.answer(With::Keys(&["a"]));
    assert_eq!(flood(&mut world, &keys(&["a"])), (15, 1));
    world.answer(With::Keys(&["a"]));
    assert_eq!(flood(&mut world, &keys(&["a"])), (0, 0));
    assert_eq!(world.calls, 2);
}

#[test]
fn a_rotation_right_after_the_first_fetch_is_seen() {
    let mut world = World::new();
    world.live(misses("a", Told::Call));
    world.answer(With::Keys(&["a"]));
    world.live(misses("b", Told::Call));
    world.answer(With::Keys(&["a", "b"]));
    world.live(misses("b", keys(&["a", "b"])));
}

#[test]
fn a_flood_during_a_rest_makes_no_call_and_is_unavailable() {
    let mut world = World::new();
    for line in warm(&["a"]) {
        world.live(line);
    }
    world.live(misses("x", Told::Call));
    world.answer(With::Status(500));
    let unavailable = Told::Failed(ErrorKind::ServerFault);
    assert_eq!(flood(&mut world, &unavailable), (0, 0));
}

#[test]
fn waiters_of_a_lost_call_do_not_fill_the_room_of_the_next() {
    let mut world = World::new();
    for line in warm(&["a"]) {
        world.live(line);
    }
    assert_eq!(flood(&mut world, &keys(&["a"])), (15, 1));
    world.live(Lose);
    world.live(After(12 * SECOND));
    world.live(misses("b", Told::Call));
    world.live(misses("b", Told::Wait));
    world.answer(With::Keys(&["a", "b"]));
    world.live(misses("b", keys(&["a", "b"])));
}

#[test]
fn an_outage_is_served_from_the_old_set_for_a_day_and_then_unavailable() {
    let mut lines = warm(&["a"]);
    let mut hours = 0;
    while hours < 23 {
        hours += 1;
        lines.extend([
            After(HOUR),
            asks(Told::Call),
            Answer(With::Nothing(TransportErrorKind::ConnectionRefused)),
            asks(keys(&["a"])),
            AtHand(true),
        ]);
    }
    lines.extend([
        After(HOUR - 1),
        asks(Told::Call),
        Answer(With::Nothing(TransportErrorKind::ConnectionRefused)),
        asks(keys(&["a"])),
        After(1),
        AtHand(false),
        asks(Told::Failed(ErrorKind::NoAnswer)),
        misses("a", Told::Failed(ErrorKind::NoAnswer)),
        After(2 * MINUTE),
        asks(Told::Call),
        asks(Told::Wait),
        brings(&["b"]),
        asks(keys(&["b"])),
    ]);
    live(lines);
}

#[test]
fn replies_that_make_no_sense_are_failures_and_the_old_set_stays() {
    let small = r#"{"kty":"RSA","kid":"s","n":"AQAB","e":"AQAB"}"#;
    let too_large = Answer(With::Nothing(TransportErrorKind::TooLarge));
    let replies = [
        body(""),
        body("null"),
        body("{}"),
        body(r#"{"keys":{}}"#),
        body(r#"{"keys":[]}"#),
        body(r#"{"keys":[null,7,"x",[]]}"#),
        body(&jwks(&[small.to_owned()])),
        body(&published(&["a"])[..300]),
        body("<html><body>Welcome to the proxy</body></html>"),
        Answer(With::Status(302)),
        too_large,
    ];
    for reply in replies {
        live_warm(
            &["a"],
            [
                After(10 * MINUTE),
                asks(Told::Call),
                reply.clone(),
                asks(keys(&["a"])),
                misses("b", Told::Failed(ErrorKind::Malformed)),
                After(A_REST),
                asks(Told::Call),
                brings(&["a", "b"]),
                asks(keys(&["a", "b"])),
            ],
        );
        live([
            asks(Told::Call),
            reply,
            asks(Told::Failed(ErrorKind::Malformed)),
            After(A_REST),
            asks(Told::Call),
        ]);
    }
}

#[test]
fn good_keys_are_used_whatever_stands_beside_them() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let entries = [
        r#"{"kty":"EC","kid":"ec","crv":"P-256","x":"AA","y":"AA"}"#.to_owned(),
        r#"{"kty":"oct","kid":"oct","k":"c2VjcmV0"}"#.to_owned(),
        r#"{"kty":"RSA","kid":"small","n":"AQAB","e":"AQAB"}"#.to_owned(),
        a.jwk_with("enc", r#","use":"enc""#),
        a.jwk_with("ops", r#","key_ops":["encrypt"]"#),
        a.jwk_with("alg", r#","alg":"PS256""#),
        a.jwk_with("typed", r#","use":1"#),
        a.jwk_with("twice", r#","kid":"twice""#),
        "null".to_owned(),
        a.jwk_with(
            "full",
            r#","use":"sig","key_ops":["verify"],"alg":"RS256","x5c":7,"x5t":null,"more":{"a":[]}"#,
        ),
        a.jwk_with("nulls", r#","use":null,"key_ops":null,"alg":null"#),
        b.jwk("full"),
        a.jwk("good"),
    ];
    let text = jwks(&entries);
    live([
        asks(Told::Call),
        body(&text),
        asks(keys(&["full", "nulls", "good"])),
    ]);

    let set = KeySet::from_jwks(text.as_bytes()).unwrap();
    assert_eq!(set.key("full").unwrap().n(), a.n(), "the first of its kid");
    let skipped: Vec<String> = set
        .skipped()
        .iter()
        .map(|skipped| format!("{} {:?}", skipped.place, skipped.why))
        .collect();
    assert_eq!(
        skipped,
        [
            "0 KeyType",
            "1 KeyType",
            "2 Size { bits: 17 }",
            "3 Use",
            "4 KeyOperations",
            "5 Algorithm",
            "6 Jwk",
            "7 Jwk",
            "8 Jwk",
            "11 DuplicateKid"
        ]
    );
}

#[test]
fn of_several_keys_with_one_kid_the_first_usable_one_counts() {
    let small = r#"{"kty":"RSA","kid":"k","n":"AQAB","e":"AQAB"}"#.to_owned();
    let (b, c) = (TestKey::b(), TestKey::c());
    let set = KeySet::from_jwks(jwks(&[small, b.jwk("k"), c.jwk("k")]).as_bytes()).unwrap();
    assert_eq!(set.key("k").unwrap().n(), b.n());
    assert_eq!(set.keys().count(), 1);
    assert_eq!(set.skipped().len(), 2);
}

#[test]
fn a_set_may_have_more_than_64_keys() {
    let key = TestKey::a();
    let entries: Vec<String> = (0..100).map(|number| key.jwk(&format!("k{number}"))).collect();
    let text = jwks(&entries);
    let mut world = World::new();
    world.live(asks(Told::Call));
    world.live(body(&text));
    let (set, _) = world.source.at_hand().unwrap();
    assert_eq!(set.keys().count(), 100);
    for kid in ["k0", "k7", "k63", "k64", "k99"] {
        let claims = policy().verify(&key.good(kid), lp_auth_jwt::Keys::v2(&set), NOW);
        assert!(claims.is_ok(), "{kid}");
    }
}

#[test]
fn a_host_that_gives_no_answer_or_is_not_sentinel_any_more_is_doubted_at_the_next_ask() {
    for (with, doubted) in [
        (With::Nothing(TransportErrorKind::TimedOut), 1),
        (With::Nothing(TransportErrorKind::Unresolved), 1),
        (With::Status(404), 1),
        (With::Status(410), 1),
        (With::Status(421), 1),
        (With::Status(500), 0),
        (With::Status(403), 0),
        (With::Nothing(TransportErrorKind::Tls), 1),
        (With::Body(String::new()), 0),
    ] {
        live([
            asks(Told::Call),
            Answer(with),
            Doubted(0),
            After(A_REST),
            asks(Told::Call),
            Doubted(doubted),
        ]);
    }
}

#[test]
fn a_lost_reply_wedges_nothing_and_a_late_one_is_ignored() {
    let mut world = World::new();
    world.live(asks(Told::Call));
    world.live(After(11 * SECOND));
    world.live(asks(Told::Call));
    world.live(brings(&["late"]));
    world.live(asks(Told::Wait));
    world.live(brings(&["a"]));
    world.live(asks(keys(&["a"])));
}

#[test]
fn a_reply_for_another_machine_comes_back() {
    let mut world = World::new();
    let mut other = World::new();
    world.live(asks(Told::Call));
    other.live(asks(Told::Call));
    let foreign = other
        .flying
        .remove(0)
        .reply(Err(TransportError::new(TransportErrorKind::Other)));
    assert!(world.source.handle(foreign, NOW).is_some());
    world.live(asks(Told::Wait));
}

#[test]
fn a_clock_set_back_costs_one_request_and_takes_away_nothing() {
    let mut world = World::new();
    for line in warm(&["a"]) {
        world.live(line);
    }
    world.now = world.now - Duration::from_secs(3600);
    world.live(asks(Told::Call));
    world.live(asks(keys(&["a"])));
    world.live(brings(&["a"]));
    world.live(asks(keys(&["a"])));
    world.now = world.now + Duration::from_secs(3600);
    world.live(asks(Told::Call));
    world.live(asks(keys(&["a"])));
}

#[test]
fn when_the_host_cannot_be_found_the_old_set_serves_and_a_missing_key_is_unavailable() {
    /// Knows Sentinel once, and then no more.
    struct Lost(FixedHost, bool);
    impl Flow for Lost {
        fn handle(&mut self, reply: Reply, _: UnixTime) -> Option<Reply> {
            Some(reply)
        }
    }
    impl Locate for Lost {
        fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
            if core::mem::replace(&mut self.1, true) {
                return self.0.locate(&"faasGW".parse().unwrap(), now);
            }
            self.0.locate(service, now)
        }
        fn doubt(&mut self, _: &ServiceHost) {}
    }
    let mut sentinel = Lost(FixedHost::new(Region::Us.host()), false);
    let mut source = KeySource::builder().build();
    let Ok(Step::Call(call)) = source.keys(&mut sentinel, None, NOW) else {
        panic!();
    };
    let reply = Response::new(Body::from(published(&["a"])));
    assert!(source.handle(call.into_parts().0.reply(Ok(reply)), NOW).is_none());
    let later = NOW + Duration::from_secs(601);
    let step = source.keys(&mut sentinel, None, later).unwrap();
    assert!(matches!(step, Step::Done(set) if set.key("a").is_some()));
    let error = source.keys(&mut sentinel, Some("b"), later).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ServiceUnknown);
    assert!(matches!(source.upkeep(&mut sentinel, later), Step::Wait(until) if until > later));
}

#[test]
fn an_equal_key_stays_the_same_one_over_a_refresh() {
    let mut world = World::new();
    for line in warm(&["a", "b"]) {
        world.live(line);
    }
    let (before, _) = world.source.at_hand().unwrap();
    world.live(After(10 * MINUTE));
    world.live(asks(Told::Call));
    world.live(brings(&["b", "c"]));
    let (after, _) = world.source.at_hand().unwrap();
    assert!(!Arc::ptr_eq(&before, &after));
    assert_eq!(before.key("b"), after.key("b"));
    assert!(after.key("a").is_none());
}
