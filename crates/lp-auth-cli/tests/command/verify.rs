//! `lp-auth verify`.

use std::time::Duration;

use lp_auth_core::{ApiVersion, ServiceName};
use lp_auth_emulator::{ClockOffset, Endpoint, Fault, TokenDraft};
use serde_json::{Value, json};

use crate::scene::{STACKS, Scene};

#[test]
fn a_genuine_token_of_either_version_passes_over_either_stack_and_its_claims_are_printed() {
    let scene = Scene::new();
    for stack in STACKS {
        for version in ["v1", "v2"] {
            let token = scene.command(&["token", "--api-version", version]).run().done();
            let stdout = scene
                .command(&["verify", "--transport", stack])
                .input(token.clone())
                .run()
                .done();
            let claims: Value = serde_json::from_str(&stdout).unwrap();
            assert_eq!(claims["aud"], "12345678");
            assert_eq!(claims["azp"], scene.emulator.client_id());
            assert!(stdout.lines().count() > 5, "laid out: {stdout}");

            let stdout = scene
                .command(&["verify", "-", "--output", "json"])
                .input(token)
                .run()
                .done();
            assert_eq!(stdout.lines().count(), 1);
            assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap(), claims);
        }
    }
}

#[test]
fn the_token_comes_from_a_file_too_with_blanks_around_it() {
    let scene = Scene::new();
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    let file = scene.write("token", &format!("\r\n  {token}\t\r\n\n"));
    scene.command(&["verify", file.to_str().unwrap()]).run().done();
    scene
        .command(&["verify", "/nowhere/token"])
        .run()
        .failed(2, &["/nowhere/token", "cannot be read"]);
    scene
        .command(&["verify"])
        .input("\n")
        .run()
        .failed(2, &["empty", "lp-auth token | lp-auth verify"]);
}

#[test]
fn a_token_among_the_arguments_is_refused_and_not_repeated() {
    let scene = Scene::new();
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    let with_scheme = format!("Bearer {token}");
    for arguments in [
        &["verify", &token][..],
        &["verify", &with_scheme],
        &["verify", "-", &token],
        &["verify", "--token", &token],
        &["verify", &format!("--token={token}")],
    ] {
        // The run itself looks for the token on stderr.
        scene.command(arguments).run().failed(2, &["error: "]);
    }
    scene
        .command(&["verify", &token])
        .run()
        .failed(2, &["process list", "lp-auth verify < FILE"]);
}

#[test]
fn each_kind_of_no_is_told_apart_and_exits_with_1() {
    let scene = Scene::new();
    let draft = || scene.emulator.draft(ApiVersion::V2);
    let hour_ago = scene.emulator.now() - Duration::from_secs(7200);
    for (token, text) in [
        (TokenDraft::tampered(&draft().sign()), "signature does not verify"),
        (draft().signed_by_a_stranger().sign(), "signature does not verify"),
        (draft().with_header("kid", "other").sign(), "unknown key"),
        (draft().with_header("alg", "none").sign(), "another algorithm"),
        (
            draft().with_claim("iss", json!("Somebody")).sign(),
            "not issued by Sentinel",
        ),
        (draft().with_claim("aud", json!("87654321")).sign(), "--account"),
        (
            draft().with_claim("azp", json!("somebody")).sign(),
            "--any-client",
        ),
        (draft().valid(hour_ago, Duration::from_secs(60)).sign(), "expired"),
        (draft().without_claim("exp").sign(), "has no `exp`"),
        ("rubbish".to_owned(), "malformed"),
        ("a.b".to_owned(), "malformed"),
        ("x".repeat(40_000), "longer than"),
    ] {
        scene
            .command(&["verify"])
            .input(token)
            .run()
            .failed(1, &["rejected: ", text]);
    }
    scene
        .command(&["verify"])
        .input([0xff, 0xfe])
        .run()
        .failed(1, &["holds no text"]);
}

#[test]
fn a_text_around_the_token_is_told_apart_and_the_bare_token_asked_for() {
    let scene = Scene::new();
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    for (text, tip) in [
        (format!("Bearer {token}"), "leave out `Authorization:`"),
        (format!("bearer {token}"), "leave out `Authorization:`"),
        (
            format!("Authorization: Bearer {token}"),
            "leave out `Authorization:`",
        ),
        (
            json!({ "access_token": token }).to_string(),
            "jq -r .access_token",
        ),
    ] {
        scene
            .command(&["verify"])
            .input(text)
            .run()
            .failed(1, &["rejected: ", "the bare token is wanted", tip]);
    }
}

#[test]
fn a_token_of_the_other_version_gets_a_tip_that_names_the_version_asked_for() {
    let scene = Scene::new();
    for (version, asked_for) in [(ApiVersion::V1, "v2"), (ApiVersion::V2, "v1")] {
        let token = scene.emulator.draft(version).sign();
        scene
            .command(&["verify", "--api-version", asked_for])
            .input(token)
            .run()
            .failed(
                1,
                &["rejected: ", &format!("only {asked_for} tokens are accepted")],
            );
    }
}

#[test]
fn a_file_of_keys_that_is_empty_or_far_too_large_is_said_to_be() {
    let scene = Scene::new();
    let empty = scene.write("empty", "\n");
    let large = scene.write("large", &"x".repeat(1024 * 1024 + 1));
    for flag in ["--keys", "--v1-keys"] {
        for (file, text) in [(&empty, "is empty"), (&large, "larger than 1048576 bytes")] {
            scene
                .command(&["verify", flag, file.to_str().unwrap()])
                .input("x")
                .run()
                .failed(2, &[file.to_str().unwrap(), text]);
        }
    }
}

#[test]
fn client_scope_version_and_leeway_are_as_one_says() {
    let scene = Scene::new();
    let v2 = scene
        .emulator
        .draft(ApiVersion::V2)
        .with_claim("azp", json!("somebody"))
        .sign();
    let verify = |arguments: &[&str]| {
        scene
            .command(&[&["verify"], arguments].concat())
            .input(v2.clone())
            .run()
    };
    verify(&[]).failed(1, &["client"]);
    verify(&["--any-client"]).done();
    verify(&["--client-id", "nobody", "--client-id", "somebody"]).done();
    verify(&["--any-client", "--scope", "faas.lambda.invoke"]).done();
    verify(&[
        "--any-client",
        "--scope",
        "faas.lambda.invoke",
        "--scope",
        "msg.consumer",
    ])
    .failed(1, &["lacks the scope `msg.consumer`"]);
    verify(&["--any-client", "--api-version", "v2"]).done();
    verify(&["--any-client", "--api-version", "v1"]).failed(1, &["rejected: "]);
    verify(&["--any-client", "--client-id", "x"]).failed(2, &["--any-client"]);
    scene
        .command(&["verify"])
        .without("LP_CLIENT_ID")
        .input(v2.clone())
        .run()
        .done();

    scene
        .emulator
        .set_clock(ClockOffset::Behind(Duration::from_secs(3630)));
    let just_over = scene.emulator.draft(ApiVersion::V2).sign();
    let verify = |leeway| {
        scene
            .command(&["verify", "--leeway", leeway])
            .input(just_over.clone())
            .run()
    };
    verify("60").done();
    verify("0").failed(1, &["expired"]);
    verify("-5").failed(2, &["--leeway"]);
    verify("600").done();
    verify("601").failed(2, &["--leeway", "at most 600"]);
    scene
        .command(&["verify", "--scope", ""])
        .input(just_over.clone())
        .run()
        .failed(2, &["--scope"]);
    let help = scene.command(&["verify", "--help"]).run().done();
    for text in [
        "0 genuine",
        "1 rejected",
        "2 settings",
        "3 the keys",
        "4 the keys",
    ] {
        assert!(help.contains(text), "{text}: {help}");
    }
}

#[test]
fn with_keys_given_nobody_is_asked() {
    let scene = Scene::new();
    let jwks = scene.write("jwks.json", &scene.emulator.jwks());
    let pem = scene.write("v1.pem", &scene.emulator.v1_public_key_pem());
    let base64 = scene.write("v1.txt", &scene.emulator.v1_public_key_base64());
    for (version, keys) in [
        (ApiVersion::V2, &jwks),
        (ApiVersion::V1, &pem),
        (ApiVersion::V1, &base64),
    ] {
        let token = scene.emulator.draft(version).sign();
        let keys = keys.to_str().unwrap();
        scene
            .command(&["verify", "--keys", keys])
            .input(token.clone())
            .run()
            .done();
        let tampered = TokenDraft::tampered(&token);
        // A key without a `kid` is not held against a token that names one, unless it verifies.
        let text = if version == ApiVersion::V2 {
            "signature"
        } else {
            "--keys"
        };
        scene
            .command(&["verify", "--keys", keys])
            .input(tampered)
            .run()
            .failed(1, &["rejected: ", text]);
    }
    assert_eq!(scene.emulator.requests().len(), 0);
    let rubbish = scene.write("rubbish", "rubbish");
    for flag in ["--keys", "--v1-keys"] {
        let failed = scene
            .command(&["verify", flag, rubbish.to_str().unwrap()])
            .input("x")
            .run();
        failed.failed(2, &[rubbish.to_str().unwrap(), "cannot be used"]);
        scene
            .command(&["verify", flag, "/nowhere"])
            .input("x")
            .run()
            .failed(2, &["/nowhere"]);
    }
}

#[test]
fn without_the_v1_keys_of_its_zone_a_v1_token_is_of_an_unknown_key() {
    let scene = Scene::new();
    let token = scene.emulator.draft(ApiVersion::V1).sign();
    scene
        .command(&["verify"])
        .without("LP_V1_KEYS")
        .input(token)
        .run()
        .failed(1, &["--v1-keys", "LP_V1_KEYS"]);
}

#[test]
fn a_key_that_came_with_a_rotation_is_fetched() {
    let scene = Scene::new();
    scene.emulator.rotate_keys().unwrap();
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    scene.command(&["verify"]).input(token).run().done();
    assert_eq!(scene.emulator.request_count(Endpoint::Keys), 1);
}

#[test]
fn keys_that_cannot_be_had_are_no_verdict() {
    let scene = Scene::new();
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    for stack in STACKS {
        let verify = || {
            scene
                .command(&["verify", "-v", "--transport", stack])
                .input(token.clone())
                .run()
        };
        for (fault, text) in [
            (Fault::status(500), "500"),
            (Fault::Html, "HTML"),
            (Fault::EmptyBody, "empty"),
        ] {
            scene.emulator.fault(Endpoint::Keys, fault).unwrap();
            verify().failed(4, &["no key set", text]);
        }
        scene.emulator.clear_faults();
    }
    scene.emulator.remove_service(&ServiceName::SENTINEL);
    scene
        .command(&["verify"])
        .input(token)
        .run()
        .failed(3, &["sentinel"]);
}

#[test]
fn it_needs_an_account_and_no_credentials() {
    let scene = Scene::new();
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    scene
        .command(&["verify"])
        .without("LP_CLIENT_SECRET_FILE")
        .without("LP_CLIENT_ID")
        .input(token.clone())
        .run()
        .done();
    let ran = scene
        .command(&["verify"])
        .without("LP_ACCOUNT_ID")
        .input(token)
        .run();
    ran.failed(2, &["no account id is set", "--account", "LP_ACCOUNT_ID"]);
}
