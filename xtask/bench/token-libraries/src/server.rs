//! A token endpoint on loopback that answers everything with a token, and counts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    pub(crate) latency: Duration,
    pub(crate) lifetime: u64,
}

impl Server {
    /// Its threads end with the process.
    pub(crate) fn start(latency: Duration, lifetime: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("it is bound");
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || converse(stream, latency, lifetime, &counted));
            }
        });
        Self {
            address,
            requests,
            latency,
            lifetime,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/token", self.address)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// For a library whose requests do not come over a socket.
    pub(crate) fn counter(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.requests)
    }
}

pub(crate) fn reply(lifetime: u64, number: usize) -> String {
    format!(
        r#"{{"access_token":"token-{number}-{}","token_type":"Bearer","expires_in":{lifetime}}}"#,
        "x".repeat(600)
    )
}

fn converse(stream: TcpStream, latency: Duration, lifetime: u64, counted: &AtomicUsize) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    let mut line = String::new();
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let number = counted.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(latency);
        let body = reply(lifetime, number);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length:";
        write!(writer, "{head} {}\r\n\r\n{body}", body.len()).ok()?;
    }
}
