//! The folder of the cache and its files: for their owner alone.

use core::time::Duration;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

use crate::runtime;

/// A token is no longer than 16 KiB.
const LONGEST: u64 = 64 * 1024;

/// No token lives longer than a day.
const OUTDATED_AFTER: Duration = Duration::from_secs(48 * 60 * 60);

/// Makes the folder, unless it is there. Fails where it is somebody else's.
pub(super) fn prepare(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // Not behind a symbolic link, which would lead to a folder that was not meant.
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() {
        return Err(io::Error::other("it is no folder"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        if !is_own(&found) {
            return Err(io::Error::other("it belongs to another user"));
        }
        if found.mode() & 0o077 != 0 {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
    }
    Ok(())
}

/// The text of a file that is nobody else's.
pub(super) fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut options = OpenOptions::new();
    options.read(true);
    careful(&mut options);
    let file = options.open(path).map_err(told)?;
    check(&file)?;
    let mut text = Zeroizing::new(String::new());
    let length = file.take(LONGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        return Err(io::Error::other("it is too large"));
    }
    Ok(text)
}

/// A file to hold a lock on.
pub(super) fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    careful(&mut options);
    let file = options.open(path).map_err(told)?;
    check(&file)?;
    Ok(file)
}

/// Removes tokens that have been useless for long. The files of locks are empty and stay.
pub(super) fn remove_outdated(folder: &Path) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let path = file.path();
        let begins = |start: &str| {
            file.file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(start))
        };
        let ends = |end: &str| path.extension().is_some_and(|extension| extension == end);
        let is_ours = (begins("token-") && ends("json")) || (begins(".token-") && ends("new"));
        let changed = file.metadata().and_then(|file| file.modified()).ok();
        let is_old = changed.is_some_and(|at| runtime::now().since(at.into()) > OUTDATED_AFTER);
        if is_ours && is_old {
            // It only takes room.
            let _ = fs::remove_file(&path);
        }
    }
}

/// No symbolic link is followed, and no pipe is waited for.
#[cfg(unix)]
fn careful(options: &mut OpenOptions) {
    use rustix::fs::OFlags;

    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.cast_signed());
}

#[cfg(not(unix))]
fn careful(_: &mut OpenOptions) {}

#[cfg(unix)]
fn check(file: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    if !is_own(&found) {
        return Err(io::Error::other("it belongs to another user"));
    }
    if found.mode() & 0o077 != 0 {
        return Err(io::Error::other("others can read or change it"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_own(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    found.uid() == rustix::process::geteuid().as_raw()
}

/// What it means that a link is not followed.
fn told(error: io::Error) -> io::Error {
    #[cfg(unix)]
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        return io::Error::other("it is a symbolic link");
    }
    error
}
