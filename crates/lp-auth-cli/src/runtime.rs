//! The small tokio runtime that a subcommand runs in, and its clock.

use std::time::SystemTime;

use lp_auth::UnixTime;
use tokio::runtime::Runtime;

use crate::failure::{Exit, Failure};

/// One thread is enough for one question.
pub(crate) fn start() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unavailable, format!("no runtime could be started: {error}")))
}

#[expect(clippy::disallowed_methods, reason = "a program's entry reads the clock")]
pub(crate) fn now() -> UnixTime {
    SystemTime::now().into()
}
