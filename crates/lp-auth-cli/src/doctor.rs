//! `lp-auth doctor`: walks the way from the settings to a verified token, and says where it ends and why.
//!
//! - `walk`: the steps from the first server on; `setup`: the settings before them;
//! - `connection`, `proxy`, `tls`, `certificate`: the way to a server, past the HTTP stacks, which tell little of it;
//! - `answer`: what came back, and what is wrong with it; `content`: the hosts and keys in it;
//! - `token`: what there is to say of a token;
//! - `cause`: all causes, what each means and what to do; `finding`, `report`: one line each, and how it is shown;
//! - `time`: how long a step and the whole may take; `spinner`: what is being waited for.

mod answer;
mod cause;
mod certificate;
mod connection;
mod content;
mod finding;
mod proxy;
mod report;
mod setup;
mod spinner;
mod time;
mod tls;
mod token;
mod walk;

use core::pin::pin;
use core::task::Poll;
use core::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use lp_auth::Config;

use self::cause::Cause;
use self::finding::{Finding, Server, Step};
use self::report::Report;
use self::spinner::Spinner;
use self::time::Clock;
use self::walk::{AFTER_TOKEN, Walk, way};
use crate::arguments::Common;
use crate::failure::Failure;
use crate::runtime;
use crate::settings::{CredentialSettings, ServerSettings};

/// For the whole walk, where the settings name no patience, or none to speak of.
const WALK: Duration = Duration::from_secs(20);

const EXAMPLES: &str = "\
Examples:
  lp-auth doctor
  lp-auth doctor --scope faas.lambda.invoke
  lp-auth doctor --transport isahc
  lp-auth doctor --output json | jq -r '.steps[].cause'

Each step gets a line: ✓ well, ! worth a thought, ✗ failed;
- is for what was not tried, as an earlier step failed. One
token is asked for, and shown to nobody; a secret is present
or absent. Each request is made once.

The whole takes 20 s at most, or as long as --patience says
(LP_PATIENCE); a step takes a quarter of that at most, and the
command that tells the client secret half.

JSON (--output json):
  ok            whether nothing failed
  interrupted   whether it was ended before the end
  milliseconds  how long all of it took
  failed        the steps that failed
  warnings      the steps that are worth a thought
  steps         for each: step; verdict (ok, warning,
                failed, skipped); milliseconds; summary;
                cause; meaning; advice; details

Exit codes: 0 nothing failed; 1 something did.";

/// Find out what keeps a token from being had, or that nothing does
///
/// Walks from the settings over proxy, DNS, TCP, TLS, Domain API, host policy and token request to the token's signature,
/// claims and scopes. Says for each failure what it means and what to do.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Want this scope in the token; repeatable
    #[arg(long = "scope", value_name = "SCOPE", value_parser = NonEmptyStringValueParser::new())]
    scopes: Vec<String>,

    #[command(flatten)]
    credentials: CredentialSettings,
    #[command(flatten)]
    servers: ServerSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let runtime = runtime::start()?;
    let spinner = Spinner::new();
    let mut report = Report::new(common.output, spinner.clone());
    let mut clock = Clock::start(WALK);
    let is_through = runtime.block_on(async {
        tokio::spawn(spinner.spin());
        let mut walk = pin!(examine(arguments, common.verbose, &mut clock, &mut report));
        let mut interrupt = pin!(tokio::signal::ctrl_c());
        core::future::poll_fn(move |context| match walk.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => interrupt.as_mut().poll(context).map(|_| false),
        })
        .await
    });
    // A name server may still be waited for by a thread: it is not waited for.
    runtime.shutdown_background();
    report.end(clock.took(), !is_through)
}

async fn examine(arguments: &Arguments, verbose: bool, clock: &mut Clock, report: &mut Report) {
    report.working(Step::Settings);
    report.heading("Settings");
    let settings = arguments.credentials.settings(&arguments.servers);
    let (settings, config) = match settings.and_then(|settings| Ok((settings.with_id()?, settings))) {
        Ok((config, settings)) => (settings, config),
        Err(failure) => {
            let finding = Finding::failed(Step::Settings, Cause::SettingInvalid, failure.message());
            let tips = failure.tips().iter();
            report.add(tips.fold(finding, |finding, tip| finding.advise(tip.as_str())));
            return skip_all(report, Step::Settings);
        }
    };
    *clock = Clock::start(patience(&config));
    let (finding, setup) = setup::check(&settings, &config);
    report.add(finding);
    report.rows(&setup::rows(&settings));
    let Some(setup) = setup else {
        return skip_all(report, Step::Settings);
    };
    let (finding, credentials) = setup::secret(&settings, &config, clock.limit_of_command());
    report.add(finding);
    Walk::new(&setup, credentials, &arguments.scopes, clock, verbose)
        .all(report)
        .await;
}

fn skip_all(report: &mut Report, because: Step) {
    let steps = [
        way(Server::DomainApi).to_vec(),
        vec![Step::DomainApi, Step::HostPolicy],
        way(Server::Sentinel).to_vec(),
        vec![Step::Token],
        AFTER_TOKEN.to_vec(),
    ];
    report.skip_because_of(&steps.concat(), because);
}

/// How long the whole may take. A patience of 0 is for trying once, as is done here anyway.
fn patience(config: &Config) -> Duration {
    config
        .patience
        .filter(|patience| !patience.is_zero())
        .unwrap_or(WALK)
}
