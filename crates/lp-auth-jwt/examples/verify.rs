//! A service's door without an HTTP stack: keys from a file, tokens from standard input, one a line.
//!
//! ```sh
//! cargo run --example verify -- ACCOUNT [KEYS] < tokens
//! ```
//!
//! `KEYS` is a JWK Set, PEM, or DER in base64, and stands for both versions of the API. Without it, the documented V1
//! key is used. Prints the verdict on each token: the status to answer with, and the client or the reason.
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::error::Error;
use std::time::SystemTime;
use std::{env, fs, io};

use lp_auth_core::{ApiVersion, UnixTime};
use lp_auth_jwt::{KeySet, Keys, Policy};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let account = arguments.next().ok_or("name an account, as `verify 12345678`")?;
    let keys = match arguments.next() {
        Some(file) => KeySet::from_text(&fs::read_to_string(file)?)?,
        None => KeySet::documented_v1(),
    };
    let policy = Policy::builder([account.parse()?])
        .any_client()
        .versions([ApiVersion::V1, ApiVersion::V2])
        .build()?;
    let keys = Keys {
        v1: Some(&keys),
        v2: Some(&keys),
    };
    for token in io::stdin().lines() {
        match policy.verify(token?.trim(), keys, now()) {
            Ok(claims) => println!("200 {}", claims.azp().unwrap_or("a client without a name")),
            Err(rejected) => println!("{} {rejected}", rejected.status().as_u16()),
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program's entry reads the clock")]
fn now() -> UnixTime {
    SystemTime::now().into()
}
