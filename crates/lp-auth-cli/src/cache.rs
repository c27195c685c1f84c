//! A token that is shared between invocations: a file for each account, client, version, place and consumer.
//!
//! The folder and its files are for their owner alone. A file is replaced in one step, so that it can be read without a
//! lock; who wants to renew what stands in it takes the lock first. What cannot be trusted is left aside with a warning:
//! the cache spares requests, and nothing else depends on it.

mod entry;
mod folder;

use core::time::Duration;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use lp_auth::Config;

pub(crate) use self::entry::Entry;
use crate::{directories, runtime, warning};

/// The place of one token.
#[derive(Debug)]
pub(crate) struct TokenCache {
    folder: PathBuf,
    name: String,
}

/// While it lives nobody else renews the token.
#[derive(Debug)]
pub(crate) struct Lock {
    /// Unlocked when it is closed, also by the end of the process.
    _file: File,
}

impl TokenCache {
    /// How often a lock that somebody else holds is tried.
    const TRY_AGAIN_AFTER: Duration = Duration::from_millis(20);

    /// Where the token for these settings is kept: in `$XDG_CACHE_HOME/lp-auth`, else in `~/.cache/lp-auth`. `None`, after
    /// a warning, where there is no safe place.
    pub(crate) fn open(config: &Config, consumer: Option<&str>) -> Option<Self> {
        let Some(base) = directories::base("XDG_CACHE_HOME", ".cache") else {
            warning::print("the token is not cached: there is no home directory");
            return None;
        };
        let folder = base.join("lp-auth");
        if let Err(error) = folder::prepare(&folder) {
            warning::print(&format!(
                "the token is not cached: the folder {} cannot be used: {error}",
                folder.display()
            ));
            return None;
        }
        let name = format!("token-{}", entry::key(config, consumer));
        Some(Self { folder, name })
    }

    /// What is kept, if it can be trusted and read; else it says why not.
    pub(crate) fn read(&self) -> Option<Entry> {
        self.try_read().unwrap_or_else(|problem| {
            let path = self.path("json");
            warning::print(&format!(
                "the cached token in {} is ignored: {problem}",
                path.display()
            ));
            None
        })
    }

    /// The same for who has been told why not.
    pub(crate) fn read_quietly(&self) -> Option<Entry> {
        self.try_read().ok().flatten()
    }

    /// Keeps this, in place of whatever is there.
    pub(crate) fn write(&self, entry: &Entry) {
        let path = self.path("json");
        if let Err(error) = self.replace(&path, entry) {
            warning::print(&format!(
                "the token is not cached: {} cannot be written: {error}",
                path.display()
            ));
        }
        folder::remove_outdated(&self.folder);
    }

    /// The lock, if nobody else has it now.
    pub(crate) fn try_lock(&self) -> Option<Lock> {
        let file = self.lock_file()?;
        fs4::FileExt::try_lock(&file).ok()?;
        Some(Lock { _file: file })
    }

    /// The lock, once nobody else has it; `None` where it is not to be had for so long.
    pub(crate) async fn lock(&self, patience: Duration) -> Option<Lock> {
        let file = self.lock_file()?;
        let gives_up = runtime::now() + patience;
        loop {
            match fs4::FileExt::try_lock(&file) {
                Ok(()) => return Some(Lock { _file: file }),
                Err(fs4::TryLockError::WouldBlock) if runtime::now() < gives_up => {
                    tokio::time::sleep(Self::TRY_AGAIN_AFTER).await;
                }
                Err(fs4::TryLockError::WouldBlock) => return None,
                Err(fs4::TryLockError::Error(error)) => {
                    warning::print(&format!("the cached token cannot be locked: {error}"));
                    return None;
                }
            }
        }
    }

    fn try_read(&self) -> Result<Option<Entry>, String> {
        match folder::read(&self.path("json")) {
            Ok(text) => Ok(Some(Entry::parse(&text, &self.name)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn lock_file(&self) -> Option<File> {
        let path = self.path("lock");
        let opened = folder::open_lock(&path);
        if let Err(error) = &opened {
            warning::print(&format!(
                "the cached token cannot be locked: {}: {error}",
                path.display()
            ));
        }
        opened.ok()
    }

    fn replace(&self, path: &std::path::Path, entry: &Entry) -> io::Result<()> {
        // Nobody else can read a temporary file.
        let mut file = tempfile::Builder::new()
            .prefix(".token-")
            .suffix(".new")
            .tempfile_in(&self.folder)?;
        file.write_all(entry.to_json(&self.name).as_bytes())?;
        file.persist(path)?;
        Ok(())
    }

    fn path(&self, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", self.name))
    }
}
