//! One fault at one endpoint with one stack: run over real sockets, and judged by its row.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lp_auth::{AccessToken, Client, ErrorKind, Limits, Pace, Progress, Purpose, Rests, UnixTime, Window};
use lp_auth_core::TransportErrorKind;
use lp_auth_emulator::{ApiVersion, CertificateAuthority, Endpoint};
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;

use crate::canary;
use crate::row::{EVERYWHERE, Failure, Outcome, Row};
use crate::scene::Scene;
use crate::stack::{Answer, Asker, HttpStack};
use crate::words;

/// How many cells ask at a time: the others rest. What is measured of an asker should not be its waiting for a processor.
const ASKING: usize = 8;

/// The most that a call may bring onto the wire, whatever floods: what fits into the buffers of two sockets, and some.
const FLOOD: u64 = 32 * 1024 * 1024;

/// What all cells share.
pub(crate) struct Crew {
    authority: Arc<CertificateAuthority>,
    asking: Semaphore,
}

impl Crew {
    pub(crate) fn new(authority: Arc<CertificateAuthority>) -> Self {
        Self {
            authority,
            asking: Semaphore::new(ASKING),
        }
    }
}

/// A fault, where it is planted, and who asks.
pub(crate) struct Cell<'a> {
    pub(crate) row: &'a Row,
    pub(crate) at: Endpoint,
    pub(crate) stack: HttpStack,
}

/// Why an attempt says nothing good.
enum Trouble {
    /// The machine was too slow to tell.
    Slow(String),
    Wrong(String),
}

type Verdict<T = ()> = Result<T, Trouble>;

/// Calls of each endpoint, in the order of [`EVERYWHERE`].
type Calls = [usize; 3];

impl Cell<'_> {
    /// How many attempts came before the one that counts, because the machine was too slow for them; or what is wrong.
    pub(crate) async fn run(&self, crew: &Crew) -> Result<usize, String> {
        let mut slow = String::new();
        for (number, millis) in [300, 1200, 4000].into_iter().enumerate() {
            match self.attempt(crew, Duration::from_millis(millis)).await {
                Ok(()) => return Ok(number),
                Err(Trouble::Slow(what)) => slow = what,
                Err(Trouble::Wrong(what)) => return Err(what),
            }
        }
        Err(format!("this machine is too slow: {slow}"))
    }

    async fn attempt(&self, crew: &Crew, unit: Duration) -> Verdict {
        let scene = Scene::open(&crew.authority, &self.row.plant, self.at);
        let mut talk = Talk::new(self, &scene, unit);
        match &self.row.outcome {
            Outcome::Fails(failure) => {
                if self.at != Endpoint::Keys {
                    let mut talk = Talk::new(self, &scene, unit);
                    self.takes_no_token_away(crew, &mut talk, failure).await?;
                    talk.forget();
                }
                self.fails(crew, &mut talk, failure).await?;
            }
            Outcome::Rejects(says) => self.rejects(crew, &mut talk, says).await?,
            Outcome::Serves(life) => self.serves(crew, &mut talk, *life).await?,
            Outcome::ServesAfter(rests) => self.serves_after(crew, &mut talk, rests).await?,
        }
        wrong_if(scene.strayed() > 0, || {
            "a bystander was asked for something".to_owned()
        })?;
        let calls = talk.calls().iter().sum::<usize>() as u64;
        let sent = scene.emulator.bytes_sent();
        wrong_if(sent > calls * FLOOD, || {
            format!("{sent} bytes were sent for {calls} calls")
        })
    }

    /// While a token is usable, whoever asks has it, and one of them tries to renew it, once.
    async fn takes_no_token_away(&self, crew: &Crew, talk: &mut Talk<'_>, failure: &Failure) -> Verdict {
        let _asking = crew.asking.acquire().await;
        let second = Duration::from_secs(1);
        // 85 s of 100 are over: its renewal is due, and it is handed out for some more.
        let life = Window::new(now() - 85 * second, now() + 15 * second);
        let aging = AccessToken::new(&talk.presented, life).expect("it is a token");
        talk.asker
            .prepare(aging.clone(), self.at == Endpoint::Token)
            .await;
        for calls in [self.only(), [0; 3]] {
            let asked = talk.ask().await;
            wrong_if(
                !matches!(&asked.answer, Answer::Token(token) if *token == aging),
                || format!("{asked}, instead of the token at hand"),
            )?;
            if asked.calls != calls
                && asked.ended.since(life.end() - 15 * second) >= talk.scaled(failure.rests[0])
            {
                return Err(Trouble::Slow("the rest was over too soon".to_owned()));
            }
            asked.expect_calls(calls)?;
        }
        Ok(())
    }

    async fn fails(&self, crew: &Crew, talk: &mut Talk<'_>, failure: &Failure) -> Verdict {
        let only = self.only();
        let found = self.with_lookup();
        let [first_rest, second_rest] = failure.rests;
        let again = if failure.casts_doubt { found } else { only };
        let (first, second) = {
            let _asking = crew.asking.acquire().await;
            (talk.ask().await, talk.ask().await)
        };
        // Whoever asks during the rest: the same error, at once, and no call. If it is still the rest.
        let until = first.error()?.retry_at().unwrap_or_default();
        let may_wait = failure.is_transient && until.since(second.began) <= talk.patience;
        if second.ended >= until || may_wait {
            return Err(Trouble::Slow("the rest was over too soon".to_owned()));
        }
        let until = self.judge(talk, &first, failure, first_rest, found)?;
        let (error, same) = (first.error()?, second.error()?);
        wrong_if(error.to_string() != same.to_string(), || {
            format!("during the rest, another error: {same}")
        })?;
        second.expect_calls([0; 3])?;

        talk.rest(until).await;
        let third = talk.ask_in_turn(crew).await;
        let until = self.judge(talk, &third, failure, second_rest, again)?;

        if talk.scene.mend() {
            talk.rest(until).await;
            let fourth = talk.ask_in_turn(crew).await;
            fourth.expect_good()?;
            fourth.expect_calls(match self.at {
                Endpoint::DomainApi => self.path_to_answer(),
                _ => again,
            })?;
        }
        Ok(())
    }

    /// Whether a failure is the one written down. When its rest is over.
    fn judge(
        &self,
        talk: &Talk<'_>,
        asked: &Asked,
        failure: &Failure,
        rest: f64,
        calls: Calls,
    ) -> Verdict<UnixTime> {
        let error = asked.error()?;
        if let Some(text) = canary::sung_by(error) {
            return Err(Trouble::Wrong(format!("it shows what it must not: {text}")));
        }
        let timed_out =
            error.transport().map(lp_auth_core::TransportError::kind) == Some(TransportErrorKind::TimedOut);
        let is_slow = error.kind() == ErrorKind::OutOfPatience
            || asked.took() > talk.patience
            || failure.takes_the_time_limit && timed_out && *error.purpose() != purpose(self.at);
        if is_slow {
            return Err(Trouble::Slow(format!("after {:?}: {error}", asked.took())));
        }
        wrong_if(error.kind() != failure.kind, || {
            format!("{:?} instead of {:?}: {error}", error.kind(), failure.kind)
        })?;
        wrong_if(error.is_transient() != failure.is_transient, || {
            format!("transient or not? {error}")
        })?;
        let Some(until) = error.retry_at() else {
            return Err(Trouble::Wrong(format!(
                "it does not say until when it rests: {error}"
            )));
        };
        self.judge_text(talk, error, failure, until)?;
        asked.expect_calls(calls)?;
        talk.compare_with_server(failure.takes_the_time_limit)?;

        let rest = talk.scaled(rest);
        let mut earliest = asked.began + rest;
        if failure.takes_the_time_limit {
            earliest = earliest + talk.timeout;
        }
        let latest = asked.ended + rest.mul_f64(1.1) + Duration::from_millis(20);
        wrong_if(until < earliest || until > latest, || {
            format!(
                "it rests for {:?} after {:?}, instead of {rest:?} and up to a tenth more",
                until.since(asked.began),
                asked.took()
            )
        })?;
        Ok(until)
    }

    fn judge_text(
        &self,
        talk: &Talk<'_>,
        error: &lp_auth::Error,
        failure: &Failure,
        until: UnixTime,
    ) -> Verdict {
        let unlike = self
            .row
            .unlike
            .iter()
            .find(|unlike| unlike.stacks.contains(&self.stack));
        let says = unlike.map_or(failure.says.as_str(), |unlike| unlike.says);
        let expected = format!(
            "no {} from {}: {}; {} (next try from {until} on)",
            words::purpose(self.at),
            talk.scene.asked(),
            says.replace("{answer}", words::answer(self.at)),
            failure
                .advises
                .unwrap_or_else(|| words::advice(failure.kind, self.at)),
        );
        wrong_if(error.to_string() != expected, || {
            format!("its text is\n  {error}\ninstead of\n  {expected}\n  {error:?}")
        })
    }

    async fn rejects(&self, crew: &Crew, talk: &mut Talk<'_>, says: &str) -> Verdict {
        let asked = talk.ask_in_turn(crew).await;
        let Answer::Rejected(rejected) = &asked.answer else {
            return Err(Trouble::Wrong(format!(
                "{asked}, instead of a refusal of the token"
            )));
        };
        wrong_if(!rejected.to_string().starts_with(says), || {
            format!("it says: {rejected}")
        })?;
        wrong_if(rejected.status() != 401, || {
            format!("it is a {}", rejected.status())
        })?;
        asked.expect_calls(self.with_lookup())?;
        talk.ask_in_turn(crew).await.expect_calls([0; 3])
    }

    async fn serves(&self, crew: &Crew, talk: &mut Talk<'_>, life: Option<Duration>) -> Verdict {
        let asked = talk.ask_in_turn(crew).await;
        asked.expect_good()?;
        asked.expect_calls(self.path_to_answer())?;
        talk.compare_with_server(false)?;
        if let (Some(life), Answer::Token(token)) = (life, &asked.answer) {
            let (start, length) = (token.life().start(), token.life().length());
            // The token's own `exp` and the answer's `Date` are in whole seconds, and may be a second apart.
            let tolerance = Duration::from_secs(1);
            wrong_if(length > life || length + tolerance < life, || {
                format!("it lives for {length:?} instead of {life:?}")
            })?;
            wrong_if(start < asked.began || start > asked.ended, || {
                "its life does not begin when it was asked for".to_owned()
            })?;
        }
        let later = talk.ask_in_turn(crew).await;
        later.expect_good()?;
        later.expect_calls([0; 3])
    }

    async fn serves_after(&self, crew: &Crew, talk: &mut Talk<'_>, rests: &[f64]) -> Verdict {
        let asked = talk.ask_in_turn(crew).await;
        asked.expect_good()?;
        let mut calls = self.path_to_answer();
        for (calls, only) in calls.iter_mut().zip(self.only()) {
            *calls += only * rests.len();
        }
        asked.expect_calls(calls)?;
        talk.compare_with_server(false)?;
        let least = talk.scaled(rests.iter().sum());
        wrong_if(asked.took() < least, || {
            format!("it took {:?}, less than {least:?}", asked.took())
        })
    }

    /// The call of this endpoint, and no other.
    fn only(&self) -> Calls {
        EVERYWHERE.map(|endpoint| usize::from(endpoint == self.at))
    }

    /// The call of this endpoint, after the host was looked up where that is another.
    fn with_lookup(&self) -> Calls {
        EVERYWHERE.map(|endpoint| usize::from(endpoint == self.at || endpoint == Endpoint::DomainApi))
    }

    /// All calls that a cold client makes for a good answer: at the Domain API, a token was wanted.
    fn path_to_answer(&self) -> Calls {
        match self.at {
            Endpoint::DomainApi => [1, 1, 0],
            _ => self.with_lookup(),
        }
    }
}

/// A client of the scene, and what it did.
struct Talk<'a> {
    scene: &'a Scene,
    at: Endpoint,
    reaches_server: bool,
    asker: Asker,
    presented: String,
    log: Arc<Mutex<Vec<Progress>>>,
    timeout: Duration,
    patience: Duration,
    scale: f64,
}

impl<'a> Talk<'a> {
    /// Every length of time is so many units: long enough for a call to be made meanwhile, and short enough to wait for.
    fn new(cell: &Cell<'_>, scene: &'a Scene, unit: Duration) -> Self {
        let (timeout, patience, scale) = match &cell.row.outcome {
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

    async fn ask_in_turn(&mut self, crew: &Crew) -> Asked {
        let _asking = crew.asking.acquire().await;
        self.ask().await
    }

    async fn ask(&mut self) -> Asked {
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
    fn forget(self) {
        self.scene.emulator.forget_requests();
    }

    /// Waits until the rest is over.
    async fn rest(&self, until: UnixTime) {
        tokio::time::sleep(until.since(now()) + Duration::from_millis(2)).await;
    }

    fn scaled(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.scale)
    }

    /// All calls so far.
    fn calls(&self) -> Calls {
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
    fn compare_with_server(&self, may_be_late: bool) -> Verdict {
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
struct Asked {
    answer: Answer,
    began: UnixTime,
    ended: UnixTime,
    calls: Calls,
    /// All that was done so far.
    history: Vec<String>,
    /// What a watcher was told that it must not be told.
    sung: Option<String>,
}

impl Asked {
    fn took(&self) -> Duration {
        self.ended.since(self.began)
    }

    fn error(&self) -> Verdict<&lp_auth::Error> {
        match &self.answer {
            Answer::Failed(error) => Ok(error),
            _ => Err(Trouble::Wrong(format!("{self}, instead of an error"))),
        }
    }

    fn expect_good(&self) -> Verdict {
        wrong_if(!matches!(self.answer, Answer::Keys | Answer::Token(_)), || {
            format!("{self}, instead of a good answer")
        })
    }

    fn expect_calls(&self, expected: Calls) -> Verdict {
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

fn purpose(at: Endpoint) -> Purpose {
    match at {
        Endpoint::DomainApi => Purpose::Host(lp_auth::ServiceName::SENTINEL),
        Endpoint::Token => Purpose::Token,
        _ => Purpose::Keys,
    }
}

fn wrong_if(wrong: bool, what: impl FnOnce() -> String) -> Verdict {
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
fn now() -> UnixTime {
    SystemTime::now().into()
}
