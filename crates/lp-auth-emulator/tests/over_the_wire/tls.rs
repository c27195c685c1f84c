//! Certificates: the one in order, and those that a client must not trust.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use lp_auth_emulator::{CertificateAuthority, Emulator, EmulatorError, ServerCertificate};

use crate::client::Client;

const PATH: &str = "/sentinel/well-known/jwks";

fn why(client: &Client) -> String {
    client.try_send("GET", PATH, &[], "").unwrap_err().to_string()
}

#[test]
fn the_certificate_is_for_loopback_by_every_name() {
    let emulator = Emulator::builder().start().unwrap();
    let port = emulator.address().port();
    for name in ["127.0.0.1", "localhost"] {
        let client = Client::trusting(emulator.ca_pem(), &format!("https://{name}:{port}"));
        assert_eq!(client.get(PATH).status, 200, "{name}");
    }
}

#[test]
fn only_the_emulators_own_authority_is_good_for_it() {
    let emulator = Emulator::builder().start().unwrap();
    let other = CertificateAuthority::generate().unwrap();
    let error = why(&Client::trusting(other.pem(), &emulator.domain_api()));
    assert!(
        error.contains("BadSignature") || error.contains("UnknownIssuer"),
        "{error}"
    );
}

#[test]
fn one_authority_serves_several_emulators() {
    let authority = Arc::new(CertificateAuthority::generate().unwrap());
    for _ in 0..2 {
        let emulator = Emulator::builder()
            .authority(Arc::clone(&authority))
            .start()
            .unwrap();
        let client = Client::trusting(authority.pem(), &emulator.domain_api());
        assert_eq!(client.get(PATH).status, 200);
    }
}

#[test]
fn a_certificate_that_ran_out_or_is_for_another_name_is_noticed() {
    let run_out = ServerCertificate::for_loopback().expired();
    let emulator = Emulator::builder().certificate(run_out).start().unwrap();
    let error = why(&Client::of(&emulator));
    assert!(error.contains("expired"), "{error}");

    let of_another = ServerCertificate::for_name("somebody-else.test");
    let emulator = Emulator::builder().certificate(of_another).start().unwrap();
    let error = why(&Client::of(&emulator));
    assert!(error.contains("not valid for name"), "{error}");

    let nonsense = ServerCertificate::for_name("näme");
    let error = Emulator::builder().certificate(nonsense).start().unwrap_err();
    assert!(matches!(error, EmulatorError::Certificates(_)), "{error}");
}

#[test]
fn plain_http_needs_no_certificate() {
    let emulator = Emulator::builder().plain_http().start().unwrap();
    assert_eq!(emulator.scheme(), "http");
    assert_eq!(emulator.ca_pem(), "");
    assert!(emulator.domain_api().starts_with("http://127.0.0.1:"));
    assert_eq!(Client::of(&emulator).get(PATH).status, 200);
}

#[test]
fn who_speaks_http_to_the_https_port_is_told_so() {
    let emulator = Emulator::builder().start().unwrap();
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
    assert!(reply.ends_with("This server speaks https.\n"), "{reply}");
}
