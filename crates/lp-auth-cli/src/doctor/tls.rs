//! A TLS handshake that records what the server shows, and says what is wrong with it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use lp_auth::UnixTime;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::cause::Cause;
use super::certificate::Certificate;
use super::finding::{Finding, Step};
use crate::times;

/// Certificates that end sooner are worth a warning.
const SOON: u64 = 14;

/// Whom to trust, and the handshake.
pub(super) struct Tls {
    verifier: Arc<Recording>,
    config: Arc<ClientConfig>,
    /// The names of the authorities that the settings name; none for the system's.
    authorities: Option<Vec<String>>,
}

impl Tls {
    /// Trusts these authorities, or the system's. The cryptography is named: the process may have two.
    pub(super) fn trusting(ca_pem: Option<&[u8]>) -> Result<Self, (Cause, String)> {
        let provider = Arc::new(ring::default_provider());
        let (verifier, authorities) = match ca_pem {
            Some(pem) => {
                let (verifier, names) =
                    only(pem, &provider).map_err(|error| (Cause::SettingInvalid, error))?;
                (verifier, Some(names))
            }
            None => (
                system(&provider).map_err(|error| (Cause::NoSystemCertificates, error))?,
                None,
            ),
        };
        let verifier = Arc::new(Recording {
            verifier,
            chain: Mutex::new(Vec::new()),
        });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| (Cause::TlsRefused, error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        Ok(Self {
            verifier,
            config: Arc::new(config),
            authorities,
        })
    }

    /// Shakes hands over the connection.
    pub(super) async fn handshake(
        &self,
        step: Step,
        stream: TcpStream,
        name: &str,
        now: UnixTime,
    ) -> Finding {
        let Ok(server_name) = ServerName::try_from(name.to_owned()) else {
            return Finding::failed(
                step,
                Cause::SettingInvalid,
                format!("{name} cannot be asked for by TLS"),
            );
        };
        self.verifier.record(Vec::new());
        let shaken = TlsConnector::from(Arc::clone(&self.config))
            .connect(server_name, stream)
            .await;
        let chain = self.verifier.chain();
        let version = shaken
            .as_ref()
            .ok()
            .and_then(|stream| stream.get_ref().1.protocol_version())
            .and_then(|version| version.as_str())
            .map(|version| version.replace("TLSv1_", "TLS 1."));
        let finding = match shaken {
            Ok(_) => trusted(step, version.as_deref(), &chain, now),
            Err(error) => self.failed(step, &error, &chain, name, now),
        };
        let chain: Vec<_> = chain.iter().map(|certificate| certificate.json(now)).collect();
        finding.with("version", version).with("chain", chain)
    }

    fn failed(
        &self,
        step: Step,
        error: &io::Error,
        chain: &[Certificate],
        name: &str,
        now: UnixTime,
    ) -> Finding {
        let tls = error
            .get_ref()
            .and_then(|error| error.downcast_ref::<rustls::Error>());
        match (tls, error.kind()) {
            (Some(rustls::Error::InvalidCertificate(why)), _) => self.refused(step, why, chain, name, now),
            (Some(rustls::Error::InvalidMessage(_)), _) => {
                Finding::failed(step, Cause::NotTls, "what the server says is not TLS")
            }
            (Some(other), _) => Finding::failed(step, Cause::TlsRefused, other.to_string()),
            (None, io::ErrorKind::UnexpectedEof) => Finding::failed(
                step,
                Cause::TlsBrokenOff,
                "the connection was closed during the handshake",
            ),
            (None, io::ErrorKind::ConnectionReset) => Finding::failed(
                step,
                Cause::TlsBrokenOff,
                "the connection was reset during the handshake",
            ),
            (None, _) => Finding::failed(step, Cause::TlsBrokenOff, error.to_string()),
        }
    }

    /// The certificate is not accepted.
    fn refused(
        &self,
        step: Step,
        why: &CertificateError,
        chain: &[Certificate],
        name: &str,
        now: UnixTime,
    ) -> Finding {
        let Some(leaf) = chain.first() else {
            return Finding::failed(step, Cause::CertificateUnusable, format!("{why:?}"));
        };
        match why {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                let ended = chain
                    .iter()
                    .find(|certificate| certificate.until <= now)
                    .unwrap_or(leaf);
                Finding::failed(
                    step,
                    Cause::CertificateExpired,
                    format!(
                        "the certificate of {} expired {}, on {}",
                        ended.subject,
                        times::relative(ended.until, now),
                        ended.until
                    ),
                )
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Finding::failed(
                step,
                Cause::CertificateNotYetValid,
                format!("the certificate is not valid before {}", leaf.from),
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Finding::failed(
                    step,
                    Cause::CertificateOtherName,
                    format!(
                        "the certificate is for {}, and not for {name}",
                        leaf.names_in_words()
                    ),
                )
            }
            CertificateError::BadSignature | CertificateError::UnknownIssuer => self.untrusted(step, chain),
            other => Finding::failed(
                step,
                Cause::CertificateUnusable,
                format!("the certificate of {} is not accepted: {other:?}", leaf.subject),
            ),
        }
    }

    /// Names the authority that is missing.
    fn untrusted(&self, step: Step, chain: &[Certificate]) -> Finding {
        let top = chain.last();
        let missing = top.map(|top| top.issuer.as_str()).unwrap_or_default();
        let issued = match top {
            Some(top) if top.is_self_signed() && chain.len() == 1 => {
                format!(
                    "the server shows a certificate that it signed itself: {}",
                    top.subject
                )
            }
            _ => format!("the certificate is issued by {missing}, which is not trusted here"),
        };
        let trusted = match &self.authorities {
            None => "trusted are the system's authorities".to_owned(),
            Some(names) if names.iter().any(|name| name == missing) => {
                "trusted, by the CA file, is another one of the same name, with another key: a newer or older one"
                    .to_owned()
            }
            Some(names) => format!("trusted, by the CA file, is {}", names.join(" and ")),
        };
        let finding = Finding::failed(step, Cause::CertificateUntrusted, format!("{issued}; {trusted}"))
            .with("missing_authority", missing);
        if chain.len() == 1 && top.is_some_and(|top| !top.is_self_signed()) && self.authorities.is_none() {
            return finding.advise_last(
                "if browsers accept the server: it leaves out an intermediate certificate, which who runs it has to add",
            );
        }
        finding
    }
}

fn trusted(step: Step, version: Option<&str>, chain: &[Certificate], now: UnixTime) -> Finding {
    let version = version.unwrap_or("TLS");
    let Some(leaf) = chain.first() else {
        return Finding::ok(step, version);
    };
    let ends = chain
        .iter()
        .map(|certificate| certificate.until)
        .min()
        .unwrap_or(leaf.until);
    let days = ends.since(now).as_secs() / 86_400;
    let left = times::days(days);
    let summary = format!(
        "{version}, certificate for {}, issued by {}, {left} left",
        leaf.names_in_words(),
        leaf.issuer
    );
    let finding = if days < SOON {
        Finding::warning(step, Cause::CertificateEndsSoon, summary)
    } else {
        Finding::ok(step, summary)
    };
    finding.with("days_left", days)
}

/// Verifies as another does, and remembers what was shown.
#[derive(Debug)]
struct Recording {
    verifier: Arc<dyn ServerCertVerifier>,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl Recording {
    fn record(&self, chain: Vec<CertificateDer<'static>>) {
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = chain;
    }

    fn chain(&self) -> Vec<Certificate> {
        let chain = self.chain.lock().unwrap_or_else(PoisonError::into_inner);
        chain.iter().filter_map(|der| Certificate::parse(der)).collect()
    }
}

impl ServerCertVerifier for Recording {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: rustls_pki_types::UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = core::iter::once(end_entity).chain(intermediates);
        self.record(
            shown
                .map(|certificate| certificate.clone().into_owned())
                .collect(),
        );
        self.verifier
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

type Verifier = Arc<dyn ServerCertVerifier>;

fn system(provider: &Arc<CryptoProvider>) -> Result<Verifier, String> {
    let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
    Ok(Arc::new(verifier.map_err(|error| error.to_string())?))
}

/// Also tells their names.
fn only(pem: &[u8], provider: &Arc<CryptoProvider>) -> Result<(Verifier, Vec<String>), String> {
    let mut roots = RootCertStore::empty();
    let mut names = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| format!("the CA file cannot be read: {error}"))?;
        names.extend(Certificate::parse(&certificate).map(|certificate| certificate.subject));
        roots
            .add(certificate)
            .map_err(|error| format!("a certificate of the CA file cannot be used: {error}"))?;
    }
    if roots.is_empty() {
        return Err("the CA file holds no certificate (-----BEGIN CERTIFICATE-----)".to_owned());
    }
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| format!("the CA file cannot be used: {error}"))?;
    Ok((verifier, names))
}
