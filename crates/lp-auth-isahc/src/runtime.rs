//! Clock and timer. Feature `async-io-runtime`.

use core::time::Duration;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use async_io::Timer;
use lp_auth_core::{Runtime, UnixTime, async_trait};

/// The system's clock, and async-io's timer, which works on any executor.
///
/// ```
/// use lp_auth_core::{Runtime, UnixTime};
/// use lp_auth_isahc::AsyncIoRuntime;
///
/// assert!(AsyncIoRuntime.now() > UnixTime::from_secs(1_700_000_000));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AsyncIoRuntime;

#[async_trait]
impl Runtime for AsyncIoRuntime {
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
        Timer::after(length).await;
    }
}
