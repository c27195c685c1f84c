//! Authenticate machine to machine with LivePerson, and verify its access tokens.
//!
//! An application that is installed at LivePerson has a client id and a client secret. Its [`Client`] finds Sentinel,
//! LivePerson's authorization server, through the Domain API, gets an access token for them (OAuth 2.0 client
//! credentials), and keeps one at hand:
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let lp = lp_auth::Client::builder("12345678")
//!     .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
//!     .client_secret(std::env::var("LP_CLIENT_SECRET")?)
//!     .build()?;
//! tokio::spawn(lp.keep_fresh()); // nobody ever waits for a renewal
//!
//! let token = lp.token().await?;
//! # Ok(()) }
//! ```
//!
//! A service that is given such tokens asks a [`Verifier`], which needs no credentials. The same words for threads are
//! in [`blocking`].
//!
//! # How it works
//!
//! The machines of `lp-auth-core`, `lp-auth-domain` and `lp-auth-jwt` decide what to ask, when, and what an answer
//! means; a driver here makes the calls and waits. However many ask, at most one call for each purpose is in flight,
//! and a failure is remembered for a while instead of being repeated. While a token is at hand, asking for it takes no
//! lock, and no failure takes a usable token away.
//!
//! # The map
//!
//! | module | subject |
//! |---|---|
//! | `client`, `verifier`, [`blocking`] | what users see |
//! | `config` | the settings as data: from a file, from the environment |
//! | `credential_files` | credentials that are read anew when they may have changed |
//! | `settings`, `stack` | what builders gather, and the HTTP stacks that are compiled in |
//! | `machines`, `shared_machines`, `question` | the machines, the one lock around them, and what they can be asked |
//! | `place`, `at_hand` | one machine of them: what it publishes, and who looks after its calls |
//! | `asker` | what a step of the machines means for those who ask, and for whoever keeps all fresh |
//! | `driver` | the calls in flight, and waiting |
//! | `restore` | tokens that were saved earlier |
//! | `progress` | what a driver tells whoever wants to watch |
#![forbid(unsafe_code)]

mod asker;
mod at_hand;
#[cfg(feature = "blocking")]
pub mod blocking;
mod client;
mod config;
mod credential_files;
mod driver;
mod machines;
mod place;
mod progress;
mod question;
mod restore;
mod settings;
mod shared_machines;
mod stack;
#[cfg(feature = "verify")]
mod verifier;

pub use client::{Client, ClientBuilder};
pub use config::{Config, ConfigError};
pub use lp_auth_core::{
    AccessToken, AccountId, ApiVersion, ClientId, ClientSecret, ConsumerId, Credentials, Error, ErrorKind,
    HeaderStyle, Limits, Pace, Purpose, Region, Rests, Scope, ServiceHost, ServiceName, UnixTime, Window,
    http,
};
#[cfg(feature = "verify")]
pub use lp_auth_jwt::{Claims, KeySet, Rejected, VerifyError};
pub use progress::Progress;
pub use restore::NotRestored;
pub use settings::BuildError;
pub use stack::{Stack, UnknownStack};
#[cfg(feature = "verify")]
pub use verifier::{Verifier, VerifierBuilder};

/// The programs of the README, compiled.
#[cfg(all(doctest, feature = "reqwest", feature = "verify"))]
#[doc = include_str!("../README.md")]
struct Readme;
