//! Whose certificates are trusted. Feature `rustls-ring`.
//!
//! The provider of cryptography is named each time: a process in which several are compiled in has no default, and
//! rustls panics on asking for it.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use crate::BuildError;

/// Those that the operating system trusts.
pub(crate) fn operating_system() -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider))
        .map_err(|error| BuildError::OperatingSystemCertificates(Arc::new(error)))?;
    verified_by(Arc::new(verifier), provider)
}

/// Those in this PEM, and no others.
pub(crate) fn only(pem: &[u8]) -> Result<ClientConfig, BuildError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| BuildError::BadCertificate(Arc::new(error)))?;
        roots
            .add(certificate)
            .map_err(|error| BuildError::BadCertificate(Arc::new(error)))?;
    }
    if roots.is_empty() {
        return Err(BuildError::NoCertificate);
    }
    let provider = Arc::new(ring::default_provider());
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(|error| BuildError::BadCertificate(Arc::new(error)))?;
    verified_by(verifier, provider)
}

fn verified_by(
    verifier: Arc<dyn ServerCertVerifier>,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, BuildError> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| BuildError::Client(Arc::new(error)))?;
    Ok(builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}
