//! TLS: a certificate authority of the emulator's own making, and server certificates from it.

use core::fmt;
use core::time::Duration;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lp_auth_core::UnixTime;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::clock::machine_time;
use crate::files;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate authority for tests, made on the spot.
///
/// Clients are told to trust [`pem`](Self::pem). Each emulator makes one of its own unless it is given one, or a folder
/// to keep it in; one that is given to several emulators lets one client speak to all of them. Its key never leaves
/// the process, except into the folder.
///
/// ```
/// use lp_auth_emulator::CertificateAuthority;
///
/// let authority = CertificateAuthority::generate()?;
/// assert!(authority.pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), lp_auth_emulator::CertificateError>(())
/// ```
pub struct CertificateAuthority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl CertificateAuthority {
    /// A new one, valid for ten years, whose key (ECDSA P-256) nobody else has.
    pub fn generate() -> Result<Self, CertificateError> {
        let key = KeyPair::generate()?;
        let params = authority_params(machine_time());
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    /// The one kept in this folder as `ca.pem` and `ca-key.pem` (readable for its owner alone); made and written there
    /// if neither is.
    ///
    /// ```
    /// use lp_auth_emulator::CertificateAuthority;
    ///
    /// let directory = tempfile::tempdir()?;
    /// let made = CertificateAuthority::open(directory.path())?;
    /// let found = CertificateAuthority::open(directory.path())?;
    /// assert_eq!(made.pem(), found.pem());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(directory: &Path) -> Result<Self, CertificateError> {
        let certificate = directory.join("ca.pem");
        let key = directory.join("ca-key.pem");
        if !certificate.exists() && !key.exists() {
            let authority = Self::generate()?;
            authority.save(directory)?;
            return Ok(authority);
        }
        let unusable = || CertificateError::Unusable {
            directory: directory.to_owned(),
        };
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|error| match error.kind() {
                // One of the two is gone, or holds no text.
                io::ErrorKind::NotFound | io::ErrorKind::InvalidData => unusable(),
                _ => io_error(path, error),
            })
        };
        Self::restore(&read(&certificate)?, &read(&key)?).ok_or_else(unusable)
    }

    /// Writes it into this folder, in place of the one that is there.
    pub(crate) fn save(&self, directory: &Path) -> Result<(), CertificateError> {
        let certificate = directory.join("ca.pem");
        let key = directory.join("ca-key.pem");
        files::create_directory(directory).map_err(|error| io_error(directory, error))?;
        files::write_private(&key, self.issuer.key().serialize_pem().as_bytes())
            .map_err(|error| io_error(&key, error))?;
        files::write_public(&certificate, self.pem.as_bytes()).map_err(|error| io_error(&certificate, error))
    }

    /// What clients must trust: the authority's certificate, in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What a TLS server needs to present `certificate`, for servers beside the emulator that its clients trust as well.
    ///
    /// It signs and encrypts with `aws-lc-rs`, whatever else the process has compiled in or made its default.
    pub fn server_config(&self, certificate: &ServerCertificate) -> Result<ServerConfig, CertificateError> {
        let key = KeyPair::generate()?;
        let signed = certificate
            .params(machine_time())?
            .signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![signed.der().clone()], key)
            })
            .map_err(|error| CertificateError::Tls(Arc::new(error)))
    }

    fn restore(certificate: &str, key: &str) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).ok()?;
        let key = KeyPair::from_pem(key).ok()?;
        let public = key.public_key_raw();
        // Where they are not a pair, each handshake would fail, and nobody would find out why.
        der.windows(public.len()).find(|bytes| *bytes == public)?;
        Some(Self {
            pem: certificate.to_owned(),
            issuer: Issuer::new(authority_params(machine_time()), key),
        })
    }
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateAuthority").finish_non_exhaustive()
    }
}

/// Which certificate a server presents.
///
/// By default one that is in order. The others are for those who want to see what their client makes of them.
///
/// ```
/// use lp_auth_emulator::ServerCertificate;
///
/// let in_order = ServerCertificate::for_loopback();
/// let also_by_name = ServerCertificate::for_loopback().and_name("api.liveperson.test");
/// let of_somebody_else = ServerCertificate::for_name("somebody-else.test");
/// let run_out = ServerCertificate::for_loopback().expired();
/// # let _ = (in_order, also_by_name, of_somebody_else, run_out);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerCertificate {
    names: Vec<String>,
    expired: bool,
}

impl ServerCertificate {
    /// For `localhost`, `127.0.0.1` and `::1`, valid for a year.
    pub fn for_loopback() -> Self {
        Self {
            names: ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into(),
            expired: false,
        }
    }

    /// For this DNS name or IP address, and no other.
    pub fn for_name(name: impl Into<String>) -> Self {
        Self {
            names: vec![name.into()],
            expired: false,
        }
    }

    /// For this DNS name or IP address too.
    pub fn and_name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// One that ran out yesterday.
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    fn params(&self, now: UnixTime) -> Result<CertificateParams, CertificateError> {
        let mut params = CertificateParams::new(self.names.clone())?;
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, "lp-auth emulator");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let end = if self.expired { now - DAY } else { now + 365 * DAY };
        set_validity(&mut params, now - 30 * DAY, end);
        Ok(params)
    }

    /// For this name too, if it is not yet.
    pub(crate) fn covering(self, name: &str) -> Self {
        if self.names.iter().any(|other| other == name) {
            return self;
        }
        self.and_name(name)
    }
}

impl Default for ServerCertificate {
    fn default() -> Self {
        Self::for_loopback()
    }
}

/// A certificate or its authority could not be made, kept or restored.
///
/// ```
/// use lp_auth_emulator::CertificateAuthority;
///
/// let directory = tempfile::tempdir()?;
/// std::fs::write(directory.path().join("ca.pem"), "nonsense")?;
/// std::fs::write(directory.path().join("ca-key.pem"), "nonsense")?;
/// let error = CertificateAuthority::open(directory.path()).unwrap_err();
/// assert!(error.to_string().contains("delete both"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A certificate could not be made. A name that is no DNS name is the likely cause.
    #[error("the certificate could not be made; check the names that it is for")]
    Certificate(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A file could not be read or written.
    #[error("{} could not be read or written; check its permissions", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The TLS library does not take what was made for it.
    #[error("the TLS server could not be set up")]
    Tls(#[source] Arc<rustls::Error>),
    /// What lies in the folder is no certificate authority.
    #[error(
        "the folder {} is damaged: `ca.pem` and `ca-key.pem` in it are no certificate and its key; delete both, or the \
         folder, and new ones will be made",
        directory.display()
    )]
    Unusable {
        /// The folder.
        directory: PathBuf,
    },
}

impl From<rcgen::Error> for CertificateError {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate(Arc::new(error))
    }
}

fn io_error(path: &Path, error: io::Error) -> CertificateError {
    CertificateError::Io {
        path: path.to_owned(),
        source: Arc::new(error),
    }
}

/// The same at each start, the validity apart: what an issuer's name and key alone decide can so be restored from them.
fn authority_params(now: UnixTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "lp-auth emulator, for tests only");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_validity(&mut params, now - 30 * DAY, now + 3650 * DAY);
    params
}

fn set_validity(params: &mut CertificateParams, from: UnixTime, until: UnixTime) {
    // The calendar's type belongs to a crate that has no other use here, so it is not named.
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + from.since(UnixTime::EPOCH);
    params.not_after = epoch + until.since(UnixTime::EPOCH);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_in_a_folder_signs_for_those_who_trusted_it_before() {
        let directory = tempfile::tempdir().unwrap();
        let first = CertificateAuthority::open(&directory.path().join("made/on/the/way")).unwrap();
        let again = CertificateAuthority::open(&directory.path().join("made/on/the/way")).unwrap();
        assert_eq!(first.pem(), again.pem());
        assert_eq!(
            first.issuer.key().serialize_der(),
            again.issuer.key().serialize_der()
        );
        again.server_config(&ServerCertificate::for_loopback()).unwrap();
    }

    #[test]
    fn a_certificate_without_its_key_is_refused_and_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        CertificateAuthority::open(directory.path()).unwrap();
        let other = CertificateAuthority::generate().unwrap();
        std::fs::write(directory.path().join("ca.pem"), other.pem()).unwrap();
        let error = CertificateAuthority::open(directory.path()).unwrap_err();
        assert!(matches!(error, CertificateError::Unusable { .. }), "{error}");

        std::fs::remove_file(directory.path().join("ca-key.pem")).unwrap();
        let error = CertificateAuthority::open(directory.path()).unwrap_err();
        assert!(error.to_string().contains("is damaged"), "{error}");
        assert!(
            error.to_string().contains("delete both, or the folder"),
            "{error}"
        );
        std::fs::write(directory.path().join("ca-key.pem"), [0xff, 0xfe]).unwrap();
        let error = CertificateAuthority::open(directory.path()).unwrap_err();
        assert!(matches!(error, CertificateError::Unusable { .. }), "{error}");
        assert!(directory.path().join("ca.pem").exists());
    }

    #[test]
    fn a_name_that_cannot_stand_in_a_certificate_is_refused() {
        let authority = CertificateAuthority::generate().unwrap();
        let error = authority
            .server_config(&ServerCertificate::for_name("näme.test"))
            .unwrap_err();
        assert!(matches!(error, CertificateError::Certificate(_)), "{error}");
        assert!(error.to_string().contains("check the names"));
    }

    #[test]
    fn the_key_is_in_no_debug_output() {
        let authority = CertificateAuthority::generate().unwrap();
        assert_eq!(format!("{authority:?}"), "CertificateAuthority { .. }");
    }
}
