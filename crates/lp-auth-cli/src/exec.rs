//! `lp-auth exec`: a program with a fresh token in its environment.

use std::ffi::OsString;
use std::io;
use std::process::Command;

use clap::Args;

use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::runtime;
use crate::session::{Session, TokenSettings};

const EXAMPLES: &str = "\
Examples:
  lp-auth exec -- ./deploy.sh
  lp-auth exec --cache -- env
  lp-auth exec -- sh -c \\
    'echo \"Authorization: Bearer $LP_ACCESS_TOKEN\" |
     curl -H @- https://…'

The program finds the token in LP_ACCESS_TOKEN.
LP_CLIENT_SECRET is taken out of its environment. A file that
LP_CLIENT_SECRET_FILE names can be read by it, as by all that
you run. A token lives for an hour, and is not renewed while
the program runs.

On Unix the program takes this one's place: it keeps the
process id and gets the signals.

Exit codes: the program's own; 126 it cannot be run, 127 it is
not found; before it runs: 2 settings; 3 no token: refused by
the server; 4 unavailable.";

/// Run a program with a fresh token in its environment
///
/// Nobody else sees it: the environment of a process can be read by its user and the superuser alone.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The program and its arguments
    #[arg(value_name = "CMD", last = true, required = true, num_args = 1..)]
    command: Vec<OsString>,

    #[command(flatten)]
    token: TokenSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let mut session = Session::open(&arguments.token, common)?;
    let token = runtime::start()?.block_on(session.token())?;
    session.end_progress();
    let Some((program, rest)) = arguments.command.split_first() else {
        return Err(Failure::new(Exit::Usage, "a program is wanted after --"));
    };
    let mut command = Command::new(program);
    command
        .args(rest)
        .env("LP_ACCESS_TOKEN", token.expose())
        .env_remove("LP_CLIENT_SECRET");
    let error = take_place(&mut command);
    Err(unrun(program, &error))
}

/// Returns only where the program could not be run.
#[cfg(unix)]
fn take_place(command: &mut Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(command)
}

/// Returns only where the program could not be run.
#[cfg(not(unix))]
fn take_place(command: &mut Command) -> io::Error {
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

fn unrun(program: &OsString, error: &io::Error) -> Failure {
    let shown = program.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            Failure::new(Exit::ProgramNotFound, format!("there is no program {shown}"))
                .tip("it is looked for in the folders of PATH, or where its path says")
        }
        _ => Failure::new(Exit::ProgramNotRun, format!("{shown} cannot be run: {error}")),
    }
}
