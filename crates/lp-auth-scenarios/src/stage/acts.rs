//! What each line of a scenario does on the stage, and what must come of it.

use std::time::Duration;

use lp_auth_core::{Body, Flow as _, Locate as _, Step, Window, http};

use super::{Heard, Stage};
use crate::{Line, Machine, Purpose, Reader, Restored, Retry, Told, Want, says};

impl Stage {
    /// Plays one line. Panics where it does not come true.
    pub fn play(&mut self, line: Line) {
        match line {
            Line::After(seconds) => self.after(Duration::from_secs_f64(seconds)),
            Line::Anew => *self = Self::default(),
            Line::Ask(want, told) => {
                let heard = self.ask(want);
                assert_agrees(told, &heard, self);
            }
            Line::Calls(purpose, count) => assert_eq!(self.calls(purpose), count),
            Line::Doubt(host) => self.locator.doubt(&host.parse().unwrap()),
            Line::ErrorSays(words) => {
                let error = self.last_error.as_ref().expect("something failed before");
                assert!(error.to_string().contains(words), "{error}");
            }
            Line::Flood {
                strangers,
                call,
                wait,
                others,
            } => assert_eq!(self.flood(strangers, others), (call, wait), "calls and waits"),
            Line::ForeignReply(purpose) => self.foreign_reply(purpose),
            Line::Invalidate(name, retry) => {
                assert_eq!(self.invalidate(name), retry == Retry::MakesSense);
            }
            Line::KeepUp(machine, told) => {
                let heard = self.keep_up(machine);
                assert_agrees(told, &heard, self);
            }
            Line::Lose(purpose) => {
                let place = self.oldest(purpose);
                self.lose(place);
            }
            Line::MadeUpServices(count) => self.made_up_services(count),
            Line::NewClient => self.set_credentials("other-app"),
            Line::NewLocator => self.locator = Self::with_domain_api(4711).locator,
            Line::NewSecret => self.set_credentials("my-app"),
            Line::Read(machine, reader) => {
                let window = match machine {
                    Machine::Hosts => None,
                    Machine::KeySource => self.keys.at_hand_with(&self.locator).map(|(_, window)| window),
                    Machine::TokenSource => self.tokens.at_hand_with(&self.locator).map(|(_, window)| window),
                };
                let finds = window.is_some_and(|window: Window| window.contains(self.now));
                assert_eq!(finds, reader == Reader::FindsIt, "{window:?} at {:?}", self.now);
            }
            Line::Reply(purpose, says) => {
                let place = self.oldest(purpose);
                self.reply(place, says);
            }
            Line::ReplyToNewest(purpose, says) => {
                let newest = self.in_flight.iter().rposition(|call| call.purpose == purpose);
                self.reply(newest.expect("a call waits for an answer"), says);
            }
            Line::Restore(name, seconds, restored) => {
                assert_eq!(self.restore(name, seconds), restored == Restored::Taken);
            }
            Line::SetBack(seconds) => self.set_back(Duration::from_secs_f64(seconds)),
            Line::WithDomainApi => *self = Self::with_domain_api(4711),
        }
        self.check_readers();
    }

    fn oldest(&self, purpose: Purpose) -> usize {
        let oldest = self.in_flight.iter().position(|call| call.purpose == purpose);
        oldest.expect("a call waits for an answer")
    }

    /// How many strangers make a call, and how many wait.
    fn flood(&mut self, strangers: usize, others: Told) -> (usize, usize) {
        let (mut calls, mut waits) = (0, 0);
        for stranger in 0..strangers {
            if stranger % 10 == 9 {
                self.after(Duration::from_millis(1));
            }
            let kid = format!("made-up-{stranger}");
            let step = self.keys.keys(&mut self.locator, Some(&kid), self.now);
            match self.hear(step, Heard::Keys) {
                Heard::Call(..) => calls += 1,
                Heard::Wait(_) => waits += 1,
                heard => assert_agrees(others, &heard, self),
            }
        }
        (calls, waits)
    }

    fn foreign_reply(&mut self, purpose: Purpose) {
        let mut others = Self::default();
        let want = match purpose {
            Purpose::TheKeys => Want::Keys,
            Purpose::TheToken => Want::AToken,
            Purpose::TheSentinel | Purpose::TheService(_) => {
                others = Self::with_domain_api(0);
                Want::HostOf("sentinel")
            }
        };
        others.ask(want);
        let ticket = others.in_flight.remove(0).ticket;
        let reply = ticket.reply(Ok(http::Response::new(Body::default())));
        let back = (&mut self.tokens, (&mut self.keys, &mut self.locator)).handle(reply, self.now);
        assert!(back.is_some(), "it comes back");
    }

    fn made_up_services(&mut self, count: usize) {
        for number in 0..count {
            let service = format!("madeUp{number}").parse().unwrap();
            let step = self.locator.locate(&service, self.now).unwrap();
            let Step::Call(call) = step else {
                panic!("nobody can know it: {step:?}")
            };
            let body = br#"{"baseURIs":[]}"#.as_slice().into();
            let reply = call.into_parts().0.reply(Ok(http::Response::new(body)));
            assert!(self.locator.handle(reply, self.now).is_none());
        }
    }
}

fn assert_agrees(told: Told, heard: &Heard, stage: &Stage) {
    let agrees = match (told, heard) {
        (Told::Call(purpose), Heard::Call(call, _)) => purpose == *call,
        (Told::CallTo(purpose, to), Heard::Call(call, host)) => purpose == *call && to == host,
        (Told::Fails(kind), Heard::Error(error)) => kind == error.kind(),
        (Told::Host(expected), Heard::Host(host)) => host.to_string() == expected,
        (Told::KeySet(expected), Heard::Keys(keys)) => {
            let mut kids: Vec<_> = keys.keys().filter_map(|key| key.kid()).collect();
            kids.sort_unstable();
            kids.join(" ") == expected
        }
        (Told::Token(expected), Heard::Token(token)) => says::name(token.expose()) == expected,
        (Told::Waits, Heard::Wait(_)) => true,
        (Told::WaitsFor(least, most), Heard::Wait(until)) => {
            let length = until.since(stage.now);
            Duration::from_secs(least) <= length && length <= Duration::from_secs(most)
        }
        _ => false,
    };
    assert!(agrees, "expected {told:?}, was told {heard:?} at {:?}", stage.now);
}
