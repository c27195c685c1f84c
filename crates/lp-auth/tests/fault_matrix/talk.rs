//! A client of a scene, what it is asked, and what came of it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lp_auth::{Client, Limits, Pace, Progress, Purpose, Rests, UnixTime};
use lp_auth_emulator::{ApiVersion, Endpoint};
use secrecy::ExposeSecret as _;

use crate::canary;
use crate::cell::{Cell, Crew};
use crate::row::{EVERYWHERE, Outcome};
use crate::scene::Scene;
use crate::stack::{Answer, Asker};

/// Why an attempt says nothing good.
pub(crate) enum Trouble {
    /// The machine was too slow to tell.
    Slow(String),
    Wrong(String),
}

pub(crate) type Verdict<T = ()> = Result<T, Trouble>;

/// Calls of each endpoint, in the order of [`EVERYWHERE`].
pub(crate) type Calls = [usize; 3];

/// A client of the scene, and what it did.
pub(crate) struct Talk<'a> {
    pub(crate) scene: &'a Scene,
    at: Endpoint,
    reaches_server: bool,
    pub(crate) asker: Asker,
    pub(crate) presented: String,
    log: Arc<Mutex<Vec<Progress>>>,
    pub(crate) timeout: Duration,
    pub(crate) patience: Duration,
    scale: f64,
}

impl<'a> Talk<'a> {
    /// Every length of time is so many units: long enough for a call to be made meanwhile, and short enough to wait for.
    pub(crate) fn new(cell: &Cell<'_>, scene: &'a Scene, unit: Duration) -> Self {
        let (timeout, patience, scale) = match cell.row.outcome_with(cell.stack) {
            Outcome::Fails(failure) => {
                let timeout = if failure.takes_the_time_limit {
                    unit
                } else {
                    Limits::default().timeout
                };
                // A patient asker would wait for a rest that is over within its patience.
                let rest = if failure.is_transient { 3.0 } else { 1.5 };
                (
                    timeout,
                    unit.mul_f64(3.0),
                    unit.as_secs_f64() * rest / failure.rests[0],
                )
            }
            Outcome::ServesAfter(rests) => {
                let seconds: f64 = rests.iter().sum();
                (
                    Limits::default().timeout,
                    Duration::from_secs(30),
                    unit.as_secs_f64() / seconds,
                )
            }
            Outcome::Rejects(_) | Outcome::Serves(_) => {
                (Limits::default().timeout, Duration::from_secs(30), 1.0)
            }
        };
        let pace = Pace {
            limits: Limits {
                timeout,
                ..Limits::default()
            },
            rests: Rests::default().scaled(scale),
            ..Pace::default()
        };
        let log: Arc<Mutex<Vec<Progress>>> = Arc::default();
        let noted = Arc::clone(&log);
        let emulator = &scene.emulator;
        let builder = Client::builder(emulator.account().as_str())
            .client_id(emulator.client_id())
            .client_secret(emulator.client_secret().expose_secret())
            .domain_api(scene.domain_api())
            .trusted_host("127.0.0.1")
            .trusted_host("nobody.invalid")
            .ca_pem(emulator.ca_pem())
            .pace(pace)
            .patience(patience)
            .watch(move |progress| {
                noted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(progress.clone());
            });
        Self {
            scene,
            at: cell.at,
            reaches_server: cell.row.lets_requests_in(),
            asker: cell.stack.asker(builder),
            presented: emulator.draft(ApiVersion::V2).sign(),
            log,
            timeout,
            patience,
            scale,
        }
    }

    pub(crate) async fn ask_in_turn(&mut self, crew: &Crew) -> Asked {
        let _asking = crew.asking.acquire().await;
        self.ask().await
    }

    pub(crate) async fn ask(&mut self) -> Asked {
        let before = self.calls();
        let began = now();
        let answer = self.asker.ask(self.at, &self.presented).await;
        let ended = now();
        let mut calls = self.calls();
        for (after, before) in calls.iter_mut().zip(before) {
            *after -= before;
        }
        Asked {
            answer,
            began,
            ended,
            calls,
            history: self.noted().iter().map(ToString::to_string).collect(),
            sung: self.noted().iter().find_map(canary::sung_in),
        }
    }

    /// The emulator counts anew, for the next to talk to it.
    pub(crate) fn forget(self) {
        self.scene.emulator.forget_requests();
    }

    /// Waits until the rest is over.
    pub(crate) async fn rest(&self, until: UnixTime) {
        tokio::time::sleep(until.since(now()) + Duration::from_millis(2)).await;
    }

    pub(crate) fn scaled(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.scale)
    }

    /// All calls so far.
    pub(crate) fn calls(&self) -> Calls {
        let noted = self.noted();
        let of = |endpoint| {
            let is_one = |progress: &&Progress| matches!(progress, Progress::Asking { purpose: of, .. } if *of == purpose(endpoint));
            noted.iter().filter(is_one).count()
        };
        EVERYWHERE.map(of)
    }

    fn noted(&self) -> Vec<Progress> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the server saw each call once: no stack repeats one by itself.
    pub(crate) fn compare_with_server(&self, may_be_late: bool) -> Verdict {
        let mut made = self.calls();
        if !self.reaches_server {
            for (made, endpoint) in made.iter_mut().zip(EVERYWHERE) {
                *made *= usize::from(endpoint != self.at);
            }
        }
        let seen = self.scene.requests();
        let what = || {
            let (server, noted) = (self.scene.emulator.requests(), self.noted());
            format!("the server saw {seen:?} of the calls {made:?}\n  {server:?}\n  {noted:?}")
        };
        if may_be_late && seen < made {
            return Err(Trouble::Slow(what()));
        }
        wrong_if(seen != made, what)
    }
}

/// A question, and what came of it.
pub(crate) struct Asked {
    pub(crate) answer: Answer,
    pub(crate) began: UnixTime,
    pub(crate) ended: UnixTime,
    pub(crate) calls: Calls,
    /// All that was done so far.
    history: Vec<String>,
    /// What a watcher was told that it must not be told.
    sung: Option<String>,
}

impl Asked {
    pub(crate) fn took(&self) -> Duration {
        self.ended.since(self.began)
    }

    pub(crate) fn error(&self) -> Verdict<&lp_auth::Error> {
        match &self.answer {
            Answer::Failed(error) => Ok(error),
            _ => Err(Trouble::Wrong(format!("{self}, instead of an error"))),
        }
    }

    pub(crate) fn expect_good(&self) -> Verdict {
        wrong_if(!matches!(self.answer, Answer::Keys | Answer::Token(_)), || {
            format!("{self}, instead of a good answer")
        })
    }

    pub(crate) fn expect_calls(&self, expected: Calls) -> Verdict {
        wrong_if(self.sung.is_some(), || {
            format!("a watcher is told too much: {:?}", self.sung)
        })?;
        wrong_if(self.calls != expected, || {
            let history = self.history.join("\n  ");
            format!(
                "{:?} calls instead of {expected:?} for: {self}\n  {history}",
                self.calls
            )
        })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.answer {
            Answer::Failed(error) => write!(f, "{error}"),
            Answer::Keys => f.write_str("a verdict on the token"),
            Answer::Rejected(rejected) => write!(f, "{rejected}"),
            Answer::Token(_) => f.write_str("a token"),
        }
    }
}

pub(crate) fn purpose(at: Endpoint) -> Purpose {
    match at {
        Endpoint::DomainApi => Purpose::Host(lp_auth::ServiceName::SENTINEL),
        Endpoint::Token => Purpose::Token,
        _ => Purpose::Keys,
    }
}

pub(crate) fn wrong_if(wrong: bool, what: impl FnOnce() -> String) -> Verdict {
    if wrong {
        Err(Trouble::Wrong(what()))
    } else {
        Ok(())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sockets are real, and so is the time"
)]
pub(crate) fn now() -> UnixTime {
    SystemTime::now().into()
}
