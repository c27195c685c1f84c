//! One fault at one endpoint with one stack: run over real sockets, and judged by its row.

use std::sync::Arc;
use std::time::Duration;

use lp_auth::{AccessToken, ErrorKind, UnixTime, Window};
use lp_auth_core::TransportErrorKind;
use lp_auth_emulator::{CertificateAuthority, Endpoint};
use tokio::sync::Semaphore;

use crate::canary;
use crate::row::{EVERYWHERE, Failure, Outcome, Row};
use crate::scene::Scene;
use crate::stack::{Answer, HttpStack};
use crate::talk::{Asked, Calls, Talk, Trouble, Verdict, now, purpose, wrong_if};
use crate::words;

/// How many cells ask at a time: the others rest. What is measured of an asker should not be its waiting for a processor.
const ASKING: usize = 8;

/// The most that a call may bring onto the wire, whatever floods: what fits into the buffers of two sockets, and some.
const FLOOD: u64 = 32 * 1024 * 1024;

/// What all cells share.
pub(crate) struct Crew {
    authority: Arc<CertificateAuthority>,
    pub(crate) asking: Semaphore,
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
        match self.row.outcome_with(self.stack) {
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
        let expected = format!(
            "no {} from {}: {}; {} (next try from {until} on)",
            words::purpose(self.at),
            talk.scene.asked(),
            failure.says.replace("{answer}", words::answer(self.at)),
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
