//! `lp-auth keys`.

use lp_auth_core::ApiVersion;
use lp_auth_emulator::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::scene::{Run, STACKS, Scene};

/// No credentials are needed.
fn keys(scene: &Scene, arguments: &[&str]) -> Run {
    scene
        .command(&[&["keys"], arguments].concat())
        .without("LP_CLIENT_ID")
        .without("LP_CLIENT_SECRET_FILE")
}

#[test]
fn each_key_is_shown_with_its_thumbprint() {
    let scene = Scene::new();
    scene.emulator.rotate_keys().unwrap();
    for stack in STACKS {
        let stdout = keys(&scene, &["--transport", stack]).run().done();
        for text in [
            "kid ",
            "RSA, 2048 bits",
            "thumbprint ",
            "use         sig",
            "alg         RS256",
        ] {
            assert_eq!(stdout.matches(text).count(), 2, "`{text}`: {stdout}");
        }
    }
}

/// RFC 7638 §3.1.
#[test]
fn the_thumbprint_is_that_of_the_rfc() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let scene = Scene::new();
    let set = json!({ "keys": [{ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" }] });
    let fault = Fault::Body(set.to_string().into());
    scene.emulator.fault(Endpoint::Keys, fault).unwrap();
    let stdout = keys(&scene, &[]).run().done();
    assert!(
        stdout.contains("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        "{stdout}"
    );
    assert!(stdout.contains("use         not said"), "{stdout}");
}

#[test]
fn what_is_skipped_is_shown_with_the_reason() {
    let scene = Scene::new();
    let mut set: Value = serde_json::from_str(&scene.emulator.jwks()).unwrap();
    let list = set["keys"].as_array_mut().unwrap();
    let mut for_encryption = list[0].clone();
    for_encryption["use"] = json!("enc");
    for_encryption["kid"] = json!("\u{1b}[2Jenc");
    list.push(for_encryption);
    list.push(json!({ "kty": "EC", "kid": "ec" }));
    list.push(json!(7));
    let fault = Fault::Body(set.to_string().into());
    scene.emulator.fault(Endpoint::Keys, fault).unwrap();
    let stdout = keys(&scene, &[]).run().done();
    for text in [
        "skipped  the key is not for signatures (`use`)",
        "skipped  the key is of another type than RSA",
        "skipped  the key is no JWK",
        r"\u{1b}[2Jenc",
    ] {
        assert!(stdout.contains(text), "`{text}` is not in: {stdout}");
    }
    assert!(!stdout.contains('\u{1b}'), "{stdout}");

    let none = json!({ "keys": [{ "kty": "EC", "kid": "ec" }] });
    let fault = Fault::Body(none.to_string().into());
    scene.emulator.fault(Endpoint::Keys, fault).unwrap();
    let ran = keys(&scene, &[]).run();
    assert_eq!(ran.code(), Some(4));
    assert!(ran.stdout.contains("another type than RSA"), "{ran:?}");
    assert!(ran.stderr.contains("no token can be verified"), "{ran:?}");
}

#[test]
fn for_programs_it_is_the_key_set_and_verifies_tokens() {
    let scene = Scene::new();
    let stdout = keys(&scene, &["--output", "json"]).run().done();
    let set: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        set,
        serde_json::from_str::<Value>(&scene.emulator.jwks()).unwrap()
    );
    let file = scene.write("jwks.json", &stdout);
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    scene
        .command(&["verify", "--keys", file.to_str().unwrap()])
        .input(token)
        .run()
        .done();
}

#[test]
fn what_keeps_it_from_an_answer_is_told() {
    let scene = Scene::new();
    for stack in STACKS {
        for (fault, code, text) in [
            (Fault::Html, 4, "HTML"),
            (Fault::status(500), 4, "500"),
            (Fault::status(404), 3, "404"),
            (Fault::Body("{}".into()), 4, "no JWK Set"),
        ] {
            scene.emulator.fault(Endpoint::Keys, fault).unwrap();
            keys(&scene, &["--transport", stack])
                .run()
                .failed(code, &["no key set", text]);
        }
    }
}
