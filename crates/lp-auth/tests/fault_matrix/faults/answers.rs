//! Answers with status 200 that are none, and redirects.

use lp_auth_emulator::{Endpoint, Fault};

use super::Section;
use crate::row::{Outcome, Plant, Row, fault, malformed};

const TOO_LARGE: &str = "the answer is larger than the limit";

pub(super) fn section() -> Section {
    let mut rows = vec![
        Row::new(
            "half of the JSON, as if it were the whole",
            fault!(Fault::TruncatedJson),
            malformed("200 OK, {answer}").into(),
        ),
        Row::new(
            "an empty body",
            fault!(Fault::EmptyBody),
            malformed("200 OK, the body is empty").into(),
        ),
        Row::new(
            "a page of HTML with status 200",
            fault!(Fault::Html),
            malformed("200 OK, the body is an HTML page").into(),
        ),
        Row::new(
            "the right answer with another content type",
            fault!(Fault::WrongContentType),
            Outcome::Serves(None),
        ),
        Row::new(
            "bytes that are no UTF-8",
            fault!(Fault::InvalidUtf8),
            malformed("200 OK, {answer}").into(),
        ),
        Row::new("200 MiB", fault!(Fault::HugeBody), malformed(TOO_LARGE).into()),
        Row::new(
            "200 KiB of gzip that nobody asked for, 200 MiB unpacked",
            fault!(Fault::GzipBomb),
            malformed(TOO_LARGE).into(),
        )
        .at([Endpoint::DomainApi, Endpoint::Token]),
        // A key set may be longer than the bomb before it is unpacked, which nobody does.
        Row::new(
            "200 KiB of gzip that nobody asked for, 200 MiB unpacked",
            fault!(Fault::GzipBomb),
            malformed("200 OK, {answer}").into(),
        )
        .at([Endpoint::Keys]),
    ];
    rows.extend([301, 302, 303, 307, 308].map(|status| {
        let name = http_reason(status);
        Row::new(
            format!("a redirect to another host ({status})"),
            (
                Plant::Redirect(status),
                format!(
                    "fault(endpoint, Fault::Redirect {{ status: StatusCode::{}, to }})",
                    constant(name)
                ),
            ),
            malformed(format!("{status} {name}, a redirect, which is not followed")).into(),
        )
    }));
    Section {
        title: "Answers that make no sense",
        about: "Somebody answers, but not like LivePerson: most often a proxy. Bodies are read up to 64 KiB (key sets 256 \
                KiB), and never unpacked. Redirects are not followed: the host that one names is not asked for anything.",
        rows,
    }
}

fn http_reason(status: u16) -> &'static str {
    lp_auth::http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .expect("a status of HTTP")
}

fn constant(reason: &str) -> String {
    reason.to_uppercase().replace(' ', "_")
}
