//! What `cargo metadata` knows about the crates.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId, TargetKind};

use crate::command::{Failure, cargo, output};

/// The folder of the workspace that this program was started for.
pub(crate) fn root() -> PathBuf {
    // Asked when it runs: clones that share a target folder share this program as well.
    let own = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own).parent().unwrap_or(Path::new(".")).to_owned()
}

/// The workspace, every feature on, as the lock file has it.
pub(crate) struct Workspace {
    metadata: Metadata,
}

impl Workspace {
    pub(crate) fn read() -> Result<Self, Failure> {
        let text = output(&mut cargo("metadata --format-version 1 --all-features"))?;
        let metadata = MetadataCommand::parse(text);
        let metadata = metadata.map_err(|error| format!("`cargo metadata` said something odd: {error}"))?;
        Ok(Self { metadata })
    }

    /// The crates that are published, in the order of their names.
    pub(crate) fn crates(&self) -> Vec<&Package> {
        let mut crates: Vec<_> = self
            .members()
            .into_iter()
            .filter(|package| package.publish.is_none())
            .collect();
        crates.sort_by_key(|package| package.name.to_string());
        crates
    }

    /// The published crates that others can depend on.
    pub(crate) fn libraries(&self) -> Vec<&Package> {
        self.crates()
            .into_iter()
            .filter(|package| is_library(package))
            .collect()
    }

    /// The published crates and the chores.
    pub(crate) fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    /// Where everything is built.
    pub(crate) fn target_folder(&self) -> PathBuf {
        self.metadata.target_directory.clone().into()
    }

    /// Every package of the lock file.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.metadata.packages
    }

    /// The packages that a published crate is built with, for itself and not for its tests, on whatever target.
    pub(crate) fn shipped(&self) -> Vec<&Package> {
        let nodes = self.metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
        let nodes: HashMap<&PackageId, _> = nodes.map(|node| (&node.id, node)).collect();
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<_> = self.crates().into_iter().map(|package| &package.id).collect();
        while let Some(id) = waiting.pop() {
            if !seen.insert(id) {
                continue;
            }
            let dependencies = nodes.get(id).into_iter().flat_map(|node| &node.deps);
            let built_with = dependencies.filter(|dependency| {
                dependency
                    .dep_kinds
                    .iter()
                    .any(|kind| kind.kind != DependencyKind::Development)
            });
            waiting.extend(built_with.map(|dependency| &dependency.pkg));
        }
        self.packages()
            .iter()
            .filter(|package| seen.contains(&package.id))
            .collect()
    }
}

pub(crate) fn is_library(package: &Package) -> bool {
    package
        .targets
        .iter()
        .any(|target| target.kind.contains(&TargetKind::Lib))
}
