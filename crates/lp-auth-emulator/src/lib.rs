//! LivePerson's authorization server and Domain API on loopback, for tests and demonstrations.
#![forbid(unsafe_code)]

mod certificates;
mod files;
#[cfg(feature = "transport-suite")]
pub mod transport_suite;

pub use certificates::{CertificateAuthority, CertificateError, ServerCertificate};
