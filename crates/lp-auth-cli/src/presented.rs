//! A token that somebody hands in: on standard input or in a file, and never as an argument.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::Path;

use lp_auth_core::Compact;
use secrecy::{ExposeSecret as _, SecretString};

use crate::failure::{Exit, Failure};

/// The token in this file, or on standard input for none and for `-`. Blanks and line ends around it are left away.
/// `subcommand` is who asks, for the examples.
pub(crate) fn token(place: Option<&Path>, subcommand: &str) -> Result<SecretString, Failure> {
    let place = place.filter(|path| path.as_os_str() != "-");
    let text = match place {
        Some(path) => from_file(path, subcommand),
        None => from_standard_input(subcommand),
    }?;
    let token = text.expose_secret().trim_ascii();
    if token.is_empty() {
        let failure = Failure::new(Exit::Usage, "there is no token: the input is empty");
        return Err(failure.tip(format!("as in: lp-auth token | lp-auth {subcommand}")));
    }
    Ok(token.into())
}

/// What to do about a text that is more than a token, or that a token was taken from.
pub(crate) fn tip(presented: &SecretString) -> Option<&'static str> {
    let text = presented.expose_secret();
    let begins_with = |start: &str| {
        text.get(..start.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    if begins_with("Bearer ") || begins_with("Authorization:") {
        return Some("the bare token is wanted: leave out `Authorization:` and `Bearer`");
    }
    begins_with("{")
        .then_some("the bare token is wanted, not the JSON around it: jq -r .access_token takes it out")
}

fn from_standard_input(subcommand: &str) -> Result<SecretString, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let end = if cfg!(windows) {
            "Ctrl-Z and Enter"
        } else {
            "Ctrl-D"
        };
        // Nobody is left to be told.
        let _ = writeln!(anstream::stderr(), "Paste the token, then press Enter and {end}.");
    }
    read(stdin.lock()).map_err(|error| unreadable("standard input", &error, subcommand))
}

fn from_file(path: &Path, subcommand: &str) -> Result<SecretString, Failure> {
    if is_token(path) {
        return Err(Failure::new(
            Exit::Usage,
            "a token is not taken from an argument: the process list would show it",
        )
        .tip(format!(
            "give it on standard input: lp-auth {subcommand} < FILE, or lp-auth token | lp-auth {subcommand}"
        )));
    }
    let name = path.display().to_string();
    File::open(path)
        .and_then(read)
        .map_err(|error| unreadable(&name, &error, subcommand))
}

/// Whether it can only be a token: an encoded JSON object begins like this.
fn is_token(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|text| text.contains("eyJ") && !path.exists())
}

fn read(source: impl Read) -> io::Result<SecretString> {
    // Enough to see that it is too long, and for line ends around it.
    let limit = 2 * Compact::MAX_LENGTH as u64;
    let mut text = String::new();
    source.take(limit).read_to_string(&mut text)?;
    Ok(text.into())
}

fn unreadable(place: &str, error: &io::Error, subcommand: &str) -> Failure {
    if error.kind() == io::ErrorKind::InvalidData {
        // Who only looks at a token rejects none.
        if subcommand == "inspect" {
            return Failure::new(Exit::No, format!("this is no token: {place} holds no text"));
        }
        return Failure::rejected(format!("the token is malformed: {place} holds no text"));
    }
    Failure::new(Exit::Usage, format!("{place} cannot be read: {error}"))
}
