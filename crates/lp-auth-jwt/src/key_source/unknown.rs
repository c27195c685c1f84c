//! What a `kid` that nobody knows may cause: it is a stranger's text, and a stranger has as many as he likes.

use core::time::Duration;

use lp_auth_core::{UnixTime, Window};

use crate::KeySet;

/// The account of unknown `kid`s: who waits for a fetch, and when the next one may be made for their sake.
#[derive(Debug, Default)]
pub(super) struct UnknownKids {
    /// The `kid`s that wait for the fetch in flight.
    waiting: Vec<Box<str>>,
    /// Those that waited for the last successful fetch in vain, as long as it is news.
    refuted: Vec<Box<str>>,
    news: Option<Window>,
    /// The stretch of time after a successful fetch for their sake in which no other is made for it.
    spent: Option<Window>,
}

impl UnknownKids {
    /// How many distinct ones wait at most.
    pub(super) const MOST_WAITING: usize = 16;
    /// How long after a successful fetch for their sake no other is made.
    const PAUSE: Duration = Duration::from_secs(30);

    /// Lets this one wait for the fetch in flight, if there is room. Says whether it waits.
    pub(super) fn admit(&mut self, kid: &str) -> bool {
        if self.waiting.iter().any(|waiting| **waiting == *kid) {
            return true;
        }
        let has_room = self.waiting.len() < Self::MOST_WAITING;
        if has_room {
            self.waiting.push(kid.into());
        }
        has_room
    }

    /// Lets this one wait, which makes the call. Where there is no room, the others are of a call that came to nothing.
    pub(super) fn lead(&mut self, kid: &str) {
        if !self.admit(kid) {
            self.waiting.clear();
            self.waiting.push(kid.into());
        }
    }

    /// A key set came, for the sake of an unknown `kid` or not.
    pub(super) fn answered(&mut self, set: &KeySet, for_their_sake: bool, now: UnixTime) {
        let pause = Window::starting(now, Self::PAUSE);
        self.waiting.retain(|kid| set.key(kid).is_none());
        self.refuted = core::mem::take(&mut self.waiting);
        self.news = Some(pause);
        if for_their_sake {
            self.spent = Some(pause);
        }
    }

    /// No key set came. That costs nothing: a rotation right after it is still seen.
    pub(super) fn failed(&mut self) {
        self.waiting.clear();
    }

    /// Whether a call may be made for the sake of this one.
    pub(super) fn may_cause_a_call(&self, kid: &str, now: UnixTime) -> bool {
        let lies_in = |window: Option<Window>| window.is_some_and(|window| window.contains(now));
        let is_refuted = || self.refuted.iter().any(|refuted| **refuted == *kid);
        !(lies_in(self.spent) || lies_in(self.news) && is_refuted())
    }
}
