//! The command: from its start to the token, its memory and its size; and how long the crates take to build.

use std::path::Path;
use std::process::Command;

use crate::bench::programs::Programs;
use crate::bench::report::{Row, Section, digits, time};
use crate::bench::rounds::{Samples, Subject, measure};
use crate::command::{Failure, output, program};
use crate::workspace::root;

/// Starts of the command and of the peer, by turns.
const ROUNDS: usize = 21;
const ASKERS: u64 = 1000;

pub(crate) fn run(programs: &Programs) -> Result<Section, Failure> {
    let mut section = Section::new("The command");
    println!("  building lp-auth");
    // The product's own profile, in the folder of the bench: the workspace's artefacts are left alone.
    output(
        program("cargo", "build --quiet --release --locked --package lp-auth-cli")
            .env("CARGO_TARGET_DIR", programs.folder()),
    )?;
    let command = programs.folder().join("release/lp-auth");
    let mut rows = vec![size(&command)?];
    rows.extend(cold_start(programs, &command).unwrap_or_else(|why| {
        let what = "`lp-auth token`, start to token, over LivePerson's JavaScript client";
        vec![Row::skipped(what, &why)]
    }));
    rows.extend(build_times(programs));
    section.rows(rows);
    section.text(
        "The command and the peer are started by turns against an emulator on loopback, over TLS, with its certificate \
         authority given: from the start of the process to its end, with the token printed. Memory is the most that was \
         resident. The release profile is for size, but for what is called for each token or each byte: `opt-level = \"s\"`, \
         `lto = \"fat\"`, one codegen unit, stripped.",
    );
    Ok(section)
}

fn size(command: &Path) -> Result<Row, Failure> {
    let length = std::fs::metadata(command)
        .map_err(|error| format!("{}: {error}", command.display()))?
        .len();
    #[expect(clippy::cast_precision_loss, reason = "a file of some megabytes")]
    let megabytes = length as f64 / 1e6;
    Ok(Row::number("the release binary, stripped", 10.0, "MB", megabytes))
}

fn cold_start(programs: &Programs, command: &Path) -> Result<Vec<Row>, Failure> {
    programs.npm(&["liveperson-functions-client"])?;
    let mut player = programs.start_python_with("command.py", &[], |python| {
        python
            .env("BENCH_COMMAND", command)
            .env("BENCH_NODE", programs.folder().join("node"))
    })?;
    // The emulator is ready, and the keys are made, when the first answer comes.
    player.ask("reqwest", 1)?;
    let mut players = [player];
    let names = ["reqwest", "isahc", "liveperson-functions-client"];
    let subjects = names.map(|name| Subject {
        player: 0,
        name: name.to_owned(),
    });
    let samples = measure(&mut players, &subjects, ROUNDS, 1.0)?;
    let at = |place: usize| Samples::at(&samples, place);
    let per = |place: usize| time(at(place).spread().median);
    let [player] = &mut players;
    // The system's kilobytes are of 1,024 bytes.
    let reqwest = player.ask("reqwest-kilobytes", 1)? * 1.024e-3;
    let isahc = player.ask("isahc-kilobytes", 1)? * 1.024e-3;
    let requests = player.ask("liveperson-functions-client-token-requests", ASKERS)?;
    let ours = programs.start("client")?.ask("cold-requests", ASKERS)?;
    let version = programs.npm_version("liveperson-functions-client");
    Ok(vec![
        Row::at_least(
            format!("`lp-auth token`, start to token, over LivePerson's JavaScript client {version} in node"),
            15.0,
            at(2).over(&at(0)),
            format!("{} / {}", per(0), per(2)),
        ),
        Row::beside(
            "the same over isahc",
            at(2).over(&at(1)),
            format!("{} / {}", per(1), per(2)),
        ),
        Row {
            absolute: format!("{} MB over isahc", digits(isahc)),
            ..Row::number("memory of `lp-auth token` over reqwest", 15.0, "MB", reqwest)
        },
        Row {
            what: format!(
                "token requests of {ASKERS} askers who come at once to LivePerson's JavaScript client"
            ),
            bound: String::new(),
            measured: digits(requests),
            absolute: format!("{} of as many to `lp_auth::Client`", digits(ours)),
            reached: None,
        },
    ])
}

/// In CPU seconds, halved: what two free cores would take at best.
fn build_times(programs: &Programs) -> Vec<Row> {
    let what =
        |how: &str| format!("`lp-auth-jwt` with its dependencies, built from nothing, on two cores: {how}");
    let row = |how: &str, arguments: &str| match seconds_to_build(programs, arguments) {
        Some(seconds) => Row {
            absolute: format!("{} CPU seconds, halved", digits(seconds)),
            ..Row::number(what(how), 40.0, "s", seconds / 2.0)
        },
        None => Row::skipped(what(how), "the build failed, or there is no bash"),
    };
    let beside = |row: Row| Row {
        bound: String::new(),
        reached: None,
        ..row
    };
    let aws_lc = "--no-default-features --features aws-lc-rs";
    vec![
        row("as it comes, on `ring`", ""),
        row("the same for release", "--release"),
        beside(row("on `aws-lc-rs`", aws_lc)),
        beside(row("on `aws-lc-rs`, for release", &format!("--release {aws_lc}"))),
    ]
}

fn seconds_to_build(programs: &Programs, arguments: &str) -> Option<f64> {
    println!("  building lp-auth-jwt {arguments}");
    let folder = programs.folder().join("from-nothing");
    let _ = std::fs::remove_dir_all(&folder);
    let mut build = Command::new("bash");
    let command = format!(
        "TIMEFORMAT='%U %S'; time cargo build --quiet --locked --package lp-auth-jwt {arguments} || echo failed >&2"
    );
    build
        .args(["-c", &command])
        .env("CARGO_TARGET_DIR", &folder)
        .current_dir(root());
    let said = build.output().ok()?;
    let _ = std::fs::remove_dir_all(&folder);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    let times: Result<Vec<f64>, _> = said.lines().last()?.split(' ').map(str::parse).collect();
    Some(times.ok()?.iter().sum())
}
