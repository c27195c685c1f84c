//! Why there is no configuration.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::LONGEST;

/// Why there is no configuration, or no builder from one.
///
/// ```
/// use lp_auth::Config;
///
/// let error = Config::from_variables(|name| (name == "LP_REGION").then(|| "mars".into())).unwrap_err();
/// assert_eq!(error.to_string(), "LP_REGION: not a region: `apac`, `emea` and `us` are");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file holds something else than a client id or a client secret.
    #[error("the file of the {what}, {}, cannot be used: {why}", path.display())]
    Credential {
        /// What it should hold.
        what: &'static str,
        /// Where it is. `[not shown]` where it looks like no path: it may be the secret.
        path: PathBuf,
        /// What is wrong with it. What it holds is not shown.
        #[source]
        why: lp_auth_core::InvalidCredential,
    },
    /// A file is empty.
    #[error("the file of the {what}, {}, is empty", path.display())]
    Empty {
        /// What it should hold.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("the file of the {what}, {}, cannot be read: {source}", path.display())]
    File {
        /// What it should hold.
        what: &'static str,
        /// Where it should be. `[not shown]` for a client secret's where it looks like no path: it may be the secret.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A file holds no keys that could verify a token.
    #[cfg(feature = "verify")]
    #[error("the file of the V1 keys, {}, cannot be used: {why}", path.display())]
    Keys {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        why: lp_auth_jwt::InvalidKeySet,
    },
    /// No account id.
    #[error("no account id is set: set LP_ACCOUNT_ID, or `account`")]
    NoAccount,
    /// A file holds something else than text.
    #[error("the file of the {what}, {}, holds no text", path.display())]
    NotText {
        /// What it should hold.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// A file is far larger than what it should hold.
    #[error("the file of the {what}, {}, is larger than {LONGEST} bytes: is it the right one?", path.display())]
    TooLarge {
        /// What it should hold.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// Where Sentinel is, is given in more than one way: by the Domain API, by name, by region.
    #[error("of a Domain API, a Sentinel host and a region more than one is set: leave all but one out")]
    TwoHosts,
    /// The client id is given as text and as a file.
    #[error("both a client id and a client id file are set: leave one out")]
    TwoClientIds,
    /// The client secret is given as text and as a file.
    #[error("both a client secret and a client secret file are set: leave one out")]
    TwoSecrets,
    /// A variable cannot be what it should be.
    #[error("{variable}: {problem}")]
    Variable {
        /// Its name.
        variable: &'static str,
        /// What is wrong with it. The value is not shown.
        problem: String,
    },
}

impl ConfigError {
    /// About a file, with this path shown.
    pub(super) fn with_path(mut self, shown: &Path) -> Self {
        match &mut self {
            Self::Credential { path, .. }
            | Self::Empty { path, .. }
            | Self::File { path, .. }
            | Self::NotText { path, .. }
            | Self::TooLarge { path, .. } => shown.clone_into(path),
            _ => {}
        }
        self
    }
}
