//! Authenticate machine to machine with LivePerson.
#![forbid(unsafe_code)]

mod at_hand;
#[cfg(feature = "blocking")]
pub mod blocking;
mod client;
mod config;
mod driver;
mod machines;
mod progress;
mod question;
mod settings;
mod stack;

pub use client::{Client, ClientBuilder};
pub use config::{Config, ConfigError};
pub use lp_auth_core::{
    AccessToken, AccountId, ApiVersion, ClientId, ClientSecret, ConsumerId, Credentials, Error, ErrorKind,
    HeaderStyle, Limits, Pace, Purpose, Region, Rests, Scope, ServiceHost, ServiceName, UnixTime, Window,
    http,
};
pub use progress::Progress;
pub use settings::BuildError;
pub use stack::{Stack, UnknownStack};
