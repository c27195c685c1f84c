//! Whether the crates can be published, and which way they depend on each other.

use std::collections::BTreeMap;
use std::fs;

use cargo_metadata::{Dependency, DependencyKind, Package};

use super::Done;
use super::house::held_unless;
use crate::command::{Failure, cargo, output};
use crate::workspace::Workspace;

/// Each crate, and those below it that it may be built with: `docs/architecture.md` draws it.
const ARROWS: &[(&str, &[&str])] = &[
    ("lp-auth-core", &[]),
    ("lp-auth-domain", &["lp-auth-core"]),
    ("lp-auth-jwt", &["lp-auth-core"]),
    ("lp-auth-reqwest", &["lp-auth-core"]),
    ("lp-auth-isahc", &["lp-auth-core"]),
    (
        "lp-auth-emulator",
        &["lp-auth-core", "lp-auth-domain", "lp-auth-jwt"],
    ),
    (
        "lp-auth",
        &[
            "lp-auth-core",
            "lp-auth-domain",
            "lp-auth-jwt",
            "lp-auth-reqwest",
            "lp-auth-isahc",
        ],
    ),
    (
        "lp-auth-cli",
        &[
            "lp-auth",
            "lp-auth-core",
            "lp-auth-domain",
            "lp-auth-emulator",
            "lp-auth-isahc",
            "lp-auth-jwt",
            "lp-auth-reqwest",
        ],
    ),
];

/// What tests may use on top of that: a server to talk to, and the crate itself with more features.
const FOR_TESTS: &[(&str, &[&str])] = &[
    ("lp-auth", &["lp-auth", "lp-auth-emulator"]),
    ("lp-auth-isahc", &["lp-auth-emulator"]),
    ("lp-auth-reqwest", &["lp-auth-emulator"]),
];

/// The registry takes no more.
const LARGEST_PACKAGE: u64 = 10 * 1024 * 1024;

pub(super) fn arrows(workspace: &Workspace) -> Result<Done, Failure> {
    let crates = workspace.crates();
    let mut findings = Vec::new();
    let mut waits_for = BTreeMap::new();
    for package in &crates {
        let name = package.name.as_str();
        let ours: Vec<_> = package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some())
            .collect();
        findings.extend(upward(name, &ours));
        // A dependency for tests counts as well, unless it names no version: publishing leaves it out then.
        let versioned = ours
            .iter()
            .filter(|dependency| dependency.req != cargo_metadata::semver::VersionReq::STAR);
        waits_for.insert(
            name,
            versioned.map(|dependency| dependency.name.as_str()).collect(),
        );
    }
    match order(waits_for) {
        Ok(order) => held_unless(&findings, order.join(", ")),
        Err(stuck) => {
            findings.push(format!("nothing to publish first among {}", stuck.join(", ")));
            Err(findings.join("\n"))
        }
    }
}

pub(super) fn packages(workspace: &Workspace) -> Result<Done, Failure> {
    let crates = workspace.crates();
    let mut findings = Vec::new();
    for package in &crates {
        let list = output(&mut cargo(&format!(
            "package --list --allow-dirty -p {}",
            package.name
        )))?;
        findings.extend(odd_package(package, &list.lines().collect::<Vec<_>>()));
    }
    held_unless(&findings, format!("{} packages", crates.len()))
}

fn upward(name: &str, ours: &[&Dependency]) -> Vec<Failure> {
    let of = |table: &'static [(&str, &[&str])]| {
        table
            .iter()
            .find(|(owner, _)| *owner == name)
            .map(|(_, below)| *below)
    };
    let Some(below) = of(ARROWS) else {
        return vec![format!("{name} has no line in ARROWS: say what it may depend on")];
    };
    let for_tests = of(FOR_TESTS).unwrap_or_default();
    let allowed = |dependency: &Dependency| {
        let wanted = dependency.name.as_str();
        below.contains(&wanted)
            || (dependency.kind == DependencyKind::Development && for_tests.contains(&wanted))
    };
    let refused = ours.iter().filter(|dependency| !allowed(dependency));
    refused
        .map(|dependency| format!("{name} may not depend on {}", dependency.name))
        .collect()
}

/// An order in which each comes after those that it waits for, or those that wait for each other.
fn order<'a>(mut waits_for: BTreeMap<&'a str, Vec<&'a str>>) -> Result<Vec<&'a str>, Vec<&'a str>> {
    let mut order = Vec::new();
    while !waits_for.is_empty() {
        let free = waits_for
            .iter()
            .find(|(_, others)| others.is_empty())
            .map(|(name, _)| *name);
        let Some(free) = free else {
            return Err(waits_for.into_keys().collect());
        };
        waits_for.remove(free);
        for others in waits_for.values_mut() {
            others.retain(|other| *other != free);
        }
        order.push(free);
    }
    Ok(order)
}

fn odd_package(package: &Package, list: &[&str]) -> Vec<Failure> {
    let mut findings = Vec::new();
    for needed in ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
        if !list.contains(&needed) {
            findings.push(format!("the package {} lacks {needed}", package.name));
        }
    }
    let Some(folder) = package.manifest_path.parent() else {
        return findings;
    };
    for target in package
        .targets
        .iter()
        .filter(|target| target.is_lib() || target.is_bin())
    {
        let source = target.src_path.strip_prefix(folder).unwrap_or(&target.src_path);
        if !list.contains(&source.as_str()) {
            findings.push(format!("the package {} lacks {source}", package.name));
        }
    }
    let size: u64 = list
        .iter()
        .filter_map(|name| fs::metadata(folder.join(name)).ok())
        .map(|file| file.len())
        .sum();
    if size > LARGEST_PACKAGE {
        findings.push(format!(
            "the package {} has {size} bytes, before compression",
            package.name
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_puts_each_crate_after_those_it_waits_for() {
        let waits = BTreeMap::from([("a", vec!["c"]), ("b", vec![]), ("c", vec!["b"])]);
        assert_eq!(order(waits), Ok(vec!["b", "c", "a"]));
    }

    #[test]
    fn crates_that_wait_for_each_other_are_named() {
        let waits = BTreeMap::from([("a", vec!["c"]), ("b", vec![]), ("c", vec!["a"])]);
        assert_eq!(order(waits), Err(vec!["a", "c"]));
    }

    #[test]
    fn the_table_itself_points_down_only() {
        let table = ARROWS
            .iter()
            .map(|(name, below)| (*name, below.to_vec()))
            .collect();
        assert!(order(table).is_ok());
    }
}
