//! The programs that are measured: ours are built, those in other languages are fetched where their tools are at hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::player::Player;
use crate::command::{Failure, output, program};
use crate::workspace::root;

/// Where the programs are.
pub(crate) struct Programs {
    /// Beside the product's artefacts: what is built and fetched here stays from one run to the next.
    folder: PathBuf,
}

impl Programs {
    pub(crate) fn new() -> Result<Self, Failure> {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
        let folder = root().join(target).join("bench");
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A program of the bench workspace, built for release.
    pub(crate) fn build(&self, name: &str) -> Result<PathBuf, Failure> {
        self.build_from(&root().join("xtask/bench"), name)
    }

    /// The same from another copy of the bench workspace. Its lock file follows the product's crates, so that a change of
    /// theirs does not have to know of it.
    pub(crate) fn build_from(&self, workspace: &Path, name: &str) -> Result<PathBuf, Failure> {
        println!("  building {name}");
        let arguments = format!("build --quiet --release --package {name}");
        output(self.with_python(program("cargo", &arguments).current_dir(workspace)))?;
        Ok(self.built(name))
    }

    /// Where a program is that was built.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.folder.join("release").join(name)
    }

    /// A program of the bench workspace, at work.
    pub(crate) fn start(&self, name: &str) -> Result<Player, Failure> {
        let path = self.build(name)?;
        Player::start(Command::new(path).env("BENCH_FOLDER", &self.folder))
    }

    /// A further program of a package that was built.
    pub(crate) fn start_built(&self, name: &str) -> Result<Player, Failure> {
        Player::start(Command::new(self.built(name)).env("BENCH_FOLDER", &self.folder))
    }

    /// A script of the bench workspace in node, with these packages at their newest versions.
    pub(crate) fn start_node(&self, script: &str, packages: &[&str]) -> Result<Player, Failure> {
        self.npm(packages)?;
        Player::start(&mut self.node(script))
    }

    pub(crate) fn node(&self, script: &str) -> Command {
        let mut node = Command::new("node");
        node.arg(root().join("xtask/bench/scripts").join(script))
            .env("BENCH_FOLDER", &self.folder)
            .env("BENCH_NODE", self.folder.join("node"));
        node
    }

    /// Packages for node, fetched where they are not there yet.
    pub(crate) fn npm(&self, packages: &[&str]) -> Result<(), Failure> {
        let folder = self.folder.join("node");
        if packages
            .iter()
            .all(|package| folder.join("node_modules").join(package).exists())
        {
            return Ok(());
        }
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        output(&mut program("npm", "--version")).map_err(|_| "no npm is at hand")?;
        let arguments = format!("install --silent --no-fund --no-audit {}", packages.join(" "));
        output(program("npm", &arguments).current_dir(&folder))
            .map_err(|_| "npm cannot fetch the packages here")?;
        Ok(())
    }

    pub(crate) fn npm_version(&self, package: &str) -> String {
        let path = self
            .folder
            .join("node/node_modules")
            .join(package)
            .join("package.json");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let version = text
            .split_once("\"version\": \"")
            .and_then(|(_, rest)| rest.split_once('"'));
        version.map_or_else(|| "?".to_owned(), |(version, _)| version.to_owned())
    }

    /// A script of the bench workspace in Python, with these packages at their newest versions.
    pub(crate) fn start_python(&self, script: &str, packages: &[&str]) -> Result<Player, Failure> {
        self.start_python_with(script, packages, |python| python)
    }

    /// The same, with whatever else it wants in its environment.
    pub(crate) fn start_python_with(
        &self,
        script: &str,
        packages: &[&str],
        set_up: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Player, Failure> {
        self.pip(packages)?;
        let mut python = Command::new("python3");
        python
            .arg(root().join("xtask/bench/scripts").join(script))
            .env("BENCH_FOLDER", &self.folder);
        Player::start(self.with_python(set_up(&mut python)))
    }

    /// What `BoringSSL` is built with.
    pub(crate) fn cmake(&self) -> Result<(), Failure> {
        match output(&mut program("cmake", "--version")) {
            Ok(_) => Ok(()),
            Err(_) => self.pip(&["cmake"]),
        }
    }

    /// Packages for Python, fetched where they are not there yet.
    pub(crate) fn pip(&self, packages: &[&str]) -> Result<(), Failure> {
        let folder = self.folder.join("python");
        let is_there = |package: &&&str| {
            std::fs::read_dir(&folder).is_ok_and(|mut entries| {
                let start = format!("{}-", package.to_lowercase());
                entries.any(|entry| {
                    entry.is_ok_and(|entry| {
                        entry
                            .file_name()
                            .to_string_lossy()
                            .to_lowercase()
                            .starts_with(&start)
                    })
                })
            })
        };
        let missing: Vec<&str> = packages
            .iter()
            .filter(|package| !is_there(package))
            .copied()
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        output(&mut program("python3", "-m pip --version")).map_err(|_| "no Python with pip is at hand")?;
        let mut pip = program("python3", "-m pip install --quiet --target");
        output(pip.arg(&folder).args(missing)).map_err(|_| "pip cannot fetch the packages here")?;
        Ok(())
    }

    /// A program of the bench workspace in Go, with this module at its newest version.
    pub(crate) fn start_go(&self, script: &str, module: &str) -> Result<Player, Failure> {
        let folder = self.folder.join("go");
        let go = |arguments: &str| output(program("go", arguments).current_dir(&folder));
        output(&mut program("go", "version")).map_err(|_| "no Go toolchain is at hand")?;
        if !folder.join("go.sum").exists() {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            go("mod init bench")?;
            go(&format!("get {module}@latest")).map_err(|_| "the Go module cannot be fetched here")?;
        }
        let source = root().join("xtask/bench/scripts").join(script);
        std::fs::copy(&source, folder.join("main.go"))
            .map_err(|error| format!("{}: {error}", source.display()))?;
        go("build -o program .")?;
        Player::start(Command::new(folder.join("program")).env("BENCH_FOLDER", &self.folder))
    }

    /// The module's and Go's, where there are any.
    pub(crate) fn go_versions(&self, module: &str) -> String {
        let text = std::fs::read_to_string(self.folder.join("go/go.mod")).unwrap_or_default();
        let version = text
            .split_once(module)
            .and_then(|(_, rest)| rest.split_whitespace().next());
        let go = output(&mut program("go", "env GOVERSION")).unwrap_or_default();
        match version {
            Some(version) => format!(" {} on {}", version.trim_start_matches('v'), go.trim()),
            None => String::new(),
        }
    }

    /// So that what pip fetched is found, be it a library or, as `cmake`, a program.
    fn with_python<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let python = self.folder.join("python");
        let mut path = python.join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        command
            .env("PATH", path)
            .env("PYTHONPATH", &python)
            .env("CARGO_TARGET_DIR", &self.folder)
    }

    /// The version of a crate in the bench workspace's lock file.
    pub(crate) fn crate_version(name: &str) -> String {
        let lock = std::fs::read_to_string(root().join("xtask/bench/Cargo.lock")).unwrap_or_default();
        let entry = format!("name = \"{name}\"\nversion = \"");
        let version = lock.split_once(&entry).and_then(|(_, rest)| rest.split_once('"'));
        version.map_or_else(|| "?".to_owned(), |(version, _)| version.to_owned())
    }
}
