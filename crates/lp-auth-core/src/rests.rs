//! How long to leave a server alone after a failure.

use core::time::Duration;

use crate::{Error, ErrorKind, Limits};

/// How an exchange paces itself: the limits of a call, and the rests after failures.
///
/// ```
/// use lp_auth_core::Pace;
///
/// let pace = Pace::default();
/// assert_eq!(pace.lease().as_secs(), 11);
/// ```
#[derive(Clone, Debug)]
pub struct Pace {
    /// What each call may cost.
    pub limits: Limits,
    /// How much longer than [`Limits::timeout`] a call may stay out before it counts as lost. Default: 1 s.
    pub grace: Duration,
    /// The rests after failures.
    pub rests: Rests,
}

impl Pace {
    /// How long a call may stay out: the time limit and the grace.
    pub fn lease(&self) -> Duration {
        self.limits.timeout.saturating_add(self.grace)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            grace: Duration::from_secs(1),
            rests: Rests::default(),
        }
    }
}

/// How long an exchange rests after a failure. The defaults follow LivePerson's retry policy (LIVEPERSON.md §2).
///
/// | failure | rest |
/// |---|---|
/// | no answer, 408, 425; a transport that cannot be used | 0.25 s, doubling to 64 s |
/// | 429 | `Retry-After`, at least 1 s; without it 1 s, doubling to 64 s |
/// | 5xx | `Retry-After`, at least 1 s; without it 5, 10, 15 s, then 60 s |
/// | other 4xx, unknown service | 30 s, doubling to 10 min |
/// | an answer that makes no sense | 1 s, doubling to 64 s |
/// | certificate or host not trusted | 30 s |
///
/// `Retry-After` counts at least 1 s and at most 5 minutes. Each rest is lengthened by up to a tenth, at random, so that many clients
/// do not come back in step.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_core::Rests;
///
/// // For a test against a server on loopback: a hundredth of everything.
/// let rests = Rests::default().scaled(0.01);
/// # let _ = rests;
/// ```
#[derive(Clone, Debug)]
pub struct Rests {
    scale: f64,
}

impl Rests {
    /// All rests, shortened or lengthened by this factor. A factor that is no positive number changes nothing.
    pub fn scaled(self, factor: f64) -> Self {
        if factor.is_finite() && factor > 0.0 {
            Self {
                scale: self.scale * factor,
            }
        } else {
            self
        }
    }

    /// The rest after this failure, the `nth` of its kind in a row counted from 0, before it is jittered.
    pub(crate) fn after(&self, failure: &Error, nth: u32) -> Duration {
        // A server that says "at once" each time would otherwise be asked without end.
        const RETRY_AFTER_LEAST: Duration = Duration::from_secs(1);
        const RETRY_AFTER_MOST: Duration = Duration::from_secs(300);
        let asked_for = failure
            .retry_after()
            .map(|pause| pause.clamp(RETRY_AFTER_LEAST, RETRY_AFTER_MOST));
        let rest = match failure.kind() {
            ErrorKind::NoAnswer | ErrorKind::OutOfPatience | ErrorKind::TransportUnusable => {
                doubling(250, 64_000, nth)
            }
            ErrorKind::Malformed => doubling(1000, 64_000, nth),
            ErrorKind::InvalidRequest | ErrorKind::Refused | ErrorKind::ServiceUnknown => {
                doubling(30_000, 600_000, nth)
            }
            ErrorKind::HostNotTrusted | ErrorKind::Tls => Duration::from_secs(30),
            ErrorKind::Throttled => asked_for.unwrap_or_else(|| doubling(1000, 64_000, nth)),
            ErrorKind::ServerFault => asked_for.unwrap_or(match nth {
                0 => Duration::from_secs(5),
                1 => Duration::from_secs(10),
                2 => Duration::from_secs(15),
                _ => Duration::from_secs(60),
            }),
        };
        rest.mul_f64(self.scale)
    }
}

impl Default for Rests {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

fn doubling(first_millis: u64, most_millis: u64, nth: u32) -> Duration {
    let factor = 1_u64.checked_shl(nth).unwrap_or(u64::MAX);
    Duration::from_millis(first_millis.saturating_mul(factor).min(most_millis))
}
