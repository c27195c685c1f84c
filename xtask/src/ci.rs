//! The checks that every change must pass: `cargo xtask ci`.
//!
//! This file runs the steps and sums up. A step that fails stops nothing, and the last line printed is
//! `N passed, N failed`: the steps and the tests that they ran, together.
//!
//! - `build`: what the compiler, its lints and the tests say, the features each alone included;
//! - `house`: what stands in the files;
//! - `publish`: whether the crates can be published, and which way they depend on each other;
//! - `supply`: what the crates are built with.

mod build;
mod house;
mod publish;
mod supply;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::command::Failure;
use crate::workspace::Workspace;

/// How a step ended well.
enum Done {
    /// It holds. The text says what was looked at.
    Held(String),
    /// It could not be looked at here. The text says why.
    Skipped(String),
    /// Tests ran, and perhaps some of them failed.
    Tested(Tests),
}

/// The tests of a step.
#[derive(Debug, Default, Eq, PartialEq)]
struct Tests {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// What went wrong beside a test that failed, as a crate that does not compile.
    trouble: Vec<Failure>,
}

struct Step {
    name: &'static str,
    about: &'static str,
    work: fn(&Workspace) -> Result<Done, Failure>,
}

/// What is cheap comes first; what shares artefacts stands together.
const STEPS: &[Step] = &[
    Step {
        name: "fmt",
        about: "the code is formatted",
        work: build::fmt,
    },
    Step {
        name: "files",
        about: "no tracked file names a registry's host or a path of somebody's machine",
        work: house::files,
    },
    Step {
        name: "manifests",
        about: "metadata fit for publishing, shared lints, features with a word on each, no unsafe code",
        work: house::manifests,
    },
    Step {
        name: "arrows",
        about: "crates depend on each other downwards only, and there is an order to publish them in",
        work: publish::arrows,
    },
    Step {
        name: "package",
        about: "each package holds its source, its README and its licences",
        work: publish::packages,
    },
    Step {
        name: "sans-io",
        about: "core, domain and jwt depend on no HTTP stack and no runtime",
        work: supply::sans_io,
    },
    Step {
        name: "crypto",
        about: "each library crate is built with one cryptography library by default",
        work: supply::cryptography,
    },
    Step {
        name: "msrv",
        about: "no dependency asks for a newer compiler than `rust-version`; checked with that compiler where it is",
        work: supply::rust_version,
    },
    Step {
        name: "deny",
        about: "licences, bans and sources, where cargo-deny is installed",
        work: supply::deny,
    },
    Step {
        name: "clippy",
        about: "no lint, whole workspace, all features",
        work: build::clippy,
    },
    Step {
        name: "clippy-alone",
        about: "no lint, each crate alone, default features",
        work: build::clippy_alone,
    },
    Step {
        name: "features",
        about: "no lint in a library with each feature alone, none, and all",
        work: build::features,
    },
    Step {
        name: "doc",
        about: "the documentation is without warnings",
        work: build::doc,
    },
    Step {
        name: "test",
        about: "all tests",
        work: build::test,
    },
    Step {
        name: "soak",
        about: "many askers have a token while servers fail at random, for ten seconds",
        work: build::soak,
    },
    Step {
        name: "backends",
        about: "the tests of what can be built on either cryptography library, on each",
        work: build::backends,
    },
    Step {
        name: "wasm",
        about: "core, domain and jwt build for wasm32-unknown-unknown",
        work: build::wasm,
    },
];

pub(crate) fn help() -> String {
    let steps = STEPS
        .iter()
        .map(|step| format!("  {:<13} {}\n", step.name, step.about));
    std::iter::once("Steps of ci:\n".to_owned())
        .chain(steps)
        .collect()
}

pub(crate) fn run(options: &[&str]) -> ExitCode {
    let steps = match chosen(options) {
        Ok(steps) => steps,
        Err(usage) => {
            eprintln!("{usage}\n\n{}", help());
            return ExitCode::from(2);
        }
    };
    let mut sum = Sum::default();
    match Workspace::read() {
        Ok(workspace) => {
            for step in steps {
                sum.run(step, &workspace);
            }
        }
        Err(failure) => sum.fail("workspace", Duration::ZERO, &failure),
    }
    if !sum.failures.is_empty() {
        println!("\nfailed: {}", sum.failures.join(", "));
    }
    println!("\n{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The steps that the options name, in their usual order; all of them without options.
fn chosen(options: &[&str]) -> Result<Vec<&'static Step>, String> {
    let mut names = Vec::new();
    for pair in options.chunks(2) {
        match pair {
            ["--only", name] if STEPS.iter().any(|step| step.name == *name) => names.push(*name),
            ["--only", name] => return Err(format!("no step of ci is called `{name}`")),
            ["--only"] => return Err("`--only` wants the name of a step".to_owned()),
            [other, ..] => return Err(format!("ci knows no `{other}`")),
            [] => {}
        }
    }
    Ok(STEPS
        .iter()
        .filter(|step| names.is_empty() || names.contains(&step.name))
        .collect())
}

#[derive(Default)]
struct Sum {
    passed: u64,
    failed: u64,
    /// The names of the steps that failed.
    failures: Vec<&'static str>,
}

impl Sum {
    fn run(&mut self, step: &Step, workspace: &Workspace) {
        let start = now();
        let done = (step.work)(workspace);
        let took = start.elapsed();
        match done {
            Ok(Done::Held(note)) => self.pass(step.name, took, &note),
            Ok(Done::Skipped(why)) => report(step.name, took, "skipped", &why),
            Ok(Done::Tested(tests)) => {
                self.passed += tests.passed;
                self.failed += tests.failed;
                let note = tests.note();
                if tests.failed == 0 && tests.trouble.is_empty() {
                    self.pass(step.name, took, &note);
                } else {
                    self.fail(step.name, took, &format!("{note}\n{}", tests.trouble.join("\n")));
                }
            }
            Err(failure) => self.fail(step.name, took, &failure),
        }
    }

    fn pass(&mut self, name: &'static str, took: Duration, note: &str) {
        self.passed += 1;
        report(name, took, "ok", note);
    }

    fn fail(&mut self, name: &'static str, took: Duration, failure: &str) {
        self.failed += 1;
        self.failures.push(name);
        println!("{}", failure.trim_end());
        report(name, took, "FAILED", "see above");
    }
}

impl Tests {
    /// Takes in what one run of `cargo test` said.
    fn add(&mut self, stdout: &str, verdict: Result<(), Failure>) {
        let mut ran = Self::default();
        for line in stdout.lines() {
            let Some((_, counts)) = line.split_once("test result: ") else {
                continue;
            };
            for count in counts.split([';', '.']) {
                match count.trim().split_once(' ') {
                    Some((n, "passed")) => ran.passed += n.parse().unwrap_or(0),
                    Some((n, "failed")) => ran.failed += n.parse().unwrap_or(0),
                    Some((n, "ignored")) => ran.ignored += n.parse().unwrap_or(0),
                    _ => {}
                }
            }
        }
        match verdict {
            Err(failure) => self.trouble.push(failure),
            Ok(()) if ran.passed == 0 => self.trouble.push("not one test ran".to_owned()),
            Ok(()) => {}
        }
        self.passed += ran.passed;
        self.failed += ran.failed;
        self.ignored += ran.ignored;
    }

    fn note(&self) -> String {
        let ignored = if self.ignored == 0 {
            String::new()
        } else {
            format!(", {} ignored", self.ignored)
        };
        format!("{} tests passed, {} failed{ignored}", self.passed, self.failed)
    }
}

fn report(name: &str, took: Duration, verdict: &str, note: &str) {
    println!("{name:<13} {verdict:<7} {:>6.1} s  {note}", took.as_secs_f64());
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step takes is told to a person"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_test_binaries_are_summed() {
        let mut tests = Tests::default();
        let stdout = "\
running 38 tests
test a ... ok
test result: ok. 38 passed; 0 failed; 2 ignored; 0 measured; 20 filtered out; finished in 0.00s
   Doc-tests x
test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s
";
        tests.add(stdout, Err("cargo test".into()));
        assert_eq!((tests.passed, tests.failed, tests.ignored), (42, 1, 2));
        assert_eq!(tests.trouble, ["cargo test"]);
    }

    #[test]
    fn a_run_without_a_single_test_is_trouble() {
        let mut tests = Tests::default();
        tests.add(
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
            Ok(()),
        );
        assert_eq!(tests.trouble, ["not one test ran"]);
    }

    #[test]
    fn steps_are_chosen_by_name_and_a_wrong_name_is_refused() {
        let names = |options: &[&str]| {
            chosen(options).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert_eq!(
            names(&["--only", "wasm", "--only", "fmt"]).unwrap(),
            ["fmt", "wasm"]
        );
        assert_eq!(
            names(&["--only", "tets"]).unwrap_err(),
            "no step of ci is called `tets`"
        );
        assert_eq!(
            names(&["--only"]).unwrap_err(),
            "`--only` wants the name of a step"
        );
        assert_eq!(names(&["fmt"]).unwrap_err(), "ci knows no `fmt`");
    }
}
