//! What a driver tells whoever wants to watch.

use core::fmt;
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use lp_auth_core::http::{Method, StatusCode};
use lp_auth_core::{Call, Error, Purpose, TransportError, UnixTime};

use crate::ConfigError;

/// Something that a driver did, or waits for. It holds no secret, no token and no URL query.
///
/// ```
/// let builder = lp_auth::Client::builder("12345678").watch(|progress| eprintln!("{progress}"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Progress {
    /// A call ended.
    Answered {
        /// What it was for.
        purpose: Purpose,
        /// The status that came back, or why none did.
        outcome: Result<StatusCode, TransportError>,
        /// How long it took, by the wall clock.
        took: Duration,
    },
    /// A call begins.
    Asking {
        /// What it is for.
        purpose: Purpose,
        /// The method.
        method: Method,
        /// Which host is asked.
        host: String,
        /// The path, without the query.
        path: String,
    },
    /// The files of the credentials hold others than before: these are used from now on.
    CredentialsChanged,
    /// The files of the credentials were to be read anew, and could not be: those read before are used.
    CredentialsKept {
        /// Why.
        why: ConfigError,
    },
    /// An asker waits for a rest after a failure to be over.
    Resting {
        /// The failure.
        error: Error,
        /// When the next try begins.
        until: UnixTime,
    },
}

impl Progress {
    pub(crate) fn asking(call: &Call) -> Self {
        let uri = call.request().uri();
        Self::Asking {
            purpose: call.purpose().clone(),
            method: call.request().method().clone(),
            host: uri.authority().map(ToString::to_string).unwrap_or_default(),
            path: uri.path().to_owned(),
        }
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered {
                purpose,
                outcome: Ok(status),
                took,
            } => {
                write!(f, "{purpose}: {status} after {} ms", took.as_millis())
            }
            Self::Answered {
                purpose,
                outcome: Err(error),
                took,
            } => {
                write!(f, "{purpose}: {error}, after {} ms", took.as_millis())
            }
            Self::Asking {
                purpose,
                method,
                host,
                path,
            } => write!(f, "{purpose}: {method} {host}{path}"),
            Self::CredentialsChanged => {
                f.write_str("the files hold other credentials, which are used from now on")
            }
            Self::CredentialsKept { why } => write!(f, "{why}; the credentials read before are used"),
            Self::Resting { error, until } => {
                write!(f, "{}: waiting until {until}, since {error}", error.purpose())
            }
        }
    }
}

/// Told of everything that a driver does. Silent by default.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<Watch>>);

type Watch = dyn Fn(&Progress) + Send + Sync;

impl Watcher {
    pub(crate) fn new(watch: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    pub(crate) fn tell(&self, progress: impl FnOnce() -> Progress) {
        if let Some(watch) = &self.0 {
            // What a watcher does wrong is no reason to leave askers without an answer.
            let _ = catch_unwind(AssertUnwindSafe(|| watch(&progress())));
        }
    }
}
