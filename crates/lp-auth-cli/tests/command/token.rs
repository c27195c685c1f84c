//! `lp-auth token`.

use std::collections::BTreeSet;

use lp_auth_core::{Compact, Part};
use lp_auth_emulator::{Emulator, Endpoint, Fault};
use serde_json::Value;

use crate::scene::{CONSUMER, STACKS, Scene};

fn claims(token: &str) -> Value {
    let payload = Compact::parse(token).unwrap().decode(Part::Payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

#[test]
fn the_token_stands_alone_on_stdout_with_both_versions_and_both_stacks() {
    let scene = Scene::new();
    for stack in STACKS {
        for version in ["v1", "v2"] {
            let stdout = scene
                .command(&["token", "--transport", stack, "--api-version", version])
                .run()
                .done();
            let token = stdout.strip_suffix('\n').unwrap();
            assert_eq!(claims(token)["aud"], "12345678");
            let has_permissions = claims(token).get("permissions").is_some();
            assert_eq!(has_permissions, version == "v2", "{stack} {version}");
        }
    }
}

#[test]
fn json_has_the_documented_members_and_no_others() {
    let scene = Scene::new();
    let stdout = scene.command(&["token", "--output", "json"]).run().done();
    assert_eq!(stdout.lines().count(), 1);
    let reply: Value = serde_json::from_str(&stdout).unwrap();
    let members: BTreeSet<&str> = reply.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "access_token",
        "token_type",
        "expires_at",
        "expires_in",
        "api_version",
        "sentinel",
    ];
    assert_eq!(members, BTreeSet::from(documented));
    assert_eq!(reply["token_type"], "Bearer");
    assert_eq!(reply["api_version"], "v2");
    assert_eq!(reply["sentinel"], scene.emulator.sentinel());
    assert!((3590..=3600).contains(&reply["expires_in"].as_u64().unwrap()));
    let expiry = reply["expires_at"].as_str().unwrap();
    assert!(expiry.len() == 20 && expiry.ends_with('Z'), "{expiry}");
    assert_eq!(claims(reply["access_token"].as_str().unwrap())["iss"], "Sentinel");
}

#[test]
fn a_header_line_is_for_curl_in_either_style() {
    let scene = Scene::new();
    let bearer = scene.command(&["token", "--header", "bearer"]).run().done();
    assert!(bearer.starts_with("Authorization: Bearer eyJ") && bearer.ends_with('\n'));
    let bare = scene.command(&["token", "--header", "bare"]).run().done();
    assert!(bare.starts_with("Authorization: eyJ") && bare.ends_with('\n'));
    scene
        .command(&["token", "--header", "bare", "--output", "json"])
        .run()
        .failed(2, &["leave one out"]);
}

#[test]
fn a_delegated_token_is_bound_to_the_consumer_whom_no_message_names() {
    let scene = Scene::new();
    let command = |arguments: &[&str]| scene.command(arguments).env("LP_CONSUMER_ID", CONSUMER);
    let ran = command(&["token", "-v"]).run();
    assert_eq!(
        claims(ran.stdout.trim())["https://liveperson.com/consumer_id"],
        CONSUMER
    );
    command(&["token", "--api-version", "v1"])
        .run()
        .failed(2, &["delegated"]);
    // Nobody gets a token that is bound to nobody by a mistake in a script.
    command(&["token", "--consumer", ""])
        .run()
        .failed(2, &["consumer"]);
    scene.emulator.fault(Endpoint::Token, Fault::status(500)).unwrap();
    command(&["token", "-v"]).run().failed(4, &["500"]);
}

#[test]
fn verbose_tells_what_is_asked_of_whom() {
    let scene = Scene::new();
    for stack in STACKS {
        let ran = scene.command(&["token", "-v", "--transport", stack]).run();
        let sentinel = scene.emulator.sentinel();
        assert!(ran.stdout.starts_with("eyJ"));
        for text in [
            format!("GET {sentinel}/api/account/12345678/service/sentinel/baseURI.json"),
            format!("POST {sentinel}/sentinel/api/v2/account/12345678/app/token"),
            "200 OK after ".to_owned(),
        ] {
            assert!(ran.stderr.contains(&text), "{text}: {}", ran.stderr);
        }
    }
}

#[test]
fn what_passes_is_waited_for() {
    let scene = Scene::new();
    scene
        .emulator
        .fault_times(Endpoint::Token, Fault::ResetBefore, 1)
        .unwrap();
    let ran = scene.command(&["token", "-v", "--patience", "5"]).run();
    assert!(ran.stdout.starts_with("eyJ"), "{ran:?}");
    assert!(ran.stderr.contains("; next try at "), "{ran:?}");
}

#[test]
fn sentinel_can_be_named_and_the_domain_api_is_then_not_asked() {
    let scene = Scene::new();
    scene
        .command(&["token", "--sentinel", scene.emulator.sentinel()])
        .run()
        .done();
    assert_eq!(scene.emulator.request_count(Endpoint::DomainApi), 0);
}

#[test]
fn plain_http_serves_loopback_where_it_is_allowed() {
    let scene = Scene::of(Emulator::builder().plain_http());
    for stack in STACKS {
        let command = || {
            scene
                .command(&["token", "--transport", stack])
                .without("LP_CA_FILE")
        };
        command().env("LP_PLAIN_HTTP_LOOPBACK", "true").run().done();
        command()
            .run()
            .failed(2, &["--plain-http-loopback", "LP_PLAIN_HTTP_LOOPBACK"]);
    }
}
