//! `lp-auth emulator`: LivePerson on loopback, until it is told to end.
//!
//! - this file: what it is started with, and what it says then;
//! - `end`: what tells it to end;
//! - `log`: a line for each request.

mod end;
mod log;

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use lp_auth::{AccountId, ClientId, ClientSecret, Config, ServiceHost};
use lp_auth_emulator::{Emulator, EmulatorError};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tempfile::TempDir;

use self::end::End;
use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::{runtime, settings};

const EXAMPLES: &str = r#"Examples:
  In one shell:
    lp-auth emulator --dir lp

  In another:
    set -a; . lp/env
    lp-auth token | lp-auth verify

Control it while it runs: a page for people, an API for tests
in any language (GET /openapi.json describes it). Its address
is printed, and stands in env as LP_EMULATOR_CONTROL:
    curl -X POST $LP_EMULATOR_CONTROL/keys/rotate
    curl $LP_EMULATOR_CONTROL/faults --json \
      '{"endpoint":"token","fault":{"status":503}}'
    curl -X DELETE $LP_EMULATOR_CONTROL/faults
    curl $LP_EMULATOR_CONTROL/clock/advance \
      --json '{"seconds":3600}'
    curl "$LP_EMULATOR_CONTROL/requests?endpoint=token"

The folder:
  env                 the settings, for a shell
  ca.pem              the certificate authority to trust
  client-secret       the secret
  v1-public-key.pem   the key that V1 tokens are verified with
  and private keys: keep the folder to yourself
A new start takes the same ports again where they are free, so
that shells with the old env need not read it anew. To be sure
of them: --listen 127.0.0.1:8443 --control 8600

It serves, at one address: the Domain API, Sentinel's token
endpoints (V1, V2) and key set, and APIs that want a token:
  POST /api/account/{account}/lambdas/{uuid}/invoke
  POST /api/account/{account}/messaging/consumer/conversation

The variables LP_… are for its clients: it reads none of them."#;

/// Run LivePerson's servers on loopback, for tests and demonstrations
///
/// Says when it is ready: on one line, unless that is a terminal. Ctrl-C ends it, and so do SIGTERM, SIGHUP and SIGQUIT.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The loopback address to listen on, or with --advertise any address; port 0 takes the one that the last emulator of --dir
    /// had, if it is free, else any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,

    /// The host by which clients reach it, for containers: the Domain API names it, and the certificate is for it [default:
    /// the address that it listens on]
    #[arg(long, value_name = "HOST[:PORT]")]
    advertise: Option<ServiceHost>,

    /// The folder for certificate authority, keys, credentials, ports and the file env; they stay the same from one start to
    /// the next [default: a temporary one, removed at the end; what cannot be caught, as SIGKILL, leaves it]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// The account [default: the one in the folder, else 12345678]
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,

    /// The client id of the installed application [default: the one in the folder, else a new one]
    #[arg(long, value_name = "ID", value_parser = client_id)]
    client_id: Option<ClientId>,

    /// A file that holds the client secret [default: the one in the folder, else a new one]
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,

    /// How long tokens are good for
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = lifetime)]
    token_lifetime: Duration,

    /// Speak http instead of https, for clients that insist
    #[arg(long)]
    plain_http: bool,

    /// The loopback port of the control plane: a page in the browser, and an API [default: the one of the last
    /// emulator of --dir, if it is free, else any free one]
    #[arg(long, value_name = "PORT", conflicts_with = "no_control")]
    control: Option<u16>,

    /// Run without the control plane
    #[arg(long)]
    no_control: bool,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    // Before anything that would have to be removed, and before it says that it is ready.
    let mut end = End::new(runtime::start()?)?;
    // Removed when this function returns.
    let temporary = if arguments.dir.is_none() {
        Some(temporary_folder()?)
    } else {
        None
    };
    let folder = arguments.dir.as_deref().or(temporary.as_ref().map(TempDir::path));
    let temporary = temporary.as_ref().map(TempDir::path);
    // Keys are made, which may take seconds where the machine is busy.
    let emulator = end.unless_told(temporary, || start(arguments, folder, common.verbose))??;
    output::print(&ready(&emulator, common.output))?;
    if io::stderr().is_terminal() {
        let hint = if common.verbose {
            ""
        } else {
            " With -v it tells each request."
        };
        // Nobody is left to be told.
        let _ = writeln!(anstream::stderr(), "Ctrl-C ends it.{hint}");
    }
    end.wait();
    end.unless_told(temporary, || drop(emulator))
}

fn start(arguments: &Arguments, folder: Option<&Path>, verbose: bool) -> Result<Emulator, Failure> {
    let mut builder = Emulator::builder()
        .listen(arguments.listen)
        .token_lifetime(arguments.token_lifetime);
    if let Some(folder) = folder {
        builder = builder.directory(folder);
    }
    if let Some(host) = &arguments.advertise {
        builder = builder.advertise(host.clone());
    }
    if let Some(account) = &arguments.account {
        builder = builder.account(account.clone());
    }
    if let Some(client_id) = &arguments.client_id {
        builder = builder.client_id(client_id.as_str());
    }
    if let Some(secret) = client_secret(arguments)? {
        builder = builder.client_secret(secret);
    }
    if arguments.plain_http {
        builder = builder.plain_http();
    }
    if !arguments.no_control {
        let port = arguments.control.unwrap_or_default();
        builder = builder.control(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    if verbose {
        builder = builder.watch(log::tell);
    }
    builder.start().map_err(|error| unstarted(&error))
}

fn client_secret(arguments: &Arguments) -> Result<Option<SecretString>, Failure> {
    let mut config = Config::default();
    config
        .client_secret_file
        .clone_from(&arguments.client_secret_file);
    let secret = config.secret().map_err(|error| settings::unusable(&error))?;
    if let Some(secret) = &secret
        && let Err(problem) = secret.expose_secret().parse::<ClientSecret>()
    {
        return Err(
            Failure::new(Exit::Usage, problem.to_string()).tip("check the file of --client-secret-file")
        );
    }
    Ok(secret)
}

fn unstarted(error: &EmulatorError) -> Failure {
    let exit = match error {
        EmulatorError::Thread(_) => Exit::Unavailable,
        _ => Exit::Usage,
    };
    let failure = Failure::new(exit, error.to_string()).causes_of(error);
    match error {
        EmulatorError::NotLoopback(_) => failure.tip(
            "leave out --listen; or, in a container, say by which name its clients reach it: --advertise HOST[:PORT]",
        ),
        _ => failure,
    }
}

fn temporary_folder() -> Result<TempDir, Failure> {
    tempfile::Builder::new()
        .prefix("lp-auth-")
        .tempdir()
        .map_err(|error| {
            Failure::new(Exit::Usage, format!("no temporary folder could be made: {error}"))
                .tip("name a folder: --dir DIR")
        })
}

/// That it is ready, and where: one line, but at a terminal, where it would be cut.
fn ready(emulator: &Emulator, output: Output) -> String {
    let folder = emulator.directory().unwrap_or(Path::new("."));
    let file = |name: &str| folder.join(name).display().to_string();
    let env_file = file("env");
    match output {
        Output::Text => {
            let servers = emulator.domain_api();
            let listen = emulator.address().to_string();
            // Who reaches it by another name may want to know where that must lead.
            let behind = if emulator.sentinel() == listen {
                String::new()
            } else {
                format!(" (listening on {listen})")
            };
            let shell = format!("set -a; . {}", output::quoted(&env_file));
            let control = emulator.control_url();
            if output::stdout_width().is_some() {
                let control = control.map_or(String::new(), |url| format!("  control plane     {url}\n"));
                return format!(
                    "emulator ready\n  servers           {servers}{behind}\n{control}  in another shell  {shell}\n"
                );
            }
            let control = control.map_or(String::new(), |url| format!(", control plane at {url}"));
            format!("emulator ready at {servers}{behind}{control}; in another shell: {shell}\n")
        }
        Output::Json => {
            let encrypted = !emulator.ca_pem().is_empty();
            let line = json!({
                "ready": true,
                "account": emulator.account().as_str(),
                "ca_file": encrypted.then(|| file("ca.pem")),
                "client_id": emulator.client_id(),
                "client_secret_file": file("client-secret"),
                "control": emulator.control_url(),
                "dir": folder.display().to_string(),
                "domain_api": emulator.domain_api(),
                "env_file": env_file,
                "listen": emulator.address().to_string(),
                "sentinel": emulator.sentinel(),
                "v1_keys": file("v1-public-key.pem"),
            });
            format!("{line}\n")
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    match text.parse() {
        Ok(address @ SocketAddr::V4(_)) => Ok(address),
        Ok(SocketAddr::V6(_)) => {
            Err("IPv6 is not spoken here: hosts are names and IPv4 addresses; as in 127.0.0.1:0")
        }
        Err(_) => Err("an IPv4 address and a port are wanted, as in 127.0.0.1:0"),
    }
}

fn client_id(text: &str) -> Result<ClientId, &'static str> {
    // Not the library's words: what was given may be the secret.
    text.parse()
        .map_err(|_| "1 to 256 printable ASCII characters are wanted")
}

/// A hundred years: what people mean by "for ever", and far from where times cannot be counted.
const LONGEST_LIFETIME: Duration = Duration::from_secs(3_155_760_000);

fn lifetime(text: &str) -> Result<Duration, &'static str> {
    settings::seconds(text)
        .ok()
        .filter(|lifetime| lifetime.as_secs() >= 1 && *lifetime <= LONGEST_LIFETIME)
        .ok_or("at least 1 second is wanted, and at most 3155760000, a hundred years")
}
