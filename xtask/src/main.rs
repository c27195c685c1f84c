//! The project's own chores: `cargo xtask`.
//!
//! - `bench`: how fast the product is, beside its peers and beside the cryptography that it is made of;
//! - `ci`: the checks that every change must pass, and how they are run and summed up;
//! - `fuzz`: a short run of each fuzz target;
//! - `soak`: many askers, tokens of seconds, and servers that fail at random;
//! - `docs`: the pages of `docs/` that are written from tests;
//! - `interop`: clients that are not ours, against the emulator;
//! - `man`: the command's man pages;
//! - `command`: how a program is run, its output kept or shown;
//! - `workspace`: what `cargo metadata` knows about the crates.
#![forbid(unsafe_code)]

mod bench;
mod ci;
mod command;
mod docs;
mod fuzz;
mod interop;
mod man;
mod soak;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
The project's own chores.

Usage: cargo xtask CHORE

Chores:
  bench [PART]...       measure, and write docs/performance.md
  bench --guard BASE [PROGRAM]...
                        compare instruction counts with those of another commit
  ci [--only STEP]...   run the checks that every change must pass, or some of them
  docs                  write the pages of docs/ that are made from tests
  fuzz [SECONDS]        run each fuzz target for a while, 20 seconds unless told
  soak [SECONDS] [--seed NUMBER]
                        many askers against servers that fail at random, 60 seconds unless told
  interop [--only CHECK]... [--no-skips]
                        run clients that are not ours against the emulator; what cannot be installed here is skipped
  help                  print this
  man [DIR]             write the command's man pages, into target/man unless told
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{HELP}\n{}\n{}", bench::help(), ci::help());
            ExitCode::SUCCESS
        }
        ["bench", "--help" | "-h", ..] => {
            print!("{HELP}\n{}", bench::help());
            ExitCode::SUCCESS
        }
        ["bench", "--guard"] => {
            eprintln!("`--guard` wants a commit to compare with, as `cargo xtask bench --guard main`");
            ExitCode::from(2)
        }
        ["bench", "--guard", base, programs @ ..] => bench::guard(base, programs),
        ["bench", parts @ ..] => bench::run(parts),
        ["ci", options @ ..] => ci::run(options),
        ["docs"] => docs::write(),
        ["man"] => man::run("target/man"),
        ["man", folder] => man::run(folder),
        ["fuzz"] => fuzz::run("20"),
        ["fuzz", seconds] => fuzz::run(seconds),
        ["soak", options @ ..] => soak::run(options),
        ["interop", options @ ..] => interop::run(options),
        [other, ..] => {
            eprintln!("no chore is called `{other}`\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}
