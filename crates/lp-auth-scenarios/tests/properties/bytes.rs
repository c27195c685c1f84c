//! Whatever bytes come with whatever status and headers, nothing panics, nobody hangs, and nothing secret is shown.

use std::time::Duration;

use lp_auth_core::http::Response;
use lp_auth_core::{Body, Flow as _};
use lp_auth_scenarios::{Heard, Stage, Want};
use proptest::prelude::*;

use crate::cases;

fn body() -> impl Strategy<Value = Vec<u8>> {
    // Pieces of what is expected, put together at random, lead further in than random bytes do.
    let pieces = prop::sample::select(vec![
        r#"{"access_token":"#,
        r#""e30.e30.c2ln""#,
        r#""e30.eyJleHAiOjFlOTk5OX0.c2ln""#,
        r#"{"keys":["#,
        r#"{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}"#,
        r#"{"baseURIs":["#,
        r#"{"service":"sentinel","#,
        r#""baseURI":"va.sentinel.liveperson.net""#,
        r#""baseURI":":0""#,
        r#","expires_in":"#,
        "-1e309",
        "\"3600\"",
        "18446744073709551616",
        r#"{"error":"#,
        r#""error_description":"eyJhbGciOi.e30.c2ln""#,
        "]",
        "}",
        ",",
        "null",
        "\u{0}",
        "\u{feff}",
        "hush-4711-canary",
        "<html>",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(pieces, 0..8).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

proptest! {
    #![proptest_config(cases(2.0))]

    #[test]
    fn no_bytes_make_a_machine_panic_hang_or_show_a_secret(
        body in body(),
        status in prop_oneof![4 => Just(200_u16), 1 => 100..999_u16],
        header in prop::sample::select(vec!["date", "retry-after", "cache-control", "age", "content-type"]),
        value in prop::collection::vec(prop::sample::select((32..=255_u8).filter(|byte| *byte != 127).collect::<Vec<_>>()), 0..40),
        want in prop::sample::select(vec![Want::AToken, Want::Keys, Want::Kid("a"), Want::HostOf("sentinel")]),
        over_domain: bool,
    ) {
        let mut stage = if over_domain { Stage::with_domain_api(1) } else { Stage::default() };
        for _ in 0..3 {
            let Heard::Call(..) = stage.ask(want) else { break };
            let reply = Response::builder().status(status).header(header, value.as_slice());
            let ticket = stage.take_ticket(0);
            let reply = ticket.reply(Ok(reply.body(Body::from(body.clone())).expect("a response")));
            let now = stage.now;
            prop_assert!((&mut stage.tokens, (&mut stage.keys, &mut stage.locator)).handle(reply, now).is_none());
        }
        match stage.ask(want) {
            Heard::Error(error) => prop_assert!(error.retry_at() > Some(stage.now)),
            Heard::Token(_) | Heard::Keys(_) | Heard::Host(_) | Heard::Call(..) => {}
            Heard::Wait(until) => prop_assert!(until.since(stage.now) <= Duration::from_secs(11)),
        }
        stage.check_readers();
    }
}
