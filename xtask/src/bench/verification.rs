//! Verification: ours beside the bare cryptography, and beside peers.

use std::process::Command;

use crate::bench::guard::instructions;
use crate::bench::player::Player;
use crate::bench::programs::Programs;
use crate::bench::report::{Row, Section, digits, time, with_spread};
use crate::bench::rounds::{SHORT_TURN, Samples, Subject, THREADS_TURN, measure};
use crate::command::{Failure, output};

const ROUNDS: usize = 201;
/// Of threads, which take longer to start than to work.
pub(crate) const THREADS_ROUNDS: usize = 61;

pub(crate) fn run(programs: &Programs) -> Result<Section, Failure> {
    let mut section = Section::new("Verification");
    let ours = programs.build("verify-aws-lc")?;
    output(
        Command::new(&ours)
            .arg("--write")
            .env("BENCH_FOLDER", programs.folder()),
    )?;

    let mut stage = Stage::default();
    let aws = stage.player(programs.start("verify-aws-lc")?);
    let full = stage.subject(aws, "full");
    let jsonwebtoken = stage.subject(aws, "jsonwebtoken");
    let keys = stage.subject(aws, "jwks-1000");
    let keys_peer = stage.subject(aws, "jwks-1000-jsonwebtoken");
    let ring = stage.player(programs.start("verify-ring")?);
    let ring_full = stage.subject(ring, "full");

    let peers = peers(&mut stage, programs, jsonwebtoken);
    let samples = stage.measure(ROUNDS, SHORT_TURN)?;
    let at = |place: usize| {
        samples
            .get(place)
            .cloned()
            .unwrap_or_else(|| Samples::new(Vec::new()))
    };
    let per = |place: usize| time(at(place).spread().median);

    let mut rows = on_aws_lc(programs)?;
    rows.extend(on_ring(programs)?);
    rows.push(Row::at_most(
        "JWK Set of 1,000 keys, over `jsonwebtoken`'s `JwkSet` with its key map",
        1.0,
        at(keys).over(&at(keys_peer)),
        times(&at(keys), &at(keys_peer)),
    ));
    rows.extend(threads(&mut stage.players, aws)?);
    let mut counting = programs.start_built("allocations")?;
    let allocations = counting.ask("verification", 1)?;
    rows.push(Row::number(
        "Rust allocations of a verification: the claims",
        1.0,
        "",
        allocations,
    ));
    let bytes = counting.ask("bytes-of-remembered-tokens", 1000)? / 1000.0;
    rows.push(Row::number(
        "a remembered token, of 1,000",
        1100.0,
        "bytes",
        bytes,
    ));
    section.rows(rows);

    section.text("The same token and the same key, verified by others:");
    let table = std::iter::once(vec![
        "lp-auth-jwt on `aws-lc-rs`".to_owned(),
        "1".to_owned(),
        per(full),
    ])
    .chain(peers.iter().map(|peer| peer.row(&samples, full)))
    .chain([vec![
        "lp-auth-jwt on `ring`".to_owned(),
        digits(at(ring_full).over(&at(full)).median),
        per(ring_full),
    ]]);
    section.table(&["library", "times as long", "one verification"], table.collect());
    Ok(section)
}

/// Beside the bare verification, and beside what is answered from memory.
fn on_aws_lc(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let subjects = [
        "bare",
        "full",
        "bare-hashed-first",
        "memory-hot",
        "memory-1000",
        "memory-hot-owned",
    ];
    let [bare, full, hashed_first, hot, thousand, owned] =
        in_several_runs(programs, "verify-aws-lc", subjects)?;
    Ok(vec![
        Row::at_most(
            "full verification on `aws-lc-rs`, over the bare one with a parsed key",
            1.03,
            full.over(&bare),
            times(&full, &bare),
        ),
        in_instructions(programs, "verify-aws-lc"),
        Row::beside(
            "full verification, over the bare one of a message that is hashed before",
            full.over(&hashed_first),
            times(&full, &hashed_first),
        ),
        Row::at_least(
            "repeat from memory, one hot token",
            200.0,
            full.over(&hot),
            times(&full, &hot),
        ),
        Row::at_least(
            "repeat from memory, 1,000 tokens in turn",
            100.0,
            full.over(&thousand),
            times(&full, &thousand),
        ),
        Row::beside(
            "repeat from memory, one hot token, with a copy of the claims",
            full.over(&owned),
            times(&full, &owned),
        ),
    ])
}

fn on_ring(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let [bare, full] = in_several_runs(programs, "verify-ring", ["bare", "full"])?;
    let what = "full verification on `ring`, over its bare one";
    Ok(vec![
        Row::at_most(what, 1.03, full.over(&bare), times(&full, &bare)),
        in_instructions(programs, "verify-ring"),
    ])
}

fn times(this: &Samples, other: &Samples) -> String {
    format!("{} / {}", time(this.spread().median), time(other.spread().median))
}

/// Subjects of a program in several runs of it: where its memory comes to lie is chance, and makes one hundredth.
fn in_several_runs<const N: usize>(
    programs: &Programs,
    name: &str,
    subjects: [&str; N],
) -> Result<[Samples; N], Failure> {
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
    Ok(std::array::from_fn(|place| {
        Samples::of_all(samples.iter().skip(place).step_by(N).cloned())
    }))
}

fn in_instructions(programs: &Programs, name: &str) -> Row {
    const TIMES: u64 = 100;
    let what = "the same in instructions";
    let program = programs.built(name);
    let count = |subject| instructions(programs, &program, subject, TIMES);
    match count("full").and_then(|full| Ok((full, count("bare")?))) {
        Ok((full, bare)) => Row {
            what: what.to_owned(),
            bound: "≤ 1.03 ×".to_owned(),
            measured: format!("{:.3} ×", full / bare),
            absolute: format!("{full:.0} / {bare:.0}"),
            reached: Some(full / bare <= 1.03),
        },
        Err(why) => Row::skipped(what, &why),
    }
}

/// Everybody else, as far as they can be had here.
fn peers(stage: &mut Stage, programs: &Programs, jsonwebtoken: usize) -> Vec<Peer> {
    let mut peers = vec![Peer::measured(
        &format!(
            "`jsonwebtoken` {}, aws-lc-rs",
            Programs::crate_version("jsonwebtoken")
        ),
        jsonwebtoken,
    )];
    peers.push(
        stage.peer(
            &format!(
                "`jwt-simple` {}, BoringSSL",
                Programs::crate_version("jwt-simple")
            ),
            &["jwt-simple"],
            programs
                .pip(&["cmake"])
                .and_then(|()| programs.start("verify-boring")),
        ),
    );
    let node = ["fast-jwt", "jose"];
    let fetched = programs.npm(&node);
    for (package, subject) in [
        ("fast-jwt", "fast-jwt"),
        ("fast-jwt", "fast-jwt-cache"),
        ("jose", "jose"),
    ] {
        let name = format!("`{package}` {}, node", programs.npm_version(package));
        let name = if subject == package {
            name
        } else {
            format!("{name}, answered from its cache")
        };
        let started = fetched
            .clone()
            .and_then(|()| programs.start_node("verify.mjs", &node));
        peers.push(stage.peer(&name, &[subject], started));
    }
    peers.push(stage.peer(
        "`PyJWT`, Python",
        &["PyJWT"],
        programs.start_python("verify.py", &["PyJWT", "cryptography"]),
    ));
    let module = "github.com/golang-jwt/jwt/v5";
    let started = programs.start_go("verify.go", module);
    let name = format!("`golang-jwt` {}, Go", programs.go_version(module));
    peers.push(stage.peer(&name, &["golang-jwt"], started));
    peers
}

/// How much more two threads do than one, on the same hot token. Work that shares nothing says how much more they could
/// have done on this machine, now.
fn threads(players: &mut [Player], aws: usize) -> Result<Vec<Row>, Failure> {
    let subject = |name: &str| Subject {
        player: aws,
        name: name.to_owned(),
    };
    let names = [
        "control-on-1",
        "control-on-2",
        "memory-hot-on-1",
        "memory-hot-on-2",
    ];
    let samples = measure(players, &names.map(subject), THREADS_ROUNDS, THREADS_TURN)?;
    Ok(vec![scaling(
        "one hot token from memory: two threads over one",
        &samples,
    )])
}

/// From samples of the control and of the work, on one thread and on two: of the rounds in which there were two cores.
pub(crate) fn scaling(what: &str, samples: &[Samples]) -> Row {
    const BOUND: f64 = 1.8;
    /// A machine whose second core is somebody else's for longer shows nothing about two threads.
    const LEAST_ROUNDS: usize = 5;
    let [control_1, control_2, work_1, work_2] = samples else {
        return Row::skipped(what, "not measured");
    };
    let twice = |one: &Samples, two: &Samples| one.with(two, |one, two| 2.0 * one / two);
    let (control, work) = (twice(control_1, control_2), twice(work_1, work_2));
    let with_two_cores = work.where_other(&control, |control| control >= BOUND);
    let rounds = format!("in {} of {} rounds", with_two_cores.len(), work.len());
    let beside = format!(
        "{rounds} there were two cores: work that shares nothing did {} × in all",
        with_spread(control.spread())
    );
    let row = Row::at_least(what, BOUND, with_two_cores.spread(), beside);
    if with_two_cores.len() < LEAST_ROUNDS {
        return Row {
            measured: "not shown: no second core was free".to_owned(),
            reached: None,
            ..row
        };
    }
    row
}

/// The players and their subjects.
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) players: Vec<Player>,
    subjects: Vec<Subject>,
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

    fn peer(&mut self, name: &str, subjects: &[&str], player: Result<Player, Failure>) -> Peer {
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
        measure(&mut self.players, &self.subjects, rounds, turn)
    }
}

struct Peer {
    name: String,
    measured: Result<usize, String>,
}

impl Peer {
    fn measured(name: &str, place: usize) -> Self {
        Self {
            name: name.to_owned(),
            measured: Ok(place),
        }
    }

    fn skipped(name: &str, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            measured: Err(why.lines().next().unwrap_or_default().to_owned()),
        }
    }

    fn row(&self, samples: &[Samples], ours: usize) -> Vec<String> {
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
