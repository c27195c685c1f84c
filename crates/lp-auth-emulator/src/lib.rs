//! LivePerson's authorization server and Domain API on loopback, for tests and demonstrations.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod application;
mod builder;
mod certificates;
mod clock;
mod connection;
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
mod resource;
mod sentinel;
mod server;
mod shapes;
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
pub use token::{ApiVersion, TokenDraft};
