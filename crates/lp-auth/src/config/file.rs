//! The files that settings name.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::ConfigError;

/// The longest file that is read: a bundle of all the world's certificate authorities fits in.
pub(super) const LONGEST: u64 = 1024 * 1024;

/// The bytes in the file of a setting.
pub(super) fn read(what: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let length = std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| ConfigError::File {
            what,
            path: path.to_owned(),
            source: Arc::new(error),
        })?;
    if length as u64 > LONGEST {
        let path = path.to_owned();
        return Err(ConfigError::TooLarge { what, path });
    }
    Ok(bytes)
}

/// The client id or the client secret in its file: the end of its line is left away.
pub(crate) fn read_credential(what: &'static str, path: &Path) -> Result<SecretString, ConfigError> {
    let text = read_text(what, path).map_err(|error| error.with_path(shown(path)))?;
    Ok(text.expose_secret().trim_end_matches(['\r', '\n']).into())
}

/// The path of a credential's file, unless it looks like no path: it may be the secret itself.
pub(crate) fn shown(path: &Path) -> &Path {
    let looks_like_one = path
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .any(|byte| b"/.\\".contains(byte));
    if looks_like_one {
        path
    } else {
        Path::new("[not shown]")
    }
}

/// The text in the file of a setting.
pub(super) fn read_text(what: &'static str, path: &Path) -> Result<SecretString, ConfigError> {
    let not_text = |_| ConfigError::NotText {
        what,
        path: path.to_owned(),
    };
    Ok(core::str::from_utf8(&read(what, path)?).map_err(not_text)?.into())
}
