//! The words of all scenarios.

pub(crate) use lp_auth_core::ErrorKind::*;
pub(crate) use lp_auth_core::TransportErrorKind as Lost;
pub(crate) use lp_auth_scenarios::Line::{self, *};
pub(crate) use lp_auth_scenarios::Machine::*;
pub(crate) use lp_auth_scenarios::Purpose::*;
pub(crate) use lp_auth_scenarios::Reader::*;
pub(crate) use lp_auth_scenarios::Restored::*;
pub(crate) use lp_auth_scenarios::Retry::*;
pub(crate) use lp_auth_scenarios::Says::{self, *};
pub(crate) use lp_auth_scenarios::Told::*;
pub(crate) use lp_auth_scenarios::Want::*;

pub(crate) const VIRGINIA: &str = "va.sentinel.liveperson.net";
pub(crate) const LONDON: &str = "lo.sentinel.liveperson.net";

/// The same story with each of these, from the beginning each time.
pub(crate) fn each<T, const LINES: usize>(
    variants: impl IntoIterator<Item = T>,
    story: impl Fn(T) -> [Line; LINES],
) -> Vec<Line> {
    let stories = variants.into_iter().map(story);
    stories
        .flat_map(|story| [Anew].into_iter().chain(story))
        .collect()
}

/// Lists of lines, one after the other.
pub(crate) fn after_another<const PARTS: usize>(parts: [&[Line]; PARTS]) -> Vec<Line> {
    parts.concat()
}

/// Failures of each kind, each with the kind and the least rest in milliseconds.
pub(crate) const FAILURES: [(Says, lp_auth_core::ErrorKind, f64); 10] = [
    (Says::Lost(Lost::ConnectionRefused), NoAnswer, 0.25),
    (Says::Lost(Lost::TimedOut), NoAnswer, 0.25),
    (Says::Lost(Lost::Tls), Tls, 30.0),
    (Says::Lost(Lost::TooLarge), Malformed, 1.0),
    (Html(200), Malformed, 1.0),
    (Status(401, ""), Refused, 30.0),
    (Status(408, ""), NoAnswer, 0.25),
    (Status(429, ""), Throttled, 1.0),
    (Status(503, ""), ServerFault, 5.0),
    (Status(302, ""), Malformed, 1.0),
];
