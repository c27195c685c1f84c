//! Whose certificates are trusted. Feature `rustls`.

use core::error::Error as StdError;
use std::sync::Arc;

use isahc::HttpClient;
use isahc::config::Configurable;
use isahc::tls::{TlsConfig, TrustStore, TrustStoreBuilder};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Why a transport could not be built, and what to do about it.
///
/// ```
/// use lp_auth_isahc::{BuildError, IsahcTransport};
///
/// let error = IsahcTransport::with_ca_pem(b"not a certificate").unwrap_err();
/// assert!(matches!(error, BuildError::NoCertificate));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A block of the PEM says that it is a certificate, and is none.
    #[error(
        "the PEM given as certificate authority holds a certificate that cannot be read: export it again"
    )]
    BadCertificate(#[source] Arc<dyn StdError + Send + Sync>),
    /// isahc did not start its client.
    #[error("isahc could not start its client")]
    Client(#[source] isahc::Error),
    /// The PEM holds no certificate at all.
    #[error(
        "the PEM given as certificate authority holds no certificate: give the text that begins with \
         `-----BEGIN CERTIFICATE-----`"
    )]
    NoCertificate,
}

/// Those that the operating system trusts.
pub(crate) fn operating_system() -> Result<HttpClient, BuildError> {
    trusting(TrustStore::native())
}

/// Those in this PEM, and no others.
pub(crate) fn only(pem: &[u8]) -> Result<HttpClient, BuildError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| BuildError::BadCertificate(Arc::new(error)))?;
    if certificates.is_empty() {
        return Err(BuildError::NoCertificate);
    }
    // Handed on one by one: what else stands in the file, a private key perhaps, is not curl's to see.
    let store = certificates
        .iter()
        .fold(TrustStore::builder(), TrustStoreBuilder::certificate_from_der)
        .build();
    trusting(store)
}

fn trusting(store: TrustStore) -> Result<HttpClient, BuildError> {
    HttpClient::builder()
        // A kept connection that turns out to be closed would make curl send a GET a second time.
        .connection_cache_size(0)
        .tls_config(TlsConfig::builder().trust_store(store).build())
        .build()
        .map_err(BuildError::Client)
}
