//! The emulator's folder: what stays the same from one start to the next, and what other programs read.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fs4::{FileExt, TryLockError};
use lp_auth_core::{AccountId, UnixTime};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::application::Application;
use crate::error::EmulatorError;
use crate::files;
use crate::keyring::{KeyRing, PublishedKey};
use crate::keys::SigningKey;

/// A folder with these files:
///
/// - `ca.pem`, `ca-key.pem`: the certificate authority;
/// - `signing-keys.json`: the private keys that tokens are signed with;
/// - `v1-public-key.pem`: the key that V1 tokens are verified with;
/// - `application.json`, `client-secret`: the first application;
/// - `env`: settings for the command `lp-auth`, to be read by a shell;
/// - `config.toml`: the config file that `env` names, without any profile, so that no profile of the user's shines through;
/// - `ports.json`: where the emulator listened the last time;
/// - `lock`: held by the emulator that uses the folder, so that a second one does not overwrite all this.
#[derive(Clone)]
pub(crate) struct Directory {
    path: PathBuf,
}

/// The config file that `env` names.
const CONFIG: &str = "config.toml";

const WITHOUT_PROFILES: &[u8] =
    b"# `env` in this folder names this file: while its settings are in use, no profile adds to them.\n";
const PORTS: &str = "ports.json";

/// What of the first application is kept, the secret apart.
#[derive(Deserialize, Serialize)]
struct ApplicationRecord {
    account: String,
    client_id: String,
    scope: String,
}

/// The ports of the last start.
#[derive(Clone, Copy, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Ports {
    pub(crate) servers: Option<u16>,
    pub(crate) control: Option<u16>,
}

#[derive(Deserialize, Serialize)]
struct SigningKeys {
    v1: String,
    #[serde(default)]
    v1_created_at: Option<u64>,
    v2: Vec<SigningKeyRecord>,
}

#[derive(Deserialize, Serialize)]
struct SigningKeyRecord {
    kid: String,
    /// Seconds since 1970.
    #[serde(default)]
    created_at: Option<u64>,
    pkcs8: String,
}

impl Directory {
    /// The folder, made if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, EmulatorError> {
        // The `env` file is read elsewhere, where a relative path would lead elsewhere.
        let absolute = std::path::absolute(path).map_err(|error| io_error(path, error))?;
        files::create_directory(&absolute).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => EmulatorError::NotAFolder(absolute.clone()),
            _ => EmulatorError::Folder {
                path: absolute.clone(),
                source: Arc::new(error),
            },
        })?;
        Ok(Self { path: absolute })
    }

    /// The folder, for this emulator alone until the file is dropped, or its process ends however it ends.
    pub(crate) fn lock(&self) -> Result<File, EmulatorError> {
        let path = self.path.join("lock");
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|error| io_error(&path, error))?;
        match FileExt::try_lock(&file) {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(EmulatorError::InUse(self.path.clone())),
            // A file system without locks: better no protection than no emulator.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(file),
            Err(TryLockError::Error(error)) => Err(io_error(&path, error)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn env_file(&self) -> PathBuf {
        self.path.join("env")
    }

    /// The signing keys as they were kept; new ones, kept from now on, if there are none.
    pub(crate) fn keys(&self, now: UnixTime) -> Result<KeyRing, EmulatorError> {
        let path = self.path.join("signing-keys.json");
        let Some(text) = read(&path)? else {
            let keys = KeyRing::own(now);
            self.keep_keys(&keys)?;
            return Ok(keys);
        };
        let restore = || {
            let kept: SigningKeys = serde_json::from_str(&text).ok()?;
            let key = |pkcs8: &str| SigningKey::from_pkcs8(&STANDARD.decode(pkcs8).ok()?);
            let time = |seconds: Option<u64>| seconds.map_or(now, UnixTime::from_secs);
            let published = |record: &SigningKeyRecord| {
                Some(PublishedKey {
                    id: record.kid.as_str().into(),
                    created_at: time(record.created_at),
                    key: key(&record.pkcs8)?,
                })
            };
            let v2: Option<Vec<PublishedKey>> = kept.v2.iter().map(published).collect();
            let v2 = v2.filter(|keys| !keys.is_empty())?;
            Some(KeyRing::restored(key(&kept.v1)?, time(kept.v1_created_at), v2))
        };
        let keys = restore().ok_or(EmulatorError::Unusable(path))?;
        self.keep_public_key(&keys)?;
        Ok(keys)
    }

    /// Makes keys that are not made yet, and writes all of them down.
    pub(crate) fn keep_keys(&self, keys: &KeyRing) -> Result<(), EmulatorError> {
        let record = |published: &PublishedKey| SigningKeyRecord {
            kid: published.id.to_string(),
            created_at: Some(published.created_at.as_secs()),
            pkcs8: STANDARD.encode(published.key.pkcs8()),
        };
        let kept = SigningKeys {
            v1: STANDARD.encode(keys.v1().pkcs8()),
            v1_created_at: Some(keys.v1_created_at().as_secs()),
            v2: keys.v2().iter().map(record).collect(),
        };
        self.write_private("signing-keys.json", &json(&kept))?;
        self.keep_public_key(keys)
    }

    /// The first application as it was kept, if it was.
    pub(crate) fn application(&self) -> Result<Option<Application>, EmulatorError> {
        let path = self.path.join("application.json");
        let secret_path = self.path.join("client-secret");
        let (Some(text), Some(secret)) = (read(&path)?, read(&secret_path)?) else {
            return Ok(None);
        };
        let restore = || {
            let record: ApplicationRecord = serde_json::from_str(&text).ok()?;
            let account: AccountId = record.account.parse().ok()?;
            Some(
                Application::new(account)
                    .with_client_id(record.client_id)
                    .with_client_secret(SecretString::from(secret))
                    .with_scope(record.scope),
            )
        };
        restore().map(Some).ok_or(EmulatorError::Unusable(path))
    }

    pub(crate) fn keep_application(&self, application: &Application) -> Result<(), EmulatorError> {
        let record = ApplicationRecord {
            account: application.account().to_string(),
            client_id: application.client_id().to_owned(),
            scope: application.scope().to_owned(),
        };
        self.write_private(
            "client-secret",
            application.client_secret().expose_secret().as_bytes(),
        )?;
        self.write_private("application.json", &json(&record))
    }

    /// The ports that were kept. What cannot be read is as good as none: others are taken then.
    pub(crate) fn ports(&self) -> Ports {
        let text = std::fs::read(self.path.join(PORTS)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    pub(crate) fn keep_ports(&self, ports: Ports) -> Result<(), EmulatorError> {
        let path = self.path.join(PORTS);
        files::write_public(&path, &json(&ports)).map_err(|error| io_error(&path, error))
    }

    /// Writes `env`: for a shell, `set -a; . DIR/env`; whatever characters the folder's path has.
    ///
    /// What the shell may have from elsewhere, and what would lead elsewhere, is emptied: empty counts as not set. What a
    /// profile of the user's could say instead is kept away by a config file that has none.
    pub(crate) fn write_env(
        &self,
        application: &Application,
        host: &str,
        plain_http: bool,
        control: Option<&str>,
    ) -> Result<(), EmulatorError> {
        let scheme = if plain_http { "http" } else { "https" };
        let file = |name: &str| self.path.join(name).into_os_string();
        let mut variables: Vec<(&str, OsString)> = vec![
            ("LP_EMULATOR_CONTROL", control.unwrap_or_default().into()),
            ("LP_ACCOUNT_ID", application.account().as_str().into()),
            ("LP_CLIENT_ID", application.client_id().into()),
            ("LP_CLIENT_SECRET_FILE", file("client-secret")),
            ("LP_DOMAIN_API", format!("{scheme}://{host}").into()),
            ("LP_TRUSTED_HOSTS", host.into()),
            ("LP_V1_KEYS", file("v1-public-key.pem")),
            ("LP_CONFIG_FILE", file(CONFIG)),
        ];
        variables.extend(if plain_http {
            [
                ("LP_PLAIN_HTTP_LOOPBACK", "true".into()),
                ("LP_CA_FILE", OsString::new()),
            ]
        } else {
            [
                ("LP_CA_FILE", file("ca.pem")),
                ("LP_PLAIN_HTTP_LOOPBACK", "false".into()),
            ]
        });
        let elsewhere = [
            "LP_ALLOW_SHARED_SECRET_FILE",
            "LP_API_VERSION",
            "LP_CLIENT_ID_FILE",
            "LP_CLIENT_SECRET",
            "LP_CONSUMER_ID",
            "LP_PATIENCE",
            "LP_PROFILE",
            "LP_REGION",
            "LP_SENTINEL",
            "LP_TRANSPORT",
        ];
        variables.extend(elsewhere.map(|name| (name, OsString::new())));
        let mut text = Vec::new();
        for (name, value) in variables {
            text.extend_from_slice(name.as_bytes());
            text.push(b'=');
            text.extend_from_slice(&quoted(value.as_encoded_bytes()));
            text.push(b'\n');
        }
        let config = self.path.join(CONFIG);
        files::write_public(&config, WITHOUT_PROFILES).map_err(|error| io_error(&config, error))?;
        let path = self.env_file();
        files::write_public(&path, &text).map_err(|error| io_error(&path, error))
    }

    fn keep_public_key(&self, keys: &KeyRing) -> Result<(), EmulatorError> {
        let path = self.path.join("v1-public-key.pem");
        files::write_public(&path, keys.v1().spki_pem().as_bytes()).map_err(|error| io_error(&path, error))
    }

    fn write_private(&self, name: &str, content: &[u8]) -> Result<(), EmulatorError> {
        let path = self.path.join(name);
        files::write_private(&path, content).map_err(|error| io_error(&path, error))
    }
}

fn read(path: &Path) -> Result<Option<String>, EmulatorError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(EmulatorError::Unusable(path.to_owned()))
        }
        Err(error) => Err(io_error(path, error)),
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("records of strings can be written as JSON")
}

/// In single quotes, as sh takes them: within them nothing is special but the quote itself.
fn quoted(value: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in value {
        match byte {
            b'\'' => quoted.extend_from_slice(br"'\''"),
            byte => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

fn io_error(path: &Path, error: io::Error) -> EmulatorError {
    EmulatorError::Io {
        path: path.to_owned(),
        source: Arc::new(error),
    }
}
