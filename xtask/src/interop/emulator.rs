//! The emulator, started by the command as a user would.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::command::Failure;

/// A running `lp-auth emulator`, which ends with this.
pub(super) struct Emulator {
    child: Child,
    folder: PathBuf,
    listen: String,
}

impl Emulator {
    /// Starts it on a folder of its own. With a host to advertise, that is where its Domain API sends clients.
    pub(super) fn start(command: &Path, folder: &Path, advertised: Option<&str>) -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| format!("cannot start {}: {error}", command.display());
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let log = File::create(log(folder)).map_err(cannot)?;
        let mut child = Command::new(command)
            .args(["emulator", "--verbose", "--dir"])
            .arg(folder)
            .args(advertised.iter().flat_map(|host| ["--advertise", host]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(cannot)?;
        let mut ready = String::new();
        if let Some(stdout) = child.stdout.as_mut() {
            BufReader::new(stdout).read_line(&mut ready).map_err(cannot)?;
        }
        let mut emulator = Self {
            child,
            folder: folder.to_owned(),
            listen: String::new(),
        };
        emulator.listen = listen(&ready)
            .ok_or_else(|| format!("the emulator did not start: {ready}{}", emulator.log_since(0)))?
            .to_owned();
        Ok(emulator)
    }

    /// Settings for a shell.
    pub(super) fn env_file(&self) -> PathBuf {
        self.folder.join("env")
    }

    /// Whom clients have to trust.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The address that it listens on, whatever it is called.
    pub(super) fn listen(&self) -> &str {
        &self.listen
    }

    pub(super) fn log_length(&self) -> usize {
        self.log_since(0).len()
    }

    /// What it was asked since its log had this length.
    pub(super) fn log_since(&self, length: usize) -> String {
        let bytes = std::fs::read(log(&self.folder)).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(length..).unwrap_or_default()).into_owned()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// Where it listens: as it is called, unless it says more.
fn listen(ready: &str) -> Option<&str> {
    let (_, rest) = ready.split_once("emulator ready at https://")?;
    match rest.split_once("(listening on ") {
        Some((_, rest)) => rest.split_once(')').map(|(address, _)| address),
        None => rest.split_once(';').map(|(address, _)| address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_says_where_it_listens() {
        let plain = "emulator ready at https://127.0.0.1:4321; in another shell: set -a; . lp/env\n";
        assert_eq!(listen(plain), Some("127.0.0.1:4321"));
        let named = "emulator ready at https://a.test (listening on 127.0.0.1:4321); in another shell: set -a; . lp/env\n";
        assert_eq!(listen(named), Some("127.0.0.1:4321"));
        assert_eq!(listen(""), None);
    }
}
