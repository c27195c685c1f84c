//! `lp-auth inspect`: what a token says, whoever wrote it.
//!
//! - `found`: where the token stands in what was handed in;
//! - `fault`: what is malformed, and where;
//! - `report`: what it says, in words and as JSON.

mod fault;
mod found;
mod report;

use std::path::PathBuf;

use clap::Args;
use lp_auth_jwt::{Rejected, Unverified};
use secrecy::ExposeSecret as _;

use self::found::Found;
use self::report::Report;
use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::{presented, runtime};

const EXAMPLES: &str = "\
Examples:
  lp-auth token | lp-auth inspect
  lp-auth inspect token.jwt
  lp-auth inspect reply.json
  pbpaste | lp-auth inspect
  lp-auth inspect --output json < token.jwt | jq .claims.scope

Read is a bare token, a header line (with or without its
name, Authorization:), a JSON reply with access_token, or a
whole HTTP message, as curl -i and curl -v show it.

Nothing is verified and nobody is asked: lp-auth verify does
that. The signature, and the token as a whole, are never
printed.

JSON (--output json):
  verified        false, always
  header, claims  as they stand in the token
  version         v1, v2, or null: as the key id looks
  issued_at       RFC 3339, UTC; null without iat
  expires_at      RFC 3339, UTC; null without exp
  expired         by this machine's clock; null without exp
  lifetime        exp - iat in seconds, or null
  signature_bits  how long the signature is
  expires_in      as a JSON reply has it, or null
  remarks         what is unusual

Exit codes: 0 it is a token; 1 it is none; 2 wrong usage.";

/// Show what a token says: header, claims, times. Nothing is verified
///
/// Reads a bare token, a header line or a JSON reply, from standard input or a file, never as an argument, which the
/// process list would show. Needs no account and asks nobody.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The file that holds the token; - is standard input
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let text = presented::token(Some(&arguments.file), "inspect")?;
    let found = Found::within(text.expose_secret())?;
    let unverified = Unverified::decode(&found.token).map_err(|why| malformed(&found, &why))?;
    let report = Report::new(&unverified, &found, runtime::now());
    output::print(&match common.output {
        Output::Json => report.json(),
        Output::Text => report.text(),
    })
}

fn malformed(found: &Found, why: &Rejected) -> Failure {
    let place = match why {
        Rejected::Malformed(_) => fault::place(&found.token),
        Rejected::TooLarge => Some(format!(
            "it is longer than 16 KiB: it has {} characters",
            found.token.chars().count()
        )),
        _ => None,
    };
    let text = match (place, why) {
        (Some(place), _) => place,
        (None, Rejected::Malformed(malformed)) => malformed.to_string(),
        (None, other) => other.to_string(),
    };
    let mut failure = Failure::new(Exit::No, format!("this is no token: {text}"));
    if let Some(form) = found.form.name() {
        failure = failure.detail(format!("It was read as {form}."));
    }
    failure
        .tip("a token is three parts of letters, digits, - and _, with dots between them, and no line break")
}
