//! The thread that an emulator runs on, with a runtime of its own.

use core::net::SocketAddr;
use core::pin::Pin;
use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once, mpsc};
use std::thread::JoinHandle;

use rustls::ServerConfig;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::error::EmulatorError;
use crate::server;
use crate::state::Shared;

/// A socket that accepts connections, though nobody serves them yet.
pub(crate) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// At the address; where any port will do, at the last one, if that is free.
    pub(crate) fn bind(address: SocketAddr, last: Option<u16>) -> Result<Self, EmulatorError> {
        let last = last.filter(|_| address.port() == 0);
        let again = last.and_then(|port| Self::bind_at(SocketAddr::new(address.ip(), port)).ok());
        again
            .map_or_else(|| Self::bind_at(address), Ok)
            .map_err(|error| EmulatorError::Listen {
                address,
                source: Arc::new(error),
            })
    }

    #[cfg(feature = "control")]
    pub(crate) fn into_socket(self) -> TcpListener {
        self.socket
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn bind_at(address: SocketAddr) -> io::Result<Self> {
        let socket = TcpListener::bind(address)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }
}

/// A server at work. It stops when this is dropped, and all its connections end.
pub(crate) struct ServerThread {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    key_maker: Option<KeyMaker>,
}

/// A thread that makes keys ahead of need. It is waited for, since a process that ends while the cryptography library
/// is at work in another thread may end by a signal.
struct KeyMaker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl ServerThread {
    pub(crate) fn start(
        listener: Listener,
        tls: Option<ServerConfig>,
        shared: Arc<Shared>,
        beside: Option<Beside>,
    ) -> Result<Self, EmulatorError> {
        let acceptor = tls.map(|mut config| {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            TlsAcceptor::from(Arc::new(config))
        });
        let (stop, told_to_stop) = oneshot::channel();
        let (report, started) = mpsc::channel();
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("lp-auth-emulator".to_owned())
            .spawn(move || {
                let served = Served {
                    listener: listener.socket,
                    tls: acceptor,
                    shared: for_thread,
                    beside,
                };
                run(served, told_to_stop, &report);
            })
            .map_err(|error| EmulatorError::Thread(Arc::new(error)))?;
        let mut server = Self {
            shared,
            stop: Some(stop),
            thread: Some(thread),
            key_maker: None,
        };
        started
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("it ended at once")))
            .map_err(|error| EmulatorError::Thread(Arc::new(error)))?;
        server.make_keys();
        Ok(server)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Has the keys made by the time that they are needed, or nearly so.
    fn make_keys(&mut self) {
        static SHARED_KEYS: Once = Once::new();
        let keys = self.shared.lock().snapshot().keys;
        let is_shared = keys.is_shared();
        let make = || {
            let stop = Arc::new(AtomicBool::new(false));
            let told_to_stop = Arc::clone(&stop);
            // Without a thread, or without the time, they are made when they are needed.
            let thread = std::thread::Builder::new()
                .name("lp-auth-emulator-keys".to_owned())
                .spawn(move || {
                    keys.all()
                        .take_while(|_| !told_to_stop.load(Ordering::Relaxed))
                        .for_each(|key| key.make());
                });
            self.key_maker = thread.ok().map(|thread| KeyMaker { stop, thread });
        };
        if is_shared {
            SHARED_KEYS.call_once(make);
        } else {
            make();
        }
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // If it panicked, it said so.
            let _ = thread.join();
        }
        if let Some(KeyMaker { stop, thread }) = self.key_maker.take() {
            stop.store(true, Ordering::Relaxed);
            let _ = thread.join();
        }
    }
}

/// What runs on the server's thread beside the server, for as long as it runs.
pub(crate) type Beside = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Served {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    beside: Option<Beside>,
}

fn run(served: Served, told_to_stop: oneshot::Receiver<()>, report: &mpsc::Sender<io::Result<()>>) {
    let Served {
        listener,
        tls,
        shared,
        beside,
    } = served;
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = report.send(Err(error));
            return;
        }
    };
    runtime.block_on(async {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                let _ = report.send(Err(error));
                return;
            }
        };
        let _ = report.send(Ok(()));
        tokio::spawn(server::serve(listener, tls, shared));
        if let Some(beside) = beside {
            tokio::spawn(beside);
        }
        let _ = told_to_stop.await;
    });
    // A key that is just being made is not waited for.
    runtime.shutdown_background();
}
