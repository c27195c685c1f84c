//! `lp-auth demo`: the whole flow, step by step, over both HTTP stacks.
//!
//! - `walk`: the steps, each of which checks what it did;
//! - `report`: how they are shown.

mod report;
mod walk;

use clap::Args;
use isahc::config::Configurable as _;
use isahc::tls::{TlsConfig, TrustStore};
use lp_auth::Stack;
use lp_auth_emulator::Emulator;
use lp_auth_isahc::{AsyncIoRuntime, IsahcTransport};
use lp_auth_reqwest::{ReqwestTransport, TokioRuntime};

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
    report.introduce()?;
    for stack in Stack::ALL {
        // One for each stack: what the first has asked for and changed is nothing to the second.
        let emulator = Emulator::builder().start().map_err(|error| unusable(&error))?;
        report.begin(*stack, &emulator.domain_api())?;
        let pem = emulator.ca_pem();
        let verbose = common.verbose;
        match stack {
            Stack::Isahc => {
                let walk = Walk::new(&emulator, isahc(pem)?, AsyncIoRuntime, verbose);
                runtime.block_on(walk.all(&mut report))?;
            }
            Stack::Reqwest => {
                let walk = Walk::new(&emulator, reqwest(pem)?, TokioRuntime, verbose);
                runtime.block_on(walk.all(&mut report))?;
            }
            // Whoever adds a stack adds it here.
            _ => {}
        }
    }
    report.end()
}

/// Past every proxy of the environment: it could not reach this process.
fn reqwest(pem: &str) -> Result<ReqwestTransport, Failure> {
    ReqwestTransport::builder(reqwest::Client::builder().no_proxy())
        .ca_pem(pem.as_bytes())
        .build()
        .map_err(|error| unusable(&error))
}

/// Past every proxy of the environment: it could not reach this process.
fn isahc(pem: &str) -> Result<IsahcTransport, Failure> {
    let trust = TrustStore::builder().certificate_from_pem(pem).build();
    let client = isahc::HttpClient::builder()
        .proxy(None)
        .tls_config(TlsConfig::builder().trust_store(trust).build())
        .build()
        .map_err(|error| unusable(&error))?;
    Ok(IsahcTransport::over_client(client))
}

fn unusable(error: &dyn core::error::Error) -> Failure {
    Failure::new(Exit::Unavailable, error.to_string()).causes_of(error)
}
