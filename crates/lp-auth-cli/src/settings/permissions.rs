//! Who else can read or write a file that a secret depends on.

use std::fs::Metadata;
use std::path::Path;

#[cfg(unix)]
use crate::failure::Exit;
use crate::failure::Failure;

/// Refuses a file with a secret in it that others can read, unless that is what the user wants.
///
/// A file that is not there is left to whoever reads it.
#[cfg(unix)]
pub(super) fn refuse_readable(what: &str, path: &Path, allowed: bool) -> Result<(), Failure> {
    let Some(file) = regular(path).filter(|_| !allowed) else {
        return Ok(());
    };
    let shown = path.display();
    let problem = if is_foreign(&file) {
        format!("the {what}, {shown}, belongs to another user")
    } else if let Some(mode) = exposed(&file) {
        format!("the {what}, {shown}, can be read or changed by others: its mode is {mode:04o}")
    } else {
        return Ok(());
    };
    let failure = Failure::new(Exit::Usage, problem);
    let failure = if is_foreign(&file) {
        failure.tip("take a file of your own")
    } else {
        failure.tip(format!("make it yours alone: chmod 600 {}", quoted(path)))
    };
    Err(failure.tip(ALLOWANCE))
}

#[cfg(unix)]
const ALLOWANCE: &str = "where others are kept out in another way, as with files that are mounted into a container: \
     --allow-shared-secret-file, or LP_ALLOW_SHARED_SECRET_FILE=true";

/// Refuses a config file that others can change, unless that is what the user wants.
#[cfg(unix)]
pub(super) fn refuse_writable(path: &Path, file: &Metadata, allowed: bool) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;

    if allowed || !file.is_file() {
        return Ok(());
    }
    let shown = path.display();
    if is_foreign(file) {
        return Err(Failure::new(
            Exit::Usage,
            format!("the config file {shown} belongs to another user, who could say in it where the client secret is sent"),
        )
        .tip("take a file of your own: --config FILE, or LP_CONFIG_FILE")
        .tip(ALLOWANCE));
    }
    if file.mode() & 0o022 != 0 {
        return Err(Failure::new(
            Exit::Usage,
            format!(
                "the config file {shown} can be changed by others, who could say in it where the client secret is \
                 sent: its mode is {:04o}",
                file.mode() & 0o7777
            ),
        )
        .tip(format!("make it yours alone: chmod 600 {}", quoted(path)))
        .tip(ALLOWANCE));
    }
    Ok(())
}

/// The mode of this file, if others than its owner can read or change it.
#[cfg(unix)]
pub(crate) fn mode_if_exposed(path: &Path) -> Option<u32> {
    exposed(&regular(path)?)
}

#[cfg(unix)]
fn exposed(file: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;

    let mode = file.mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

/// What the file is, behind symbolic links. A pipe or a terminal has nothing to be read by others later.
#[cfg(unix)]
fn regular(path: &Path) -> Option<Metadata> {
    std::fs::metadata(path).ok().filter(Metadata::is_file)
}

/// Whether it belongs to neither this user nor the superuser, who can read and write everything anyway.
#[cfg(unix)]
fn is_foreign(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    file.uid() != 0 && file.uid() != rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn quoted(path: &Path) -> String {
    crate::output::quoted(&path.display().to_string())
}

/// Access control lists are not looked at here.
#[cfg(not(unix))]
pub(super) fn refuse_readable(_: &str, _: &Path, _: bool) -> Result<(), Failure> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn mode_if_exposed(_: &Path) -> Option<u32> {
    None
}

#[cfg(not(unix))]
pub(super) fn refuse_writable(_: &Path, _: &Metadata, _: bool) -> Result<(), Failure> {
    Ok(())
}
