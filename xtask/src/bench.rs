//! How fast the product is: `cargo xtask bench`.
//!
//! The programs that do the work stand in `xtask/bench`, a workspace of its own. Here is who conducts them:
//!
//! - `player`: a program that does what it is told;
//! - `rounds`: measuring by turns, and what the numbers amount to;
//! - `stage`: who is measured together; `threads`: how much more two threads do than one;
//! - `programs`: building the programs, and getting the peers in other languages;
//! - `report`: tables, on the terminal and in docs/performance.md;
//! - `verification`, `tokens`, `token_libraries`, `emulator`, `command_line`, `growth`: the parts, one section of the report
//!   each;
//! - `guard`: instruction counts of a change beside its base.

mod command_line;
mod emulator;
mod growth;
mod guard;
mod player;
mod programs;
mod report;
mod rounds;
mod stage;
mod threads;
mod token_libraries;
mod tokens;
mod verification;

use std::process::ExitCode;

use crate::command::Failure;

pub(crate) use self::guard::run as guard;
use self::programs::Programs;
use self::report::{Report, Section};

struct Part {
    name: &'static str,
    about: &'static str,
    work: fn(&Programs) -> Result<Section, Failure>,
}

/// In the order of the report.
const PARTS: &[Part] = &[
    Part {
        name: "verify",
        about: "verification, repeats from memory, and key sets, beside peers in four languages",
        work: verification::run,
    },
    Part {
        name: "tokens",
        about: "handing out tokens, asking for them, and crowds of askers",
        work: tokens::run,
    },
    Part {
        name: "libraries",
        about: "the same beside other token libraries",
        work: token_libraries::run,
    },
    Part {
        name: "emulator",
        about: "tokens per CPU second beside bare signatures and oauth2-mock-server",
        work: emulator::run,
    },
    Part {
        name: "command",
        about: "`lp-auth token` from its start to the token, its memory and size; the time to build",
        work: command_line::run,
    },
    Part {
        name: "growth",
        about: "threads, keys, remembered tokens and askers by the thousand",
        work: growth::run,
    },
];

pub(crate) fn help() -> String {
    let parts = PARTS
        .iter()
        .map(|part| format!("  {:<13} {}\n", part.name, part.about));
    std::iter::once("Parts of bench:\n".to_owned())
        .chain(parts)
        .collect()
}

pub(crate) fn run(names: &[&str]) -> ExitCode {
    if let Some(unknown) = names
        .iter()
        .find(|name| !PARTS.iter().any(|part| part.name == **name))
    {
        eprintln!("no part of bench is called `{unknown}`\n\n{}", help());
        return ExitCode::from(2);
    }
    match measure(names) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Says whether all parts ran and all bounds were reached.
fn measure(names: &[&str]) -> Result<bool, Failure> {
    let programs = Programs::new()?;
    let mut report = Report::open()?;
    let (mut missed, mut failed) = (Vec::new(), false);
    let is_chosen = |part: &&Part| names.is_empty() || names.contains(&part.name);
    for part in PARTS.iter().filter(is_chosen) {
        println!("\n{}: {}", part.name, part.about);
        match (part.work)(&programs) {
            Ok(section) => {
                println!("{}", section.for_terminal());
                missed.extend(section.missed());
                report.put(&section)?;
            }
            Err(failure) => {
                failed = true;
                eprintln!("{}: {failure}", part.name);
            }
        }
    }
    println!(
        "docs/performance.md says so now, with all figures; `git checkout docs/performance.md` takes it back"
    );
    for bound in &missed {
        eprintln!("missed: {bound}");
    }
    Ok(missed.is_empty() && !failed)
}
