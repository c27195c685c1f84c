//! LivePerson's authorization server and Domain API on loopback, for tests and demonstrations.
#![forbid(unsafe_code)]

mod certificates;
mod files;

pub use certificates::{CertificateAuthority, CertificateError, ServerCertificate};
