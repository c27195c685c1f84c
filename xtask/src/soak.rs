//! Many askers against servers that fail at random: `cargo xtask soak`. The work is done by an example of `lp-auth`, so
//! that this crate stays light.

use std::process::ExitCode;

use crate::command::cargo;

pub(crate) fn run(options: &[&str]) -> ExitCode {
    let soak = "run --release --quiet -p lp-auth --all-features --example soak --";
    match cargo(soak).args(options).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => ExitCode::from(
            status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(1),
        ),
        Err(error) => {
            eprintln!("cannot run cargo: {error}");
            ExitCode::FAILURE
        }
    }
}
