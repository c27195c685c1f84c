//! What the client is built from.

use core::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use lp_auth_core::{ApiVersion, Credentials, Scope, TokenRequest};

use super::Client;
use crate::BuildError;
use crate::config::config_settings;
use crate::config::file::read_credential;
use crate::credential_files::{CredentialFiles, CredentialPaths};
use crate::settings::{Settings, shared_settings};

/// Sets up a [`Client`]. Account, client id and client secret have no default.
///
/// Nothing is checked before [`build`](Self::build), and nothing is sent before the first question.
///
/// ```
/// # fn main() -> Result<(), lp_auth::BuildError> {
/// # let _in_tokio = ();
/// let lp = lp_auth::Client::builder("12345678")
///     .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
///     .client_secret("mfrggzdfmztwq2lknnwg23tpob")
///     .api_version(lp_auth::ApiVersion::V1)
///     .region(lp_auth::Region::Emea)
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    files: CredentialPaths,
    version: ApiVersion,
    scope: Option<Scope>,
}

impl ClientBuilder {
    pub(super) fn new(account: String) -> Self {
        Self {
            settings: Settings::new(account),
            client_id: None,
            client_secret: None,
            files: CredentialPaths::default(),
            version: ApiVersion::default(),
            scope: None,
        }
    }

    /// The id of the installed application.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self.files.client_id = None;
        self
    }

    /// A file that holds the client id, read as [`client_secret_file`](Self::client_secret_file) is. The two are read
    /// together.
    pub fn client_id_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_id = None;
        self.files.client_id = Some(path.into());
        self
    }

    /// The secret of the installed application.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(secret.into().into());
        self.files.client_secret = None;
        self
    }

    /// A file that holds the secret of the installed application, as a mounted secret of Kubernetes or Docker is one. The
    /// end of its line is left away.
    ///
    /// It is read at [`build`](Self::build), and again whenever it may have changed and that would matter: before a
    /// token is requested, when a request was refused, and while such a refusal rests at most once a second, if
    /// somebody asks. So a secret that was rotated is used without a restart, and ends the rest after the refusal of
    /// the old one. The token at hand serves on.
    ///
    /// Where it cannot be read then (missing, empty, half written), the secret read before is used; a
    /// [watcher](Self::watch) is told, and so is whoever gets the refusal. What is no ordinary file, as a pipe, is read
    /// at `build` alone.
    ///
    /// The file is read where the asker runs, also on an async executor: it is a line, and read about once an hour.
    /// Do not put it on a file system that may hang.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let mounted = tempfile::tempdir()?;
    /// # std::fs::write(mounted.path().join("client-id"), "75588e18-0213-4e33-8174-883acac7e3c4")?;
    /// # std::fs::write(mounted.path().join("client-secret"), "mfrggzdfmztwq2lknnwg23tpob")?;
    /// # #[cfg(any(feature = "reqwest", feature = "isahc"))]
    /// let lp = lp_auth::Client::builder("12345678")
    ///     .client_id_file(mounted.path().join("client-id"))
    ///     .client_secret_file(mounted.path().join("client-secret"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn client_secret_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.client_secret = None;
        self.files.client_secret = Some(path.into());
        self
    }

    /// What the file of the client id held already.
    pub(crate) fn client_id_in(mut self, path: &Path, id: String) -> Self {
        self.client_id = Some(id);
        self.files.client_id = Some(path.to_owned());
        self
    }

    /// What the file of the client secret held already.
    pub(crate) fn client_secret_in(mut self, path: &Path, secret: SecretString) -> Self {
        self.client_secret = Some(secret);
        self.files.client_secret = Some(path.to_owned());
        self
    }

    /// The version of the token API. Default: V2; V1 is for the Connector API alone.
    pub fn api_version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// Asks for less than the application was installed with. Default: no scope is sent.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    shared_settings!();
    config_settings!();

    /// The client. With reqwest, and no transport given, it is used inside a tokio runtime.
    pub fn build(self) -> Result<Client, BuildError> {
        let (request, credentials, files, settings) = self.into_parts()?;
        Client::from_parts(request, credentials, files, settings)
    }

    /// The client for threads.
    #[cfg(feature = "blocking")]
    pub fn build_blocking(self) -> Result<crate::blocking::Client, BuildError> {
        let (request, credentials, files, settings) = self.into_parts()?;
        crate::blocking::Client::from_parts(request, credentials, files, settings)
    }

    fn into_parts(self) -> Result<Parts, BuildError> {
        let mut request = TokenRequest::new(self.settings.account()?, self.version);
        if let Some(scope) = self.scope {
            request = request.with_scope(scope);
        }
        let client_id = match (self.client_id, &self.files.client_id) {
            (Some(id), _) => id,
            (None, Some(path)) => read_credential("client id", path)?.expose_secret().to_owned(),
            (None, None) => return Err(BuildError::NoClientId),
        };
        let client_secret = match (self.client_secret, &self.files.client_secret) {
            (Some(secret), _) => secret,
            (None, Some(path)) => read_credential("client secret", path)?,
            (None, None) => return Err(BuildError::NoClientSecret),
        };
        let credentials = Credentials {
            client_id: client_id.parse()?,
            client_secret: client_secret.expose_secret().parse()?,
        };
        let files = CredentialFiles::new(self.files, &credentials);
        Ok((request, credentials, files, self.settings))
    }
}

/// What a client of either kind is made from.
type Parts = (TokenRequest, Credentials, Option<CredentialFiles>, Settings);

/// Shows neither the client secret nor the client id, as one may have been given for the other.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
