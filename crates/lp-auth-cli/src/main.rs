//! The command `lp-auth`: LivePerson access tokens from the shell.
//!
//! # The map
//! - `arguments`: what the command line says; `settings`: flags, environment and config file, put together;
//!   `directories`: where a user's files are; `similar`: what may have been meant.
//! - One module for each subcommand: `token`, `call`, `invoke`, `exec`, `verify`, `inspect`, `domain`, `keys`,
//!   `installation`, `doctor`, `emulator`, `demo`, `completions`, `manual`; `settings` has its own in `settings::shown`.
//! - `session`: a token for one invocation; `cache`: one that several invocations share.
//! - `servers`: where the settings lead, and what to send with; `asking`: one question, asked with patience.
//! - `presented`: a token that somebody hands in, by standard input or file.
//! - `output`: what goes to stdout and in which form; `failure`: what goes to stderr and which exit code;
//!   `rows`, `times`, `plain`: how it is laid out, said in words, and made harmless;
//!   `advice`: what to do about the library's errors, in flags and variables; `progress`: what is being waited for;
//!   `warning`: what is noticed and is no failure.
#![forbid(unsafe_code)]
#![expect(
    clippy::doc_markdown,
    reason = "the comments on arguments are the help, which knows no Markdown"
)]

mod advice;
mod arguments;
mod asking;
mod cache;
mod call;
mod completions;
mod demo;
mod directories;
mod doctor;
mod domain;
mod emulator;
mod exec;
mod failure;
mod inspect;
mod installation;
mod invoke;
mod keys;
mod manual;
mod output;
mod plain;
mod presented;
mod progress;
mod rows;
mod runtime;
mod servers;
mod session;
mod settings;
mod similar;
mod times;
mod token;
mod uuid;
mod verify;
mod warning;

use std::process::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    let arguments = match Arguments::from_command_line() {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    let verbose = arguments.common.verbose;
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(verbose);
            failure.exit.into()
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let common = &arguments.common;
    match arguments.command {
        Command::Call(arguments) => call::run(&arguments, common),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Demo(_) => demo::run(common),
        Command::Doctor(arguments) => doctor::run(&arguments, common),
        Command::Domain(arguments) => domain::run(&arguments, common),
        Command::Emulator(arguments) => emulator::run(&arguments, common),
        Command::Exec(arguments) => exec::run(&arguments, common),
        Command::Inspect(arguments) => inspect::run(&arguments, common),
        Command::Installation(arguments) => installation::run(&arguments, common),
        Command::Invoke(arguments) => invoke::run(&arguments, common),
        Command::Keys(arguments) => keys::run(&arguments, common),
        Command::Manual(arguments) => manual::run(&arguments),
        Command::Settings(arguments) => settings::shown::run(&arguments, common),
        Command::Token(arguments) => token::run(&arguments, common),
        Command::Verify(arguments) => verify::run(&arguments, common),
    }
}
