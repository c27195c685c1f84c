//! A client secret that a command tells.

use core::fmt;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::failure::{Exit, Failure};

/// No client secret is longer; what is left of a command's output is not read.
const LONGEST: u64 = 64 * 1024;

/// A program that writes the client secret to its standard output, on the first line.
pub(crate) struct SecretCommand {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
}

impl SecretCommand {
    /// Runs it. What it says on stderr goes to ours: it may ask for a passphrase.
    pub(super) fn run(&self) -> Result<SecretString, Failure> {
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
        let mut output = Zeroizing::new(String::new());
        let told = child
            .stdout
            .take()
            .map_or(Ok(0), |stdout| stdout.take(LONGEST).read_to_string(&mut output));
        let status = child
            .wait()
            .map_err(|error| self.failed(&format!("cannot be waited for: {error}")))?;
        told.map_err(|_| self.failed("writes no text"))?;
        if !status.success() {
            return Err(self.failed(&format!("fails: {status}")));
        }
        match output.lines().next() {
            Some(secret) if !secret.is_empty() => Ok(secret.into()),
            _ => Err(self.failed("writes nothing on the first line")),
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
