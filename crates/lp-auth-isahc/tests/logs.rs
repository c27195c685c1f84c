//! Nothing secret in what isahc tells `tracing`, at any level.
#![cfg(feature = "rustls")]

#[allow(dead_code, reason = "each test program uses a part")]
mod loopback;

use std::io::{self, Write};
use std::sync::Mutex;

use loopback::{CANARIES, Loopback};
use lp_auth_core::{BlockingTransport, Limits};
use lp_auth_emulator::CertificateAuthority;
use lp_auth_isahc::IsahcTransport;
use tracing::Level;
use tracing_subscriber::fmt::format::FmtSpan;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Keep;

impl Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES
            .lock()
            .expect("nobody panicked here")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn neither_secret_nor_token_nor_query_is_logged() {
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(|| Keep)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let authority = CertificateAuthority::generate().unwrap();
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nUyNpB9-body-of-reply";
    let transport = IsahcTransport::with_ca_pem(authority.pem().as_bytes()).unwrap();
    for server in [Loopback::https(&authority, reply), Loopback::http(reply)] {
        transport.send(server.request(), Limits::default()).unwrap();
        assert!(server.seen()[0].contains(CANARIES[2]));
    }
    let lines = String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned();
    assert!(lines.contains("isahc::agent"), "nothing was logged");
    for canary in CANARIES {
        let shown = lines.lines().find(|line| line.contains(canary));
        assert_eq!(shown, None);
    }
}
