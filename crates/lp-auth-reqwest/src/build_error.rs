//! Why a transport could not be built.

use core::error::Error as StdError;
use std::sync::Arc;

/// Why a transport could not be built, and what to do about it.
///
#[cfg_attr(
    feature = "rustls-ring",
    doc = r#"
```
use lp_auth_reqwest::{BuildError, ReqwestTransport};

let error = ReqwestTransport::with_ca_pem(b"not a certificate").unwrap_err();
assert!(matches!(error, BuildError::NoCertificate));
```
"#
)]
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A block of the PEM says that it is a certificate, and is none.
    #[error(
        "the PEM given as certificate authority holds a certificate that cannot be read: export it again"
    )]
    BadCertificate(#[source] Cause),
    /// reqwest did not build a client of what it was given.
    #[error("reqwest could not build the client: look at the settings of its `ClientBuilder`")]
    Client(#[source] Cause),
    /// The PEM holds no certificate at all.
    #[error(
        "the PEM given as certificate authority holds no certificate: give the text that begins with \
         `-----BEGIN CERTIFICATE-----`"
    )]
    NoCertificate,
    /// reqwest's TLS has nothing to encrypt with.
    #[error(
        "reqwest has no cryptography for its TLS: choose `os_certificates` or `ca_pem`, or turn on one of reqwest's own \
         TLS features"
    )]
    NoCryptography,
    /// The certificates of the operating system could not be used.
    #[error(
        "the operating system's certificates could not be loaded: install them (most distributions call the package \
         `ca-certificates`), or name the certificate authority yourself"
    )]
    OperatingSystemCertificates(#[source] Cause),
    /// The runtime or the thread of a blocking transport did not start.
    #[error("the thread that carries out blocking requests could not be started")]
    Thread(#[source] Cause),
}

/// What a library said, shared so that the error stays cheap to clone.
type Cause = Arc<dyn StdError + Send + Sync>;
