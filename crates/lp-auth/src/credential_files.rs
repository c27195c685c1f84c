//! Credentials that stand in files, and are read anew when they may have changed.

use core::str::FromStr;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::ExposeSecret as _;

use lp_auth_core::{
    ClientId, ClientSecret, Credentials, Error, ErrorKind, InvalidCredential, Purpose, UnixTime, Window,
};

use crate::ConfigError;
use crate::config::file::{read_credential, shown};
use crate::progress::{Progress, Watcher};

/// The files that hold the client id and the client secret, and what was in them when they were last read.
///
/// Nobody watches them. They are read before a token is requested, when a request was refused, and, now and then,
/// while that refusal rests and somebody asks: whenever others than the ones at hand would be of use.
pub(crate) struct CredentialFiles {
    paths: Arc<CredentialPaths>,
    seen: Mutex<Seen>,
}

/// Where credentials stand. What has no file is given otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct CredentialPaths {
    pub(crate) client_id: Option<PathBuf>,
    pub(crate) client_secret: Option<PathBuf>,
}

#[derive(Clone)]
struct Seen {
    /// What the files held.
    held: FromFiles,
    /// Why they could not be read the last time.
    problem: Option<ConfigError>,
    /// The stretch of time in which no rest is reason enough to read them again.
    looked: Option<Window>,
}

/// What there was in files.
#[derive(Clone, Default)]
pub(crate) struct FromFiles {
    client_id: Option<ClientId>,
    client_secret: Option<ClientSecret>,
}

/// Why somebody looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Occasion {
    /// A token is about to be requested.
    Call,
    /// A request was refused.
    Refusal,
    /// Somebody asks while a refusal rests.
    Rest,
}

impl CredentialFiles {
    /// While a refusal rests, they are looked at no more often than this.
    const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

    /// For these paths, if there is one; `first` is what was read from them.
    pub(crate) fn new(paths: CredentialPaths, first: &Credentials) -> Option<Self> {
        let CredentialPaths {
            client_id,
            client_secret,
        } = &paths;
        if client_id.is_none() && client_secret.is_none() {
            return None;
        }
        let held = FromFiles {
            client_id: client_id.is_some().then(|| first.client_id.clone()),
            client_secret: client_secret.is_some().then(|| first.client_secret.clone()),
        };
        let seen = Seen {
            held,
            problem: None,
            looked: None,
        };
        Some(Self {
            paths: Arc::new(paths),
            seen: Mutex::new(seen),
        })
    }

    /// What is in the files now, if it is something else than the last time. A failure to read them changes nothing, and
    /// is told.
    ///
    /// Nothing is locked while files are read: that may take time.
    pub(crate) fn read_anew(
        &self,
        occasion: Occasion,
        now: UnixTime,
        watcher: &Watcher,
    ) -> Option<FromFiles> {
        {
            let mut seen = self.seen();
            if occasion == Occasion::Rest && seen.looked.is_some_and(|looked| looked.contains(now)) {
                return None;
            }
            let looked = Window::starting(now, Self::LOOK_AGAIN_AFTER);
            seen.looked = (occasion != Occasion::Call).then_some(looked);
        }
        match self.paths.read() {
            Err(problem) => {
                self.seen().problem = Some(problem.clone());
                watcher.tell(|| Progress::CredentialsKept { why: problem });
                None
            }
            Ok(found) => {
                let found = {
                    let mut seen = self.seen();
                    seen.problem = None;
                    let found = found.or(&seen.held);
                    if found.is(&seen.held) {
                        return None;
                    }
                    seen.held = found.clone();
                    found
                };
                watcher.tell(|| Progress::CredentialsChanged);
                Some(found)
            }
        }
    }

    /// A refusal says so where the files could not be read before it.
    pub(crate) fn explained(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Refused || *error.purpose() != Purpose::Token {
            return error;
        }
        match &self.seen().problem {
            Some(problem) => {
                let advice = format!(
                    "{problem}, so what was read before was used: put the file right, or {}",
                    error.advice()
                );
                error.with_advice(advice)
            }
            None => error,
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same files, for another machine: each uses what it finds there by itself.
impl Clone for CredentialFiles {
    fn clone(&self) -> Self {
        Self {
            paths: Arc::clone(&self.paths),
            seen: Mutex::new(self.seen().clone()),
        }
    }
}

impl CredentialPaths {
    /// What the files hold. Of two files it is what both hold at one time, as far as that can be had.
    fn read(&self) -> Result<FromFiles, ConfigError> {
        let mut found = self.read_once()?;
        if self.client_id.is_some() && self.client_secret.is_some() {
            // They may be swapped between the reading of one and that of the other.
            for _ in 0..3 {
                let again = self.read_once()?;
                if again.is(&found) {
                    break;
                }
                found = again;
            }
        }
        Ok(found)
    }

    fn read_once(&self) -> Result<FromFiles, ConfigError> {
        Ok(FromFiles {
            client_id: part("client id", self.client_id.as_deref())?,
            client_secret: part("client secret", self.client_secret.as_deref())?,
        })
    }
}

impl FromFiles {
    /// These credentials, with what is in files taken from there.
    pub(crate) fn instead_of(self, credentials: &Credentials) -> Credentials {
        let Credentials {
            client_id,
            client_secret,
        } = credentials.clone();
        Credentials {
            client_id: self.client_id.unwrap_or(client_id),
            client_secret: self.client_secret.unwrap_or(client_secret),
        }
    }

    fn or(self, fallback: &Self) -> Self {
        Self {
            client_id: self.client_id.or_else(|| fallback.client_id.clone()),
            client_secret: self.client_secret.or_else(|| fallback.client_secret.clone()),
        }
    }

    fn is(&self, other: &Self) -> bool {
        let same_secret = match (&self.client_secret, &other.client_secret) {
            (Some(one), Some(other)) => one.expose() == other.expose(),
            (one, other) => one.is_none() && other.is_none(),
        };
        same_secret && self.client_id == other.client_id
    }
}

/// None where there is no file, and where it is no ordinary one: a pipe was read when the client was built, and can be
/// read only once.
fn part<T>(what: &'static str, path: Option<&Path>) -> Result<Option<T>, ConfigError>
where
    T: FromStr<Err = InvalidCredential>,
{
    let Some(path) = path else { return Ok(None) };
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Ok(None);
    }
    let text = read_credential(what, path)?;
    let part = text
        .expose_secret()
        .parse()
        .map_err(|why| ConfigError::Credential {
            what,
            path: shown(path).to_owned(),
            why,
        })?;
    Ok(Some(part))
}
