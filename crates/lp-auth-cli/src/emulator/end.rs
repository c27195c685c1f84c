//! What tells the emulator to end, and how that does not have to wait for anything.

use std::io;
use std::panic;
use std::path::Path;
use std::thread;

use futures_lite::future;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::failure::{Exit, Failure};

/// Waits for a signal that asks for the end. From its making on, none of them ends the process by itself.
pub(super) struct End {
    runtime: Runtime,
    signals: Signals,
}

impl End {
    pub(super) fn new(runtime: Runtime) -> Result<Self, Failure> {
        let signals = runtime.block_on(async { Signals::new() }).map_err(|error| {
            Failure::new(
                Exit::Unavailable,
                format!("signals cannot be waited for: {error}"),
            )
        })?;
        Ok(Self { runtime, signals })
    }

    /// Waits until the end is asked for.
    pub(super) fn wait(&mut self) {
        self.runtime.block_on(self.signals.next());
    }

    /// Does the work. Where the end is asked for meanwhile, the process ends at once, by that signal, and the temporary
    /// folder goes with it.
    pub(super) fn unless_told<T: Send>(
        &mut self,
        temporary: Option<&Path>,
        work: impl FnOnce() -> T + Send,
    ) -> Result<T, Failure> {
        thread::scope(|scope| {
            let (report, done) = oneshot::channel();
            let worker = thread::Builder::new()
                .spawn_scoped(scope, move || {
                    // Somebody waits for it, or the process ends.
                    let _ = report.send(work());
                })
                .map_err(|error| {
                    Failure::new(Exit::Unavailable, format!("no thread could be started: {error}"))
                })?;
            let done = async { Ok(done.await) };
            let told = async { Err(self.signals.next().await) };
            match self.runtime.block_on(future::or(done, told)) {
                Ok(Ok(result)) => Ok(result),
                Ok(Err(_)) => match worker.join() {
                    Err(panicked) => panic::resume_unwind(panicked),
                    Ok(()) => Err(Failure::new(Exit::Unavailable, "a thread ended early")),
                },
                Err(signal) => {
                    if let Some(folder) = temporary {
                        remove(folder);
                    }
                    signal.end_process()
                }
            }
        })
    }
}

/// Removes the folder, though the worker may just be writing to it: a handful of files, each once.
fn remove(folder: &Path) {
    for _ in 0..20 {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            // Gone; or it cannot be, and whoever asked for the end wants it now.
            _ => return,
        }
    }
}

#[cfg(unix)]
use on_unix::Signals;

#[cfg(unix)]
mod on_unix {
    use core::future::poll_fn;
    use core::task::Poll;
    use std::io;

    use tokio::signal::unix::{Signal, SignalKind, signal};

    pub(super) struct Signals(Vec<(SignalKind, Signal)>);

    pub(super) struct Told(SignalKind);

    impl Signals {
        /// Those that people and supervisors end programs with, and those of the others that end one that knows nothing of
        /// them.
        pub(super) fn new() -> io::Result<Self> {
            [
                SignalKind::alarm(),
                SignalKind::hangup(),
                SignalKind::interrupt(),
                SignalKind::quit(),
                SignalKind::terminate(),
                SignalKind::user_defined1(),
                SignalKind::user_defined2(),
            ]
            .into_iter()
            .map(|kind| Ok((kind, signal(kind)?)))
            .collect::<io::Result<_>>()
            .map(Self)
        }

        pub(super) async fn next(&mut self) -> Told {
            poll_fn(|context| {
                let mut told = Poll::Pending;
                // Each is polled, so that each wakes.
                for (kind, signal) in &mut self.0 {
                    if signal.poll_recv(context).is_ready() {
                        told = Poll::Ready(Told(*kind));
                    }
                }
                told
            })
            .await
        }
    }

    impl Told {
        /// Ends the process by the signal, as if it had never been waited for. Not by `exit`: what that tidies up, the
        /// cryptography library may be using in another thread.
        pub(super) fn end_process(self) -> ! {
            let Self(kind) = self;
            let kind = if kind == SignalKind::quit() {
                // It would leave a file with all memory, keys included.
                SignalKind::terminate()
            } else {
                kind
            };
            let _ = signal_hook::low_level::emulate_default_handler(kind.as_raw_value());
            std::process::abort()
        }
    }
}

#[cfg(not(unix))]
use elsewhere::Signals;

#[cfg(not(unix))]
mod elsewhere {
    use std::io;

    pub(super) struct Signals;

    pub(super) struct Told;

    impl Signals {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) async fn next(&mut self) -> Told {
            let _ = tokio::signal::ctrl_c().await;
            Told
        }
    }

    impl Told {
        /// With the code that shells give to a program that Ctrl-C ended.
        pub(super) fn end_process(self) -> ! {
            std::process::exit(130)
        }
    }
}
