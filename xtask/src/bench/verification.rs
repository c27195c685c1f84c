//! Verification: ours beside the bare cryptography, and beside peers.

use std::process::Command;

use crate::bench::guard::instructions;
use crate::bench::player::Player;
use crate::bench::programs::Programs;
use crate::bench::report::{Row, Section, digits, time};
use crate::bench::rounds::{SHORT_TURN, Samples, Subject, measure};
use crate::bench::stage::{Peer, Stage, in_several_runs, times};
use crate::bench::threads;
use crate::command::{Failure, output};

const ROUNDS: usize = 201;

/// By hand: which of two ways to the bare cryptography counts.
const OF_THE_BARE: &str = "The bare verification is given the message, which is how its library is shown to be used, and how the peers do it. Given \
         the digest it takes a hundredth less, as it makes no context that could take the message in pieces; so does \
         lp-auth-jwt, and the row beside says what it costs above that. What it adds is, from the largest to the \
         smallest, the claims' JSON, base64, the policy, the dots, the clock, and an allocation to return the claims in.";

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
    let at = |place: usize| Samples::at(&samples, place);
    let per = |place: usize| time(at(place).spread().median);

    let mut rows = on_aws_lc(programs)?;
    rows.extend(on_ring(programs)?);
    rows.push(Row::at_most(
        "JWK Set of 1,000 keys, over `jsonwebtoken`'s `JwkSet` and a map of its keys",
        1.0,
        at(keys).over(&at(keys_peer)),
        times(&at(keys), &at(keys_peer)),
    ));
    rows.push(on_two_threads(&mut stage.players, aws)?);
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
    section.text(OF_THE_BARE);

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
    let ([bare, full, hashed_first, hot, thousand, owned], _) =
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
            "full verification, over the bare one that is given the digest, and the time to make that",
            full.over(&hashed_first),
            times(&full, &hashed_first),
        ),
        Row::at_least(
            "repeat from memory, one hot token, read by `with_claims`",
            200.0,
            full.over(&hot),
            times(&full, &hot),
        ),
        Row::at_least(
            "the same with 1,000 tokens in turn",
            100.0,
            full.over(&thousand),
            times(&full, &thousand),
        ),
        Row::beside(
            "repeat from memory, one hot token, by `verify`, which copies the claims",
            full.over(&owned),
            times(&full, &owned),
        ),
    ])
}

fn on_ring(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let ([bare, full], _) = in_several_runs(programs, "verify-ring", ["bare", "full"])?;
    let what = "full verification on `ring`, over its bare one";
    Ok(vec![
        Row::at_most(what, 1.03, full.over(&bare), times(&full, &bare)),
        in_instructions(programs, "verify-ring"),
    ])
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
        Err(why) => Row {
            bound: "≤ 1.03 ×".to_owned(),
            ..Row::skipped(what, &why)
        },
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
    peers.push(stage.peer(
        &format!(
            "`jwt-simple` {}, BoringSSL",
            Programs::crate_version("jwt-simple")
        ),
        &["jwt-simple"],
        programs.cmake().and_then(|()| programs.start("verify-boring")),
    ));
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
    let name = format!("`golang-jwt`{}, Go", programs.go_versions(module));
    peers.push(stage.peer(&name, &["golang-jwt"], started));
    peers
}

/// How much more two threads do than one, on the same hot token. Work that shares nothing says how much more they could
/// have done on this machine, now.
fn on_two_threads(players: &mut [Player], aws: usize) -> Result<Row, Failure> {
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
    let samples = measure(players, &names.map(subject), threads::ROUNDS, threads::TURN)?;
    Ok(threads::scaling(
        "one hot token from memory: two threads over one",
        &samples,
    ))
}
