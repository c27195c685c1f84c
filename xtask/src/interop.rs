//! Whether clients that are not ours work against the emulator, their code unchanged: `cargo xtask interop`.
//!
//! A check is a program in a folder of `xtask/interop`, in whatever language. It finds the emulator as a user's program
//! would, by the variables of the `env` file, and tells what it did, one fact a line (see `facts`). This file lists the
//! checks, runs them, and prints what came of them.
//!
//! - `emulator`: the emulator, started by the command as a user would;
//! - `toolchain`: what a check is written in, how its dependencies come in, and how it is run;
//! - `facts`: what a check says.

mod emulator;
mod facts;
mod toolchain;

use std::process::ExitCode;

use self::emulator::Emulator;
use self::facts::{Facts, VARIANTS};
use self::toolchain::Toolchain::{self, Go, Node, Python, Rust, Shell};
use self::toolchain::{Ended, Workshop};
use crate::command::{Failure, cargo, output};
use crate::workspace::Workspace;

/// A program that tries a client.
struct Check {
    name: &'static str,
    /// Its folder in `xtask/interop`; several may share one.
    folder: &'static str,
    toolchain: Toolchain,
    /// What the toolchain is told to run there, with arguments, separated by spaces.
    program: &'static str,
    reached: Reached,
}

/// By what the emulator goes that a check is run against.
enum Reached {
    /// The address that it listens on, with its port.
    ByAddress,
    /// A bare host name, as the real servers have; connections have to be led to where it listens.
    ByName,
}

impl Check {
    const fn new(
        name: &'static str,
        folder: &'static str,
        toolchain: Toolchain,
        program: &'static str,
    ) -> Self {
        Self {
            name,
            folder,
            toolchain,
            program,
            reached: Reached::ByAddress,
        }
    }

    const fn by_name(mut self) -> Self {
        self.reached = Reached::ByName;
        self
    }
}

/// One line for one more. Folder, lock file and program are described in `docs/interop.md`.
const CHECKS: &[Check] = &[
    Check::new("curl", "curl", Shell, "run.sh"),
    Check::new("container", "container", Shell, "run.sh"),
    Check::new("functions-client", "functions-client", Node, "tooling.mjs"),
    Check::new(
        "functions-client-redirected",
        "functions-client",
        Node,
        "--require ./redirect.cjs redirected.mjs",
    )
    .by_name(),
    Check::new("openid-client", "javascript", Node, "openid-client.mjs"),
    Check::new("simple-oauth2", "javascript", Node, "simple-oauth2.mjs"),
    Check::new("postman-collection", "newman", Node, "run.mjs"),
    Check::new("http-file", "httpyac", Node, "run.mjs"),
    Check::new(
        "requests-oauthlib",
        "python",
        Python,
        "requests_oauthlib_client.py",
    ),
    Check::new("authlib", "python", Python, "authlib_client.py"),
    Check::new("oauth2", "rust", Rust, "oauth2"),
    Check::new("openidconnect", "rust", Rust, "openidconnect"),
    Check::new("go-oauth2", "go", Go, ""),
];

/// What the emulator is called that goes by a name. The name is reserved, so that it can lead nowhere else (RFC 6761 §6.2),
/// and LivePerson's own client speaks version 2 of Functions to hosts with that word in their names.
const ADVERTISED: &str = "functions.liveperson.test";

pub(crate) fn run(options: &[&str]) -> ExitCode {
    let request = match Request::parse(options) {
        Ok(request) => request,
        Err(usage) => {
            eprintln!("{usage}\n\nChecks of interop:");
            for check in CHECKS {
                eprintln!("  {}", check.name);
            }
            return ExitCode::from(2);
        }
    };
    match run_all(&request) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// What is to be run.
struct Request {
    checks: Vec<&'static Check>,
    skips_count_as_failures: bool,
}

impl Request {
    fn parse(options: &[&str]) -> Result<Self, String> {
        let mut names = Vec::new();
        let mut skips_count_as_failures = false;
        let mut options = options.iter();
        while let Some(option) = options.next() {
            match (*option, option) {
                ("--no-skips", _) => skips_count_as_failures = true,
                ("--only", _) => match options.next() {
                    Some(name) if CHECKS.iter().any(|check| check.name == *name) => names.push(*name),
                    Some(name) => return Err(format!("no check of interop is called `{name}`")),
                    None => return Err("`--only` wants the name of a check".to_owned()),
                },
                (other, _) => return Err(format!("interop knows no `{other}`")),
            }
        }
        Ok(Self {
            checks: CHECKS
                .iter()
                .filter(|check| names.is_empty() || names.contains(&check.name))
                .collect(),
            skips_count_as_failures,
        })
    }

    fn is_complete(&self) -> bool {
        self.checks.len() == CHECKS.len()
    }
}

/// Whether all went well.
fn run_all(request: &Request) -> Result<bool, Failure> {
    output(&mut cargo("build --quiet --package lp-auth-cli"))?;
    let target = Workspace::read()?.target_folder();
    let command = target.join("debug").join("lp-auth");
    let mut workshop = Workshop::open(&target.join("interop"))?;
    let by_address = Emulator::start(&command, &workshop.folder("emulator"), None)?;
    let by_name = Emulator::start(&command, &workshop.folder("emulator-by-name"), Some(ADVERTISED))?;

    let mut sum = Sum::default();
    for check in &request.checks {
        let emulator = match check.reached {
            Reached::ByAddress => &by_address,
            Reached::ByName => &by_name,
        };
        let before = emulator.log_length();
        let ended = workshop.run(check.folder, check.toolchain, check.program, emulator);
        if let Ended::Failed(_) = &ended {
            print!("{}", emulator.log_since(before));
        }
        sum.add(check.name, ended);
    }
    sum.report_variants(request.is_complete());
    let Sum {
        passed,
        skipped,
        failed,
        ..
    } = sum;
    println!("\n{passed} passed, {skipped} skipped, {failed} failed");
    Ok(failed == 0 && (skipped == 0 || !request.skips_count_as_failures))
}

#[derive(Default)]
struct Sum {
    passed: u64,
    skipped: u64,
    failed: u64,
    /// Which check sent which variant.
    sent: Vec<(&'static str, String)>,
}

impl Sum {
    fn add(&mut self, name: &'static str, ended: Ended) {
        match ended {
            Ended::Well(facts) => match facts.unknown_variant() {
                None => self.pass(name, facts),
                Some(variant) => self.fail(
                    name,
                    &format!("it says that it sent `{variant}`, which is no variant"),
                ),
            },
            Ended::Skipped(why) => {
                self.skipped += 1;
                line(name, "skipped", &why);
            }
            Ended::Failed(failure) => self.fail(name, &failure),
        }
    }

    fn pass(&mut self, name: &'static str, facts: Facts) {
        self.passed += 1;
        line(name, "ok", &facts.clients.join(", "));
        for needed in &facts.needed {
            line("", "needed", needed);
        }
        for seen in &facts.seen {
            line("", "seen", seen);
        }
        self.sent
            .extend(facts.sent.into_iter().map(|variant| (name, variant)));
    }

    fn fail(&mut self, name: &'static str, failure: &str) {
        self.failed += 1;
        println!("{}", failure.trim_end());
        line(name, "FAILED", "see above");
    }

    /// Who sent which variant. One that nobody sent is a failure, if nobody was skipped who might have.
    fn report_variants(&mut self, is_complete: bool) {
        let somebody_was_skipped = self.skipped > 0;
        println!("\nVariants of the token request (docs/LIVEPERSON.md §2):");
        for (variant, about) in VARIANTS {
            let sent = self.sent.iter().filter(|(_, sent)| sent == variant);
            let by: Vec<&str> = sent.map(|(name, _)| *name).collect();
            let verdict = match (by.is_empty(), is_complete, somebody_was_skipped) {
                (false, ..) => by.join(", "),
                (true, true, false) => {
                    self.failed += 1;
                    "FAILED: nobody sent it".to_owned()
                }
                (true, true, true) => {
                    self.skipped += 1;
                    "skipped: nobody here sent it".to_owned()
                }
                (true, false, _) => "not sent".to_owned(),
            };
            println!("  {variant:<11} {about}: {verdict}");
        }
    }
}

fn line(name: &str, verdict: &str, note: &str) {
    println!("{name:<28} {verdict:<8} {note}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_chosen_by_name_and_a_wrong_name_is_refused() {
        let names = |options: &[&str]| {
            Request::parse(options).map(|request| {
                let names: Vec<_> = request.checks.iter().map(|check| check.name).collect();
                (names, request.skips_count_as_failures)
            })
        };
        assert_eq!(names(&[]).unwrap().0.len(), CHECKS.len());
        assert_eq!(
            names(&["--only", "oauth2", "--no-skips", "--only", "curl"]).unwrap(),
            (vec!["curl", "oauth2"], true)
        );
        assert_eq!(
            names(&["--only", "crul"]).unwrap_err(),
            "no check of interop is called `crul`"
        );
        assert_eq!(
            names(&["--only"]).unwrap_err(),
            "`--only` wants the name of a check"
        );
        assert_eq!(names(&["curl"]).unwrap_err(), "interop knows no `curl`");
    }

    #[test]
    fn a_variant_that_nobody_sent_is_a_failure_unless_somebody_was_skipped() {
        let facts = |text: &str| Ended::Well(Facts::read(text));
        let mut sum = Sum::default();
        sum.add("one", facts("sent v1\nsent v2\n"));
        sum.report_variants(true);
        assert_eq!((sum.passed, sum.failed), (1, VARIANTS.len() as u64 - 2));

        let mut sum = Sum::default();
        sum.add("one", Ended::Skipped("no node".to_owned()));
        sum.report_variants(true);
        assert_eq!((sum.skipped, sum.failed), (1 + VARIANTS.len() as u64, 0));
    }

    #[test]
    fn a_check_that_makes_up_a_variant_fails() {
        let mut sum = Sum::default();
        sum.add("one", Ended::Well(Facts::read("sent v3\n")));
        assert_eq!((sum.passed, sum.failed), (0, 1));
    }
}
