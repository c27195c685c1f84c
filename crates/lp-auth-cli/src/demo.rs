//! `lp-auth demo`: the whole flow, step by step, over both HTTP stacks.
//!
//! - `walk`: the steps, each of which checks what it did;
//! - `report`: how they are shown.

mod report;
mod walk;

use clap::Args;
use lp_auth_emulator::Emulator;

use self::report::Report;
use self::walk::Walk;
use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::runtime;

const EXAMPLES: &str = "\
Examples:
  lp-auth demo
  lp-auth demo -v
  lp-auth demo --output json | jq '.steps[] | select(.ok | not)'

Exit codes: 0 every step did what it should; 1 one did not.";

/// Watch the whole flow against servers in this process, without an account
///
/// Over real TLS on loopback: where Sentinel is, tokens of both versions, their verification, a call to an API, a change
/// of keys, a forgery. Each step is checked. Runs over both HTTP stacks.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {}

pub(crate) fn run(common: &Common) -> Result<(), Failure> {
    let runtime = runtime::start()?;
    let mut report = Report::new(common.output);
    for stack in ["reqwest", "isahc"] {
        // One for each stack: what the first has asked for and changed is nothing to the second.
        let emulator = Emulator::builder()
            .start()
            .map_err(|error| Failure::new(Exit::Unavailable, error.to_string()).causes_of(&error))?;
        report.begin(stack, &emulator.domain_api())?;
        let pem = emulator.ca_pem().as_bytes();
        if stack == "reqwest" {
            let transport =
                lp_auth_reqwest::ReqwestTransport::with_ca_pem(pem).map_err(|error| unusable(&error))?;
            let walk = Walk::new(
                &emulator,
                transport,
                lp_auth_reqwest::TokioRuntime,
                common.verbose,
            );
            runtime.block_on(walk.all(&mut report))?;
        } else {
            let transport =
                lp_auth_isahc::IsahcTransport::with_ca_pem(pem).map_err(|error| unusable(&error))?;
            let walk = Walk::new(
                &emulator,
                transport,
                lp_auth_isahc::AsyncIoRuntime,
                common.verbose,
            );
            runtime.block_on(walk.all(&mut report))?;
        }
    }
    report.end()
}

fn unusable(error: &dyn core::error::Error) -> Failure {
    Failure::new(Exit::Unavailable, error.to_string()).causes_of(error)
}
