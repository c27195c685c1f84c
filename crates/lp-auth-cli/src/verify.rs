//! `lp-auth verify`: whether a token is genuine.

use core::time::Duration;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use lp_auth::{AccountId, ApiVersion, Claims, Config, KeySet, Rejected, Verifier, VerifyError};
use lp_auth_jwt::{Keys, Policy};
use secrecy::{ExposeSecret as _, SecretString};

use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::progress::Progress;
use crate::settings::{self, ServerSettings};
use crate::{advice, presented, runtime};

/// More would accept tokens long after their end; a clock that is so far off is to be set.
const LONGEST_LEEWAY: Duration = Duration::from_secs(600);

/// As long as the library lets the file of the V1 keys be.
const LONGEST_KEYS: u64 = 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  lp-auth token | lp-auth verify
  lp-auth verify token.jwt
  lp-auth verify --scope faas.lambda.invoke < token.jwt
  lp-auth verify --keys jwks.json < token.jwt

Without --api-version tokens of both versions are accepted.
V2 tokens are verified with the keys that Sentinel publishes,
V1 tokens with the key of LivePerson's documentation. Keys
differ per zone: --v1-keys gives others.

Exit codes: 0 genuine and acceptable; 1 rejected; 2 settings;
3 the keys are refused by the server: account, service;
4 the keys could not be had, so that nobody can say.";

/// Verify a token that somebody presented, and print its claims
///
/// Signature, issuer, account, client, times and scopes are checked. Prints the claims as JSON: laid out for people, or,
/// with --output json, as they stand in the token. The token comes from standard input or a file, never as an argument,
/// which the process list would show.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The file that holds the token; - is standard input
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    file: PathBuf,

    /// Verify with these keys and ask nobody: a file with a JWK Set, a JWK, PEM, or DER in base64
    #[arg(long, value_name = "FILE", conflicts_with = "v1_keys")]
    keys: Option<PathBuf>,

    /// Verify V1 tokens with these keys: a file of the same kinds
    ///
    /// [env: LP_V1_KEYS] [default: the documented key]
    #[arg(long, value_name = "FILE")]
    v1_keys: Option<PathBuf>,

    /// Want this scope in the token; repeatable
    #[arg(long = "scope", value_name = "SCOPE", value_parser = NonEmptyStringValueParser::new())]
    scopes: Vec<String>,

    /// Accept tokens of this client; repeatable
    ///
    /// [env: LP_CLIENT_ID] [default: any client]
    #[arg(long = "client-id", value_name = "ID", conflicts_with = "any_client")]
    clients: Vec<String>,

    /// Accept tokens of any client, whatever LP_CLIENT_ID says
    #[arg(long)]
    any_client: bool,

    /// How far this machine's clock may be off, at most 600
    #[arg(long, value_name = "SECONDS", default_value = "60", allow_negative_numbers = true, value_parser = leeway)]
    leeway: Duration,

    #[command(flatten)]
    servers: ServerSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let mut config = arguments.servers.resolve()?;
    if arguments.v1_keys.is_some() {
        config.v1_keys.clone_from(&arguments.v1_keys);
    }
    if config.account.is_none() {
        return Err(settings::not_set(&[settings::ACCOUNT]));
    }
    let verdict = match &arguments.keys {
        Some(file) => with_keys_given(arguments, &config, file),
        None => with_published_keys(arguments, &config, common.verbose),
    };
    let claims = verdict?;
    output::print(&match common.output {
        Output::Text => laid_out(&claims),
        Output::Json => format!("{}\n", claims.json()),
    })
}

fn with_published_keys(arguments: &Arguments, config: &Config, verbose: bool) -> Result<Claims, Failure> {
    let (patience, pace) = settings::pace(config);
    let builder = config.verifier().map_err(|error| settings::unusable(&error))?;
    let builder = match arguments.clients(config)? {
        Some(clients) => builder.clients(clients),
        None => builder.any_client(),
    };
    let token = presented::token(Some(&arguments.file), "verify")?;
    let progress = Progress::start(verbose, config);
    let verifier: Verifier = builder
        .api_versions(versions(config))
        .scopes(arguments.scopes.iter().cloned())
        .leeway(arguments.leeway)
        .patience(patience)
        .pace(pace)
        .watch(progress.watcher())
        .build()
        .map_err(|error| advice::unbuildable(&error))?;
    let verdict = runtime::start()?.block_on(verifier.verify(token.expose_secret()));
    let waited_for = progress.end();
    verdict.map_err(|error| match error {
        VerifyError::Rejected(why) => rejected(&why, config, &token),
        VerifyError::Unavailable(error) => advice::unanswered(&error, waited_for),
    })
}

fn with_keys_given(arguments: &Arguments, config: &Config, file: &Path) -> Result<Claims, Failure> {
    let unusable = |why: String| {
        Failure::new(
            Exit::Usage,
            format!("the keys in {} cannot be used: {why}", file.display()),
        )
        .tip("a JWK Set, a JWK, PEM, or DER in base64 is wanted")
    };
    let text = keys_text(file).map_err(|error| unusable(error.to_string()))?;
    if text.trim_ascii().is_empty() {
        return Err(unusable("the file is empty".to_owned()));
    }
    let keys = KeySet::from_text(&text).map_err(|error| unusable(error.to_string()))?;
    let account: AccountId = config
        .account
        .as_deref()
        .unwrap_or_default()
        .parse()
        .map_err(|error| advice::unbuildable(&lp_auth::BuildError::Name(error)))?;
    let policy = Policy::builder([account])
        .versions(versions(config))
        .scopes(arguments.scopes.iter().map(String::as_str))
        .leeway(arguments.leeway);
    let policy = match arguments.clients(config)? {
        Some(clients) => policy.clients(clients),
        None => policy.any_client(),
    };
    let policy = policy
        .build()
        .map_err(|error| advice::unbuildable(&error.into()))?;
    let token = presented::token(Some(&arguments.file), "verify")?;
    let both = Keys {
        v1: Some(&keys),
        v2: Some(&keys),
    };
    let verdict = policy.verify(token.expose_secret(), both, runtime::now());
    verdict.map_err(|why| match why {
        Rejected::KeySize | Rejected::UnknownKey(_) => {
            with_version_tip(Failure::rejected(why.to_string()), &why, config)
                .tip("the file of --keys may be of another zone, or older than the token")
        }
        why => rejected(&why, config, &token),
    })
}

/// The text of a file with keys, if it is no larger than such a file can be.
fn keys_text(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(file)?
        .take(LONGEST_KEYS + 1)
        .read_to_string(&mut text)?;
    if length as u64 > LONGEST_KEYS {
        let why = format!("the file is larger than {LONGEST_KEYS} bytes: is it the right one?");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}

impl Arguments {
    /// Whose tokens to accept; `None` for anybody's.
    fn clients(&self, config: &Config) -> Result<Option<Vec<String>>, Failure> {
        if self.any_client {
            return Ok(None);
        }
        if !self.clients.is_empty() {
            return Ok(Some(self.clients.clone()));
        }
        let id = config.id().map_err(|error| settings::unusable(&error))?;
        Ok(id.map(|client| vec![client]))
    }
}

fn versions(config: &Config) -> Vec<ApiVersion> {
    match config.api_version {
        Some(version) => vec![version],
        None => vec![ApiVersion::V1, ApiVersion::V2],
    }
}

fn leeway(text: &str) -> Result<Duration, &'static str> {
    let leeway = settings::seconds(text)?;
    if leeway > LONGEST_LEEWAY {
        return Err("at most 600 seconds are taken: a clock that is further off is to be set");
    }
    Ok(leeway)
}

fn rejected(why: &Rejected, config: &Config, token: &SecretString) -> Failure {
    let failure = Failure::rejected(why.to_string());
    if let Some(tip) = presented::tip(token) {
        return failure.tip(tip);
    }
    let failure = with_version_tip(failure, why, config);
    match why {
        Rejected::Audience => failure.tip("accepted are those of --account (LP_ACCOUNT_ID)"),
        Rejected::Client => failure
            .tip("accepted are those of --client-id (LP_CLIENT_ID)")
            .tip("to accept tokens of any client: --any-client"),
        Rejected::KeySize | Rejected::UnknownKey(_) => failure.tip(
            "keys differ per zone; for V1 tokens, other keys are given by --v1-keys FILE, or LP_V1_KEYS",
        ),
        _ => failure,
    }
}

/// A token of another version than the one asked for looks like one of an unknown key.
fn with_version_tip(failure: Failure, why: &Rejected, config: &Config) -> Failure {
    match (why, config.api_version) {
        (Rejected::KeySize | Rejected::Signature | Rejected::UnknownKey(_), Some(version)) => failure.tip(
            format!("only {version} tokens are accepted (--api-version, LP_API_VERSION): is it one?"),
        ),
        _ => failure,
    }
}

/// The claims for a person to read, by name.
fn laid_out(claims: &Claims) -> String {
    let laid_out = claims
        .custom::<serde_json::Map<String, serde_json::Value>>()
        .ok()
        .and_then(|claims| serde_json::to_string_pretty(&claims).ok());
    format!("{}\n", laid_out.as_deref().unwrap_or(claims.json()))
}
