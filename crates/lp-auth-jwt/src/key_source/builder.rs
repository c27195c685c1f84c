//! Setting a key source up.

use core::time::Duration;

use lp_auth_core::{Limits, Pace, ServiceExchange, ServiceName};

use super::unknown::UnknownKids;
use super::{Cause, KeySource};

/// Sets up a [`KeySource`]. Everything has a default.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_core::{Pace, Rests};
/// use lp_auth_jwt::KeySource;
///
/// let source = KeySource::builder()
///     .rests(Rests::default().scaled(0.01))
///     .refresh_interval(Duration::from_secs(60))
///     .remembering(10_000)
///     .seed(7)
///     .build();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct KeySourceBuilder {
    pace: Pace,
    pub(super) refresh_interval: Duration,
    pub(super) outage_limit: Duration,
    pub(super) remembering: usize,
    seed: u64,
}

impl Default for KeySourceBuilder {
    fn default() -> Self {
        Self {
            pace: Pace {
                limits: Limits {
                    max_body: 256 * 1024,
                    ..Limits::default()
                },
                ..Pace::default()
            },
            refresh_interval: Duration::from_secs(600),
            outage_limit: Duration::from_secs(24 * 3600),
            remembering: 0,
            seed: 0,
        }
    }
}

impl KeySourceBuilder {
    /// The limits and rests of its calls. Default: [`Pace::default`], with 256 KiB for the body.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The rests after failures alone.
    pub fn rests(mut self, rests: lp_auth_core::Rests) -> Self {
        self.pace.rests = rests;
        self
    }

    /// How old a key set becomes before it is fetched anew, where the server does not say. Default: 10 minutes.
    ///
    /// `Cache-Control: max-age` goes before it, and counts at least 1 minute and at most 24 hours.
    pub fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh_interval = interval;
        self
    }

    /// How long a key set serves while no newer one can be had. Default: 24 hours.
    pub fn outage_limit(mut self, limit: Duration) -> Self {
        self.outage_limit = limit;
        self
    }

    /// Each key remembers up to so many verified tokens; see
    /// [`VerifyingKey::remembering`](crate::VerifyingKey::remembering). Default: 0, none.
    pub fn remembering(mut self, tokens: usize) -> Self {
        self.remembering = tokens;
        self
    }

    /// Decides the jitter. Default: 0; give each process its own.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The machine, with nothing at hand.
    pub fn build(self) -> KeySource {
        KeySource {
            exchange: ServiceExchange::new(ServiceName::SENTINEL, self.pace.clone(), self.seed),
            cause: Cause::Schedule,
            held: None,
            unknown: UnknownKids::default(),
            random: fastrand::Rng::with_seed(self.seed),
            settings: self,
        }
    }
}
