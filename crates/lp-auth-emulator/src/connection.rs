//! A connection that can be reset, and whose bytes are counted.

use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Says how a connection is to end; shared by the connection and by those who answer on it.
#[derive(Default)]
pub(crate) struct Abort {
    reset: AtomicBool,
}

impl Abort {
    /// From now on nothing is sent, and when the connection is dropped the other side gets a TCP RST.
    pub(crate) fn reset_on_drop(&self) {
        self.reset.store(true, Ordering::Relaxed);
    }

    fn is_to_be_reset(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }
}

/// How many bytes were sent, over all connections of a server, as they go over the wire.
#[derive(Default)]
pub(crate) struct SentBytes(AtomicU64);

impl SentBytes {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A TCP connection that ends as its [`Abort`] says.
pub(crate) struct Connection {
    stream: TcpStream,
    abort: Arc<Abort>,
    sent: Arc<SentBytes>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, abort: Arc<Abort>, sent: Arc<SentBytes>) -> Self {
        Self { stream, abort, sent }
    }

    /// Nothing may overtake the reset: neither what TLS says when it ends nor TCP's own goodbye.
    fn refuse_to_write(&self) -> Option<io::Error> {
        self.abort
            .is_to_be_reset()
            .then(|| io::ErrorKind::ConnectionReset.into())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.abort.is_to_be_reset() {
            // Where it fails the connection ends another way, and the test that wanted a reset says so.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(error) = self.refuse_to_write() {
            return Poll::Ready(Err(error));
        }
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(length)) = written {
            self.sent.0.fetch_add(length as u64, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.refuse_to_write() {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
