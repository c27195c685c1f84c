//! The settings that subcommands share: flags first, then the environment, then a profile of the config file, then the
//! command's own defaults.

mod config_file;
mod entry;
mod permissions;
mod profile;
mod resolved;
mod secret;
pub(crate) mod shown;

use core::convert::Infallible;
use core::time::Duration;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use lp_auth::{AccountId, ApiVersion, Config, ConfigError, Pace, Region, Stack};

pub(crate) use self::config_file::ConfigFile;
use self::config_file::Wanted;
pub(crate) use self::permissions::mode_if_exposed;
use self::resolved::{Kind, Layer};
pub(crate) use self::resolved::{Settings, Source, Told, Value};
use crate::failure::{Exit, Failure};
use crate::{similar, warning};

/// How long the command goes on trying: a person waits, so less than the library's default.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which account, and where its servers are.
#[derive(Args, Debug)]
#[command(next_help_heading = "Account and servers")]
pub(crate) struct ServerSettings {
    /// Take settings from this profile of the config file
    ///
    /// [env: LP_PROFILE] [default: the one that the file names, else default]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,

    /// The config file, which holds profiles
    ///
    /// [env: LP_CONFIG_FILE] [default: ~/.config/lp-auth/config.toml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The account id, also called site id
    ///
    /// [env: LP_ACCOUNT_ID]
    #[arg(long, value_name = "ID")]
    account: Option<String>,

    /// The version of the token API
    ///
    /// [env: LP_API_VERSION]
    #[arg(long, value_name = "VERSION", value_parser = PossibleValuesParser::new(["v1", "v2"]).try_map(|text| text.parse::<ApiVersion>()))]
    api_version: Option<ApiVersion>,

    /// Where the Domain API lives
    ///
    /// [env: LP_DOMAIN_API] [default: https://api.liveperson.net]
    #[arg(long, value_name = "URL", conflicts_with_all = ["region", "sentinel"])]
    domain_api: Option<String>,

    /// Sentinel's host; the Domain API is then not asked
    ///
    /// [env: LP_SENTINEL]
    #[arg(long, value_name = "HOST[:PORT]", conflicts_with = "region")]
    sentinel: Option<String>,

    /// Use the documented Sentinel host of a region; the Domain API is then not asked
    ///
    /// [env: LP_REGION]
    #[arg(long, value_name = "REGION", value_parser = PossibleValuesParser::new(["apac", "emea", "us"]).try_map(|text| text.parse::<Region>()))]
    region: Option<Region>,

    /// Trust this host too when the Domain API names it, or all hosts under a suffix, as .example.com; repeatable
    ///
    /// [env: LP_TRUSTED_HOSTS, separated by commas]
    #[arg(long = "trusted-host", value_name = "NAME_OR_SUFFIX")]
    trusted_hosts: Vec<String>,

    /// Trust these certificate authorities instead of the system's
    ///
    /// [env: LP_CA_FILE]
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,

    /// Use http instead of https; refused for anything but loopback
    ///
    /// [env: LP_PLAIN_HTTP_LOOPBACK]
    #[arg(long)]
    plain_http_loopback: bool,

    /// The HTTP stack to send with
    ///
    /// [env: LP_TRANSPORT] [default: reqwest]
    #[arg(long, value_name = "STACK", value_parser = PossibleValuesParser::new(["reqwest", "isahc"]).try_map(|text| text.parse::<Stack>()))]
    transport: Option<Stack>,

    /// How long to go on trying; 0 tries once
    ///
    /// [env: LP_PATIENCE] [default: 10]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds)]
    patience: Option<Duration>,
}

/// Who asks for tokens.
#[derive(Args, Debug)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct CredentialSettings {
    /// The client id of the installed application
    ///
    /// [env: LP_CLIENT_ID]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// A file that holds the client secret
    ///
    /// [env: LP_CLIENT_SECRET_FILE, or the secret itself in LP_CLIENT_SECRET]
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,

    /// Take client secret and config file also from files that others can read or change, as those that are mounted into
    /// a container
    ///
    /// [env: LP_ALLOW_SHARED_SECRET_FILE]
    #[arg(long)]
    allow_shared_secret_file: bool,

    /// Here to be refused in words that help, and without a value: nobody is to repeat it.
    #[arg(long = "client-secret", hide = true, num_args = 0..=1, default_missing_value = "", value_parser = |_: &str| Ok::<_, Infallible>(NotKept))]
    argument: Option<NotKept>,
}

/// A secret that came in where everybody on the machine can read it.
#[derive(Clone, Debug)]
struct NotKept;

impl ServerSettings {
    /// All settings and where each comes from, for a subcommand that needs no credentials.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        self.put_together(self.flags(), None)
    }

    /// The settings together, for a subcommand that needs no credentials.
    pub(crate) fn resolve(&self) -> Result<Config, Failure> {
        Ok(with_patience(self.settings()?.config().clone()))
    }

    /// What the flags say.
    fn flags(&self) -> Config {
        let mut config = Config::default();
        config.account.clone_from(&self.account);
        config.api_version = self.api_version;
        config.domain_api.clone_from(&self.domain_api);
        config.sentinel.clone_from(&self.sentinel);
        config.region = self.region;
        config.trusted_hosts.clone_from(&self.trusted_hosts);
        config.ca_file.clone_from(&self.ca_file);
        config.plain_http_loopback = self.plain_http_loopback.then_some(true);
        config.transport = self.transport;
        config.patience = self.patience;
        config
    }

    fn put_together(
        &self,
        flags: Config,
        allow_shared_secret_file: Option<bool>,
    ) -> Result<Settings, Failure> {
        let variables = Config::from_environment().map_err(|error| unusable(&error))?;
        let in_environment = switch("LP_ALLOW_SHARED_SECRET_FILE")?;
        let allow_shared = allow_shared_secret_file.or(in_environment).unwrap_or_default();
        let wanted = Wanted::new(self.config.as_deref(), self.profile.as_deref(), allow_shared)?;
        let (file, profile) = wanted.read()?;
        let flags = Layer {
            kind: Kind::Flags,
            config: flags,
            secret_command: None,
            allow_shared_secret_file,
        };
        let variables = Layer {
            kind: Kind::Variables,
            config: variables,
            secret_command: None,
            allow_shared_secret_file: in_environment,
        };
        let settings = Settings::new(flags, variables, file, profile)?;
        refuse_misplaced_secret(&settings)?;
        let contradictions = settings.contradictions();
        if !contradictions.is_empty() {
            let variables = contradictions.join(", ");
            warning::print(&format!(
                "the profile of --profile says otherwise than the environment, which wins: unset {variables}"
            ));
        }
        Ok(settings)
    }
}

impl CredentialSettings {
    /// All settings and where each comes from. Whether anything is missing is left to be seen.
    pub(crate) fn settings(&self, servers: &ServerSettings) -> Result<Settings, Failure> {
        if self.argument.is_some() {
            return Err(Failure::new(
                Exit::Usage,
                "a client secret is not taken from an argument: the process list would show it",
            )
            .tip("give it by --client-secret-file FILE, LP_CLIENT_SECRET_FILE or LP_CLIENT_SECRET")
            .tip("your shell's history may have it now"));
        }
        let mut flags = servers.flags();
        flags.client_id.clone_from(&self.client_id);
        flags.client_secret_file.clone_from(&self.client_secret_file);
        servers.put_together(flags, self.allow_shared_secret_file.then_some(true))
    }

    /// All settings, if none is missing; else it says at once which are. The client secret is not read yet.
    pub(crate) fn complete(&self, servers: &ServerSettings) -> Result<Settings, Failure> {
        let settings = self.settings(servers)?;
        let config = settings.config();
        let missing: Vec<_> = [
            (config.account.is_none(), ACCOUNT),
            (
                config.client_id.is_none() && config.client_id_file.is_none(),
                CLIENT_ID,
            ),
            (!settings.has_secret(), CLIENT_SECRET),
        ]
        .into_iter()
        .filter_map(|(is_missing, setting)| is_missing.then_some(setting))
        .collect();
        if missing.is_empty() {
            return Ok(settings);
        }
        let failure = not_set(&missing);
        let file = settings.file();
        Err(if file.taken.is_none() && !file.profiles.is_empty() {
            failure.tip(format!(
                "no profile is taken of the config file: --profile NAME, or LP_PROFILE, takes {}",
                file.profiles.join(" or ")
            ))
        } else {
            failure
        })
    }
}

/// A required setting, and how to give it.
type Setting = (&'static str, &'static [&'static str]);

pub(crate) const ACCOUNT: Setting = ("account id", &["--account ID, or LP_ACCOUNT_ID"]);
const CLIENT_ID: Setting = ("client id", &["--client-id ID, or LP_CLIENT_ID"]);
const CLIENT_SECRET: Setting = (
    "client secret",
    &[
        "--client-secret-file FILE,",
        "LP_CLIENT_SECRET_FILE, or LP_CLIENT_SECRET",
    ],
);

pub(crate) const ACCOUNT_IS: &str = "the account id is your site id at LivePerson, a number as a rule: it stands in the address of the agent workspace";
pub(crate) const CREDENTIALS_ARE: &str =
    "LivePerson gives out client id and secret when an application is installed";

/// Nothing was said about these.
pub(crate) fn not_set(missing: &[Setting]) -> Failure {
    let names: Vec<&str> = missing.iter().map(|(name, _)| *name).collect();
    let names = match names.as_slice() {
        [front @ .., last] if !front.is_empty() => format!("{} and no {last}", front.join(", no ")),
        names => names.concat(),
    };
    let mut failure = Failure::new(Exit::Usage, format!("no {names} is set"));
    for (name, ways) in missing {
        for (number, way) in ways.iter().enumerate() {
            let label = if number == 0 { *name } else { "" };
            failure = failure.detail(format!("{label:<14} {way}"));
        }
    }
    let of = |wanted: &[Setting]| missing.iter().any(|setting| wanted.contains(setting));
    if of(&[ACCOUNT]) {
        failure = failure.tip(ACCOUNT_IS);
    }
    if of(&[CLIENT_ID, CLIENT_SECRET]) {
        failure = failure.tip(CREDENTIALS_ARE);
    }
    failure.tip("to see it work without an account: lp-auth demo")
}

/// The account id, which has been seen to be set.
pub(crate) fn account(config: &Config) -> Result<AccountId, Failure> {
    let account = config.account.as_deref().unwrap_or_default();
    account
        .parse()
        .map_err(|error| crate::advice::unbuildable(&lp_auth::BuildError::Name(error)))
}

/// What is wrong with the settings as such.
pub(crate) fn unusable(error: &ConfigError) -> Failure {
    let failure = Failure::new(Exit::Usage, error.to_string());
    match error {
        ConfigError::TwoClientIds => failure.tip("unset LP_CLIENT_ID or LP_CLIENT_ID_FILE; --client-id wins over both"),
        ConfigError::TwoSecrets => {
            failure.tip("unset LP_CLIENT_SECRET or LP_CLIENT_SECRET_FILE; a flag wins over both")
        }
        ConfigError::File { path, .. } if path.as_os_str() == "[not shown]" => failure.tip(
            "--client-secret-file and LP_CLIENT_SECRET_FILE want the path of a file; the secret itself may stand in \
             LP_CLIENT_SECRET",
        ),
        ConfigError::TwoHosts => {
            failure.tip("unset all but one of LP_DOMAIN_API, LP_SENTINEL and LP_REGION; a flag wins over them")
        }
        _ => failure,
    }
}

/// How long to go on trying, and the rests between the tries: with no patience at all, one try.
pub(crate) fn pace(config: &Config) -> (Duration, Pace) {
    (config.patience.unwrap_or(PATIENCE), Pace::default())
}

pub(crate) fn with_patience(mut config: Config) -> Config {
    config.patience.get_or_insert(PATIENCE);
    config
}

/// A client secret that slipped to where a host or a file belongs would go to a name server, and into messages.
fn refuse_misplaced_secret(settings: &Settings) -> Result<(), Failure> {
    let config = settings.config();
    let path = |path: &Option<PathBuf>| {
        let path = path.as_ref().filter(|path| !path.exists())?;
        Some(path.display().to_string())
    };
    let places = [
        ("--domain-api (LP_DOMAIN_API)", config.domain_api.clone()),
        ("--sentinel (LP_SENTINEL)", config.sentinel.clone()),
        ("--ca-file (LP_CA_FILE)", path(&config.ca_file)),
        ("--v1-keys (LP_V1_KEYS)", path(&config.v1_keys)),
    ];
    let hosts = config.trusted_hosts.iter();
    let hosts = hosts.map(|host| ("--trusted-host (LP_TRUSTED_HOSTS)", Some(host.clone())));
    let found = places.into_iter().chain(hosts).find(|(_, value)| {
        let bare = value.as_deref().unwrap_or_default();
        let bare = bare.split_once("://").map_or(bare, |(_, rest)| rest);
        let bare = bare.trim_end_matches('/');
        similar::is_like_a_secret(bare) || settings.is_secret(bare)
    });
    match found {
        Some((place, _)) => Err(Failure::new(
            Exit::Usage,
            format!(
                "what stands for {place} looks like a client secret: it is not used there, and not shown"
            ),
        )
        .tip("a secret belongs into --client-secret-file FILE, LP_CLIENT_SECRET_FILE or LP_CLIENT_SECRET")
        .tip("your shell's history may have it now")),
        None => Ok(()),
    }
}

/// A variable that is on or off.
fn switch(variable: &'static str) -> Result<Option<bool>, Failure> {
    let Some(value) = std::env::var_os(variable).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    match value
        .to_str()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "1" | "true" | "yes" | "on" => Ok(Some(true)),
        "0" | "false" | "no" | "off" => Ok(Some(false)),
        _ => Err(Failure::new(
            Exit::Usage,
            format!("{variable}: neither `true` nor `false`"),
        )),
    }
}

/// A length of time on the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or("a number of seconds is wanted, as 10 or 2.5")
}
