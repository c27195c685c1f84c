//! What cannot be built says what to do.
#![cfg(feature = "rustls-ring")]

use std::error::Error;
use std::process::Command;

use lp_auth_reqwest::{BuildError, ReqwestTransport};

#[test]
fn a_pem_without_a_certificate_is_told() {
    for pem in [
        "",
        "not a certificate",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        let error = ReqwestTransport::with_ca_pem(pem.as_bytes()).unwrap_err();
        assert!(matches!(error, BuildError::NoCertificate), "{pem}: {error:?}");
        assert!(
            error.to_string().contains("-----BEGIN CERTIFICATE-----"),
            "{error}"
        );
    }
}

#[test]
fn a_certificate_that_is_none_is_told() {
    for pem in [
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n",
    ] {
        let error = ReqwestTransport::with_ca_pem(pem.as_bytes()).unwrap_err();
        assert!(matches!(error, BuildError::BadCertificate(_)), "{pem}: {error:?}");
        assert!(error.to_string().contains("export it again"), "{error}");
        assert!(error.source().is_some());
    }
}

#[test]
fn tls_without_cryptography_is_an_error_and_no_panic() {
    let error = ReqwestTransport::builder(reqwest::Client::builder())
        .build()
        .unwrap_err();
    assert!(matches!(error, BuildError::NoCryptography), "{error:?}");
    assert!(error.to_string().contains("os_certificates"), "{error}");
}

#[test]
fn settings_that_reqwest_refuses_are_told() {
    let client = reqwest::Client::builder().user_agent("two\nlines");
    let error = ReqwestTransport::builder(client)
        .os_certificates()
        .build()
        .unwrap_err();
    assert!(matches!(error, BuildError::Client(_)), "{error:?}");
    assert!(error.to_string().contains("ClientBuilder"), "{error}");
    assert!(error.source().is_some());
}

/// The certificates' place is told by the environment, so this goes through a process of its own.
#[test]
fn an_operating_system_without_certificates_is_told() {
    if std::env::var("SSL_CERT_FILE").is_ok_and(|file| file == "/dev/null") {
        let error = ReqwestTransport::new().unwrap_err();
        assert!(
            matches!(error, BuildError::OperatingSystemCertificates(_)),
            "{error:?}"
        );
        assert!(error.to_string().contains("ca-certificates"), "{error}");
        return;
    }
    if !cfg!(target_os = "linux") {
        return;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["an_operating_system_without_certificates_is_told", "--exact"])
        .env("SSL_CERT_FILE", "/dev/null")
        .env_remove("SSL_CERT_DIR")
        .status();
    assert!(status.unwrap().success());
}
