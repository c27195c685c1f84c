//! A client secret that a command tells.

use core::fmt;
use core::time::Duration;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::failure::{Exit, Failure};
use crate::progress::SOME_SECONDS;
use crate::{runtime, times, warning};

/// No client secret is longer; what is left of a command's output is not read.
const LONGEST: u64 = 64 * 1024;

/// A program that writes the client secret to its standard output, on the first line.
pub(crate) struct SecretCommand {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
}

impl SecretCommand {
    /// Runs it. What it says on stderr goes to ours: it may ask for a passphrase, so that without `limit` it has all
    /// the time it wants.
    pub(super) fn run(&self, limit: Option<Duration>) -> Result<SecretString, Failure> {
        // What is piped in is for the subcommand, and not to be eaten.
        let input = if io::stdin().is_terminal() {
            Stdio::inherit()
        } else {
            Stdio::null()
        };
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(input)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| self.failed(&format!("cannot be run: {error}")))?;
        let told = self.output(&mut child, limit)?;
        let status = child
            .wait()
            .map_err(|error| self.failed(&format!("cannot be waited for: {error}")))?;
        let output = told.map_err(|_| self.failed("writes no text"))?;
        if !status.success() {
            return Err(self.failed(&format!("fails: {status}")));
        }
        match output.lines().next() {
            Some(secret) if !secret.is_empty() => Ok(secret.into()),
            _ => Err(self.failed("writes nothing on the first line")),
        }
    }

    /// What it writes. A thread reads it: what the command leaves running may keep its end of the pipe open.
    fn output(
        &self,
        child: &mut Child,
        limit: Option<Duration>,
    ) -> Result<io::Result<Zeroizing<String>>, Failure> {
        let Some(stdout) = child.stdout.take() else {
            return Err(self.failed("has no output"));
        };
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut output = Zeroizing::new(String::new());
            let told = stdout.take(LONGEST).read_to_string(&mut output);
            // After the limit nobody waits for it.
            let _ = sender.send(told.map(|_| output));
        });
        let gives_up = limit.map(|limit| runtime::now() + limit);
        let mut has_told = false;
        loop {
            let left = gives_up.map(|at| at.since(runtime::now()));
            let wait = match (has_told, left) {
                (false, Some(left)) => left.min(SOME_SECONDS),
                (false, None) => SOME_SECONDS,
                (true, Some(left)) => left,
                (true, None) => Duration::MAX,
            };
            match receiver.recv_timeout(wait) {
                Ok(told) => return Ok(told),
                Err(RecvTimeoutError::Disconnected) => return Err(self.failed("cannot be read")),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let (Some(at), Some(limit)) = (gives_up, limit)
                && runtime::now() >= at
            {
                // It may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return Err(self.failed(&format!("did not end within {}", times::length(limit))));
            }
            if !has_told {
                has_told = true;
                warning::notice(&format!("waiting for the command for the client secret, {self}"));
            }
        }
    }

    fn failed(&self, problem: &str) -> Failure {
        Failure::new(
            Exit::Usage,
            format!("the command for the client secret, {self}, {problem}"),
        )
        .tip("it is `client_secret_command` of the profile; it is to write the secret alone to its standard output")
    }
}

/// Shows the program alone: an argument may be a secret.
impl fmt::Display for SecretCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.program.display())
    }
}

impl fmt::Debug for SecretCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretCommand")
            .field("program", &self.program)
            .finish_non_exhaustive()
    }
}
