//! What the crates are built with.

use std::collections::BTreeSet;

use cargo_metadata::semver::Version;

use super::Done;
use super::build::SANS_IO;
use super::house::held_unless;
use crate::command::{Failure, cargo, output, program};
use crate::workspace::Workspace;

/// The packages that bring cryptography of their own, and the library that each belongs to.
const CRYPTOGRAPHY: &[(&str, &str)] = &[
    ("aws-lc-fips-sys", "AWS-LC"),
    ("aws-lc-rs", "AWS-LC"),
    ("aws-lc-sys", "AWS-LC"),
    ("boring", "BoringSSL"),
    ("boring-sys", "BoringSSL"),
    ("mbedtls", "Mbed TLS"),
    ("openssl", "OpenSSL"),
    ("openssl-sys", "OpenSSL"),
    ("ring", "ring"),
    ("rsa", "RustCrypto"),
    ("sha2", "RustCrypto"),
];

/// HTTP stacks, runtimes and what belongs to them.
const IO: &[&str] = &[
    "async-io",
    "async-std",
    "attohttpc",
    "axum",
    "curl",
    "h2",
    "hyper",
    "hyper-util",
    "isahc",
    "minreq",
    "mio",
    "native-tls",
    "polling",
    "reqwest",
    "rustls",
    "smol",
    "socket2",
    "surf",
    "tokio",
    "tower",
    "ureq",
];

pub(super) fn sans_io(workspace: &Workspace) -> Result<Done, Failure> {
    let mut findings = Vec::new();
    let mut count = 0;
    for package in workspace
        .libraries()
        .into_iter()
        .filter(|package| SANS_IO.contains(&package.name.as_str()))
    {
        let tree = tree(&package.name, "--all-features")?;
        count += tree.len();
        let found = IO.iter().filter(|name| tree.contains(**name));
        findings.extend(found.map(|name| format!("{} is built with {name}", package.name)));
    }
    held_unless(&findings, format!("{count} dependencies"))
}

pub(super) fn cryptography(workspace: &Workspace) -> Result<Done, Failure> {
    let mut findings = Vec::new();
    let mut notes = Vec::new();
    for package in workspace.libraries() {
        let libraries = cryptography_in(&tree(&package.name, "")?);
        if libraries.len() > 1 {
            let names: Vec<_> = libraries.into_iter().collect();
            findings.push(format!(
                "{} is built with {} by default",
                package.name,
                names.join(" and ")
            ));
        } else if let Some(library) = libraries.first() {
            notes.push(format!("{} {library}", package.name));
        }
    }
    held_unless(&findings, notes.join(", "))
}

pub(super) fn rust_version(workspace: &Workspace) -> Result<Done, Failure> {
    let members = workspace.members();
    let stated: BTreeSet<_> = members
        .iter()
        .map(|package| package.rust_version.as_ref())
        .collect();
    let Some(Some(oldest)) = stated.first().filter(|_| stated.len() == 1) else {
        return Err(
            "state `rust-version` once, for the workspace: every crate says `rust-version.workspace = true`"
                .into(),
        );
    };
    let shipped = workspace.shipped();
    let newer = shipped.iter().filter_map(|package| {
        let asked = package.rust_version.as_ref().filter(|asked| asked > oldest)?;
        Some(format!(
            "{} {} asks for Rust {asked}, newer than {oldest}",
            package.name, package.version
        ))
    });
    let findings: Vec<_> = newer.collect();
    if !findings.is_empty() {
        return Err(findings.join("\n"));
    }
    let note = format!("Rust {oldest}, {} dependencies", shipped.len());
    let Some(toolchain) = installed(oldest) else {
        return Ok(Done::Held(format!(
            "{note}; that compiler is not installed, so it was not asked itself"
        )));
    };
    let run = format!("run {toolchain} cargo check --workspace --exclude xtask --all-features");
    output(program("rustup", &run).env_remove("RUSTUP_TOOLCHAIN"))?;
    Ok(Done::Held(format!("{note}; checked with it")))
}

pub(super) fn deny(_: &Workspace) -> Result<Done, Failure> {
    if output(&mut cargo("deny --version")).is_err() {
        return Ok(Done::Skipped("cargo-deny is not installed".to_owned()));
    }
    // Without the advisories: they live on another machine, which is not to decide whether a change is good.
    output(&mut cargo("deny --all-features check bans licenses sources"))?;
    Ok(Done::Held(String::new()))
}

/// The names of what a crate is built with, on whatever target, itself included.
fn tree(package: &str, options: &str) -> Result<BTreeSet<String>, Failure> {
    let run = format!("tree -p {package} --edges normal --target all --prefix none --format {{p}} {options}");
    let text = output(&mut cargo(&run))?;
    let names = text
        .lines()
        .filter_map(|line| line.split_ascii_whitespace().next());
    Ok(names.map(str::to_owned).collect())
}

fn cryptography_in(tree: &BTreeSet<String>) -> BTreeSet<&'static str> {
    CRYPTOGRAPHY
        .iter()
        .filter(|(package, _)| tree.contains(*package))
        .map(|(_, library)| *library)
        .collect()
}

/// The installed toolchain of this version, if there is one.
fn installed(version: &Version) -> Option<String> {
    let list = output(&mut program("rustup", "toolchain list")).ok()?;
    let prefix = format!("{}.{}", version.major, version.minor);
    let name = list
        .lines()
        .filter_map(|line| line.split_ascii_whitespace().next())
        .find(|name| {
            name.strip_prefix(&prefix)
                .is_some_and(|rest| rest.starts_with(['.', '-']))
        });
    name.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_one_library_count_as_one() {
        let tree = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(
            cryptography_in(&tree(&["aws-lc-rs", "aws-lc-sys", "http"])),
            BTreeSet::from(["AWS-LC"])
        );
        assert_eq!(
            cryptography_in(&tree(&["aws-lc-rs", "ring"])),
            BTreeSet::from(["AWS-LC", "ring"])
        );
    }
}
