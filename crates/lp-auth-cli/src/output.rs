//! What goes to stdout: the result, and nothing else.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ValueEnum;

use crate::failure::{Exit, Failure};

/// How the result is written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Output {
    #[default]
    Text,
    Json,
}

/// Writes to stdout and flushes it. Somebody who has stopped reading, as `head` does, is no failure.
pub(crate) fn print(result: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(result.as_bytes()).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Unavailable,
            format!("the result could not be written: {error}"),
        )),
        _ => Ok(()),
    }
}

/// How many columns the result may take; `None` where no person reads it from a terminal.
pub(crate) fn stdout_width() -> Option<usize> {
    io::stdout().is_terminal().then(textwrap::termwidth)
}

/// How many columns a message on stderr may take; `None` where no person reads it from a terminal.
pub(crate) fn stderr_width() -> Option<usize> {
    io::stderr().is_terminal().then(textwrap::termwidth)
}

/// Whether stdout and stderr go to one place that is no terminal, as with `2>&1 |`.
#[cfg(unix)]
pub(crate) fn is_shared() -> bool {
    use std::fs::{File, Metadata};
    use std::os::fd::{AsFd, BorrowedFd};
    use std::os::unix::fs::MetadataExt as _;

    let place = |stream: BorrowedFd<'_>| -> Option<(u64, u64)> {
        let found: Metadata = File::from(stream.try_clone_to_owned().ok()?).metadata().ok()?;
        Some((found.dev(), found.ino()))
    };
    let stdout = place(io::stdout().as_fd());
    stdout.is_some() && stdout == place(io::stderr().as_fd())
}

#[cfg(not(unix))]
pub(crate) fn is_shared() -> bool {
    false
}

/// As a shell takes it.
pub(crate) fn quoted(path: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+@%".contains(letter);
    if path.chars().all(is_plain) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', r"'\''"))
}
