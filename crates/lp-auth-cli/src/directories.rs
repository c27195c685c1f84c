//! Where a user's files are, by the XDG Base Directory Specification.

use std::path::PathBuf;

/// What `variable` names, else this folder in the home directory. A relative path in the variable is ignored, as the
/// specification wants it.
pub(crate) fn base(variable: &str, in_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named
        .filter(|path| path.is_absolute())
        .or_else(|| Some(home()?.join(in_home)))
}

/// The home directory.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|path| path.is_absolute())
}
