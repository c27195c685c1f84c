//! The APIs that want a token (LIVEPERSON.md §5).

use std::time::Duration;

use lp_auth_emulator::{ApiVersion, ClockOffset, Emulator, Endpoint, Fault, TokenDraft};
use serde_json::json;

use crate::client::{Client, Reply};

const INVOKE: &str = "/api/account/12345678/lambdas/4c5fdfd2-6d4a-4c5f-8b1c-0a4a5d0d8f10/invoke?v=1";
const CONVERSATION: &str = "/api/account/12345678/messaging/consumer/conversation?v=3";
const PAYLOAD: &str = r#"{"timestamp":1503028861116,"headers":[],"payload":{"order":7}}"#;

fn invoke(emulator: &Emulator, authorization: &str) -> Reply {
    let headers = [
        ("content-type", "application/json"),
        ("authorization", authorization),
    ];
    Client::of(emulator).send("POST", INVOKE, &headers, PAYLOAD)
}

#[test]
fn a_function_answers_those_who_come_with_a_genuine_token() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    for token in [client.v1_token(&emulator), client.v2_token(&emulator)] {
        for scheme in ["Bearer", "bearer"] {
            let reply = invoke(&emulator, &format!("{scheme} {token}"));
            assert_eq!(reply.status, 200, "{reply:?}");
            assert_eq!(reply.json(), json!({ "result": { "order": 7 }, "logs": [] }));
        }
        assert_eq!(
            invoke(&emulator, &token).status,
            401,
            "the bare token is refused here"
        );
    }
    assert_eq!(
        emulator.requests().pop().unwrap().path,
        INVOKE.trim_end_matches("?v=1")
    );
}

#[test]
fn the_messaging_kind_wants_the_bare_token() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let token = client.v1_token(&emulator);
    let ask = |value: &str| client.send("POST", CONVERSATION, &[("authorization", value)], "{}");
    assert_eq!(ask(&token).json()["client"], emulator.client_id());
    let refused = ask(&format!("Bearer {token}"));
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .contains("without Bearer")
    );
}

#[test]
fn every_token_that_is_not_in_order_is_refused_with_the_reason() {
    let emulator = Emulator::builder().start().unwrap();
    let draft = || emulator.draft(ApiVersion::V2);
    let hour = Duration::from_secs(3600);
    let long_ago = emulator.now() - 2 * hour;
    let tomorrow = (emulator.now() + 24 * hour).as_secs();
    let cases = [
        ("nonsense".to_owned(), "no JWT"),
        ("a.b.c".to_owned(), "no JWT"),
        (draft().valid(long_ago, hour).sign(), "expired"),
        (draft().without_claim("exp").sign(), "expired"),
        (draft().with_claim("exp", "tomorrow").sign(), "expired"),
        (draft().with_claim("nbf", tomorrow).sign(), "not valid yet"),
        (draft().with_claim("aud", "1").sign(), "another account"),
        (
            draft().with_claim("aud", json!(["1", "2"])).sign(),
            "another account",
        ),
        (draft().without_claim("aud").sign(), "another account"),
        (draft().with_claim("iss", "somebody").sign(), "not from Sentinel"),
        (draft().with_header("alg", "none").sign(), "RS256"),
        (draft().with_header("kid", "other").sign(), "not known"),
        (draft().signed_by_a_stranger().sign(), "signature"),
        (TokenDraft::tampered(&draft().sign()), "signature"),
    ];
    for (token, why) in cases {
        let reply = invoke(&emulator, &format!("Bearer {token}"));
        assert_eq!(reply.status, 401, "{why}");
        let challenge = reply.header("www-authenticate").unwrap().to_owned();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        assert!(challenge.contains(why), "{why}: {challenge}");
        assert!(!challenge.contains(&token), "{challenge}");
    }
    let both = draft().with_claim("aud", json!(["1", "12345678"])).sign();
    assert_eq!(invoke(&emulator, &format!("Bearer {both}")).status, 200);
}

#[test]
fn a_request_without_a_token_is_asked_for_one_and_told_no_error() {
    let emulator = Emulator::builder().start().unwrap();
    let reply = Client::of(&emulator).send("POST", INVOKE, &[], PAYLOAD);
    assert_eq!(reply.status, 401);
    assert_eq!(
        reply.header("www-authenticate"),
        Some("Bearer realm=\"emulator\"")
    );
    assert_eq!(Client::of(&emulator).get(INVOKE).status, 405);
}

#[test]
fn a_scope_that_is_asked_for_and_missing_is_forbidden() {
    let emulator = Emulator::builder()
        .scope("msg.consumer users.external")
        .require_scope("users.external")
        .start()
        .unwrap();
    let token = emulator.draft(ApiVersion::V2).sign();
    assert_eq!(invoke(&emulator, &format!("Bearer {token}")).status, 200);
    emulator.set_required_scope(Some("faas.lambda.invoke".to_owned()));
    let reply = invoke(&emulator, &format!("Bearer {token}"));
    assert_eq!(reply.status, 403);
    assert!(
        reply
            .header("www-authenticate")
            .unwrap()
            .contains("insufficient_scope")
    );
    emulator.set_required_scope(None);
    assert_eq!(invoke(&emulator, &format!("Bearer {token}")).status, 200);
}

#[test]
fn a_token_runs_out_by_the_emulators_clock() {
    let emulator = Emulator::builder().start().unwrap();
    let token = format!("Bearer {}", emulator.draft(ApiVersion::V2).sign());
    assert_eq!(invoke(&emulator, &token).status, 200);
    emulator.set_clock(ClockOffset::Ahead(Duration::from_secs(3601)));
    assert_eq!(invoke(&emulator, &token).status, 401);
}

#[test]
fn a_retired_key_opens_no_door() {
    let emulator = Emulator::builder().start().unwrap();
    let token = format!("Bearer {}", emulator.draft(ApiVersion::V2).sign());
    emulator.rotate_keys().unwrap();
    assert_eq!(invoke(&emulator, &token).status, 200);
    emulator.retire_keys().unwrap();
    assert_eq!(invoke(&emulator, &token).status, 401);
}

#[test]
fn a_function_that_fails_answers_901() {
    let emulator = Emulator::builder().start().unwrap();
    emulator.fault(Endpoint::Api, Fault::status(901)).unwrap();
    let token = format!("Bearer {}", emulator.draft(ApiVersion::V2).sign());
    assert_eq!(invoke(&emulator, &token).status, 901);
}

#[test]
fn a_body_that_is_no_json_is_a_bad_request() {
    let emulator = Emulator::builder().start().unwrap();
    let token = format!("Bearer {}", emulator.draft(ApiVersion::V2).sign());
    let reply = Client::of(&emulator).send("POST", INVOKE, &[("authorization", &token)], "{");
    assert_eq!(reply.status, 400);
}
