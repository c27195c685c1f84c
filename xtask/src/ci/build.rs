//! What the compiler, its lints and the tests say.

use std::collections::BTreeMap;

use cargo_metadata::Package;

use super::{Done, Tests};
use crate::command::{Failure, cargo, cargo_within, output, watched};
use crate::workspace::Workspace;

/// The features that choose a cryptography library. A crate that has them all needs at least one.
const BACKENDS: [&str; 2] = ["ring", "aws-lc-rs"];

/// The crates that do no I/O, and run wherever there is no operating system.
pub(super) const SANS_IO: [&str; 3] = ["lp-auth-core", "lp-auth-domain", "lp-auth-jwt"];

const MINUTES_FOR_TESTS: u32 = 15;

/// Workspaces beside the product's own, whose dependencies never enter its lock file.
const WORKSPACES_BESIDE: [&str; 3] = ["crates/lp-auth-jwt/fuzz", "xtask/bench", "xtask/interop/rust"];

pub(super) fn fmt(_: &Workspace) -> Result<Done, Failure> {
    output(&mut cargo("fmt --all --check"))?;
    for workspace in WORKSPACES_BESIDE {
        output(&mut cargo(&format!(
            "fmt --all --check --manifest-path {workspace}/Cargo.toml"
        )))?;
    }
    Ok(Done::Held(String::new()))
}

pub(super) fn clippy(_: &Workspace) -> Result<Done, Failure> {
    output(&mut cargo(
        "clippy --workspace --all-targets --all-features -- -D warnings",
    ))?;
    Ok(Done::Held(String::new()))
}

/// Alone, a crate cannot lean on a feature that another one turned on.
pub(super) fn clippy_alone(workspace: &Workspace) -> Result<Done, Failure> {
    let members = workspace.members();
    let runs = members
        .iter()
        .map(|package| format!("clippy -p {} --all-targets -- -D warnings", package.name));
    each(runs)
}

/// Clippy rather than the compiler alone: what a feature leaves unused is a lint.
pub(super) fn features(workspace: &Workspace) -> Result<Done, Failure> {
    let runs = workspace.libraries().into_iter().flat_map(|package| {
        let sets = feature_sets(&package.features).into_iter();
        sets.map(|set| format!("clippy -p {} --lib {set} -- -D warnings", package.name))
    });
    each(runs)
}

pub(super) fn doc(_: &Workspace) -> Result<Done, Failure> {
    let mut command = cargo("doc --workspace --exclude xtask --no-deps --all-features");
    output(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Done::Held(String::new()))
}

/// The command that the README names.
pub(super) fn test(_: &Workspace) -> Result<Done, Failure> {
    let mut tests = Tests::default();
    let mut command = cargo_within(MINUTES_FOR_TESTS, "test --workspace --no-fail-fast");
    let (stdout, verdict) = watched(&mut command, worth_showing)?;
    tests.add(&stdout, verdict);
    Ok(Done::Tested(tests))
}

/// Too short to judge the memory; the chore `soak` is longer.
pub(super) fn soak(_: &Workspace) -> Result<Done, Failure> {
    let said = output(&mut cargo_within(
        MINUTES_FOR_TESTS,
        "run --quiet -p lp-auth --all-features --example soak -- 10",
    ))?;
    let verdict = said.lines().last().unwrap_or_default();
    Ok(Done::Held(verdict.to_owned()))
}

pub(super) fn backends(workspace: &Workspace) -> Result<Done, Failure> {
    let mut tests = Tests::default();
    for package in workspace
        .libraries()
        .into_iter()
        .filter(|package| needs_backend(&package.features))
    {
        for backend in BACKENDS {
            let name = &package.name;
            let run = format!("test -p {name} --no-fail-fast --no-default-features --features {backend}");
            let (stdout, verdict) = watched(&mut cargo_within(MINUTES_FOR_TESTS, &run), worth_showing)?;
            tests.add(&stdout, verdict);
        }
    }
    if tests == Tests::default() {
        return Ok(Done::Skipped("no crate can be built on either".to_owned()));
    }
    Ok(Done::Tested(tests))
}

pub(super) fn wasm(workspace: &Workspace) -> Result<Done, Failure> {
    let libraries = workspace
        .libraries()
        .into_iter()
        .filter(|package| SANS_IO.contains(&package.name.as_str()));
    let mut run = vec!["build --lib --target wasm32-unknown-unknown".to_owned()];
    let mut features = Vec::new();
    for package in libraries {
        run.push(format!("-p {}", package.name));
        features.extend(features_for_wasm(package));
    }
    if !features.is_empty() {
        run.push(format!("--features {}", features.join(",")));
    }
    output(&mut cargo(&run.join(" "))).map_err(|failure| {
        format!("{failure}\n(needs `rustup target add wasm32-unknown-unknown`, and clang for ring)")
    })?;
    Ok(Done::Held(features.join(", ")))
}

/// All but those that bring `aws-lc-rs`, which does not build there.
fn features_for_wasm(package: &Package) -> Vec<String> {
    let names = package
        .features
        .keys()
        .filter(|name| !turns_on(&package.features, name, &["aws-lc-rs"]));
    names.map(|name| format!("{}/{name}", package.name)).collect()
}

/// Runs them all, and fails with all that failed.
fn each(runs: impl Iterator<Item = String>) -> Result<Done, Failure> {
    let mut count = 0;
    let mut failures = Vec::new();
    for run in runs {
        count += 1;
        if let Err(failure) = output(&mut cargo(&run)) {
            failures.push(failure);
        }
    }
    if failures.is_empty() {
        return Ok(Done::Held(format!("{count} runs")));
    }
    Err(failures.join("\n"))
}

/// The options for each feature alone, none, and all.
fn feature_sets(features: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let needs_backend = needs_backend(features);
    let mut sets = Vec::new();
    if !needs_backend {
        sets.push("--no-default-features".to_owned());
    }
    for (name, turned_on) in features {
        if name == "default" && turned_on.is_empty() {
            continue;
        }
        let backend = if needs_backend && !turns_on(features, name, &BACKENDS) {
            ",ring"
        } else {
            ""
        };
        sets.push(format!("--no-default-features --features {name}{backend}"));
    }
    if features.keys().any(|name| name != "default") {
        sets.push("--all-features".to_owned());
    }
    sets
}

fn needs_backend(features: &BTreeMap<String, Vec<String>>) -> bool {
    BACKENDS.iter().all(|backend| features.contains_key(*backend))
}

/// Whether the feature is one of these, or brings one of them by way of the crate's other features.
fn turns_on(features: &BTreeMap<String, Vec<String>>, name: &str, wanted: &[&str]) -> bool {
    let mut seen = Vec::new();
    let mut waiting = vec![name];
    while let Some(name) = waiting.pop() {
        if wanted.contains(&name) {
            return true;
        }
        if !seen.contains(&name) {
            seen.push(name);
            waiting.extend(features.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

/// Everything but the tests that pass and empty lines.
fn worth_showing(line: &str) -> bool {
    let passed = line.starts_with("test ") && line.ends_with(" ... ok");
    !passed && !line.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(list: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |turned_on: &[&str]| turned_on.iter().map(|&name| name.to_owned()).collect();
        list.iter()
            .map(|(name, turned_on)| ((*name).to_owned(), owned(turned_on)))
            .collect()
    }

    #[test]
    fn each_feature_is_tried_alone_then_none_then_all() {
        let plain = features(&[("default", &[]), ("transport", &["dep:async-trait"])]);
        assert_eq!(
            feature_sets(&plain),
            [
                "--no-default-features",
                "--no-default-features --features transport",
                "--all-features",
            ]
        );
        assert_eq!(feature_sets(&features(&[])), ["--no-default-features"]);
        assert_eq!(
            feature_sets(&features(&[("default", &[])])),
            ["--no-default-features"]
        );
    }

    #[test]
    fn a_crate_that_can_choose_its_cryptography_is_never_tried_without_any() {
        let jwt = features(&[
            ("aws-lc-rs", &["dep:aws-lc-rs"]),
            ("default", &["ring"]),
            ("memory", &[]),
            ("ring", &["dep:ring"]),
        ]);
        assert_eq!(
            feature_sets(&jwt),
            [
                "--no-default-features --features aws-lc-rs",
                "--no-default-features --features default",
                "--no-default-features --features memory,ring",
                "--no-default-features --features ring",
                "--all-features",
            ]
        );
    }

    #[test]
    fn what_brings_a_feature_by_way_of_others_is_seen() {
        let features = features(&[
            ("a", &["b", "a"]),
            ("b", &["aws-lc-rs"]),
            ("aws-lc-rs", &[]),
            ("c", &[]),
        ]);
        assert!(turns_on(&features, "a", &["aws-lc-rs"]));
        assert!(!turns_on(&features, "c", &["aws-lc-rs"]));
    }

    #[test]
    fn of_the_tests_only_those_that_fail_are_shown() {
        assert!(!worth_showing("test a::b ... ok"));
        assert!(worth_showing("test a::b ... FAILED"));
        assert!(worth_showing("test a::b has been running for over 60 seconds"));
        assert!(worth_showing("test result: ok. 1 passed; 0 failed"));
    }
}
