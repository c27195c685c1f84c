//! The transport for threads. Feature `blocking`.

use core::fmt;
use std::sync::{Arc, mpsc};
use std::thread;

use lp_auth_core::http::{Request, Response};
use lp_auth_core::{BlockingTransport, Body, Limits, Transport, TransportError};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::{BuildError, ReqwestTransport, failure};

/// [`ReqwestTransport`] for threads.
///
/// One thread of its own runs a small tokio runtime that carries out the requests; it ends with the last clone. So it
/// can be called, and dropped, on any thread, those of an async runtime included (which it then blocks, as its name
/// says).
///
#[cfg_attr(
    feature = "rustls-ring",
    doc = r"
```
use lp_auth_reqwest::{ReqwestBlockingTransport, ReqwestTransport};

let transport = ReqwestTransport::builder(reqwest::Client::builder()).os_certificates().build()?;
let transport = ReqwestBlockingTransport::new(transport)?;
# Ok::<(), lp_auth_reqwest::BuildError>(())
```
"
)]
#[derive(Clone)]
pub struct ReqwestBlockingTransport {
    transport: ReqwestTransport,
    thread: Arc<RuntimeThread>,
}

impl ReqwestBlockingTransport {
    /// Starts the thread. Give it a transport that no other runtime uses: connections belong to the runtime that made
    /// them.
    ///
    /// Fails when the operating system has no thread, or no means for a runtime, to give.
    pub fn new(transport: ReqwestTransport) -> Result<Self, BuildError> {
        let thread = RuntimeThread::start()?;
        Ok(Self {
            transport: transport.runtime(thread.runtime.clone()),
            thread: Arc::new(thread),
        })
    }
}

impl BlockingTransport for ReqwestBlockingTransport {
    fn send(&self, request: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        let (outcome, answer) = mpsc::sync_channel(1);
        let transport = self.transport.clone();
        self.thread.runtime.spawn(async move {
            // Nobody is there to take it only when the waiting thread is gone.
            let _ = outcome.send(transport.send(request, limits).await);
        });
        answer.recv().unwrap_or_else(|_| {
            Err(failure::unusable(
                "the thread that carries out blocking requests has ended",
            ))
        })
    }
}

impl fmt::Debug for ReqwestBlockingTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestBlockingTransport")
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// A runtime on a thread of its own, which ends when this is dropped.
struct RuntimeThread {
    runtime: Handle,
    _until_dropped: oneshot::Sender<()>,
}

impl RuntimeThread {
    fn start() -> Result<Self, BuildError> {
        let cause = |error| BuildError::Thread(Arc::new(error));
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(cause)?;
        let handle = runtime.handle().clone();
        let (until_dropped, dropped) = oneshot::channel::<()>();
        thread::Builder::new()
            .name("lp-auth-reqwest".into())
            .spawn(move || {
                let _ = runtime.block_on(dropped);
                // A name that is still being resolved would otherwise hold up the end.
                runtime.shutdown_background();
            })
            .map_err(cause)?;
        Ok(Self {
            runtime: handle,
            _until_dropped: until_dropped,
        })
    }
}
