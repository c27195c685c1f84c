//! The headers that a user adds.

use core::convert::Infallible;
use core::str::FromStr;

use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::{Exit, Failure};

/// `Name: value`, or `@FILE`.
#[derive(Clone)]
pub(super) struct HeaderArgument(String);

impl FromStr for HeaderArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

/// It may hold anything.
impl core::fmt::Debug for HeaderArgument {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HeaderArgument")
    }
}

/// All headers, in their order.
pub(super) fn read(arguments: &[HeaderArgument]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for HeaderArgument(argument) in arguments {
        let Some(path) = argument.strip_prefix('@') else {
            add(&mut headers, argument)?;
            continue;
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(Exit::Usage, format!("{path} cannot be read: {error}")))?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            add(&mut headers, line)?;
        }
    }
    Ok(headers)
}

fn add(headers: &mut HeaderMap, line: &str) -> Result<(), Failure> {
    // What the token's way depends on, and what the HTTP stack says.
    const NOT_THE_USERS: [HeaderName; 5] =
        [AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING];
    let (name, value) = line.split_once(':').ok_or_else(malformed)?;
    let name: HeaderName = name.trim().parse().map_err(|_| malformed())?;
    if NOT_THE_USERS.contains(&name) {
        let failure = Failure::new(
            Exit::Usage,
            format!("the header {name} is not for the user to set"),
        );
        return Err(if name == AUTHORIZATION {
            failure.tip("the token goes there; --header-style says how")
        } else {
            failure
        });
    }
    let value: HeaderValue = value.trim().parse().map_err(|_| malformed())?;
    if value.to_str().is_err() {
        return Err(Failure::new(
            Exit::Usage,
            format!("the value of the header {name} holds more than visible ASCII"),
        ));
    }
    headers.append(name, value);
    Ok(())
}

/// It is not repeated: it may hold a secret.
fn malformed() -> Failure {
    Failure::new(Exit::Usage, "a header is wanted as `Name: value`, and one is not")
        .tip("as -H 'Accept: application/json'; -H @FILE takes them from a file")
}
