//! The man pages: `cargo xtask man`.

use std::process::ExitCode;

use crate::command::{cargo, output, program};

/// Writes them into this folder, and has them looked over where `mandoc` is installed.
pub(crate) fn run(folder: &str) -> ExitCode {
    let mut written = cargo("run --quiet --package lp-auth-cli -- manual");
    let pages = match output(written.arg(folder)) {
        Ok(pages) => pages,
        Err(failure) => {
            eprintln!("{failure}");
            return ExitCode::FAILURE;
        }
    };
    for page in pages.lines() {
        println!("{folder}/{page}");
    }
    if program("mandoc", "-h").output().is_err() {
        return ExitCode::SUCCESS;
    }
    // Style and the order of macros are clap_mangen's.
    let mut check = program("mandoc", "-T lint -W error");
    for page in pages.lines() {
        check.arg(format!("{folder}/{page}"));
    }
    match output(&mut check) {
        Ok(_) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
