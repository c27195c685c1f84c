//! What stands in the files.

use std::fs;

use cargo_metadata::{Package, TargetKind};

use super::Done;
use crate::command::{Failure, output, program};
use crate::workspace::{Workspace, root};

/// What no tracked file may hold: whoever clones the repository has other registries and other folders. In two
/// halves, so that this file does not hold them either.
const FOREIGN: [(&str, &str); 11] = [
    ("crates", ".io"),
    ("npmjs", ".com"),
    ("npmjs", ".org"),
    ("py", "pi.org"),
    ("pythonhosted", ".org"),
    ("proxy.golang", ".org"),
    ("arti", "factory"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/wo", "rk/"),
    ("/t", "mp/"),
];

/// Files that tools write, and that name registries as a matter of course.
const LOCK_FILES: [&str; 4] = ["Cargo.lock", "package-lock.json", "uv.lock", "go.sum"];

pub(super) fn files(_: &Workspace) -> Result<Done, Failure> {
    // In a container the clone often belongs to somebody else than who runs this.
    let names = output(&mut program("git", "-c safe.directory=* ls-files -z"))?;
    let folder = root();
    let mut count = 0;
    let mut findings = Vec::new();
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        if LOCK_FILES
            .iter()
            .any(|lock| name.rsplit('/').next() == Some(lock))
        {
            continue;
        }
        // What is tracked and not there was deleted a moment ago; what is a folder is a link to one.
        let Ok(bytes) = fs::read(folder.join(name)) else {
            continue;
        };
        count += 1;
        let text = String::from_utf8_lossy(&bytes);
        for (number, line) in text.lines().enumerate() {
            if let Some(found) = foreign(line) {
                findings.push(format!("{name}:{}: names {found}", number + 1));
            }
        }
    }
    held_unless(&findings, format!("{count} files"))
}

pub(super) fn manifests(workspace: &Workspace) -> Result<Done, Failure> {
    let crates = workspace.crates();
    let mut findings = Vec::new();
    for package in &crates {
        let missing = missing_metadata(package);
        if !missing.is_empty() {
            findings.push(format!(
                "{}: Cargo.toml lacks {}",
                package.name,
                missing.join(", ")
            ));
        }
    }
    for package in workspace.members() {
        let manifest = read(package.manifest_path.as_std_path())?;
        if !manifest.contains("[lints]\nworkspace = true\n") {
            findings.push(format!(
                "{}: Cargo.toml lacks `[lints]` with `workspace = true`",
                package.name
            ));
        }
        let silent = undocumented_features(&manifest);
        findings.extend(silent.iter().map(|feature| {
            format!(
                "{}: say what the feature `{feature}` does in a comment above its line",
                package.name
            )
        }));
        for target in &package.targets {
            let is_root = [TargetKind::Lib, TargetKind::Bin, TargetKind::ProcMacro]
                .iter()
                .any(|kind| target.kind.contains(kind));
            if is_root && !read(target.src_path.as_std_path())?.contains("\n#![forbid(unsafe_code)]\n") {
                findings.push(format!("{}: no `#![forbid(unsafe_code)]`", target.src_path));
            }
        }
    }
    findings.extend(one_page_for_two(&crates));
    held_unless(&findings, format!("{} crates", crates.len()))
}

fn foreign(line: &str) -> Option<String> {
    let all = FOREIGN.iter().map(|(one, other)| format!("{one}{other}"));
    all.into_iter().find(|text| line.contains(text))
}

fn missing_metadata(package: &Package) -> Vec<&'static str> {
    let readme = package.readme().is_some_and(|path| path.is_file());
    let checks = [
        ("a description", package.description.is_some()),
        ("a licence", package.license.is_some()),
        ("a README that is there", readme),
        ("the repository", package.repository.is_some()),
        ("1 to 5 keywords", (1..=5).contains(&package.keywords.len())),
        ("1 to 5 categories", (1..=5).contains(&package.categories.len())),
        ("the rust-version", package.rust_version.is_some()),
    ];
    checks
        .into_iter()
        .filter(|(_, there)| !there)
        .map(|(what, _)| what)
        .collect()
}

/// The features of a manifest without a comment on the line above.
fn undocumented_features(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut documented = false;
    let mut silent = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[features]";
        }
        // What is indented, or closes a bracket, belongs to the feature above.
        let name = line
            .split_once(" = [")
            .map(|(name, _)| name)
            .filter(|name| !name.starts_with([' ', '#']));
        if let (true, false, Some(name)) = (inside, documented, name) {
            silent.push(name);
        }
        documented = line.starts_with('#');
    }
    silent
}

/// A library `lp_auth` and a binary `lp-auth` of another crate write their documentation to the same place.
fn one_page_for_two(crates: &[&Package]) -> Vec<Failure> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    let mut findings = Vec::new();
    for package in crates {
        for target in package.targets.iter().filter(|target| target.doc) {
            let page = target.name.replace('-', "_");
            match seen
                .iter()
                .find(|(other, owner)| *other == page && *owner != package.name.as_str())
            {
                Some((_, owner)) => findings.push(format!(
                    "{}: `{}` documents itself where a target of {owner} does: set `doc = false`",
                    package.name, target.name
                )),
                None => seen.push((page, package.name.as_str())),
            }
        }
    }
    findings
}

pub(super) fn held_unless(findings: &[Failure], note: String) -> Result<Done, Failure> {
    if findings.is_empty() {
        Ok(Done::Held(note))
    } else {
        Err(findings.join("\n"))
    }
}

fn read(path: &std::path::Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_foreign_name_is_found_and_ours_are_not() {
        for (one, other) in FOREIGN {
            assert_eq!(foreign(&format!("x{one}{other}y")), Some(format!("{one}{other}")));
        }
        assert_eq!(
            foreign("[workspace] target-dir = \"target/tmp\" network/home docs.rs"),
            None
        );
    }

    #[test]
    fn a_feature_without_a_comment_above_it_is_found() {
        let manifest = "\
[package]
keywords = [\"a\"]

[features]
# Nothing.
default = []
bare = []
# TLS.
tls = [
    \"dep:rustls\",
]
also-bare = [\"tls\"]

[dependencies]
x = []
";
        assert_eq!(undocumented_features(manifest), ["bare", "also-bare"]);
    }
}
