//! The servers: raw sockets on threads, each with a script, so that they can do what no HTTP library would.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it came over the wire.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    /// The values of this header, whose name is in lower case.
    pub(super) fn header(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|header| header.0 == name);
        values.map(|header| header.1.as_str()).collect()
    }
}

/// What becomes of the connection when the script is through.
pub(super) enum Then {
    Close,
    KeepOpen,
}

type Script = dyn Fn(&Seen, &mut Wire) -> io::Result<Then> + Send + Sync;

/// Listens until it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    tls: bool,
    shared: Arc<Shared>,
}

struct Shared {
    stopped: AtomicBool,
    seen: Mutex<Vec<Seen>>,
}

impl Server {
    /// Reads each request whole, and then does as the script says.
    pub(super) fn start(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&Seen, &mut Wire) -> io::Result<Then> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let script: Arc<Script> = Arc::new(script);
        Self::accept(tls.is_some(), move |stream, shared| {
            let Ok(mut wire) = Wire::new(stream, tls.clone(), shared) else {
                return;
            };
            while let Ok(Some(seen)) = wire.request() {
                if let Ok(mut all) = shared.seen.lock() {
                    all.push(seen.clone());
                }
                match script(&seen, &mut wire) {
                    Ok(Then::KeepOpen) => {}
                    Ok(Then::Close) | Err(_) => break,
                }
            }
            wire.close();
        })
    }

    /// Hands over each connection as it is, before a byte was read.
    pub(super) fn raw(script: impl Fn(Wire) + Send + Sync + 'static) -> io::Result<Self> {
        Self::accept(true, move |stream, shared| {
            if let Ok(wire) = Wire::new(stream, None, shared) {
                script(wire);
            }
        })
    }

    fn accept(
        tls: bool,
        serve: impl Fn(TcpStream, &Arc<Shared>) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let server = Self {
            address: listener.local_addr()?,
            tls,
            shared: Arc::new(Shared {
                stopped: AtomicBool::new(false),
                seen: Mutex::default(),
            }),
        };
        let shared = Arc::clone(&server.shared);
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (serve, shared) = (Arc::clone(&serve), Arc::clone(&shared));
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Ok(server)
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Scheme, address and port, without a path.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The requests that came so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.shared
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

/// A connection, with TLS or without.
pub(super) struct Wire {
    stream: BufReader<Stream>,
    shared: Arc<Shared>,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    /// How often a waiting connection looks whether its server was stopped.
    const GLANCE: Duration = Duration::from_millis(20);

    fn new(stream: TcpStream, tls: Option<Arc<ServerConfig>>, shared: &Arc<Shared>) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let stream = match tls {
            Some(config) => {
                let connection = ServerConnection::new(config).map_err(io::Error::other)?;
                Stream::Tls(Box::new(StreamOwned::new(connection, stream)))
            }
            None => Stream::Plain(stream),
        };
        Ok(Self {
            stream: BufReader::new(stream),
            shared: Arc::clone(shared),
        })
    }

    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes.as_ref())?;
        stream.flush()
    }

    /// The same bytes again and again, until the other side has had enough; how many were written in the end.
    pub(super) fn flood(&mut self, bytes: &[u8], pause: Duration) -> usize {
        let mut written = 0;
        while !self.shared.stopped.load(Ordering::SeqCst) && self.send(bytes).is_ok() {
            written += bytes.len();
            if !pause.is_zero() {
                wait(pause);
            }
        }
        written
    }

    /// Says nothing, until the other side goes or the server is stopped.
    pub(super) fn stall(&mut self) {
        let _ = self.socket().set_read_timeout(Some(Self::GLANCE));
        let mut byte = [0];
        while !self.shared.stopped.load(Ordering::SeqCst) {
            match self.socket().peek(&mut byte) {
                Ok(0) => break,
                // Something came, which is not read: peeking again would find it at once.
                Ok(_) => wait(Self::GLANCE),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
                Err(_) => break,
            }
        }
    }

    /// The end as it should be: TLS says so too.
    pub(super) fn close(&mut self) {
        if let Stream::Tls(stream) = self.stream.get_mut() {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        let _ = self.socket().shutdown(Shutdown::Both);
    }

    /// The end without a word.
    pub(super) fn cut(&mut self) {
        let _ = self.socket().shutdown(Shutdown::Both);
    }

    fn request(&mut self) -> io::Result<Option<Seen>> {
        let Some(line) = self.line()? else {
            return Ok(None);
        };
        let mut words = line.split(' ').map(str::to_owned);
        let mut seen = Seen {
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            ..Seen::default()
        };
        while let Some(line) = self.line()?.filter(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(':') {
                seen.headers.push((name.to_lowercase(), value.trim().to_owned()));
            }
        }
        if !seen.header("expect").is_empty() {
            self.send("HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if seen.header("transfer-encoding") == ["chunked"] {
            loop {
                let size = self.line()?.unwrap_or_default();
                let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
                self.stream.by_ref().take(size).read_to_end(&mut seen.body)?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        } else if let [length] = seen.header("content-length").as_slice() {
            let length = length.parse().map_err(io::Error::other)?;
            self.stream.by_ref().take(length).read_to_end(&mut seen.body)?;
        }
        Ok(Some(seen))
    }

    /// Without its end; nothing once the other side has gone.
    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(line.trim_ascii_end()).into_owned()))
    }

    fn socket(&self) -> &TcpStream {
        match self.stream.get_ref() {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => &stream.sock,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A whole answer.
pub(super) fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

#[expect(clippy::disallowed_methods, reason = "a server that is slow on purpose")]
pub(super) fn wait(length: Duration) {
    thread::sleep(length);
}
