//! Those who ask, and what they saw.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use fastrand::Rng;
use lp_auth::{AccessToken, Client, Error, UnixTime, Verifier, VerifyError, blocking};

use crate::machine::{Machine, pause};
use crate::spells::{Spell, Spells};

/// Somebody who needs a token ten times a second.
pub(crate) struct Asker {
    pub(crate) tally: Arc<Tally>,
    pub(crate) machine: Arc<Machine>,
    pub(crate) random: Rng,
    /// Since when he has asked in vain.
    pub(crate) since: Option<Duration>,
}

impl Asker {
    pub(crate) async fn work(mut self, client: Client, verifier: Option<Verifier>) {
        while !self.tally.over.load(Ordering::Relaxed) {
            let start = self.machine.elapsed();
            let token = client.token().await;
            let token = self.note(start, token);
            if let (Some(token), Some(verifier)) = (&token, &verifier) {
                let verdict = verifier.verify(token.expose()).await.map(drop);
                self.note_verdict(verdict);
            }
            tokio::time::sleep(self.break_after(token.is_some())).await;
        }
    }

    pub(crate) fn work_on_thread(mut self, client: &blocking::Client, verifier: Option<&blocking::Verifier>) {
        while !self.tally.over.load(Ordering::Relaxed) {
            let start = self.machine.elapsed();
            let token = client.token();
            let token = self.note(start, token);
            if let (Some(token), Some(verifier)) = (&token, verifier) {
                self.note_verdict(verifier.verify(token.expose()).map(drop));
            }
            pause(self.break_after(token.is_some()));
        }
    }

    fn note(&mut self, start: Duration, token: Result<AccessToken, Error>) -> Option<AccessToken> {
        self.tally.asks.fetch_add(1, Ordering::Relaxed);
        let Ok(token) = token else {
            self.tally.errors.fetch_add(1, Ordering::Relaxed);
            self.since.get_or_insert(start);
            return None;
        };
        if token.expires_at() <= wall_clock() {
            self.tally.expired.fetch_add(1, Ordering::Relaxed);
        }
        self.tally.spells.note(Spell {
            start: self.since.take().unwrap_or(start),
            end: self.machine.elapsed(),
        });
        Some(token)
    }

    fn note_verdict(&self, verdict: Result<(), VerifyError>) {
        match verdict {
            Ok(()) => {
                self.tally.verified.fetch_add(1, Ordering::Relaxed);
            }
            // There is no key set to judge by, in an outage of its endpoint.
            Err(VerifyError::Unavailable(_)) => {}
            Err(VerifyError::Rejected(rejected)) => {
                if let Ok(mut all) = self.tally.rejected.lock() {
                    all.push(rejected.to_string());
                }
            }
        }
    }

    /// Until the next question: soon, for those who have nothing.
    fn break_after(&mut self, has_token: bool) -> Duration {
        Duration::from_millis(if has_token { self.random.u64(50..=150) } else { 5 })
    }
}

/// What the askers share.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) over: AtomicBool,
    pub(crate) asks: AtomicUsize,
    pub(crate) errors: AtomicUsize,
    pub(crate) expired: AtomicUsize,
    pub(crate) verified: AtomicUsize,
    pub(crate) rejected: Mutex<Vec<String>>,
    pub(crate) spells: Spells,
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether a token has expired is a question of the time of day"
)]
fn wall_clock() -> UnixTime {
    SystemTime::now().into()
}
