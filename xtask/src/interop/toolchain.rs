//! What a check is written in: how its dependencies come in, and how it is run.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::emulator::Emulator;
use super::facts::Facts;
use crate::command::{Failure, output, program};
use crate::workspace::root;

/// Each is skipped where it is not installed, or where its registry cannot be had.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Toolchain {
    /// `go.mod`; the program is the folder's package, and has arguments alone.
    Go,
    /// `package.json` and `package-lock.json`; the program is a script, with node's own options before it.
    Node,
    /// `requirements.txt`, with everything pinned, into a virtual environment; the program is a script.
    Python,
    /// `Cargo.toml` and `Cargo.lock`, a workspace of its own; the program is a binary.
    Rust,
    /// Nothing; the program is a script.
    Shell,
}

/// How a check ended.
pub(super) enum Ended {
    Failed(Failure),
    Skipped(String),
    Well(Facts),
}

/// Why a check cannot be run.
enum Trouble {
    /// This machine or its network lacks something.
    NotHere(String),
    /// What stands in its folder is wrong.
    Ours(Failure),
}

/// Where checks are set up and run: copies of `xtask/interop` in the target folder.
pub(super) struct Workshop {
    folder: PathBuf,
    /// What came of setting up a folder; several checks share one.
    set_up: HashMap<&'static str, Result<(), Trouble>>,
}

impl Workshop {
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        copy(&root().join("xtask").join("interop"), folder)
            .map_err(|error| format!("{} cannot be written: {error}", folder.display()))?;
        Ok(Self {
            folder: folder.to_owned(),
            set_up: HashMap::new(),
        })
    }

    pub(super) fn run(
        &mut self,
        folder: &'static str,
        toolchain: Toolchain,
        program: &str,
        emulator: &Emulator,
    ) -> Ended {
        let place = self.folder(folder);
        let ready = self
            .set_up
            .entry(folder)
            .or_insert_with(|| toolchain.set_up(&place));
        match ready {
            Ok(()) => {}
            Err(Trouble::NotHere(why)) => return Ended::Skipped(why.clone()),
            Err(Trouble::Ours(failure)) => return Ended::Failed(failure.clone()),
        }
        let mut command = toolchain.command(&place, program, emulator);
        let ran = match command.stdin(Stdio::null()).output() {
            Ok(ran) => ran,
            Err(error) => return Ended::Failed(format!("{command:?} cannot be run: {error}")),
        };
        let stdout = String::from_utf8_lossy(&ran.stdout);
        let facts = Facts::read(&stdout);
        match ran.status.code() {
            Some(0) if facts.clients.is_empty() => Ended::Failed(format!(
                "{folder}: it does not say which client it tried\n{stdout}"
            )),
            Some(0) => Ended::Well(facts),
            Some(77) => Ended::Skipped(facts.skipped.join("; ")),
            _ => Ended::Failed(format!("{stdout}{}", String::from_utf8_lossy(&ran.stderr))),
        }
    }

    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Toolchain {
    /// Brings the dependencies in.
    fn set_up(self, place: &Path) -> Result<(), Trouble> {
        let within = |name: &str, arguments: &str| output(program(name, arguments).current_dir(place));
        match self {
            Self::Go => {
                there("go", "version")?;
                within("go", "mod tidy").map_err(|said| no_registry(&said))?;
                within("go", "build -o check .").map_err(Trouble::Ours)?;
            }
            Self::Node => {
                there("node", "--version")?;
                there("npm", "--version")?;
                once(place, "package-lock.json", || {
                    // `EUSAGE`: the lock file does not fit the manifest.
                    let clean = within("npm", "ci --no-audit --no-fund --ignore-scripts");
                    clean.map_err(|said| {
                        if said.contains("EUSAGE") {
                            Trouble::Ours(said)
                        } else {
                            no_registry(&said)
                        }
                    })
                })?;
            }
            Self::Python => {
                there("python3", "--version")?;
                once(place, "requirements.txt", || {
                    within("python3", "-m venv venv").map_err(|said| {
                        Trouble::NotHere(format!("python3 makes no virtual environment: {}", gist(&said)))
                    })?;
                    let pip = place.join("venv/bin/python").display().to_string();
                    within(&pip, "-m pip install --quiet --requirement requirements.txt")
                        .map_err(|said| no_registry(&said))
                })?;
            }
            Self::Rust => {
                within("cargo", "fetch --locked").map_err(|said| no_registry(&said))?;
                within("cargo", "build --quiet --locked --offline --target-dir target")
                    .map_err(Trouble::Ours)?;
            }
            Self::Shell => there("sh", "-c :")?,
        }
        Ok(())
    }

    /// Runs a program as a user would who read the `env` file in a shell, and told it whom to trust.
    fn command(self, place: &Path, run: &str, emulator: &Emulator) -> Command {
        let words = run.split_ascii_whitespace();
        let mut command = program("sh", "");
        command
            .args(["-c", "set -a; . \"$0\"; exec \"$@\""])
            .arg(emulator.env_file())
            .current_dir(place)
            .env("INTEROP_DOCS", root().join("docs"));
        let addresses = [
            ("INTEROP_CONTROL", emulator.control()),
            ("INTEROP_LISTEN", emulator.listen()),
        ];
        command.envs(
            addresses
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        // What a proxy would make of a connection to this machine is another matter.
        for name in ["http_proxy", "https_proxy", "all_proxy"] {
            command.env_remove(name).env_remove(name.to_ascii_uppercase());
        }
        let authority = emulator.authority();
        match self {
            Self::Go => command
                .env("SSL_CERT_FILE", authority)
                .arg(place.join("check"))
                .args(words),
            Self::Node => command
                .env("NODE_EXTRA_CA_CERTS", authority)
                .arg("node")
                .args(words),
            Self::Python => command
                .env("REQUESTS_CA_BUNDLE", authority)
                .arg("venv/bin/python")
                .args(words),
            Self::Rust => command.arg(place.join("target/debug").join(run)),
            Self::Shell => command.arg("sh").args(words),
        };
        command
    }
}

fn there(name: &str, arguments: &str) -> Result<(), Trouble> {
    output(&mut program(name, arguments))
        .map(|_| ())
        .map_err(|_| Trouble::NotHere(format!("{name} is not installed")))
}

/// Does it, unless it was done for this very file before.
fn once(place: &Path, file: &str, work: impl FnOnce() -> Result<String, Trouble>) -> Result<(), Trouble> {
    let wanted = std::fs::read(place.join(file))
        .map_err(|error| Trouble::Ours(format!("{}/{file}: {error}", place.display())))?;
    let mark = place.join("set-up");
    if std::fs::read(&mark).is_ok_and(|done| done == wanted) {
        return Ok(());
    }
    work()?;
    // Without the mark it is done again the next time.
    let _ = std::fs::write(mark, wanted);
    Ok(())
}

fn no_registry(said: &str) -> Trouble {
    Trouble::NotHere(format!("its registry cannot be had: {}", gist(said)))
}

/// The line of what a tool said that is most likely to say why.
fn gist(said: &str) -> &str {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    lines()
        .find(|line| line.to_ascii_lowercase().contains("error"))
        .or_else(|| lines().next_back())
        .unwrap_or("it does not say why")
}

/// Over what is there: what was set up stays.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        // What a developer has set up in the source itself.
        let is_foreign = ["node_modules", "target", "venv"]
            .iter()
            .any(|name| entry.file_name() == *name);
        match (entry.file_type()?.is_dir(), is_foreign) {
            (_, true) => {}
            (true, false) => copy(&from, &to)?,
            (false, false) => {
                std::fs::copy(&from, &to)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gist_is_the_line_with_the_error() {
        assert_eq!(
            gist("npm ci (exit status: 1)\nnpm error code E404\nnpm error see the log\n"),
            "npm error code E404"
        );
        assert_eq!(gist("one\ntwo\n\n"), "two");
        assert_eq!(gist(""), "it does not say why");
    }
}
