//! Nothing secret in the log, at any level.
#![cfg(feature = "rustls-ring")]

#[allow(dead_code, reason = "each test program uses a part")]
mod loopback;

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use loopback::{CANARIES, Loopback};
use lp_auth_core::{Limits, Transport};
use lp_auth_emulator::CertificateAuthority;
use lp_auth_reqwest::ReqwestTransport;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Keep;

impl Log for Keep {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        LINES
            .lock()
            .expect("nobody panicked here")
            .push(format!("{} {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

#[tokio::test]
async fn neither_secret_nor_token_nor_query_is_logged() {
    log::set_logger(&Keep).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let authority = CertificateAuthority::generate().unwrap();
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nUyNpB9-body-of-reply";
    let clients = || reqwest::Client::builder().connection_verbose(true);
    let transport = ReqwestTransport::builder(clients())
        .ca_pem(authority.pem().as_bytes())
        .plain_http(clients())
        .build()
        .unwrap();
    for server in [Loopback::https(&authority, reply), Loopback::http(reply)] {
        transport.send(server.request(), Limits::default()).await.unwrap();
        assert!(server.seen()[0].contains(CANARIES[2]));
    }
    let lines = LINES.lock().unwrap();
    assert!(
        lines.iter().any(|line| line.contains("starting new connection")),
        "nothing was logged"
    );
    for canary in CANARIES {
        let shown = lines.iter().find(|line| line.contains(canary));
        assert_eq!(shown, None);
    }
}
