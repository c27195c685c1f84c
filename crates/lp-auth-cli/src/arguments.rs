//! What the command line says.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::failure::Exit;
use crate::output::Output;
use crate::{
    call, completions, demo, doctor, domain, emulator, exec, inspect, installation, invoke, keys, manual,
    settings, token, verify,
};

const EXAMPLES: &str = "\
Examples:
  See the whole flow, without an account:
    lp-auth demo

  Try it with servers of your own:
    lp-auth emulator --dir lp
    (in another shell) set -a; . lp/env; lp-auth token

  Get a token (settings in the environment):
    export LP_ACCOUNT_ID=12345678
    export LP_CLIENT_ID=75588e18-0213-4e33-8174-883acac7e3c4
    export LP_CLIENT_SECRET_FILE=~/.lp-secret
    lp-auth token

  Call an API with it:
    lp-auth call GET msgHist/…
    lp-auth token --header bearer | curl -H @- https://…

  Check a token that somebody presented, or only look at it:
    lp-auth verify < token.jwt
    lp-auth inspect < token.jwt

  Find out why there is no token:
    lp-auth doctor

  See which settings hold, and how to keep them in a file:
    lp-auth settings
    lp-auth settings --help

Environment (a flag wins; empty counts as not set):
  LP_ACCOUNT_ID  LP_CLIENT_ID  LP_CLIENT_ID_FILE
  LP_CLIENT_SECRET  LP_CLIENT_SECRET_FILE  LP_API_VERSION  LP_DOMAIN_API
  LP_SENTINEL  LP_REGION  LP_TRUSTED_HOSTS  LP_CA_FILE
  LP_PLAIN_HTTP_LOOPBACK  LP_V1_KEYS  LP_TRANSPORT
  LP_PATIENCE  LP_CONSUMER_ID  LP_PROFILE  LP_CONFIG_FILE
  LP_ALLOW_SHARED_SECRET_FILE
  lp-auth token --help tells what each is for.
  NO_COLOR keeps colours away.

Exit codes:
  0  done
  1  the answer is no: the token is rejected, or an API's
     status is not 2xx
  2  wrong usage or settings
  3  refused by the server: credentials, account, service
  4  unavailable: network, time-out, server in trouble";

/// Access tokens from LivePerson for machines: get them, verify them, and try it all out without an account
///
/// Settings come from flags, from variables LP_… of the environment, and from profiles in a config file; a flag wins.
/// stdout carries the result alone.
#[derive(Debug, Parser)]
#[command(name = "lp-auth", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Call(call::Arguments),
    Completions(completions::Arguments),
    Demo(demo::Arguments),
    Doctor(doctor::Arguments),
    Domain(domain::Arguments),
    Emulator(emulator::Arguments),
    Exec(exec::Arguments),
    Inspect(inspect::Arguments),
    Installation(installation::Arguments),
    Invoke(invoke::Arguments),
    Keys(keys::Arguments),
    #[command(hide = true)]
    Manual(manual::Arguments),
    Settings(settings::shown::Arguments),
    Token(token::Arguments),
    Verify(verify::Arguments),
}

/// What every subcommand takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct Common {
    /// How the result is written: for people and pipes, or as one line of JSON
    #[arg(long, global = true, value_enum, value_name = "FORM", default_value_t)]
    pub(crate) output: Output,

    /// Tell on stderr what is asked of whom
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

impl Arguments {
    /// Parses; or prints help, version or what is wrong, and gives the code to exit with.
    pub(crate) fn from_command_line() -> Result<Self, ExitCode> {
        let line = in_place(std::env::args_os().collect());
        Self::try_parse_from(&line).map_err(|error| {
            let text = error.render().ansi().to_string();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    let _ = write!(anstream::stdout(), "{text}");
                    ExitCode::SUCCESS
                }
                _ => {
                    let _ = write!(anstream::stderr(), "{}", without_secrets(text, &line));
                    Exit::Usage.into()
                }
            }
        })
    }
}

/// Options of the subcommands that stand before their subcommand, as other commands have it, put behind it.
fn in_place(line: Vec<OsString>) -> Vec<OsString> {
    const MOVED: [&str; 3] = ["--account", "--config", "--profile"];
    let mut moved = Vec::new();
    let mut ordered = Vec::new();
    let mut words = line.into_iter();
    ordered.extend(words.next());
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        let name = text.split('=').next().unwrap_or_default();
        if !text.starts_with('-') {
            ordered.push(word);
            break;
        }
        let is_moved = MOVED.contains(&name);
        let has_value_after = (is_moved || name == "--output") && !text.contains('=');
        let to = if is_moved { &mut moved } else { &mut ordered };
        to.push(word);
        if has_value_after {
            to.extend(words.next());
        }
    }
    ordered.extend(moved);
    ordered.extend(words);
    ordered
}

/// The parser repeats what it does not understand. What could be a secret or a token is not repeated.
fn without_secrets(mut text: String, line: &[OsString]) -> String {
    let parts = line.iter().skip(1).filter_map(|word| word.to_str());
    for part in parts.flat_map(|word| word.split('=')) {
        let is_long_enough = part.len() >= 16 && !part.starts_with('-');
        if is_long_enough {
            text = text.replace(part, "[not shown]");
        }
    }
    text
}
