//! A short run of each fuzz target: `cargo xtask fuzz`.

use std::process::ExitCode;

use crate::command::{Failure, output, program};
use crate::workspace::root;

const FOLDER: &str = "crates/lp-auth-jwt/fuzz";
const TARGETS: [&str; 3] = ["jwks", "token", "verify"];

/// Runs each target for so many seconds, from the seeds of the corpora.
pub(crate) fn run(seconds: &str) -> ExitCode {
    let Ok(seconds) = seconds.parse::<u32>() else {
        eprintln!("`{seconds}` is no number of seconds");
        return ExitCode::from(2);
    };
    match smoke(seconds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn smoke(seconds: u32) -> Result<(), Failure> {
    in_folder("--version").map_err(|_| {
        "fuzzing wants `cargo install cargo-fuzz` and `rustup toolchain install nightly`".to_owned()
    })?;
    output(program("cargo", "run --quiet --bin seeds").current_dir(root().join(FOLDER)))?;
    for target in TARGETS {
        let said = in_folder(&format!(
            "run {target} -- -max_total_time={seconds} -print_final_stats=1"
        ))?;
        println!("{target:8}ok  {seconds} s without a finding{said}");
    }
    Ok(())
}

fn in_folder(arguments: &str) -> Result<String, Failure> {
    output(program("cargo", &format!("+nightly fuzz {arguments}")).current_dir(root().join(FOLDER)))
}
