//! `lp-auth invoke`.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use lp_auth_core::ServiceName;
use lp_auth_emulator::{CertificateAuthority, Emulator, Endpoint, Fault};
use serde_json::{Value, json};

use crate::api::Api;
use crate::scene::{SECRET, STACKS, Scene};

const LAMBDA: &str = "4ec0ff5b-92a3-4c58-b5ac-4d4a36d6d6a1";

#[test]
fn a_function_gets_its_payload() {
    let scene = Scene::new();
    for stack in STACKS {
        let invoke = |data: &str| {
            scene
                .command(&["invoke", LAMBDA, "--transport", stack, "-d", data])
                .input(r#"{"from":"stdin"}"#)
                .run()
                .done()
        };
        assert_eq!(invoke(r#"{"a":[1,2]}"#), r#"{"logs":[],"result":{"a":[1,2]}}"#);
        assert_eq!(invoke("@-"), r#"{"logs":[],"result":{"from":"stdin"}}"#);
    }
    assert_eq!(
        scene.command(&["invoke", LAMBDA]).run().done(),
        r#"{"logs":[],"result":{}}"#
    );
}

#[test]
fn the_request_is_the_documented_one() {
    let authority = Arc::new(CertificateAuthority::generate().unwrap());
    let scene = Scene::of(Emulator::builder().authority(Arc::clone(&authority)));
    let api = Api::answering(&authority, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    let functions: ServiceName = "faasGW".parse().unwrap();
    scene.emulator.set_service(&functions, api.address.to_string());
    scene
        .command(&[
            "invoke",
            LAMBDA,
            "-d",
            r#"{"exact": 1.50, "big": 12345678901234567890123}"#,
            "-H",
            "x-order: 47:11",
            "--external-system",
            "my shop & co",
            "--skill-id",
            "12",
        ])
        .env("LP_TRUSTED_HOSTS", "127.0.0.1")
        .run()
        .done();
    let seen = api.seen().pop().unwrap();
    assert_eq!(
        seen.line,
        format!(
            "POST /api/account/12345678/lambdas/{LAMBDA}/invoke?v=1&externalSystem=my+shop+%26+co&skillId=12 HTTP/1.1"
        )
    );
    assert!(seen.header("authorization").unwrap().starts_with("Bearer eyJ"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    // As it was written.
    assert!(
        seen.body
            .ends_with(r#""payload":{"exact": 1.50, "big": 12345678901234567890123}}"#),
        "{}",
        seen.body
    );
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body["headers"], json!([{ "key": "x-order", "value": "47:11" }]));
    #[expect(clippy::disallowed_methods, reason = "the timestamp is that of this machine")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let told = u128::from(body["timestamp"].as_u64().unwrap());
    assert!(told <= now && now - told < 60_000, "{told}");
}

#[test]
fn a_function_that_failed_is_told_from_a_gateway_that_did() {
    let scene = Scene::new();
    for stack in STACKS {
        let run = || scene.command(&["invoke", LAMBDA, "--transport", stack]).run();
        scene.emulator.fault(Endpoint::Api, Fault::status(901)).unwrap();
        let ran = run();
        assert_eq!(ran.code(), Some(1), "{ran:?}");
        assert!(
            ran.stderr.contains("901") && ran.stderr.contains("the function itself failed"),
            "{ran:?}"
        );
        scene.emulator.fault(Endpoint::Api, Fault::status(500)).unwrap();
        let ran = run();
        assert_eq!(ran.code(), Some(1), "{ran:?}");
        assert!(!ran.stderr.contains("itself failed"), "{ran:?}");
    }
}

#[test]
fn what_is_no_function_and_no_json_is_refused_and_not_repeated() {
    let scene = Scene::new();
    scene
        .command(&["invoke", "not-a-uuid"])
        .run()
        .failed(2, &["a UUID is wanted"]);
    let ran = scene
        .command(&["invoke", LAMBDA, "-d", &format!("{{\n  \"a\": {SECRET}}}")])
        .run();
    ran.failed(2, &["not JSON", "line 2, column 8"]);
    scene
        .command(&["invoke", LAMBDA, "-H", "none"])
        .run()
        .failed(2, &["`Name: value`"]);
}
