//! Times and lengths of time in words.

use core::time::Duration;

use lp_auth::UnixTime;

/// How long ago, or in how long: "3 h ago", "in 57 min", "now".
pub(crate) fn relative(time: UnixTime, now: UnixTime) -> String {
    let (past, future) = (now.since(time), time.since(now));
    if past.max(future) < Duration::from_secs(1) {
        "now".to_owned()
    } else if past > future {
        format!("{} ago", length(past))
    } else {
        format!("in {}", length(future))
    }
}

/// A length of time in its two largest units, the smaller of which is left out where it does not matter.
pub(crate) fn length(length: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;
    let seconds = length.as_secs();
    let two = |large: u64, large_name: &str, small: u64, small_name: &str| {
        let rest = (seconds % large) / small;
        let count = seconds / large;
        if rest == 0 || count >= 10 {
            format!("{count} {large_name}")
        } else {
            format!("{count} {large_name} {rest} {small_name}")
        }
    };
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => two(MINUTE, "min", 1, "s"),
        HOUR..DAY => two(HOUR, "h", MINUTE, "min"),
        DAY..YEAR => days(seconds / DAY),
        _ => match seconds / YEAR {
            1 => "1 year".to_owned(),
            years => format!("{years} years"),
        },
    }
}

/// "1 day", "12 days".
pub(crate) fn days(days: u64) -> String {
    format!("{days} day{}", if days == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_the_units_that_people_would_use() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (90, "1 min 30 s"),
            (3599, "59 min"),
            (3600, "1 h"),
            (3660, "1 h 1 min"),
            (11 * 3600 + 60, "11 h"),
            (86_400, "1 day"),
            (25 * 86_400, "25 days"),
            (400 * 86_400, "1 year"),
            (4000 * 86_400, "10 years"),
        ] {
            assert_eq!(length(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_time_is_told_from_now() {
        let now = UnixTime::from_secs(1_700_000_000);
        assert_eq!(relative(now, now), "now");
        assert_eq!(relative(now - Duration::from_secs(3 * 3600), now), "3 h ago");
        assert_eq!(relative(now + Duration::from_secs(57 * 60), now), "in 57 min");
    }
}
