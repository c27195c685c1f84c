//! The one measure of time, and stretches of it.

use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Everything in this project that depends on time takes it as an argument of this type. It is wall-clock time,
/// because the claims of a token are; [`std::time::Instant`] stops while a laptop sleeps, and neither it nor
/// [`SystemTime::now`] exists on `wasm32-unknown-unknown`. Arithmetic saturates at both ends.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_core::UnixTime;
///
/// let issued = UnixTime::from_secs(1_524_642_670);
/// let expires = issued + Duration::from_secs(3600);
/// assert_eq!(expires.as_secs(), 1_524_646_270);
/// assert_eq!(expires.since(issued), Duration::from_secs(3600));
/// assert_eq!(issued.to_string(), "2018-04-25T07:51:10Z");
/// ```
#[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixTime {
    millis: u64,
}

impl UnixTime {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self { millis: 0 };
    /// Later than any other time: "never".
    pub const MAX: Self = Self { millis: u64::MAX };

    /// So many seconds after the epoch.
    pub const fn from_secs(seconds: u64) -> Self {
        Self {
            millis: seconds.saturating_mul(1000),
        }
    }

    /// So many milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self { millis }
    }

    /// Whole seconds since the epoch, as JWT claims count them (RFC 7519 §2, `NumericDate`).
    pub const fn as_secs(self) -> u64 {
        self.millis / 1000
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.millis
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.millis.saturating_sub(earlier.millis))
    }
}

/// Time before the epoch becomes the epoch.
impl From<SystemTime> for UnixTime {
    fn from(time: SystemTime) -> Self {
        Self::EPOCH + time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }
}

impl core::ops::Add<Duration> for UnixTime {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        Self {
            millis: self.millis.saturating_add(whole_millis(length)),
        }
    }
}

impl core::ops::Sub<Duration> for UnixTime {
    type Output = Self;

    fn sub(self, length: Duration) -> Self {
        Self {
            millis: self.millis.saturating_sub(whole_millis(length)),
        }
    }
}

fn whole_millis(length: Duration) -> u64 {
    // `Duration::as_millis` counts in 128 bits, which takes longer than the rest of a look at the clock.
    let seconds = length.as_secs().saturating_mul(1000);
    seconds.saturating_add(length.subsec_millis().into())
}

/// RFC 3339 in UTC with whole seconds, as `2018-04-25T07:51:10Z`.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The last second of the year 9999, the end of RFC 3339.
        const LAST: u64 = 253_402_300_799;
        if self.as_secs() > LAST {
            return f.write_str("never");
        }
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(self.as_secs());
        humantime::format_rfc3339_seconds(time).fmt(f)
    }
}

impl fmt::Debug for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.as_secs(), self.millis % 1000)
    }
}

/// A stretch of time: from its start up to, and without, its end.
///
/// Clocks are read by several threads and corrected by a few milliseconds now and then, so a time of up to
/// [`Window::TOLERANCE`] before the start counts as inside. A time that is earlier still shows that the clock was
/// set back, and is outside: whatever was decided for the window is then decided anew.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_core::{UnixTime, Window};
///
/// let noon = UnixTime::from_secs(1_700_000_000);
/// let window = Window::starting(noon, Duration::from_secs(60));
/// assert!(window.contains(noon + Duration::from_secs(59)));
/// assert!(!window.contains(noon + Duration::from_secs(60)));
/// assert!(window.contains(noon - Duration::from_secs(2)));
/// assert!(!window.contains(noon - Duration::from_secs(3)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Window {
    start: UnixTime,
    end: UnixTime,
}

impl Window {
    /// How far before its start a time still counts as inside: 2 s.
    pub const TOLERANCE: Duration = Duration::from_secs(2);

    /// From `start` up to, and without, `end`. Empty when `end` is not after `start`.
    pub const fn new(start: UnixTime, end: UnixTime) -> Self {
        Self { start, end }
    }

    /// The window of this length that starts at `start`.
    pub fn starting(start: UnixTime, length: Duration) -> Self {
        Self {
            start,
            end: start + length,
        }
    }

    /// Whether `now` lies inside; see the type for what counts as inside.
    #[inline]
    pub fn contains(self, now: UnixTime) -> bool {
        // Written without subtraction of durations: this stands on the path of every token handed out.
        now.millis < self.end.millis && now.millis.saturating_add(2000) >= self.start.millis
    }

    /// Its first moment.
    pub const fn start(self) -> UnixTime {
        self.start
    }

    /// The first moment after it.
    pub const fn end(self) -> UnixTime {
        self.end
    }

    /// How long it is.
    pub const fn length(self) -> Duration {
        self.end.since(self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(UnixTime::MAX + Duration::MAX, UnixTime::MAX);
        assert_eq!(UnixTime::EPOCH - Duration::from_secs(1), UnixTime::EPOCH);
        assert_eq!(UnixTime::from_secs(u64::MAX), UnixTime::MAX);
        assert_eq!(UnixTime::EPOCH.since(UnixTime::MAX), Duration::ZERO);
    }

    #[test]
    fn a_time_too_far_away_to_be_written_reads_as_never() {
        assert_eq!(UnixTime::MAX.to_string(), "never");
        assert_eq!(
            UnixTime::from_secs(253_402_300_799).to_string(),
            "9999-12-31T23:59:59Z"
        );
    }

    #[test]
    fn a_system_time_before_the_epoch_becomes_the_epoch() {
        let before = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
        assert_eq!(UnixTime::from(before), UnixTime::EPOCH);
    }

    #[test]
    fn an_empty_window_contains_nothing() {
        let now = UnixTime::from_secs(100);
        assert!(!Window::new(now, now).contains(now));
    }
}
