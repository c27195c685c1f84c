//! Instruction counts of a change beside those of its base: `cargo xtask bench --guard BASE`.
//!
//! They do not depend on what the machine does beside. Both are built by the same compiler, from the same bench workspace.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::bench::programs::Programs;
use crate::command::{Failure, output, program};
use crate::workspace::root;

/// By how much more a path may cost than at the base.
const TOLERANCE: f64 = 1.03;

/// A path that is guarded: the program, its subject, and how often it is done.
type GuardedPath = (&'static str, &'static str, u64);

const PATHS: &[GuardedPath] = &[
    ("verify-aws-lc", "full", 50),
    ("verify-ring", "full", 50),
    ("verify-aws-lc", "memory-hot", 5000),
    ("verify-aws-lc", "jwks-1000", 1),
    ("client", "by-reference", 5000),
    ("client", "owned", 5000),
    ("client", "request-and-reply", 640),
];

/// All paths, or those of some programs.
pub(crate) fn run(base: &str, programs: &[&str]) -> ExitCode {
    let is_chosen = |path: &&GuardedPath| programs.is_empty() || programs.contains(&path.0);
    let paths: Vec<GuardedPath> = PATHS.iter().filter(is_chosen).copied().collect();
    let is_known = |program: &str| PATHS.iter().any(|path| path.0 == program);
    if let Some(unknown) = programs.iter().find(|program| !is_known(program)) {
        eprintln!(
            "no program of bench is called `{unknown}`: name some of verify-aws-lc, verify-ring, client, or none"
        );
        return ExitCode::from(2);
    }
    match compare(base, &paths) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("a path costs over 3 % more instructions than at {base}");
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn compare(base: &str, paths: &[GuardedPath]) -> Result<bool, Failure> {
    output(&mut program("valgrind", "--version")).map_err(|_| {
        "`bench --guard` counts instructions with valgrind: install it, most systems have a package of that name"
            .to_owned()
    })?;
    let programs = Programs::new()?;
    println!("the base, {base}:");
    let before = count(&programs, &checked_out(&programs, base, paths)?, paths)?;
    println!("the change:");
    let after = count(&programs, &root(), paths)?;
    let mut holds = true;
    println!("{:38} {:>12} {:>12}", "instructions", "base", "change");
    for (((program, subject, _), before), after) in paths.iter().zip(before).zip(after) {
        let ratio = after / before;
        let verdict = if ratio > TOLERANCE { "TOO MUCH" } else { "ok" };
        holds &= ratio <= TOLERANCE;
        println!(
            "{:38} {before:12.0} {after:12.0} {:+7.2} %  {verdict}",
            format!("{program}: {subject}"),
            (ratio - 1.0) * 100.0
        );
    }
    Ok(holds)
}

/// The base in a folder of its own, with the bench workspace of the change, so that both are measured alike. Where the
/// base's interfaces are others, that does not compile, and then its own bench workspace is what there is.
fn checked_out(programs: &Programs, base: &str, paths: &[GuardedPath]) -> Result<PathBuf, Failure> {
    let folder = programs.folder().join("base");
    let commit = format!("{base}^{{commit}}");
    output(program("git", "rev-parse --quiet --verify").arg(&commit))
        .map_err(|_| format!("`{base}` is no commit here: name one, as `main`"))?;
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    // Files alone, so that nothing is left for git to know of, however this ends.
    let archive = programs.folder().join("base.tar");
    output(
        program("git", "archive --format=tar --output")
            .arg(&archive)
            .arg(&commit),
    )?;
    output(program("tar", "-xf").arg(&archive).arg("-C").arg(&folder))?;
    let own = folder.join("xtask/bench");
    let kept = folder.join("xtask/bench-of-base");
    let has_its_own = std::fs::rename(&own, &kept).is_ok();
    output(program("cp", "-r").arg(root().join("xtask/bench")).arg(&own))?;
    let compiles = build(programs, &folder, paths);
    if compiles.is_err() && has_its_own {
        println!("  the base does not compile with the bench workspace of the change: its own is taken");
        std::fs::remove_dir_all(&own)
            .and_then(|()| std::fs::rename(&kept, &own))
            .map_err(|error| format!("{}: {error}", own.display()))?;
        return Ok(folder);
    }
    compiles.map(|()| folder)
}

fn build(programs: &Programs, workspace: &Path, paths: &[GuardedPath]) -> Result<(), Failure> {
    let bench = workspace.join("xtask/bench");
    let mut built: Vec<&str> = Vec::new();
    for (program, ..) in paths {
        if !built.contains(program) {
            programs.build_from(&bench, program)?;
            built.push(program);
        }
    }
    Ok(())
}

fn count(programs: &Programs, workspace: &Path, paths: &[GuardedPath]) -> Result<Vec<f64>, Failure> {
    build(programs, workspace, paths)?;
    paths
        .iter()
        .map(|(program, subject, count)| instructions(programs, &programs.built(program), subject, *count))
        .collect()
}

/// How many instructions the work takes once, as callgrind counts them.
pub(crate) fn instructions(
    programs: &Programs,
    path: &Path,
    subject: &str,
    count: u64,
) -> Result<f64, Failure> {
    let mut valgrind = Command::new("valgrind");
    let result = valgrind
        .args([
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            "--toggle-collect=*collected*",
        ])
        .arg(path)
        .args(["--once", subject, &count.to_string()])
        .env("BENCH_FOLDER", programs.folder())
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&result.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse::<f64>().ok());
    #[expect(clippy::cast_precision_loss, reason = "no count is nearly as large")]
    let times = count as f64;
    collected
        .map(|instructions| instructions / times)
        .ok_or_else(|| format!("{subject}: valgrind counted nothing:\n{said}"))
}
