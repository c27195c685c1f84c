//! A server of an API, on loopback with TLS, that answers as a test wants and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use lp_auth_emulator::{CertificateAuthority, ServerCertificate};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) line: String,
    /// One a line, in lower case but for the values.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.headers.iter().find_map(|header| header.strip_prefix(&start))
    }
}

/// Ends with the test's process.
pub(crate) struct Api {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Api {
    /// `answer` is given the number of the request, from 0 on, and writes the whole answer.
    pub(crate) fn start(
        authority: &CertificateAuthority,
        mut answer: impl FnMut(usize, &mut dyn Write) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let config = Arc::new(
            authority
                .server_config(&ServerCertificate::for_loopback())
                .unwrap(),
        );
        let noted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
                let Some(request) = read(&mut stream) else {
                    continue;
                };
                let number = {
                    let mut seen = noted.lock().unwrap();
                    seen.push(request);
                    seen.len() - 1
                };
                answer(number, &mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Self { address, seen }
    }

    /// The same answer each time.
    pub(crate) fn answering(authority: &CertificateAuthority, answer: &'static str) -> Self {
        Self::start(authority, move |_, stream| {
            stream.write_all(answer.as_bytes()).unwrap();
        })
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn read(stream: impl std::io::Read) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let headers: Vec<String> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()))
        .collect();
    let mut seen = Seen {
        line: lines.first()?.clone(),
        headers,
        body: String::new(),
    };
    let length: usize = seen
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8(body).unwrap();
    Some(seen)
}
