//! How long the walk may take, and how long its steps took.

use core::cell::Cell;
use core::time::Duration;

use lp_auth::UnixTime;

use super::connection::divided;
use crate::{runtime, times};

/// No step takes longer, nor longer than a quarter of the whole: one that hangs leaves time for those that do not.
const STEP: Duration = Duration::from_secs(5);

/// The time limits of a walk.
pub(super) struct Clock {
    started: UnixTime,
    ends: UnixTime,
    step: Duration,
    lap: Cell<UnixTime>,
}

impl Clock {
    /// The whole walk is over after this time.
    pub(super) fn start(patience: Duration) -> Self {
        let started = runtime::now();
        Self {
            started,
            ends: started + patience,
            step: STEP.min(patience / 4),
            lap: Cell::new(started),
        }
    }

    /// The time since the last call.
    pub(super) fn lap(&self) -> Duration {
        let now = runtime::now();
        now.since(self.lap.replace(now))
    }

    pub(super) fn took(&self) -> Duration {
        runtime::now().since(self.started)
    }

    /// What a step may take now.
    pub(super) fn limit(&self) -> Duration {
        self.step.min(self.ends.since(runtime::now()))
    }

    /// What the command for the client secret may take: somebody may have to type a passphrase.
    pub(super) fn limit_of_command(&self) -> Duration {
        self.ends.since(self.started) / 2
    }

    pub(super) fn limit_in_words(&self) -> String {
        let limit = self.step.min(self.ends.since(self.lap.get()));
        if limit.as_secs() < 3 {
            format!("{:.1} s", limit.as_secs_f32())
        } else {
            times::length(limit)
        }
    }

    /// Whether nothing worth mentioning was left for the step.
    pub(super) fn was_over(&self) -> bool {
        self.ends.since(self.lap.get()) < Duration::from_millis(100)
    }

    /// What each of so many tries may take.
    pub(super) fn share(&self, tries: usize) -> Duration {
        divided(self.limit(), tries)
    }

    /// `None` where the limit is reached before.
    pub(super) async fn limited<T>(&self, step: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.limit(), step).await.ok()
    }
}
