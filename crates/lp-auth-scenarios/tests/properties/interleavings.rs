//! Whatever happens in whatever order, the machines do what the model says, and everybody is served in the end.

use std::time::Duration;

use lp_auth_core::{TransportErrorKind, UnixTime};
use lp_auth_scenarios::{Heard, Purpose, Says, Stage, Want};
use proptest::prelude::*;

use crate::cases;

use crate::events::{Answer, Event, VIRGINIA, events};
use crate::model::{Model, Told};

proptest! {
    #![proptest_config(cases(2.0))]

    #[test]
    fn at_every_step_the_machines_do_what_the_rules_say(seed: u64, happens in events()) {
        let mut play = Play::new(seed);
        for event in happens {
            play.act(event);
        }
    }

    #[test]
    fn whatever_happened_a_patient_asker_is_served_once_the_servers_are_well(
        seed: u64,
        happens in events(),
        wants in Just([Want::AToken, Want::Kid("a"), Want::HostOf("sentinel")]).prop_shuffle(),
    ) {
        let mut play = Play::new(seed);
        for event in happens {
            play.act(event);
        }
        for want in wants {
            play.is_served(want);
        }
    }

    #[test]
    fn whatever_happened_an_asker_is_never_told_to_wait_without_end(
        seed: u64,
        happens in events(),
        want in prop::sample::select(vec![Want::AToken, Want::Keys, Want::Kid("z"), Want::HostOf("sentinel")]),
    ) {
        let mut play = Play::new(seed);
        for event in happens {
            play.act(event);
        }
        play.is_never_stuck(want);
    }
}

/// A stage and what the model makes of it.
struct Play {
    stage: Stage,
    model: Model,
    tokens: usize,
}

impl Play {
    fn new(seed: u64) -> Self {
        let stage = Stage::with_domain_api(seed);
        let model = Model::starting(stage.now.as_millis());
        Self {
            stage,
            model,
            tokens: 0,
        }
    }

    fn act(&mut self, event: Event) {
        match event {
            Event::After(millis) => self.model.now += millis,
            Event::SetBack(millis) => {
                self.model.now -= millis;
                self.stage.set_back(Duration::ZERO);
            }
            Event::Ask(want) => {
                let (expected, heard) = (self.model.ask(want), self.stage.ask(want));
                assert_agrees(&expected, &heard);
            }
            Event::KeepUp(machine) => {
                let (expected, heard) = (self.model.keep_up(machine), self.stage.keep_up(machine));
                assert_agrees(&expected, &heard);
            }
            Event::Doubt(host) => {
                self.model.doubt(host);
                lp_auth_core::Locate::doubt(&mut self.stage.locator, &host.parse().expect("a host"));
            }
            Event::Invalidate(is_held) => {
                let held = self.model.held().filter(|_| is_held);
                let name = held.unwrap_or("another").to_owned();
                assert_eq!(self.stage.invalidate(&name), self.model.invalidate(&name));
            }
            Event::Lose(place) => {
                if let Some(place) = place.checked_rem(self.model.in_flight()) {
                    self.model.lose(place);
                    self.stage.lose(place);
                }
            }
            Event::NewClient | Event::NewSecret => {
                let is_other = matches!(event, Event::NewClient);
                let client = format!("app-{}", self.tokens);
                self.model.set_credentials(is_other);
                let same = self.stage.tokens.credentials().client_id.as_str().to_owned();
                self.tokens += 1;
                self.stage.set_credentials(if is_other { &client } else { &same });
            }
            Event::Reply(place, answer) => {
                if let Some(place) = place.checked_rem(self.model.in_flight()) {
                    self.reply(place, answer);
                }
            }
            Event::Restore(seconds) => {
                let name = self.new_name();
                assert_eq!(
                    self.stage.restore(name, seconds),
                    self.model.restore(name, seconds)
                );
            }
        }
        assert_eq!(self.stage.in_flight(), self.model.in_flight());
        self.model.settle();
        self.stage.now = UnixTime::from_millis(self.model.now);
        self.stage.check_readers();
    }

    fn reply(&mut self, place: usize, answer: Answer) {
        let name = self.new_name();
        let says = match (answer, self.stage.purpose_of_call(place)) {
            (Answer::Bad(says), _) => says,
            (Answer::Good(life, ..), Purpose::TheToken) => Says::Lives(name, life.cast_signed()),
            (Answer::Good(_, kids, _), Purpose::TheKeys) => Says::Publishes(kids),
            (Answer::Good(_, _, host), _) => Says::LivesAt(host),
        };
        self.model.reply(place, answer, name);
        self.stage.reply(place, says);
    }

    /// Asks, obeys, and answers well, until served: with a call for each thing needed, after no more than the rests and leases
    /// that others left behind.
    fn is_served(&mut self, want: Want) {
        let began = self.stage.now;
        let mut calls = 0;
        for _ in 0..12 {
            match self.stage.ask(want) {
                Heard::Token(_) | Heard::Keys(_) | Heard::Host(_) => {
                    let longest = Duration::from_secs(2 * (660 + 2) + 2 * (11 + 2));
                    let took = self.stage.now.since(began);
                    assert!(took < longest, "{want:?} took {took:?}");
                    assert!(calls <= 3, "{want:?} took {calls} calls");
                    return;
                }
                Heard::Call(..) => {
                    calls += 1;
                    self.stage.after(Duration::from_millis(50));
                    let newest = self.stage.in_flight() - 1;
                    let answer = Answer::Good(3600, "a", VIRGINIA);
                    let name = self.new_name();
                    let says = match (answer, self.stage.purpose_of_call(newest)) {
                        (_, Purpose::TheToken) => Says::Lives(name, 3600),
                        (_, Purpose::TheKeys) => Says::Publishes("a"),
                        _ => Says::LivesAt(VIRGINIA),
                    };
                    self.stage.reply(newest, says);
                }
                Heard::Wait(until) => self.stage.now = until,
                Heard::Error(error) => self.stage.now = error.retry_at().expect("it is not latched"),
            }
        }
        panic!("{want:?} is not served");
    }

    /// Asks and obeys while no reply ever comes: each time but for a call, time moves on by no more than a lease or a rest.
    fn is_never_stuck(&mut self, want: Want) {
        let mut called: Vec<Purpose> = Vec::new();
        for round in 0..40 {
            let before = self.stage.now;
            self.stage.now = match self.stage.ask(want) {
                Heard::Call(purpose, _) => {
                    assert!(
                        !called.contains(&purpose),
                        "two calls without a time between them"
                    );
                    called.push(purpose);
                    let newest = self.stage.in_flight() - 1;
                    if round % 3 == 0 {
                        let lost = Says::Lost(TransportErrorKind::ConnectionRefused);
                        self.stage.reply(newest, lost);
                    } else {
                        self.stage.lose(newest);
                    }
                    continue;
                }
                Heard::Wait(until) => {
                    let length = until.since(before);
                    assert!(length <= Duration::from_secs(11 + 2), "a wait of {length:?}");
                    until
                }
                Heard::Error(error) => {
                    let retry_at = error.retry_at().expect("it is not latched");
                    let length = retry_at.since(before);
                    assert!(length <= Duration::from_secs(660 + 2), "a rest of {length:?}");
                    retry_at
                }
                Heard::Token(_) | Heard::Keys(_) | Heard::Host(_) => before + Duration::from_secs(1),
            };
            called.clear();
        }
    }

    fn new_name(&mut self) -> &'static str {
        self.tokens += 1;
        name(self.tokens)
    }
}

/// A name for each number: `Says` has names that live for ever, so each is made once.
fn name(number: usize) -> &'static str {
    use std::sync::{Mutex, PoisonError};
    static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    while names.len() <= number {
        let next = format!("token-{}", names.len());
        names.push(next.leak());
    }
    names.get(number).copied().unwrap_or_default()
}

fn assert_agrees(expected: &Told, heard: &Heard) {
    let is_between =
        |time: UnixTime, earliest: u64, latest: u64| (earliest..=latest).contains(&time.as_millis());
    let agrees = match (expected, heard) {
        (Told::Call(purpose), Heard::Call(call, _)) => purpose == call,
        (Told::Fails(kind, earliest, latest), Heard::Error(error)) => {
            let retry_at = error
                .retry_at()
                .expect("a machine that failed says when to ask again");
            error.kind() == *kind && is_between(retry_at, *earliest, *latest)
        }
        (Told::Host(expected), Heard::Host(host)) => host.name() == *expected,
        (Told::Keys(kids), Heard::Keys(set)) => {
            set.keys().count() == kids.split(' ').count() && kids.split(' ').all(|kid| set.key(kid).is_some())
        }
        (Told::Token(name), Heard::Token(token)) => Stage::name_of(token) == *name,
        (Told::Wait(earliest, latest), Heard::Wait(until)) => is_between(*until, *earliest, *latest),
        _ => false,
    };
    assert!(agrees, "the rules say {expected:?}, the machine {heard:?}");
}
