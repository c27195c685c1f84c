//! What a request carries: as it stands in the argument, from a file, from standard input.

use core::convert::Infallible;
use core::str::FromStr;
use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;

use crate::failure::{Exit, Failure};

/// A request may have to be sent a second time, so its body is kept in memory.
const LONGEST: u64 = 64 * 1024 * 1024;

/// An argument that is the data, or says where it is.
#[derive(Clone)]
pub(crate) struct DataArgument(String);

impl FromStr for DataArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl DataArgument {
    /// Reads it, whole.
    pub(crate) fn read(&self) -> Result<Bytes, Failure> {
        match self.0.strip_prefix('@') {
            None => Ok(self.0.clone().into_bytes().into()),
            Some("-") => read("standard input", io::stdin().lock()),
            Some(path) => {
                let file = File::open(path).map_err(|error| unreadable(path, &error))?;
                read(path, file)
            }
        }
    }
}

/// It may hold anything.
impl core::fmt::Debug for DataArgument {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DataArgument")
    }
}

fn read(place: &str, source: impl Read) -> Result<Bytes, Failure> {
    let mut data = Vec::new();
    source
        .take(LONGEST + 1)
        .read_to_end(&mut data)
        .map_err(|error| unreadable(place, &error))?;
    if data.len() as u64 > LONGEST {
        return Err(Failure::new(
            Exit::Usage,
            format!("{place} holds more than {LONGEST} bytes, which is the most that is sent as a body"),
        ));
    }
    Ok(data.into())
}

fn unreadable(place: &str, error: &io::Error) -> Failure {
    Failure::new(Exit::Usage, format!("{place} cannot be read: {error}"))
        .tip("what begins with @ names a file; @- is standard input")
}
