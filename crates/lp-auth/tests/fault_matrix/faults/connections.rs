//! Connections that do not come about, or do not last.

use std::time::Duration;

use lp_auth_emulator::Fault;

use super::Section;
use crate::row::{Place, Plant, Row, fault, no_answer, untrusted_certificate};

const REFUSED: &str = "nobody listens there: the connection was refused";
const UNRESOLVED: &str = "the host name could not be resolved";
const BROKEN_OFF: &str = "the connection broke off before the answer was complete";
const TIMED_OUT: &str = "no complete answer within the time limit";

pub(super) fn section() -> Section {
    Section {
        title: "Connections",
        about: "No answer, or half of one. A patient asker goes on trying; the host is looked up again before it is \
                asked again, as it may have moved. A certificate that is not trusted does not get better by itself, so \
                that nobody waits for it. Nothing was sent to whoever presented it.",
        rows: vec![
            Row::new(
                "the connection is refused",
                elsewhere(Place::Refused, "emulator.refused_address()?"),
                no_answer(REFUSED).into(),
            ),
            Row::new(
                "the host name does not exist",
                elsewhere(Place::Unresolvable, "\"nobody.invalid\""),
                no_answer(UNRESOLVED).into(),
            ),
            Row::new(
                "a certificate of an authority that is not trusted",
                elsewhere(
                    Place::Untrusted,
                    "another emulator, which has an authority of its own",
                ),
                untrusted_certificate().into(),
            ),
            Row::new(
                "a certificate for another name",
                elsewhere(
                    Place::OtherName,
                    "one with `ServerCertificate::for_name(\"somebody-else.test\")`",
                ),
                untrusted_certificate().into(),
            ),
            Row::new(
                "a certificate that is over",
                elsewhere(
                    Place::Expired,
                    "one with `ServerCertificate::for_loopback().expired()`",
                ),
                untrusted_certificate().into(),
            ),
            Row::new(
                "reset before the answer",
                fault!(Fault::ResetBefore),
                no_answer(BROKEN_OFF).into(),
            ),
            Row::new(
                "reset within the answer",
                fault!(Fault::ResetWithin),
                no_answer(BROKEN_OFF).into(),
            ),
            Row::new(
                "closed before the answer",
                fault!(Fault::CloseBefore),
                no_answer(BROKEN_OFF).into(),
            ),
            Row::new(
                "closed within the answer",
                fault!(Fault::CloseWithin),
                no_answer(BROKEN_OFF).into(),
            ),
            Row::new(
                "stalled before the answer",
                fault!(Fault::StallBefore),
                no_answer(TIMED_OUT).taking_the_time_limit().into(),
            ),
            Row::new(
                "stalled within the answer",
                fault!(Fault::StallWithin),
                no_answer(TIMED_OUT).taking_the_time_limit().into(),
            ),
            Row::new(
                "dripped byte by byte",
                fault!(Fault::Drip {
                    pause: Duration::from_millis(200)
                }),
                no_answer(TIMED_OUT).taking_the_time_limit().into(),
            ),
        ],
    }
}

fn elsewhere(place: Place, host: &str) -> (Plant, String) {
    let host = if host.contains('`') || host.contains(' ') {
        host.to_owned()
    } else {
        format!("`{host}`")
    };
    (Plant::Elsewhere(place), format!("as the host: {host}"))
}
