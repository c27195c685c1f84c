//! What the rules say that the machines do, in a simpler way than the machines': all times in milliseconds, no HTTP, no
//! jitter. Where the jitter decides, the model does not say, and the clock does not stop there ([`Model::settle`]).

use std::collections::BTreeSet;

use lp_auth_core::{ErrorKind, TransportErrorKind};
use lp_auth_scenarios::{Machine, Purpose, Says, Want};

use crate::events::Answer;

const SECOND: u64 = 1000;
const DAY: u64 = 86_400 * SECOND;
/// A time so much before the start of a stretch counts as inside.
const TOLERANCE: u64 = 2 * SECOND;
const LEASE: u64 = 11 * SECOND;
const HALF_A_MINUTE: u64 = 30 * SECOND;

/// What an asker is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Call(Purpose),
    /// Not before the first, not after the second time.
    Fails(ErrorKind, u64, u64),
    Host(&'static str),
    Keys(&'static str),
    Token(String),
    /// Not before the first, not after the second time.
    Wait(u64, u64),
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) now: u64,
    token: Exchange,
    keys: Exchange,
    host: Exchange,
    held: Option<Token>,
    set: Option<Set>,
    sentinel: Option<Sentinel>,
    obeyed: Option<u64>,
    /// The calls without a reply, in the order in which they were made.
    flying: Vec<(Purpose, u64)>,
    numbers: u64,
    /// The unknown `kid`s that wait, those that waited for the last set in vain and when it came, and when the last one came
    /// for their sake.
    waiting: BTreeSet<&'static str>,
    refuted: Option<(BTreeSet<&'static str>, u64)>,
    spent: Option<u64>,
    for_a_kid: bool,
}

#[derive(Default)]
struct Exchange {
    call: Option<Call>,
    rest: Option<Rest>,
    streak: Option<(ErrorKind, u32)>,
    /// A host that did not answer well, until the lookup hears of it.
    doubt: Option<&'static str>,
}

struct Call {
    number: u64,
    sent: u64,
    to: Option<&'static str>,
}

#[derive(Clone, Copy)]
struct Rest {
    kind: ErrorKind,
    from: u64,
    least: u64,
    most: u64,
}

struct Token {
    name: String,
    sent: u64,
    life: u64,
}

struct Set {
    kids: &'static str,
    sent: u64,
}

struct Sentinel {
    host: &'static str,
    since: u64,
    is_doubted: bool,
}

enum State {
    Idle,
    InFlight(u64),
    Resting(Rest),
}

impl Model {
    pub(crate) fn starting(now: u64) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    pub(crate) fn ask(&mut self, want: Want) -> Told {
        match want {
            Want::AToken => self.ask_token(),
            Want::HostOf(_) => self.ask_host(),
            Want::Keys => self.ask_keys(None),
            Want::Kid(kid) => self.ask_keys(Some(kid)),
        }
    }

    pub(crate) fn keep_up(&mut self, machine: Machine) -> Told {
        let due = match machine {
            Machine::Hosts => return self.keep_up_host(),
            Machine::KeySource => self.set.as_ref().map(|set| {
                let fresh = 600 * SECOND;
                (set.sent, set.sent + fresh * 13 / 16, set.sent + fresh * 14 / 16)
            }),
            Machine::TokenSource => self.held.as_ref().map(|held| {
                let life = held.life;
                (held.sent, held.sent + life * 20 / 32, held.sent + life * 21 / 32)
            }),
        };
        if let Some((from, earliest, latest)) = due
            && within(self.now, from, latest)
        {
            return Told::Wait(earliest, latest);
        }
        let purpose = match machine {
            Machine::KeySource => Purpose::TheKeys,
            _ => Purpose::TheToken,
        };
        let now = self.now;
        match self.exchange(purpose).state(now) {
            State::InFlight(until) => Told::Wait(until, until),
            State::Resting(rest) => Told::Wait(rest.from + rest.least, rest.from + rest.most),
            State::Idle => match self.begin(purpose, false) {
                Told::Fails(_, earliest, latest) => Told::Wait(earliest, latest),
                told => told,
            },
        }
    }

    /// The call at this place gets this answer. `name` is that of a token that is made for it.
    pub(crate) fn reply(&mut self, place: usize, answer: Answer, name: &str) {
        let (purpose, number) = self.flying.remove(place);
        let now = self.now;
        let exchange = self.exchange(purpose);
        let Some(call) = exchange.call.take_if(|call| call.number == number) else {
            return;
        };
        let sent = call.sent.min(now);
        let (kind, pause, moved) = match answer {
            Answer::Bad(says) => meaning(says),
            Answer::Good(life, kids, host) => {
                let life = (life * SECOND).min(DAY);
                let end = sent + life - margin(life);
                if purpose == Purpose::TheToken && !within(now, sent, end) {
                    (ErrorKind::Malformed, None, false)
                } else {
                    exchange.streak = None;
                    match purpose {
                        Purpose::TheToken => self.hold(name, sent, life),
                        Purpose::TheKeys => self.publish(kids, sent),
                        _ => {
                            self.sentinel = Some(Sentinel {
                                host,
                                since: now,
                                is_doubted: false,
                            });
                        }
                    }
                    return;
                }
            }
        };
        if moved {
            exchange.doubt = call.to;
        }
        exchange.fail(kind, pause, now);
        if purpose == Purpose::TheKeys {
            self.waiting.clear();
        }
    }

    pub(crate) fn lose(&mut self, place: usize) {
        self.flying.remove(place);
    }

    pub(crate) fn doubt(&mut self, host: &str) {
        if let Some(sentinel) = self.sentinel.as_mut().filter(|known| known.host == host) {
            sentinel.is_doubted = true;
        }
    }

    /// Whether a retry makes sense.
    pub(crate) fn invalidate(&mut self, name: &str) -> bool {
        if self.held.as_ref().is_none_or(|held| held.name != name) {
            return true;
        }
        if self
            .obeyed
            .is_some_and(|obeyed| within(self.now, obeyed, obeyed + HALF_A_MINUTE))
        {
            return false;
        }
        self.held = None;
        self.obeyed = Some(self.now);
        true
    }

    pub(crate) fn restore(&mut self, name: &str, seconds: u64) -> bool {
        let life = seconds * SECOND;
        let end = self.now + life - margin(life);
        let is_worse = self.usable().is_some_and(|held| held.end() >= end);
        let is_taken = self.now < end && !is_worse;
        if is_taken {
            self.hold(name, self.now, life);
        }
        is_taken
    }

    pub(crate) fn set_credentials(&mut self, is_other_client: bool) {
        if is_other_client {
            self.held = None;
        }
        let doubt = self.token.doubt.take();
        self.token = Exchange {
            doubt,
            ..Exchange::default()
        };
    }

    pub(crate) fn held(&self) -> Option<&str> {
        self.held.as_ref().map(|held| held.name.as_str())
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.flying.len()
    }

    /// The next time from now on at which no jitter decides.
    pub(crate) fn settle(&mut self) {
        loop {
            let rests = [&self.token, &self.keys, &self.host].map(|exchange| exchange.rest);
            let mut blurred: Vec<(u64, u64)> = rests
                .into_iter()
                .flatten()
                .map(|rest| (rest.from + rest.least, rest.from + rest.most))
                .collect();
            if let Some(Token { sent, life, .. }) = self.held {
                blurred.push((sent + life * 20 / 32, sent + life * 21 / 32));
                blurred.push((sent + life * 12 / 16, sent + life * 13 / 16));
            }
            if let Some(Set { sent, .. }) = self.set {
                blurred.push((sent + 600 * SECOND * 13 / 16, sent + 600 * SECOND * 14 / 16));
            }
            let blur = blurred
                .iter()
                .find(|(from, until)| (*from..=*until).contains(&self.now));
            match blur {
                Some((_, until)) => self.now = until + 1,
                None => return,
            }
        }
    }

    fn ask_token(&mut self) -> Told {
        let usable = self
            .usable()
            .map(|held| (Told::Token(held.name.clone()), held.sent + held.life * 12 / 16));
        let state = self.token.state(self.now);
        match (usable, state) {
            (Some((token, aging)), _) if self.now < aging => token,
            (Some((token, _)), State::Idle) => match self.begin(Purpose::TheToken, false) {
                call @ Told::Call(_) => call,
                _ => token,
            },
            (Some((token, _)), _) => token,
            (None, State::Idle) => self.begin(Purpose::TheToken, false),
            (None, State::InFlight(until)) => Told::Wait(until, until),
            (None, State::Resting(rest)) => rest.told(),
        }
    }

    fn ask_keys(&mut self, kid: Option<&'static str>) -> Told {
        let now = self.now;
        let state = self.keys.state(now);
        let serving = self.set.as_ref().filter(|set| now < set.sent + DAY);
        let Some(Set { kids, sent }) = serving else {
            if !matches!(state, State::Resting(_)) {
                self.waiting.extend(kid);
            }
            return match state {
                State::Idle => self.begin(Purpose::TheKeys, false),
                State::InFlight(until) => Told::Wait(until, until),
                State::Resting(rest) => rest.told(),
            };
        };
        let old = Told::Keys(kids);
        let is_due = !within(now, *sent, sent + 600 * SECOND);
        let Some(kid) = kid.filter(|kid| !kids.split(' ').any(|known| known == *kid)) else {
            if !is_due || !matches!(state, State::Idle) {
                return old;
            }
            return match self.begin(Purpose::TheKeys, false) {
                call @ Told::Call(_) => call,
                _ => old,
            };
        };
        let told = match state {
            State::Resting(rest) => return rest.told(),
            State::InFlight(until) => Told::Wait(until, until),
            State::Idle => {
                let is_spent = self
                    .spent
                    .is_some_and(|since| within(now, since, since + HALF_A_MINUTE));
                let is_refuted = self.refuted.as_ref().is_some_and(|(kids, since)| {
                    kids.contains(kid) && within(now, *since, since + HALF_A_MINUTE)
                });
                if !is_due && (is_spent || is_refuted) {
                    return old;
                }
                self.begin(Purpose::TheKeys, !is_due)
            }
        };
        if !matches!(told, Told::Fails(..)) {
            self.waiting.insert(kid);
        }
        told
    }

    fn ask_host(&mut self) -> Told {
        let now = self.now;
        let state = self.host.state(now);
        match (&self.sentinel, state) {
            (Some(known), _) if known.is_fresh(now) => Told::Host(known.host),
            (_, State::Idle) => self.call(Purpose::TheSentinel, None),
            (Some(known), State::InFlight(_)) if !known.is_doubted => Told::Host(known.host),
            (Some(known), State::Resting(_)) => Told::Host(known.host),
            (_, State::InFlight(until)) => Told::Wait(until, until),
            (None, State::Resting(rest)) => rest.told(),
        }
    }

    fn keep_up_host(&mut self) -> Told {
        let Some(known) = &self.sentinel else {
            return Told::Wait(u64::MAX, u64::MAX);
        };
        let fresh_until = known.since + 3600 * SECOND;
        match self.host.state(self.now) {
            State::InFlight(until) => Told::Wait(until, until),
            State::Resting(rest) => Told::Wait(rest.from + rest.least, rest.from + rest.most),
            State::Idle if known.is_fresh(self.now) => Told::Wait(fresh_until, fresh_until),
            State::Idle => self.call(Purpose::TheSentinel, None),
        }
    }

    /// A call to Sentinel, or what it takes to find it.
    fn begin(&mut self, purpose: Purpose, for_a_kid: bool) -> Told {
        if let Some(host) = self.exchange(purpose).doubt.take() {
            self.doubt(host);
        }
        match self.ask_host() {
            Told::Host(host) => {
                if purpose == Purpose::TheKeys {
                    self.for_a_kid = for_a_kid;
                }
                self.call(purpose, Some(host))
            }
            told => told,
        }
    }

    fn call(&mut self, purpose: Purpose, to: Option<&'static str>) -> Told {
        self.numbers += 1;
        let (number, sent) = (self.numbers, self.now);
        self.flying.push((purpose, number));
        let exchange = self.exchange(purpose);
        exchange.call = Some(Call { number, sent, to });
        exchange.rest = None;
        Told::Call(purpose)
    }

    fn hold(&mut self, name: &str, sent: u64, life: u64) {
        self.held = Some(Token {
            name: name.to_owned(),
            sent,
            life,
        });
    }

    fn publish(&mut self, kids: &'static str, sent: u64) {
        let mut waited = std::mem::take(&mut self.waiting);
        waited.retain(|kid| !kids.split(' ').any(|known| known == *kid));
        self.refuted = Some((waited, self.now));
        if self.for_a_kid {
            self.spent = Some(self.now);
        }
        self.set = Some(Set { kids, sent });
    }

    fn usable(&self) -> Option<&Token> {
        self.held
            .as_ref()
            .filter(|held| within(self.now, held.sent, held.end()))
    }

    fn exchange(&mut self, purpose: Purpose) -> &mut Exchange {
        match purpose {
            Purpose::TheToken => &mut self.token,
            Purpose::TheKeys => &mut self.keys,
            _ => &mut self.host,
        }
    }
}

impl Exchange {
    fn state(&self, now: u64) -> State {
        if let Some(Call { sent, .. }) = self.call
            && within(now, sent, sent + LEASE)
        {
            return State::InFlight(sent + LEASE);
        }
        match self.rest {
            Some(rest) if within(now, rest.from, rest.from + rest.most) => State::Resting(rest),
            _ => State::Idle,
        }
    }

    fn fail(&mut self, kind: ErrorKind, pause: Option<u64>, now: u64) {
        let nth = self
            .streak
            .filter(|(last, _)| *last == kind)
            .map_or(0, |(_, count)| count);
        self.streak = Some((kind, nth + 1));
        let least = rest(kind, pause, nth);
        self.rest = Some(Rest {
            kind,
            from: now,
            least,
            most: least + least / 10 + 1,
        });
    }
}

impl Rest {
    fn told(self) -> Told {
        Told::Fails(self.kind, self.from + self.least, self.from + self.most)
    }
}

impl Token {
    fn end(&self) -> u64 {
        self.sent + self.life - margin(self.life)
    }
}

impl Sentinel {
    fn is_fresh(&self, now: u64) -> bool {
        !self.is_doubted && within(now, self.since, self.since + 3600 * SECOND)
    }
}

/// How long the `nth` failure of a kind in a row rests, from 0, before any jitter; rule 5 as a table.
pub(crate) fn rest(kind: ErrorKind, pause: Option<u64>, nth: u32) -> u64 {
    let doubling = |first: u64, most: u64| (first << nth.min(20)).min(most);
    match (kind, pause) {
        (ErrorKind::ServerFault | ErrorKind::Throttled, Some(pause)) => pause.clamp(SECOND, 300 * SECOND),
        (ErrorKind::NoAnswer, _) => doubling(250, 64 * SECOND),
        (ErrorKind::Malformed | ErrorKind::Throttled, _) => doubling(SECOND, 64 * SECOND),
        (ErrorKind::Refused, _) => doubling(30 * SECOND, 600 * SECOND),
        (ErrorKind::Tls, _) => 30 * SECOND,
        (ErrorKind::ServerFault, None) => [5, 10, 15].get(nth as usize).unwrap_or(&60) * SECOND,
        other => panic!("{other:?}"),
    }
}

/// The kind of a failure, the pause that was asked for, and whether the host may have moved.
pub(crate) fn meaning(says: Says) -> (ErrorKind, Option<u64>, bool) {
    let pause = match says {
        Says::StatusAfter(_, pause) => pause.parse::<u64>().ok().map(|seconds| seconds * SECOND),
        _ => None,
    };
    match says {
        Says::Lost(TransportErrorKind::Tls) => (ErrorKind::Tls, None, true),
        Says::Lost(TransportErrorKind::TooLarge | TransportErrorKind::Redirected) => {
            (ErrorKind::Malformed, None, false)
        }
        Says::Lost(_) => (ErrorKind::NoAnswer, None, true),
        Says::Status(status, _) | Says::StatusAfter(status, _) | Says::Html(status) => match status {
            408 | 425 => (ErrorKind::NoAnswer, pause, true),
            404 | 410 | 421 => (ErrorKind::Refused, pause, true),
            429 => (ErrorKind::Throttled, pause, false),
            400..500 => (ErrorKind::Refused, pause, false),
            500..600 => (ErrorKind::ServerFault, pause, false),
            _ => (ErrorKind::Malformed, pause, false),
        },
        _ => (ErrorKind::Malformed, None, false),
    }
}

/// How long before its end a token is no longer handed out.
fn margin(life: u64) -> u64 {
    (life / 10).min(30 * SECOND)
}

/// From `from`, a little tolerance before it included, up to and without `until`.
fn within(now: u64, from: u64, until: u64) -> bool {
    now < until && now + TOLERANCE >= from
}
