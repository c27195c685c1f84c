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
    /// What it said when it was ready: a line of JSON.
    ready: String,
}

impl Emulator {
    /// Starts it on a folder of its own. With a host to advertise, that is where its Domain API sends clients.
    pub(super) fn start(command: &Path, folder: &Path, advertised: Option<&str>) -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| format!("cannot start {}: {error}", command.display());
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let log = File::create(log(folder)).map_err(cannot)?;
        let mut child = Command::new(command)
            .args(["emulator", "--verbose", "--output", "json", "--dir"])
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
        let emulator = Self {
            child,
            folder: folder.to_owned(),
            ready,
        };
        if emulator.listen().is_none() {
            let Self { ready, .. } = &emulator;
            return Err(format!(
                "the emulator did not start: {ready}{}",
                emulator.log_since(0)
            ));
        }
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
    pub(super) fn listen(&self) -> Option<&str> {
        member(&self.ready, "listen")
    }

    /// The address of its control plane, where it has one.
    pub(super) fn control(&self) -> Option<&str> {
        member(&self.ready, "control")
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

/// The value of a member of JSON on one line; for addresses, in which nothing is escaped.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = json.split_once(&format!("\"{name}\":\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_says_where_it_listens() {
        let ready = r#"{"account":"1","control":null,"listen":"127.0.0.1:4321","ready":true}"#;
        assert_eq!(member(ready, "listen"), Some("127.0.0.1:4321"));
        assert_eq!(member(ready, "control"), None);
        assert_eq!(member("", "listen"), None);
    }
}
