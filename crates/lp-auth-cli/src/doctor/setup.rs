//! The settings: what was found, where it came from, and whether a request can be made with it.

use core::time::Duration;
use std::sync::Arc;

use lp_auth::{AccountId, Config, KeySet};
use lp_auth_core::{ClientId, ClientSecret, Credentials, InvalidCredential, Transport};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;

use super::cause::Cause;
use super::finding::{Finding, Step};
use crate::failure::{Exit, Failure};
use crate::servers::Servers;
use crate::settings::{ACCOUNT_IS, CREDENTIALS_ARE, Settings, Source, Told, Value, mode_if_exposed};

/// What the walk needs.
pub(super) struct Setup {
    pub(super) account: AccountId,
    pub(super) config: Config,
    pub(super) servers: Servers,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) v1_keys: KeySet,
    /// Where the host to ask first comes from, as `LP_REGION`.
    pub(super) place_source: String,
    /// Where account and credentials come from, to be checked.
    pub(super) credentials: String,
}

/// The settings as rows for people: the name, and the value with its source.
pub(super) fn rows(settings: &Settings) -> Vec<(String, String)> {
    let mut rows: Vec<(String, String)> = settings
        .told()
        .into_iter()
        .filter(is_of_interest)
        .map(|told| {
            let source = told
                .source
                .as_ref()
                .map_or(String::new(), |source| format!(" ({source})"));
            let value = match &told.value {
                Value::Absent => "absent".to_owned(),
                Value::Present => "present".to_owned(),
                Value::Text(text) => text.clone(),
            };
            (told.name.to_owned(), value + &source)
        })
        .collect();
    let file = settings.file();
    if let (true, Some(path)) = (file.exists, &file.path) {
        let profile = file
            .taken
            .as_ref()
            .map_or("none of its profiles".to_owned(), |(name, source)| {
                format!("profile `{name}` ({source})")
            });
        rows.push(("config file".to_owned(), format!("{}, {profile}", path.display())));
    }
    rows
}

/// What is set, and what has to be.
fn is_of_interest(told: &Told) -> bool {
    match told.source {
        Some(Source::Default) => matches!(told.name, "api_version" | "domain_api" | "transport"),
        Some(_) => true,
        None => matches!(told.name, "account" | "client_id"),
    }
}

/// Whether they make a request.
pub(super) fn check(settings: &Settings, config: &Config) -> (Finding, Option<Setup>) {
    let details = details(settings);
    let with_details = |finding: Finding| finding.with("settings", details.clone());
    let missing: Vec<&str> = [
        (config.account.is_none(), "account id (--account, LP_ACCOUNT_ID)"),
        (
            config.client_id.is_none(),
            "client id (--client-id, LP_CLIENT_ID)",
        ),
        (
            !settings.has_secret(),
            "client secret (--client-secret-file, LP_CLIENT_SECRET_FILE, LP_CLIENT_SECRET)",
        ),
    ]
    .into_iter()
    .filter_map(|(is_missing, name)| is_missing.then_some(name))
    .collect();
    if missing.len() == 3 {
        let finding = Finding::failed(Step::Settings, Cause::NothingSet, "nothing is set yet");
        return (with_details(finding), None);
    }
    if !missing.is_empty() {
        let summary = format!("no {}", missing.join(", no "));
        let mut finding = Finding::failed(Step::Settings, Cause::SettingMissing, summary);
        if config.account.is_none() {
            finding = finding
                .advise(ACCOUNT_IS)
                .advise("give it by --account ID, LP_ACCOUNT_ID or the profile");
        }
        if config.client_id.is_none() || !settings.has_secret() {
            finding = finding.advise(CREDENTIALS_ARE);
        }
        return (with_details(finding), None);
    }
    match setup(settings, config) {
        Ok(setup) => {
            let summary = "complete, and well formed";
            (with_details(Finding::ok(Step::Settings, summary)), Some(setup))
        }
        Err((cause, failures)) => {
            let summary: Vec<&str> = failures.iter().map(Failure::message).collect();
            let finding = Finding::failed(Step::Settings, cause, summary.join("; "));
            let tips = failures.iter().flat_map(Failure::tips);
            let finding = tips.fold(finding, |finding, tip| finding.advise(tip.as_str()));
            (with_details(finding), None)
        }
    }
}

/// All that is wrong at once.
fn setup(settings: &Settings, config: &Config) -> Result<Setup, (Cause, Vec<Failure>)> {
    let account = crate::servers::account(config);
    let client = client_id(config)
        .map_err(|error| crate::advice::unbuildable(&lp_auth::BuildError::Credential(error)));
    let servers = Servers::of(config);
    let transport = servers
        .as_ref()
        .map_or(Ok(None), |servers| servers.transport().map(Some));
    let cause = match (&servers, &transport) {
        // Nobody's fault but the machine's.
        (Ok(servers), Err(_)) if servers.ca_pem.is_none() => Cause::NoSystemCertificates,
        _ => Cause::SettingInvalid,
    };
    match (account, client, servers, transport, v1_keys(config)) {
        (Ok(account), Ok(_), Ok(servers), Ok(Some(transport)), Ok(v1_keys)) => Ok(Setup {
            account,
            config: config.clone(),
            servers,
            transport,
            v1_keys,
            place_source: place_source(settings),
            credentials: credentials(settings),
        }),
        (account, client, servers, transport, v1_keys) => {
            let failures = [
                account.err(),
                client.err(),
                servers.err(),
                transport.err(),
                v1_keys.err(),
            ];
            Err((cause, failures.into_iter().flatten().collect()))
        }
    }
}

fn client_id(config: &Config) -> Result<ClientId, InvalidCredential> {
    config.client_id.as_deref().unwrap_or_default().parse()
}

/// The keys of V1 tokens: those of the settings, or the documented one.
fn v1_keys(config: &Config) -> Result<KeySet, Failure> {
    let Some(path) = &config.v1_keys else {
        return Ok(KeySet::documented_v1());
    };
    let unusable = |why: String| {
        let message = format!("the V1 keys in {} cannot be used: {why}", path.display());
        Failure::new(Exit::Usage, message)
            .tip("check --v1-keys of lp-auth verify, LP_V1_KEYS, or the profile")
    };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    KeySet::from_text(&text).map_err(|error| unusable(error.to_string()))
}

fn place_source(settings: &Settings) -> String {
    let told = settings.told();
    let place = told
        .iter()
        .find(|told| matches!(told.name, "sentinel" | "region") && told.value != Value::Absent);
    let source = place.and_then(|told| told.source.as_ref());
    source.map(ToString::to_string).unwrap_or_default()
}

fn credentials(settings: &Settings) -> String {
    let source = |names: &[&str]| {
        let source = names.iter().find_map(|name| settings.source_of(name));
        source.map_or("not set".to_owned(), |source| source.to_string())
    };
    format!(
        "check client id ({}), secret ({}) and account ({}): the three belong together",
        source(&["client_id", "client_id_file"]),
        secret_source(settings),
        source(&["account"])
    )
}

/// Where the client secret comes from; of a profile, also by which setting.
fn secret_source(settings: &Settings) -> String {
    let names = ["client_secret", "client_secret_file", COMMAND];
    let found = names
        .into_iter()
        .find_map(|name| settings.source_of(name).map(|source| (name, source)));
    match found {
        Some((name, source @ Source::Profile(_))) => format!("{name} of {source}"),
        Some((_, source)) => source.to_string(),
        None => "the settings".to_owned(),
    }
}

const COMMAND: &str = "client_secret_command";

fn details(settings: &Settings) -> Vec<Json> {
    settings
        .told()
        .into_iter()
        .map(|told| {
            let mut entry = told.to_json();
            entry.insert("name".to_owned(), told.name.into());
            entry.into()
        })
        .collect()
}

/// The client secret: there, of nobody else to be read, and of a form that can be sent.
pub(super) fn secret(
    settings: &Settings,
    config: &Config,
    limit: Duration,
) -> (Finding, Option<Credentials>) {
    let source = secret_source(settings);
    let secret = match settings.with_secret(Some(limit)) {
        Ok(config) => match config.secret() {
            Ok(secret) => secret.unwrap_or_default(),
            Err(error) => {
                return (
                    Finding::failed(Step::Secret, Cause::SecretUnreadable, error.to_string()),
                    None,
                );
            }
        },
        Err(failure) => return (unreadable(settings, config, &failure), None),
    };
    let finding = judged(&secret, &source, config);
    let client_secret = secret.expose_secret().parse::<ClientSecret>();
    match (client_id(config), client_secret) {
        (Ok(client_id), Ok(client_secret)) if finding.is_passable() => (
            finding,
            Some(Credentials {
                client_id,
                client_secret,
            }),
        ),
        (_, Err(error)) if finding.is_passable() => (
            Finding::failed(Step::Secret, Cause::SecretInvalid, error.to_string()),
            None,
        ),
        _ => (finding, None),
    }
}

fn judged(secret: &SecretString, source: &str, config: &Config) -> Finding {
    let text = secret.expose_secret();
    if text.trim().is_empty() {
        return Finding::failed(Step::Secret, Cause::SecretEmpty, format!("empty, from {source}"));
    }
    if text.lines().count() > 1 || text.starts_with('\u{feff}') || text.contains('\0') {
        return Finding::failed(
            Step::Secret,
            Cause::SecretInvalid,
            format!("several lines, or bytes that are no text, from {source}"),
        );
    }
    if text.trim() != text {
        return Finding::failed(
            Step::Secret,
            Cause::SecretPadded,
            format!("present, with blanks around it, from {source}"),
        );
    }
    match exposed(config) {
        Some((path, mode)) => Finding::warning(
            Step::Secret,
            Cause::SecretExposed,
            format!("present, from {source}; others can read {path} (mode {mode:04o})"),
        )
        .advise(format!("chmod 600 {}", crate::output::quoted(&path))),
        None => Finding::ok(Step::Secret, format!("present, from {source}")),
    }
}

fn unreadable(settings: &Settings, config: &Config, failure: &Failure) -> Finding {
    let cause = if settings.source_of(COMMAND).is_some() {
        Cause::SecretCommandFailed
    } else if exposed(config).is_some() {
        Cause::SecretExposed
    } else {
        Cause::SecretUnreadable
    };
    let finding = Finding::failed(Step::Secret, cause, failure.message());
    failure
        .tips()
        .iter()
        .fold(finding, |finding, tip| finding.advise(tip.as_str()))
}

/// The file of the secret and its mode, where others than its owner can read it.
fn exposed(config: &Config) -> Option<(String, u32)> {
    let path = config.client_secret_file.as_ref()?;
    let mode = mode_if_exposed(path)?;
    Some((path.display().to_string(), mode))
}
