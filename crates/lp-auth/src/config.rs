//! The settings as data: from the environment, from a file, from a command line.

mod error;
pub(crate) mod file;
mod variables;

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use lp_auth_core::{ApiVersion, Region};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub use self::error::ConfigError;
#[cfg(feature = "verify")]
use self::file::read_text;
use self::file::{read, read_credential, shown};
use self::variables::{Seconds, Switch, Variables};
use crate::{Client, ClientBuilder, Stack};

/// What a program is told about LivePerson from outside: by environment variables, by a file, by flags.
///
/// Every setting may be left out. Several sources are put together with [`or`](Self::or), and the whole becomes a
/// builder, where everything is checked. The command `lp-auth` works this way.
///
/// | setting | variable |
/// |---|---|
/// | [`account`](Self::account) | `LP_ACCOUNT_ID` |
/// | [`client_id`](Self::client_id) | `LP_CLIENT_ID` |
/// | [`client_id_file`](Self::client_id_file) | `LP_CLIENT_ID_FILE` |
/// | [`client_secret`](Self::client_secret) | `LP_CLIENT_SECRET` |
/// | [`client_secret_file`](Self::client_secret_file) | `LP_CLIENT_SECRET_FILE` |
/// | [`api_version`](Self::api_version) | `LP_API_VERSION`: `v1`, `v2` |
/// | [`domain_api`](Self::domain_api) | `LP_DOMAIN_API` |
/// | [`sentinel`](Self::sentinel) | `LP_SENTINEL` |
/// | [`region`](Self::region) | `LP_REGION`: `apac`, `emea`, `us` |
/// | [`trusted_hosts`](Self::trusted_hosts) | `LP_TRUSTED_HOSTS`, separated by commas |
/// | [`ca_file`](Self::ca_file) | `LP_CA_FILE` |
/// | [`plain_http_loopback`](Self::plain_http_loopback) | `LP_PLAIN_HTTP_LOOPBACK`: `true`, `false` |
/// | [`v1_keys`](Self::v1_keys) | `LP_V1_KEYS` |
/// | [`transport`](Self::transport) | `LP_TRANSPORT`: `reqwest`, `isahc` |
/// | [`patience`](Self::patience) | `LP_PATIENCE`, in seconds |
///
/// It can be read with serde, and deliberately not written: a written one would hold the secret.
///
/// ```no_run
/// let lp = lp_auth::Config::from_environment()?.client()?.build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The account id, also called site id.
    pub account: Option<String>,
    /// The client id of the installed application.
    #[serde(deserialize_with = "unshown")]
    pub client_id: Option<String>,
    /// A file that holds the client id, as [`client_secret_file`](Self::client_secret_file) holds the secret. Goes with
    /// no [`client_id`](Self::client_id).
    #[serde(deserialize_with = "unshown")]
    pub client_id_file: Option<PathBuf>,
    /// The client secret itself. Goes with no [`client_secret_file`](Self::client_secret_file).
    #[serde(deserialize_with = "unshown")]
    pub client_secret: Option<SecretString>,
    /// A file that holds the client secret; the end of its line is left away. It is read anew when it may have changed:
    /// see [`ClientBuilder::client_secret_file`].
    #[serde(deserialize_with = "unshown")]
    pub client_secret_file: Option<PathBuf>,
    /// The version of the token API: `v1` or `v2`. Default: V2.
    #[serde(deserialize_with = "from_text")]
    pub api_version: Option<ApiVersion>,
    /// Where the Domain API lives: a host or an `https` URL. Default: `https://api.liveperson.net`. Goes
    /// with neither [`sentinel`](Self::sentinel) nor [`region`](Self::region), as it is not asked where they are set.
    pub domain_api: Option<String>,
    /// Sentinel's host, so that the Domain API is not asked. Goes with no [`region`](Self::region).
    pub sentinel: Option<String>,
    /// The region whose documented Sentinel host is used, so that the Domain API is not asked: `apac`, `emea`, `us`.
    #[serde(deserialize_with = "from_text")]
    pub region: Option<Region>,
    /// Hosts, or suffixes with a dot before them, that are trusted besides LivePerson's own.
    pub trusted_hosts: Vec<String>,
    /// A PEM file of certificate authorities that are trusted instead of the operating system's.
    pub ca_file: Option<PathBuf>,
    /// Whether http is used instead of https, to loopback alone. Default: no.
    pub plain_http_loopback: Option<bool>,
    /// A file with the keys that V1 tokens are verified with: a JWK Set, PEM, or DER in base64. Default: the documented
    /// key.
    pub v1_keys: Option<PathBuf>,
    /// The HTTP stack to send with: `reqwest` or `isahc`. Default: the first that is compiled in.
    #[serde(deserialize_with = "from_text")]
    pub transport: Option<Stack>,
    /// How long to go on trying after transient failures; in files in seconds, as `2.5`. Default: 30 s.
    #[serde(deserialize_with = "from_seconds")]
    pub patience: Option<Duration>,
}

impl Config {
    /// From the variables `LP_…` of the environment. Empty ones count as not set.
    ///
    /// Fails where one cannot be what it should be; the error names the variable.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// The same from any source of variables.
    ///
    /// ```
    /// use lp_auth::{Config, Region};
    ///
    /// let config = Config::from_variables(|name| match name {
    ///     "LP_ACCOUNT_ID" => Some("12345678".into()),
    ///     "LP_REGION" => Some("emea".into()),
    ///     _ => None,
    /// })?;
    /// assert_eq!(config.account.as_deref(), Some("12345678"));
    /// assert_eq!(config.region, Some(Region::Emea));
    /// # Ok::<(), lp_auth::ConfigError>(())
    /// ```
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let variables = Variables(variable);
        Ok(Self {
            account: variables.text("LP_ACCOUNT_ID")?,
            client_id: variables.text("LP_CLIENT_ID")?,
            client_id_file: variables.path("LP_CLIENT_ID_FILE"),
            client_secret: variables.text("LP_CLIENT_SECRET")?.map(SecretString::from),
            client_secret_file: variables.path("LP_CLIENT_SECRET_FILE"),
            api_version: variables.parsed("LP_API_VERSION")?,
            domain_api: variables.text("LP_DOMAIN_API")?,
            sentinel: variables.text("LP_SENTINEL")?,
            region: variables.parsed("LP_REGION")?,
            trusted_hosts: variables.list("LP_TRUSTED_HOSTS")?,
            ca_file: variables.path("LP_CA_FILE"),
            plain_http_loopback: variables.parsed("LP_PLAIN_HTTP_LOOPBACK")?.map(|Switch(on)| on),
            v1_keys: variables.path("LP_V1_KEYS"),
            transport: variables.parsed("LP_TRANSPORT")?,
            patience: variables.parsed("LP_PATIENCE")?.map(|Seconds(length)| length),
        })
    }

    /// This, and from `fallback` what is not set here.
    ///
    /// What stands for the same thing goes together: a client id or a secret here, as text or as a file, is not joined by
    /// one from the fallback; nor is a Domain API, a Sentinel host or a region.
    ///
    /// ```
    /// use lp_auth::Config;
    ///
    /// let mut flags = Config::default();
    /// flags.region = Some(lp_auth::Region::Us);
    /// let mut environment = Config::default();
    /// environment.account = Some("12345678".into());
    /// environment.sentinel = Some("sentinel.example.com".into());
    ///
    /// let both = flags.or(environment);
    /// assert_eq!(both.account.as_deref(), Some("12345678"));
    /// assert_eq!(both.sentinel, None);
    /// ```
    pub fn or(self, fallback: Self) -> Self {
        let id_is_here = self.client_id.is_some() || self.client_id_file.is_some();
        let (client_id, client_id_file) = if id_is_here {
            (self.client_id, self.client_id_file)
        } else {
            (fallback.client_id, fallback.client_id_file)
        };
        let secret_is_here = self.client_secret.is_some() || self.client_secret_file.is_some();
        let (client_secret, client_secret_file) = if secret_is_here {
            (self.client_secret, self.client_secret_file)
        } else {
            (fallback.client_secret, fallback.client_secret_file)
        };
        let place_is_here = self.domain_api.is_some() || self.sentinel.is_some() || self.region.is_some();
        let (domain_api, sentinel, region) = if place_is_here {
            (self.domain_api, self.sentinel, self.region)
        } else {
            (fallback.domain_api, fallback.sentinel, fallback.region)
        };
        let trusted_hosts = if self.trusted_hosts.is_empty() {
            fallback.trusted_hosts
        } else {
            self.trusted_hosts
        };
        Self {
            account: self.account.or(fallback.account),
            client_id,
            client_id_file,
            client_secret,
            client_secret_file,
            api_version: self.api_version.or(fallback.api_version),
            domain_api,
            sentinel,
            region,
            trusted_hosts,
            ca_file: self.ca_file.or(fallback.ca_file),
            plain_http_loopback: self.plain_http_loopback.or(fallback.plain_http_loopback),
            v1_keys: self.v1_keys.or(fallback.v1_keys),
            transport: self.transport.or(fallback.transport),
            patience: self.patience.or(fallback.patience),
        }
    }

    /// Sets up a client. Reads the files that are named.
    ///
    /// Fails where there is no account, where two settings exclude each other, and where a file cannot be read. The
    /// rest is checked by [`ClientBuilder::build`].
    pub fn client(&self) -> Result<ClientBuilder, ConfigError> {
        self.check()?;
        let mut builder = Client::builder(self.account.as_deref().ok_or(ConfigError::NoAccount)?);
        match (&self.client_id_file, self.id()?) {
            (Some(path), Some(id)) => builder = builder.client_id_in(path, id),
            (None, Some(id)) => builder = builder.client_id(id),
            (_, None) => {}
        }
        match (&self.client_secret_file, self.secret()?) {
            (Some(path), Some(secret)) => builder = builder.client_secret_in(path, secret),
            (None, Some(secret)) => builder = builder.client_secret(secret.expose_secret()),
            (_, None) => {}
        }
        if let Some(version) = self.api_version {
            builder = builder.api_version(version);
        }
        Ok(builder.with_settings_of(self, self.ca_pem()?))
    }

    /// Sets up a verifier. Reads the files that are named. Whose tokens to accept is left to be said, as
    /// [`client_id`](Self::client_id) is who asks for tokens here, and need not be who presents them.
    ///
    /// Fails as [`client`](Self::client) does, and where the V1 keys cannot be used.
    ///
    /// ```
    /// let mut config = lp_auth::Config::default();
    /// config.account = Some("12345678".into());
    /// let verifier = config.verifier()?.any_client();
    /// # Ok::<(), lp_auth::ConfigError>(())
    /// ```
    #[cfg(feature = "verify")]
    pub fn verifier(&self) -> Result<crate::VerifierBuilder, ConfigError> {
        self.check()?;
        let mut builder = crate::Verifier::builder(self.account.as_deref().ok_or(ConfigError::NoAccount)?);
        if let Some(version) = self.api_version {
            builder = builder.api_versions([version]);
        }
        if let Some(path) = &self.v1_keys {
            let unusable = |why| ConfigError::Keys {
                path: path.clone(),
                why,
            };
            let text = read_text("V1 keys", path)?;
            if text.expose_secret().trim_ascii().is_empty() {
                return Err(ConfigError::Empty {
                    what: "V1 keys",
                    path: path.clone(),
                });
            }
            builder =
                builder.v1_keys(lp_auth_jwt::KeySet::from_text(text.expose_secret()).map_err(unusable)?);
        }
        Ok(builder.with_settings_of(self, self.ca_pem()?))
    }

    /// The client id, read from its file where one is named.
    pub fn id(&self) -> Result<Option<String>, ConfigError> {
        let Some(path) = &self.client_id_file else {
            return Ok(self.client_id.clone());
        };
        let id = read_credential("client id", path)?;
        Ok(Some(id.expose_secret().to_owned()))
    }

    /// The client secret, read from its file where one is named.
    pub fn secret(&self) -> Result<Option<SecretString>, ConfigError> {
        let Some(path) = &self.client_secret_file else {
            return Ok(self.client_secret.clone());
        };
        read_credential("client secret", path).map(Some)
    }

    /// The certificate authorities that are trusted instead of the operating system's, read from their file where one is
    /// named.
    pub fn ca_pem(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let read = |path: &PathBuf| Ok(read("certificate authority", path)?.to_vec());
        self.ca_file.as_ref().map(read).transpose()
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.client_id.is_some() && self.client_id_file.is_some() {
            return Err(ConfigError::TwoClientIds);
        }
        if self.client_secret.is_some() && self.client_secret_file.is_some() {
            return Err(ConfigError::TwoSecrets);
        }
        let places = [
            self.domain_api.is_some(),
            self.sentinel.is_some(),
            self.region.is_some(),
        ];
        if places.into_iter().filter(|is_set| *is_set).count() > 1 {
            return Err(ConfigError::TwoHosts);
        }
        Ok(())
    }
}

/// Expands, in the `impl` of a builder with shared settings, to what takes them from a [`Config`].
macro_rules! config_settings {
    () => {
        /// `ca_pem` is what the file of that setting holds.
        pub(crate) fn with_settings_of(mut self, config: &crate::Config, ca_pem: Option<Vec<u8>>) -> Self {
            let settings = &mut self.settings;
            settings.domain_api.clone_from(&config.domain_api);
            settings.sentinel.clone_from(&config.sentinel);
            settings.region = config.region;
            settings.trusted_hosts.clone_from(&config.trusted_hosts);
            settings.plain_http = config.plain_http_loopback.unwrap_or_default();
            settings.ca_pem = ca_pem;
            settings.stack = config.transport;
            settings.patience = config.patience.unwrap_or(settings.patience);
            self
        }
    };
}
pub(crate) use config_settings;

/// Shows neither the client secret nor the client id, as one may have been given for the other.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("account", &self.account)
            .field("client_id_file", &self.client_id_file.as_deref().map(shown))
            .field(
                "client_secret_file",
                &self.client_secret_file.as_deref().map(shown),
            )
            .field("api_version", &self.api_version)
            .field("domain_api", &self.domain_api)
            .field("sentinel", &self.sentinel)
            .field("region", &self.region)
            .field("trusted_hosts", &self.trusted_hosts)
            .field("ca_file", &self.ca_file)
            .field("plain_http_loopback", &self.plain_http_loopback)
            .field("v1_keys", &self.v1_keys)
            .field("transport", &self.transport)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// For what may be a secret: what it is instead of text is not repeated, as serde would do.
fn unshown<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer)
        .map_err(|_| D::Error::custom("a text is wanted; what is there is not shown"))
}

fn from_text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(D::Error::custom))
        .transpose()
}

fn from_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let seconds = Option::<f64>::deserialize(deserializer)?;
    let length = seconds.map(Seconds::new).transpose().map_err(D::Error::custom)?;
    Ok(length.map(|Seconds(length)| length))
}
