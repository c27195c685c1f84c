//! Answers of the Domain API and of the key set that are in order, and of no use.

use bytes::Bytes;
use lp_auth_emulator::{Endpoint, Fault};

use super::Section;
use crate::row::{Plant, Row, fault, malformed, unknown_service, untrusted_host};

pub(super) fn section() -> Section {
    let names = |host: &'static str| {
        (
            Plant::Names(host),
            format!("set_service(&ServiceName::SENTINEL, {host:?})"),
        )
    };
    Section {
        title: "Hosts and keys that cannot be used",
        about: "The client secret goes to no host that the host policy does not trust, whatever the Domain API says.",
        rows: vec![
            Row::new(
                "the Domain API names a host that is not trusted",
                names("evil.example"),
                untrusted_host("the host `evil.example` is not trusted: it is under none of the allowed names")
                    .advising(
                        "if `evil.example` is yours, allow it by name (trusted host); if not, somebody answers in the \
                         Domain API's place",
                    )
                    .into(),
            )
            .at([Endpoint::DomainApi]),
            Row::new(
                "the Domain API names what is no host",
                names("https://va.sentinel.liveperson.net/"),
                untrusted_host(
                    "\"https://va.sentinel.liveperson.net/\" is not a host: a name or a name with a port is, without scheme \
                     or path, as `va.sentinel.liveperson.net`",
                )
                .advising("if this host is yours, allow it by name in the host policy")
                .into(),
            )
            .at([Endpoint::DomainApi]),
            Row::new(
                "the Domain API knows no Sentinel",
                (
                    Plant::NoService,
                    "ReplyShapes { unknown_service: UnknownService::EmptyList, .. }` and `remove_service(&ServiceName::SENTINEL)"
                        .to_owned(),
                ),
                unknown_service("account `12345678` has no such service").into(),
            )
            .at([Endpoint::DomainApi]),
            Row::new(
                "a key set without a key",
                fault!(Fault::Body(Bytes::from_static(br#"{"keys":[]}"#))),
                malformed("200 OK, none of the keys can be used: there are none")
                    .advising("check that this is LivePerson's Sentinel, and look at its key set")
                    .into(),
            )
            .at([Endpoint::Keys]),
        ],
    }
}
