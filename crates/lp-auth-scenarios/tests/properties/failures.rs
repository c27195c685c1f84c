//! What a failure means and how long it rests: rule 5 as a table.

use lp_auth_core::{ErrorKind, TransportErrorKind};
use lp_auth_scenarios::Says;

const SECOND: u64 = 1000;

/// How long the `nth` failure of a kind in a row rests, from 0, before any jitter, in milliseconds.
pub(crate) fn rest(kind: ErrorKind, pause: Option<u64>, nth: u32) -> u64 {
    let doubling = |first: u64, most: u64| (first << nth.min(20)).min(most);
    match (kind, pause) {
        (ErrorKind::ServerFault | ErrorKind::Throttled, Some(pause)) => pause.clamp(SECOND, 300 * SECOND),
        (ErrorKind::NoAnswer | ErrorKind::TransportUnusable, _) => doubling(250, 64 * SECOND),
        (ErrorKind::Malformed | ErrorKind::Throttled, _) => doubling(SECOND, 64 * SECOND),
        (ErrorKind::Refused, _) => doubling(30 * SECOND, 600 * SECOND),
        (ErrorKind::Tls, _) => 30 * SECOND,
        (ErrorKind::ServerFault, None) => [5, 10, 15].get(nth as usize).unwrap_or(&60) * SECOND,
        other => panic!("{other:?}"),
    }
}

/// The kind of a failure, the pause that was asked for, and whether the host may have moved.
pub(crate) fn meaning(says: Says) -> (ErrorKind, Option<u64>, bool) {
    let pause = match says {
        Says::StatusAfter(_, pause) => pause.parse::<u64>().ok().map(|seconds| seconds * SECOND),
        _ => None,
    };
    match says {
        Says::Lost(TransportErrorKind::Tls) => (ErrorKind::Tls, None, true),
        Says::Lost(TransportErrorKind::TooLarge | TransportErrorKind::Redirected) => {
            (ErrorKind::Malformed, None, false)
        }
        Says::Lost(TransportErrorKind::Unusable) => (ErrorKind::TransportUnusable, None, false),
        Says::Lost(_) => (ErrorKind::NoAnswer, None, true),
        Says::Status(status, _) | Says::StatusAfter(status, _) | Says::Html(status) => match status {
            408 | 425 => (ErrorKind::NoAnswer, pause, true),
            404 | 410 | 421 => (ErrorKind::Refused, pause, true),
            429 => (ErrorKind::Throttled, pause, false),
            400..500 => (ErrorKind::Refused, pause, false),
            500..600 => (ErrorKind::ServerFault, pause, false),
            _ => (ErrorKind::Malformed, pause, false),
        },
        _ => (ErrorKind::Malformed, None, false),
    }
}
