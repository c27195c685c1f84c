//! What may happen.

use lp_auth_core::TransportErrorKind;
use lp_auth_scenarios::{Machine, Says, Want};
use proptest::prelude::*;

pub(crate) const VIRGINIA: &str = "va.sentinel.liveperson.net";
pub(crate) const LONDON: &str = "lo.sentinel.liveperson.net";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// So many milliseconds pass.
    After(u64),
    Ask(Want),
    Doubt(&'static str),
    /// An API refuses the token at hand, or another one.
    Invalidate(bool),
    KeepUp(Machine),
    /// One of the calls in flight is lost.
    Lose(usize),
    NewClient,
    NewSecret,
    /// One of the calls in flight is answered.
    Reply(usize, Answer),
    /// A token with so many seconds to live.
    Restore(u64),
    /// The clock is set back by so many milliseconds.
    SetBack(u64),
}

/// An answer before it is known what was asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// What was asked for: a token that lives so many seconds, a set of keys, a host.
    Good(u64, &'static str, &'static str),
    /// Whatever was asked for.
    Bad(Says),
}

pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(event(), 1..80)
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => after().prop_map(Event::After),
        8 => want().prop_map(Event::Ask),
        1 => host().prop_map(Event::Doubt),
        1 => prop::bool::weighted(0.8).prop_map(Event::Invalidate),
        2 => machine().prop_map(Event::KeepUp),
        1 => (0..4_usize).prop_map(Event::Lose),
        1 => prop_oneof![1 => Just(Event::NewClient), 2 => Just(Event::NewSecret)],
        6 => (0..4_usize, answer()).prop_map(|(place, answer)| Event::Reply(place, answer)),
        1 => (0..8000_u64).prop_map(Event::Restore),
        1 => prop_oneof![0..3000_u64, 0..100_000_000_u64].prop_map(Event::SetBack),
    ]
}

/// From a blink to a day and more: most often what matters to a rest, a lease or a token.
fn after() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..1500_u64,
        4 => 0..15_000_u64,
        3 => 0..120_000_u64,
        3 => 0..4_000_000_u64,
        1 => 0..100_000_000_u64,
    ]
}

fn want() -> impl Strategy<Value = Want> {
    prop_oneof![
        4 => Just(Want::AToken),
        2 => Just(Want::Keys),
        3 => kid().prop_map(Want::Kid),
        2 => Just(Want::HostOf("sentinel")),
    ]
}

fn kid() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d", "e", "f"])
}

fn machine() -> impl Strategy<Value = Machine> {
    prop::sample::select(Machine::ALL.to_vec())
}

fn host() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![VIRGINIA, LONDON])
}

fn answer() -> impl Strategy<Value = Answer> {
    let life = prop_oneof![Just(3600_u64), 2..200_u64, 200..100_000_u64];
    let kids = prop::sample::select(vec!["a", "b", "a b", "a b c", "c d", "e"]);
    prop_oneof![
        1 => (life, kids, host()).prop_map(|(life, kids, host)| Answer::Good(life, kids, host)),
        1 => bad().prop_map(Answer::Bad),
    ]
}

fn bad() -> impl Strategy<Value = Says> {
    use TransportErrorKind as Lost;
    let lost = prop::sample::select(vec![
        Lost::BrokenOff,
        Lost::ConnectionRefused,
        Lost::Other,
        Lost::Redirected,
        Lost::TimedOut,
        Lost::Tls,
        Lost::TooLarge,
        Lost::Unresolved,
        Lost::Unusable,
    ]);
    let status = prop::sample::select(vec![
        201, 204, 302, 307, 400, 401, 403, 404, 408, 410, 421, 425, 429, 500, 502, 503, 504, 599,
    ]);
    let pause = prop::sample::select(vec!["0", "1", "7", "120", "99999", "soon", "-1"]);
    let body = prop::sample::select(vec![
        "",
        " ",
        "null",
        "{}",
        "[]",
        "<html>",
        "\u{feff}{}",
        r#"{"access_token":7,"keys":7,"baseURI":7}"#,
        r#"{"access_token":"no JWT","keys":[],"baseURIs":7}"#,
    ]);
    prop_oneof![
        4 => lost.prop_map(Says::Lost),
        4 => status.clone().prop_map(|status| Says::Status(status, "")),
        2 => (prop::sample::select(vec![429_u16, 503]), pause)
            .prop_map(|(status, pause)| Says::StatusAfter(status, pause)),
        1 => status.prop_map(Says::Html),
        2 => body.prop_map(Says::Body),
        1 => Just(Says::ExpiredOnArrival),
    ]
}
