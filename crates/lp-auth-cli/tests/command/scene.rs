//! An emulator, the settings that lead to it, and runs of the command that are looked over.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lp_auth_emulator::{Emulator, EmulatorBuilder};
use tempfile::TempDir;

/// What no message may hold, besides tokens.
pub(crate) const SECRET: &str = "canarysecret2b7w4yq6pxk3ah";
pub(crate) const CONSUMER: &str = "canary-consumer-4711";
pub(crate) const STACKS: [&str; 2] = ["reqwest", "isahc"];

/// An emulator and the folder with its files.
pub(crate) struct Scene {
    pub(crate) emulator: Emulator,
    folder: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(Emulator::builder())
    }

    pub(crate) fn of(emulator: EmulatorBuilder) -> Self {
        let emulator = emulator.client_secret(SECRET).start().unwrap();
        let scene = Self {
            emulator,
            folder: tempfile::tempdir().unwrap(),
        };
        scene.write("secret", &format!("{SECRET}\n"));
        scene.write("ca.pem", scene.emulator.ca_pem());
        scene.write("v1-keys.pem", &scene.emulator.v1_public_key_pem());
        scene
    }

    /// Writes a file for its owner alone, and says where.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        self.set_mode(name, 0o600);
        path
    }

    /// Changes who can read and write a file, where the system knows modes.
    pub(crate) fn set_mode(&self, name: &str, mode: u32) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(self.path(name), mode).unwrap();
        }
        #[cfg(not(unix))]
        let _ = (name, mode);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with the settings for this emulator in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Run {
        let emulator = &self.emulator;
        bare(arguments)
            .env("LP_ACCOUNT_ID", emulator.account().as_str())
            .env("LP_CLIENT_ID", emulator.client_id())
            .env("LP_CLIENT_SECRET_FILE", self.path("secret").to_str().unwrap())
            .env("LP_DOMAIN_API", &emulator.domain_api())
            .env("LP_TRUSTED_HOSTS", emulator.sentinel())
            .env("LP_CA_FILE", self.path("ca.pem").to_str().unwrap())
            .env("LP_V1_KEYS", self.path("v1-keys.pem").to_str().unwrap())
            // One try: nothing here gets better by waiting.
            .env("LP_PATIENCE", "0")
    }
}

/// The command in an empty environment, and without a home: nobody's config file is to be read.
pub(crate) fn bare(arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lp-auth"));
    command
        .env_clear()
        .env("HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/nobody"))
        .args(arguments);
    Run {
        command,
        input: Vec::new(),
    }
}

/// A run that is being prepared.
pub(crate) struct Run {
    command: Command,
    input: Vec<u8>,
}

impl Run {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it. Whatever comes of it: no secret, no token and no colour on stderr.
    pub(crate) fn run(mut self) -> Ran {
        let pipes = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
        let [input, output, errors] = pipes;
        let mut child = self
            .command
            .stdin(input)
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap();
        // It may end without reading.
        let _ = child.stdin.take().unwrap().write_all(&self.input);
        let output = child.wait_with_output().unwrap();
        let ran = Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        for leak in [SECRET, CONSUMER, "eyJ", "\u{1b}", "panicked"] {
            assert!(!ran.stderr.contains(leak), "{leak}: {}", ran.stderr);
        }
        ran
    }

    pub(crate) fn spawn(mut self) -> std::process::Child {
        self.command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// What stderr has but for what is being waited for: on a busy machine any answer may take the seconds that are worth that
/// line.
pub(crate) fn told(stderr: &[u8]) -> String {
    let stderr = String::from_utf8_lossy(stderr);
    let lines = stderr.split_inclusive('\n');
    lines
        .filter(|line| !line.starts_with("waiting for the "))
        .collect()
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn code(&self) -> Option<i32> {
        self.code
    }

    /// What stderr has, whatever the machine's load.
    pub(crate) fn told(&self) -> String {
        told(self.stderr.as_bytes())
    }

    /// It was done, and nothing is told on stderr. Gives stdout.
    #[track_caller]
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.told(), "");
        self.stdout
    }

    /// It ended with this code, all these texts on stderr and nothing on stdout.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is not in: {}", self.stderr);
        }
    }
}
