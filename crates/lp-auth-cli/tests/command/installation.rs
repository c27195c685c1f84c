//! `lp-auth installation`.

use serde_json::{Value, json};

use crate::scene::{Scene, bare};

#[test]
fn the_simple_document_is_that_of_the_documentation() {
    let stdout = bare(&[
        "installation",
        "--name",
        "My First App",
        "--description",
        "This is my first App",
        "--scope",
        "faas.lambda.invoke",
    ])
    .run()
    .done();
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let wanted = json!({
        "client_name": "My First App",
        "description": "This is my first App",
        "grant_types": ["client_credentials"],
        "response_types": ["token"],
        "scope": "faas.lambda.invoke",
    });
    assert_eq!(document, wanted);
    assert!(stdout.starts_with("{\n  \"client_name\""), "{stdout}");
}

#[test]
fn every_field_can_be_given_and_passes_the_check() {
    let scene = Scene::new();
    let capabilities = scene.write("capabilities.json", r#"{"webhooks":{"url":"https://x.example"}}"#);
    let arguments = [
        "installation",
        "--output",
        "json",
        "--name",
        "com.example.desk",
        "--display-name",
        "Desk",
        "--description",
        "A desk",
        "--grant-type",
        "client_credentials",
        "--grant-type",
        "refresh_token",
        "--response-type",
        "token",
        "--response-type",
        "code",
        "--redirect-uri",
        "https://desk.example/callback",
        "--scope",
        "msg.consumer",
        "--scope",
        "users.external",
        "--logo-uri",
        "/img/desk.png",
        "--entry-uri",
        "https://desk.example/",
        "--quick-launch",
        "--enabled-for-profile",
        "42",
        "--enabled-for-profile",
        "-1",
        "--capabilities",
        capabilities.to_str().unwrap(),
    ];
    let stdout = bare(&arguments).run().done();
    assert_eq!(stdout.lines().count(), 1);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    let wanted = json!({
        "client_name": "com.example.desk",
        "display_name": "Desk",
        "description": "A desk",
        "grant_types": ["client_credentials", "refresh_token"],
        "response_types": ["token", "code"],
        "redirect_uris": ["https://desk.example/callback"],
        "scope": "msg.consumer users.external",
        "logo_uri": "/img/desk.png",
        "entry_uri": "https://desk.example/",
        "quick_launch_enabled": true,
        "enabled_for_profiles": [42, -1],
        "capabilities": { "webhooks": { "url": "https://x.example" } },
    });
    assert_eq!(document, wanted);
    let file = scene.write("document.json", &stdout);
    let stdout = bare(&["installation", "check", file.to_str().unwrap()])
        .run()
        .done();
    assert!(stdout.contains("nothing is wrong with it"), "{stdout}");
    let disabled = bare(&["installation", "--name", "a", "--disabled"]).run();
    assert!(disabled.stdout.contains("\"enabled\": false"), "{disabled:?}");
    assert!(disabled.stderr.contains("will get no token"), "{disabled:?}");
}

#[test]
fn another_scope_is_taken_with_a_remark_and_the_known_ones_are_offered() {
    let ran = bare(&["installation", "--name", "a", "--scope", "my.own"]).run();
    assert_eq!(ran.code(), Some(0));
    assert!(ran.stdout.contains("my.own"), "{ran:?}");
    assert!(ran.stderr.contains("note: the scope \"my.own\""), "{ran:?}");
    let help = bare(&["installation", "--help"]).run().done();
    assert!(help.contains("thirdpartybots.customendpoint.bot"), "{help}");
    bare(&["installation", "--name", "a", "--scope", ""])
        .run()
        .failed(2, &["--scope"]);
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let long = "x".repeat(130);
    bare(&[
        "installation",
        "--name",
        &long,
        "--display-name",
        &long,
        "--scope",
        "a\"b",
    ])
    .run()
    .failed(
        2,
        &[
            "`client_name` has 130",
            "`display_name` has 130",
            "shorten it by 2",
            "`scope` holds",
        ],
    );
    bare(&["installation"]).run().failed(2, &["--name"]);
    let scene = Scene::new();
    let broken = scene.write("capabilities.json", "[\"canarysecret2b7w4yq6pxk3ah\"]");
    bare(&[
        "installation",
        "--name",
        "a",
        "--capabilities",
        broken.to_str().unwrap(),
    ])
    .run()
    .failed(2, &["capabilities.json", "a JSON object is wanted"]);
}

#[test]
fn a_file_is_checked_and_every_problem_told_with_what_to_do() {
    let text = r#"{"scope": 7, "enabled": "yes", "client_secret": "canarysecret2b7w4yq6pxk3ah"}"#;
    let ran = bare(&["installation", "check", "-"]).input(text).run();
    assert_eq!(ran.code(), Some(1));
    for problem in [
        "✗ `client_name` is missing: add it",
        "✗ `scope` is a number: write a string",
        "✗ `enabled` is a string: write true or false",
        "✗ `client_secret` is for LivePerson to write",
    ] {
        assert!(ran.stdout.contains(problem), "`{problem}` is not in: {ran:?}");
    }
    assert!(!ran.stdout.contains("canary"), "{ran:?}");
    assert!(ran.stderr.contains("standard input has 4 problems"), "{ran:?}");

    let ran = bare(&["installation", "check", "-", "--output", "json"])
        .input(text)
        .run();
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["problems"].as_array().unwrap().len(), 4);

    for (text, words) in [
        ("{", "not a JSON document: see line 1, column 1"),
        ("[]", "not a JSON object"),
        (r#"{"client_name":"a","client_name":"b"}"#, "occurs twice"),
        (
            "{\"client_name\":\"a\",\"\\u001b[2J\":1,\"scope\":7}",
            "`scope` is a number",
        ),
    ] {
        let ran = bare(&["installation", "check", "-"]).input(text).run();
        assert!(ran.stdout.contains(words), "`{words}` is not in: {ran:?}");
        assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
        assert_eq!(ran.code(), Some(1));
    }
    bare(&["installation", "check", "/nowhere"])
        .run()
        .failed(2, &["/nowhere", "cannot be read"]);
}

#[test]
fn remarks_are_no_problems() {
    let text = r#"{"client_name":"a","enabled":false,"scope":"my.own"}"#;
    let stdout = bare(&["installation", "check", "-"]).input(text).run().done();
    for remark in [
        "! `enabled` is false",
        "! `grant_types` lacks",
        "! the scope \"my.own\"",
    ] {
        assert!(stdout.contains(remark), "`{remark}` is not in: {stdout}");
    }
}
