//! One client with its servers and its askers.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use lp_auth::{Client, ClientBuilder, Limits, Pace, Rests, Stack};
use lp_auth_core::TransportErrorKind;
use lp_auth_emulator::{Emulator, Endpoint};
use secrecy::ExposeSecret as _;

use crate::asker::{Asker, Tally};
use crate::machine::Machine;
use crate::outages::{LIFE, LostCall, Outage, SCALE, TIME_LIMIT};
use crate::spells::Worst;

/// The askers of a world.
pub(crate) const ASKERS: usize = 200;

/// So many of them also have each token verified that they get.
const VERIFYING: usize = 4;

/// An HTTP stack, and whether the askers are tasks or threads. Some renew ahead of need, some as they ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Isahc,
    IsahcBlocking,
    Reqwest,
    ReqwestBlocking,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [
        Self::Reqwest,
        Self::ReqwestBlocking,
        Self::Isahc,
        Self::IsahcBlocking,
    ];

    fn stack(self) -> Stack {
        match self {
            Self::Isahc | Self::IsahcBlocking => Stack::Isahc,
            Self::Reqwest | Self::ReqwestBlocking => Stack::Reqwest,
        }
    }

    fn keeps_fresh(self) -> bool {
        matches!(self, Self::Reqwest | Self::IsahcBlocking)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Isahc => "isahc, tasks",
            Self::IsahcBlocking => "isahc, threads, keep_fresh",
            Self::Reqwest => "reqwest, tasks, keep_fresh",
            Self::ReqwestBlocking => "reqwest, threads",
        })
    }
}

/// A client, its servers, and what will go wrong there.
pub(crate) struct World {
    kind: Kind,
    seed: u64,
    length: Duration,
    emulator: Emulator,
    outages: Vec<Outage>,
    lost: Arc<Mutex<Vec<LostCall>>>,
    asked: Arc<Asked>,
}

/// What came of a world.
pub(crate) struct Outcome {
    pub(crate) kind: Kind,
    pub(crate) asks: usize,
    pub(crate) errors: usize,
    pub(crate) outages: usize,
    pub(crate) longest_outage: Duration,
    pub(crate) longest_without: Duration,
    pub(crate) worst: Worst,
    /// How many times a token was handed out that had expired.
    pub(crate) expired: usize,
    pub(crate) verified: usize,
    /// Why a genuine token was refused.
    pub(crate) rejected: Vec<String>,
    pub(crate) requests: [Requests; 3],
    /// Calls that ran into the time limit though nothing was planned to go wrong: the machine is slow.
    pub(crate) too_slow: usize,
    /// Calls that failed in another way, though nothing was planned to go wrong.
    pub(crate) unexplained: Vec<LostCall>,
}

/// Requests of an endpoint, and the most that the rules allow.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requests {
    pub(crate) at: &'static str,
    pub(crate) made: usize,
    pub(crate) most: usize,
}

/// The requests that came to each endpoint.
#[derive(Default)]
struct Asked {
    domain_api: AtomicUsize,
    keys: AtomicUsize,
    token: AtomicUsize,
}

impl Asked {
    fn count(&self, endpoint: Option<Endpoint>) {
        if let Some(count) = endpoint.and_then(|endpoint| self.at(endpoint)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn at(&self, endpoint: Endpoint) -> Option<&AtomicUsize> {
        match endpoint {
            Endpoint::DomainApi => Some(&self.domain_api),
            Endpoint::Keys => Some(&self.keys),
            Endpoint::Token => Some(&self.token),
            _ => None,
        }
    }
}

impl World {
    pub(crate) fn open(kind: Kind, seed: u64, length: Duration) -> Self {
        let asked: Arc<Asked> = Arc::default();
        let counted = Arc::clone(&asked);
        let emulator = Emulator::builder()
            .token_lifetime(LIFE)
            .watch(move |request| counted.count(request.endpoint))
            .start()
            .expect("loopback has a free port");
        // Making a key takes a while, and is no fault.
        emulator.jwks();
        Self {
            kind,
            seed,
            length,
            emulator,
            outages: Outage::plan(&mut Rng::with_seed(seed), length),
            lost: Arc::default(),
            asked,
        }
    }

    pub(crate) async fn run(mut self, machine: Arc<Machine>) -> Outcome {
        let tally = Arc::new(Tally::default());
        let asked_from = machine.elapsed();
        let askers = self.start_askers(&tally, &machine).await;
        let rotations = self.go_wrong(&machine).await;
        tally.over.store(true, Ordering::Relaxed);
        for asker in askers {
            asker.await.expect("an asker does not panic");
        }
        let took = machine.elapsed().saturating_sub(asked_from);
        let mut unplanned = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        unplanned.retain(|call| !self.outages.iter().any(|outage| outage.explains(call)));
        let (too_slow, unexplained): (Vec<_>, Vec<_>) = unplanned
            .into_iter()
            .partition(|call| call.kind == TransportErrorKind::TimedOut);
        let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let rejected = tally.rejected.lock().map(|rejected| rejected.clone());
        Outcome {
            kind: self.kind,
            asks: of(&tally.asks),
            errors: of(&tally.errors),
            outages: self.outages.len(),
            longest_outage: self
                .outages
                .iter()
                .map(|outage| outage.length)
                .max()
                .unwrap_or_default(),
            longest_without: tally.spells.longest(),
            worst: tally.spells.worst(&self.outages, &too_slow, &machine),
            expired: of(&tally.expired),
            verified: of(&tally.verified),
            rejected: rejected.unwrap_or_default(),
            requests: self.requests(took, rotations, too_slow.len()),
            too_slow: too_slow.len(),
            unexplained,
        }
    }

    /// Askers at work, who have had a token before anything goes wrong.
    async fn start_askers(
        &self,
        tally: &Arc<Tally>,
        machine: &Arc<Machine>,
    ) -> Vec<tokio::task::JoinHandle<()>> {
        let askers = 0..ASKERS;
        let rng = |number: usize| Rng::with_seed(self.seed.wrapping_add(number as u64));
        let asker = |number: usize| Asker {
            tally: Arc::clone(tally),
            machine: Arc::clone(machine),
            random: rng(number),
            since: None,
        };
        match self.kind {
            Kind::Isahc | Kind::Reqwest => {
                let client = self.builder(machine).build().expect("the settings are complete");
                let verifier = client
                    .verifier()
                    .any_client()
                    .build()
                    .expect("the policy is complete");
                client.token().await.expect("all is well at first");
                if self.kind.keeps_fresh() {
                    tokio::spawn(client.keep_fresh());
                }
                let start = |number| {
                    let (client, verifier) = (client.clone(), (number < VERIFYING).then(|| verifier.clone()));
                    tokio::spawn(asker(number).work(client, verifier))
                };
                askers.map(start).collect()
            }
            Kind::IsahcBlocking | Kind::ReqwestBlocking => {
                let client = self
                    .builder(machine)
                    .build_blocking()
                    .expect("the settings are complete");
                let verifier = client
                    .verifier()
                    .any_client()
                    .build_blocking()
                    .expect("the policy is complete");
                client.token().expect("all is well at first");
                if self.kind.keeps_fresh() {
                    thread::spawn(client.keep_fresh());
                }
                let start = |number| {
                    let (client, verifier) = (client.clone(), (number < VERIFYING).then(|| verifier.clone()));
                    let asker = asker(number);
                    tokio::task::spawn_blocking(move || asker.work_on_thread(&client, verifier.as_ref()))
                };
                askers.map(start).collect()
            }
        }
    }

    fn builder(&self, machine: &Arc<Machine>) -> ClientBuilder {
        let (lost, machine) = (Arc::clone(&self.lost), Arc::clone(machine));
        let emulator = &self.emulator;
        Client::builder(emulator.account().as_str())
            .client_id(emulator.client_id())
            .client_secret(emulator.client_secret().expose_secret())
            .domain_api(emulator.domain_api())
            .trusted_host(emulator.sentinel())
            .ca_pem(emulator.ca_pem())
            .stack(self.kind.stack())
            .seed(self.seed)
            .patience(Duration::from_secs(1))
            .watch(move |progress| {
                if let Some(call) = LostCall::told_of(progress, machine.elapsed()) {
                    lost.lock().unwrap_or_else(PoisonError::into_inner).push(call);
                }
            })
            .pace(Pace {
                limits: Limits {
                    timeout: TIME_LIMIT,
                    ..Limits::default()
                },
                rests: Rests::default().scaled(SCALE),
                ..Pace::default()
            })
    }

    /// Lets go wrong what is planned, and rotates keys now and then. How many times.
    async fn go_wrong(&mut self, machine: &Machine) -> usize {
        /// A verifier fetches a key that it does not know at most once in half a minute, from when the last one that it did
        /// not know turned up: with the next token, and after the key set's outage.
        const ROTATE_AGAIN_AFTER: Duration = Duration::from_secs(30 + 5 + 10);
        let began = machine.elapsed();
        let mut rotations = 0;
        let mut rotate_at = self.length.min(ROTATE_AGAIN_AFTER) / 5;
        let emulator = &self.emulator;
        for outage in &mut self.outages {
            until(machine, began + outage.start).await;
            emulator
                .fault(outage.at, outage.fault.clone())
                .expect("it applies");
            let start = machine.elapsed();
            until(machine, began + outage.start + outage.length).await;
            emulator.clear_faults();
            // They are counted, and what it remembers of them takes memory.
            emulator.forget_requests();
            // As it was, not as it was planned.
            let end = machine.elapsed();
            (outage.start, outage.length) = (start, end.saturating_sub(start));
            if end >= began + rotate_at {
                rotate_at = end.saturating_sub(began) + ROTATE_AGAIN_AFTER;
                rotations += 1;
                tokio::task::block_in_place(|| {
                    emulator.rotate_keys().expect("there is no folder to fail");
                    // Until the new key is made, nobody has an answer.
                    emulator.jwks();
                });
                outage.length = machine.elapsed().saturating_sub(start);
            }
        }
        until(machine, began + self.length).await;
        rotations
    }

    /// What was asked, and the most that the rules allow in this time:
    /// - a token is asked for when 3/4 of the life of the last one is over (5/8 with `keep_fresh`), and in each outage as
    ///   often as its rests leave room for;
    /// - the host once an hour, after each call for a token or for keys that had no answer, and in its own outages;
    /// - keys once in 10 minutes, after each rotation, and in their own outages.
    ///
    /// A call for which the machine was too slow is made once more, and casts doubt.
    fn requests(&self, took: Duration, rotations: usize, too_slow: usize) -> [Requests; 3] {
        let in_outages = |at: Endpoint| -> usize {
            let its_own = self.outages.iter().filter(|outage| outage.at == at);
            its_own.map(Outage::most_calls).sum()
        };
        let doubts: usize = self
            .outages
            .iter()
            .filter(|outage| outage.at != Endpoint::DomainApi && outage.casts_doubt())
            .map(Outage::most_calls)
            .sum();
        let share = if self.kind.keeps_fresh() { 0.625 } else { 0.75 };
        // The first, and one for each whole stretch of this length.
        let regular = |length: Duration| {
            1 + usize::try_from(took.as_nanos() / length.as_nanos().max(1)).unwrap_or(usize::MAX - 1)
        };
        let of = |at, name, most| Requests {
            at: name,
            made: self.asked.at(at).map_or(0, |count| count.load(Ordering::Relaxed)),
            most: most + too_slow,
        };
        [
            of(
                Endpoint::DomainApi,
                "Domain API",
                regular(Duration::from_secs(3600)) + doubts + in_outages(Endpoint::DomainApi),
            ),
            of(
                Endpoint::Token,
                "token",
                regular(LIFE.mul_f64(share)) + in_outages(Endpoint::Token),
            ),
            of(
                Endpoint::Keys,
                "JWKS",
                regular(Duration::from_secs(600)) + rotations + in_outages(Endpoint::Keys),
            ),
        ]
    }
}

async fn until(machine: &Machine, time: Duration) {
    tokio::time::sleep(time.saturating_sub(machine.elapsed())).await;
}
