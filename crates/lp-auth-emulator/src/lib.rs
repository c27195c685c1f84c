#![doc = include_str!("../README.md")]
//!
//! # The code
//!
//! A request comes in through `thread` (the emulator's own) and `server` (connections, TLS) over `connection` (which can be
//! reset). `resource` says what its path names. The endpoint (`domain_api`, `sentinel` or `api`) makes an answer (`answer`) of a
//! snapshot (`state`) and the request, and nothing else; `delivery` distorts it as a `fault` asks for, and sends it; `journal`
//! remembers it. Tokens are made in `token` with a key of the `keyring`, which `keys` makes when it is first needed; `signed` keeps
//! those of the current second. `builder`
//! and `emulator` are what users hold; `directory` keeps what is to outlive a restart. `notation` writes faults and shapes as
//! JSON; `control` (feature `control`) serves all this to other languages and to people. `transport_suite` (feature
//! `transport-suite`) stands beside all this: it checks implementations of `Transport`, with servers of its own.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod application;
mod builder;
mod certificates;
mod clock;
mod connection;
#[cfg(feature = "control")]
mod control;
mod delivery;
mod directory;
mod domain_api;
mod emulator;
mod error;
mod fault;
mod files;
mod journal;
mod keyring;
mod keys;
mod notation;
mod refused;
mod resource;
mod sentinel;
mod server;
mod shapes;
mod signed;
mod state;
mod thread;
mod token;
#[cfg(feature = "transport-suite")]
pub mod transport_suite;

pub use application::Application;
pub use builder::EmulatorBuilder;
pub use certificates::{CertificateAuthority, CertificateError, ServerCertificate};
pub use clock::ClockOffset;
pub use emulator::Emulator;
pub use error::EmulatorError;
pub use fault::{Endpoint, Fault, FaultDoesNotApply, RetryAfter, TokenFault};
pub use journal::SeenRequest;
pub use shapes::{DomainApiBody, ErrorBody, ExpiresIn, ReplyShapes, UnknownService};
pub use token::TokenDraft;

pub use lp_auth_core::ApiVersion;
