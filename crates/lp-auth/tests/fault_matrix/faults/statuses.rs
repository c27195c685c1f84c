//! Statuses that say no, not now, or not well.

use std::time::Duration;

use lp_auth::http::StatusCode;
use lp_auth_emulator::{ErrorBody, Fault, RetryAfter};

use super::Section;
use crate::row::{Failure, Outcome, Plant, Row, fault, no_answer, refused, server_fault, throttled};

/// What the server says in the bodies that have room for it.
const WORDS: &str = "\"this fault was asked for\"";

pub(super) fn refusals() -> Section {
    let mut rows = Vec::new();
    for (status, code) in [
        (400, "invalid_request"),
        (401, "invalid_client"),
        (403, "unauthorized_client"),
    ] {
        for shape in ErrorBody::ALL {
            let said = match shape {
                ErrorBody::Empty | ErrorBody::Html => String::new(),
                ErrorBody::Flat => format!(", internal code 6, {WORDS}"),
                ErrorBody::InternalErrorCode => ", internal code 9007".to_owned(),
                ErrorBody::Nested => format!(", internal code 5, {WORDS}"),
                ErrorBody::OAuth => format!(", {code}, {WORDS}"),
                other => unreachable!("a shape that this matrix does not know: {other:?}"),
            };
            rows.push(Row::new(
                format!("{status}, {}", in_words(shape)),
                (
                    Plant::Fault(Fault::status(status).with_body(shape)),
                    format!("fault(endpoint, Fault::status({status}).with_body(ErrorBody::{shape:?}))"),
                ),
                refused(format!("{}{said}", named(status))).into(),
            ));
        }
    }
    for status in [404, 410, 421] {
        rows.push(plain(status, |says| refused(says).casting_doubt()));
    }
    rows.push(plain(405, refused));
    Section {
        title: "Refusals",
        about: "Asking again with the same secret cannot help, so that nobody waits for it, and the rests are long. \
                `set_credentials` ends the rest. After 404, 410 and 421 the host is looked up again before it is asked again.",
        rows,
    }
}

pub(super) fn pressure() -> Section {
    let says = || format!("429 Too Many Requests, temporarily_unavailable, {WORDS}");
    let mut rows = vec![
        Row::new("429", fault!(Fault::status(429)), throttled(says()).into()),
        Row::new(
            "429 with `Retry-After: 7`",
            fault!(Fault::status(429).with_retry_after(RetryAfter::Seconds(7))),
            throttled(says()).resting([7.0, 7.0]).into(),
        ),
        Row::new(
            "429 with `Retry-After: 0`",
            fault!(Fault::status(429).with_retry_after(RetryAfter::Seconds(0))),
            throttled(says()).resting([1.0, 1.0]).into(),
        ),
        Row::new(
            "429 with `Retry-After: 86400`",
            fault!(Fault::status(429).with_retry_after(RetryAfter::Seconds(86_400))),
            throttled(says()).resting([300.0, 300.0]).into(),
        ),
        Row::new(
            "429 with `Retry-After` as a date 7 s ahead",
            fault!(Fault::status(429).with_retry_after(RetryAfter::Date(Duration::from_secs(7)))),
            throttled(says()).resting([7.0, 7.0]).into(),
        ),
        Row::new(
            "429 with `Retry-After: soon`",
            fault!(Fault::status(429).with_retry_after(RetryAfter::Text("soon".to_owned()))),
            throttled(says()).into(),
        ),
    ];
    for status in [408, 425] {
        rows.push(plain(status, no_answer));
    }
    Section {
        title: "Not now",
        about: "A patient asker waits as long as the server asks for, at least 1 s and at most 5 minutes; a date counts from \
                the server's own `Date`. 408 and 425 are as good as no answer.",
        rows,
    }
}

pub(super) fn trouble() -> Section {
    let mut rows: Vec<Row> = [500, 501, 502, 503, 504]
        .map(|status| plain(status, server_fault))
        .to_vec();
    let says = || format!("503 Service Unavailable, temporarily_unavailable, {WORDS}");
    rows.extend([
        Row::new(
            "503 with `Retry-After: 7`",
            fault!(Fault::status(503).with_retry_after(RetryAfter::Seconds(7))),
            server_fault(says()).resting([7.0, 7.0]).into(),
        ),
        Row::new(
            "503 with `Retry-After` as a date 7 s ahead",
            fault!(Fault::status(503).with_retry_after(RetryAfter::Date(Duration::from_secs(7)))),
            server_fault(says()).resting([7.0, 7.0]).into(),
        ),
        Row::new(
            "503 with `Retry-After: soon`",
            fault!(Fault::status(503).with_retry_after(RetryAfter::Text("soon".to_owned()))),
            server_fault(says()).into(),
        ),
        Row::new(
            "503 twice, then well",
            (
                Plant::FaultTimes(Fault::status(503), 2),
                "fault_times(endpoint, Fault::status(503), 2)".to_owned(),
            ),
            Outcome::ServesAfter(&[5.0, 10.0]),
        ),
    ]);
    Section {
        title: "The server is in trouble",
        about: "A patient asker goes on trying, after 5, 10 and 15 s and then every minute (LivePerson's retry policy), or \
                as `Retry-After` says.",
        rows,
    }
}

fn plain(status: u16, outcome: impl Fn(String) -> Failure) -> Row {
    let code = match status {
        503 => "temporarily_unavailable",
        500..=599 => "server_error",
        _ => "invalid_request",
    };
    Row::new(
        status.to_string(),
        (
            Plant::Fault(Fault::status(status)),
            format!("fault(endpoint, Fault::status({status}))"),
        ),
        outcome(format!("{}, {code}, {WORDS}", named(status))).into(),
    )
}

fn named(status: u16) -> String {
    StatusCode::from_u16(status)
        .expect("a status of HTTP")
        .to_string()
}

fn in_words(shape: ErrorBody) -> &'static str {
    match shape {
        ErrorBody::Empty => "without a body",
        ErrorBody::Flat => "`{\"time\":…,\"message\":…,\"internalCode\":6}`",
        ErrorBody::Html => "a page of HTML",
        ErrorBody::InternalErrorCode => "`{\"internalErrorCode\":\"9007\"}`",
        ErrorBody::Nested => "`{\"error\":{\"time\":…,\"message\":…,\"internalCode\":5}}`",
        ErrorBody::OAuth => "`{\"error\":…,\"error_description\":…}`",
        other => unreachable!("a shape that this matrix does not know: {other:?}"),
    }
}
