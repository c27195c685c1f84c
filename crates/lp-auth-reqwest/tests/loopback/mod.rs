//! A server on loopback that keeps what it was sent, for the tests of both adapters: lp-auth-isahc's is a link to this file,
//! so that its package holds a copy.
#![expect(clippy::unwrap_used, reason = "a test ends where its server cannot go on")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use lp_auth_core::Body;
use lp_auth_core::http::{Method, Request};
use lp_auth_emulator::{CertificateAuthority, ServerCertificate};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// In the query, a header and the body of each request that [`Loopback::request`] makes.
pub(crate) const CANARIES: [&str; 3] = ["WqZvK7-query", "HxJrQ4-header", "UyNpB9-body"];

pub(crate) struct Loopback {
    address: SocketAddr,
    tls: bool,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Loopback {
    pub(crate) fn http(reply: &[u8]) -> Self {
        Self::start(None, reply)
    }

    pub(crate) fn https(authority: &CertificateAuthority, reply: &[u8]) -> Self {
        let config = authority
            .server_config(&ServerCertificate::for_loopback())
            .unwrap();
        Self::start(Some(Arc::new(config)), reply)
    }

    fn start(tls: Option<Arc<ServerConfig>>, reply: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            tls: tls.is_some(),
            seen: Arc::default(),
        };
        let (seen, reply) = (Arc::clone(&server.seen), reply.to_vec());
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                match &tls {
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        let mut stream = StreamOwned::new(connection, socket);
                        serve(&mut stream, &seen, &reply);
                        stream.conn.send_close_notify();
                        let _ = stream.flush();
                    }
                    None => serve(&mut { socket }, &seen, &reply),
                }
            }
        });
        server
    }

    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// A request with a canary wherever a secret may stand.
    pub(crate) fn request(&self) -> Request<Body> {
        Request::builder()
            .method(Method::POST)
            .uri(format!("{}/token?state={}", self.origin(), CANARIES[0]))
            .header("authorization", format!("Bearer {}", CANARIES[1]))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("client_secret={}", CANARIES[2])))
            .unwrap()
    }

    /// Everything that each connection brought.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// One request, one reply, and the end.
fn serve<S: Read + Write>(stream: &mut S, seen: &Mutex<Vec<String>>, reply: &[u8]) {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .split_once("content-length: ")
                .and_then(|(_, rest)| rest.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(length) => received.extend(buffer.iter().take(length)),
        }
    }
    seen.lock()
        .unwrap()
        .push(String::from_utf8_lossy(&received).into_owned());
    let _ = stream.write_all(reply);
    let _ = stream.flush();
}
