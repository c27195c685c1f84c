//! Clock and timer. Feature `tokio-runtime`.

use core::time::Duration;
use std::sync::OnceLock;
use std::thread;
use std::time::{Instant, SystemTime};

use lp_auth_core::{Runtime, UnixTime, async_trait};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// The system's clock, and tokio's timer.
///
/// Outside a tokio runtime each wait takes a thread of its own, rather than panic as tokio's timer does: the transport then
/// gets the chance to say what is wrong. Whoever means to stay on another executor brings a `Runtime` of it.
///
/// ```
/// use lp_auth_core::{Runtime, UnixTime};
/// use lp_auth_reqwest::TokioRuntime;
///
/// assert!(TokioRuntime.now() > UnixTime::from_secs(1_700_000_000));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioRuntime;

#[async_trait]
impl Runtime for TokioRuntime {
    fn now(&self) -> UnixTime {
        #[expect(clippy::disallowed_methods, reason = "a runtime is where the clock is read")]
        let now = SystemTime::now();
        now.into()
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        #[expect(clippy::disallowed_methods, reason = "a runtime is where the clock is read")]
        START.get_or_init(Instant::now).elapsed()
    }

    async fn sleep(&self, length: Duration) {
        if Handle::try_current().is_ok() {
            return tokio::time::sleep(length).await;
        }
        let (wake, woken) = oneshot::channel::<()>();
        let started = thread::Builder::new().spawn(move || {
            #[expect(clippy::disallowed_methods, reason = "a runtime is where waiting is done")]
            thread::sleep(length);
            drop(wake);
        });
        if started.is_ok() {
            let _ = woken.await;
        }
    }
}
