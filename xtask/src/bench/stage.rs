//! Who is measured together: programs, and what each of them does.

use crate::bench::player::Player;
use crate::bench::programs::Programs;
use crate::bench::report::{digits, time};
use crate::bench::rounds::{SHORT_TURN, Samples, Subject, measure};
use crate::command::Failure;

/// The players and their subjects.
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) players: Vec<Player>,
    subjects: Vec<Subject>,
    rounds: usize,
}

impl Stage {
    pub(crate) fn player(&mut self, player: Player) -> usize {
        self.players.push(player);
        self.players.len() - 1
    }

    pub(crate) fn subject(&mut self, player: usize, name: &str) -> usize {
        self.subjects.push(Subject {
            player,
            name: name.to_owned(),
        });
        self.subjects.len() - 1
    }

    pub(crate) fn peer(&mut self, name: &str, subjects: &[&str], player: Result<Player, Failure>) -> Peer {
        let started = player.and_then(|mut player| {
            subjects
                .iter()
                .try_for_each(|subject| player.ask(subject, 1).map(drop))
                .map(|()| player)
        });
        match started {
            Ok(player) => {
                let player = self.player(player);
                let place = subjects
                    .iter()
                    .map(|subject| self.subject(player, subject))
                    .last();
                Peer {
                    name: name.to_owned(),
                    measured: place.ok_or_else(|| "no subject".to_owned()),
                }
            }
            Err(failure) => Peer::skipped(name, &failure),
        }
    }

    pub(crate) fn measure(&mut self, rounds: usize, turn: f64) -> Result<Vec<Samples>, Failure> {
        self.rounds += rounds;
        println!("  measuring {} subjects in {rounds} rounds", self.subjects.len());
        measure(&mut self.players, &self.subjects, rounds, turn)
    }

    /// Says how calm the machine was, where it was to be.
    pub(crate) fn calm(&self) -> String {
        let disturbed: usize = self.players.iter().map(Player::disturbed).sum();
        if disturbed == 0 {
            return String::new();
        }
        let all = self.rounds * self.subjects.len();
        format!("Of {all} turns {disturbed} had no moment of calm.")
    }
}

/// Subjects of a program in several runs of it, as where its memory comes to lie is chance and makes some hundredths; and
/// how calm it was.
pub(crate) fn in_several_runs<const N: usize>(
    programs: &Programs,
    name: &str,
    subjects: [&str; N],
) -> Result<([Samples; N], String), Failure> {
    const RUNS: usize = 9;
    const ROUNDS: usize = 61;
    let mut stage = Stage::default();
    for _ in 0..RUNS {
        let player = stage.player(programs.start_built(name)?);
        for subject in subjects {
            stage.subject(player, subject);
        }
    }
    let samples = stage.measure(ROUNDS, SHORT_TURN)?;
    let of_subject = |place| Samples::of_all(samples.iter().skip(place).step_by(N).cloned());
    Ok((std::array::from_fn(of_subject), stage.calm()))
}

/// How long both take.
pub(crate) fn times(this: &Samples, other: &Samples) -> String {
    format!("{} / {}", time(this.spread().median), time(other.spread().median))
}

/// A library of somebody else's: where it stands among the subjects, or why it could not be measured.
pub(crate) struct Peer {
    name: String,
    measured: Result<usize, String>,
}

impl Peer {
    pub(crate) fn measured(name: &str, place: usize) -> Self {
        Self {
            name: name.to_owned(),
            measured: Ok(place),
        }
    }

    pub(crate) fn skipped(name: &str, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            measured: Err(why.lines().next().unwrap_or_default().to_owned()),
        }
    }

    pub(crate) fn row(&self, samples: &[Samples], ours: usize) -> Vec<String> {
        let measured = match &self.measured {
            Ok(place) => samples.get(*place).zip(samples.get(ours)).ok_or("not measured"),
            Err(why) => Err(why.as_str()),
        };
        match measured {
            Ok((peer, ours)) => vec![
                self.name.clone(),
                digits(peer.over(ours).median),
                time(peer.spread().median),
            ],
            Err(why) => vec![self.name.clone(), format!("skipped: {why}"), String::new()],
        }
    }
}
