//! `lp-auth inspect`.

use std::time::Duration;

use lp_auth_core::ApiVersion;
use serde_json::{Value, json};

use crate::scene::{Ran, Scene, bare};

/// The token of LivePerson's documentation.
const SAMPLE: &str = "eyJraWQiOiJhcHBqd3QtMTMtMDUtMTciLCJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJsZTgxODIzMTE4IiwiYXpwIjoiNzU1ODhlMTgtMDIxMy00ZTMzLTgxNzQtODgzYWNhYzdlM2M0Iiwic2NvcGUiOiJtc2cuY29uc3VtZXIiLCJpc3MiOiJTZW50aW5lbCIsImV4cCI6MTUyNDY0NjI3MCwiaWF0IjoxNTI0NjQyNjcwfQ.aC1EbVQDIKJkrMgfoqhDqo5KZVMILTGP5UnK_4lUJQIfpFcrymvQKU9E6zt_WDhWmM2SOOcr1sz4u5xVZ9rMWZciDW_9KofEM2NDgVw1EVBxAIgGYeO0sbE9o--HKjk9DHZvukJkQFhYaHMDnj6ay4BNUqTJpDn6y3XQY7eh7rM";

/// In an empty environment: it needs no settings.
fn inspect(text: impl Into<Vec<u8>>, arguments: &[&str]) -> Ran {
    let ran = bare(&[&["inspect"], arguments].concat()).input(text).run();
    assert!(
        !ran.stdout.contains("eyJ") && !ran.stdout.contains("aC1EbVQD"),
        "{ran:?}"
    );
    ran
}

#[test]
fn the_sample_of_the_documentation_is_told_in_words() {
    let stdout = inspect(SAMPLE, &[]).done();
    for text in [
        "NOT VERIFIED",
        "lp-auth verify",
        "V1, it seems: the key id is `appjwt-` and a date",
        "appjwt-13-05-17",
        "1524646270 = 2018-04-25T08:51:10Z, expired",
        "years ago",
        "good for 1 h in all",
        "le81823118 (the account)",
        "75588e18-0213-4e33-8174-883acac7e3c4 (the client id)",
        "msg.consumer",
        "a signature of 1024 bits is of a key shorter than 2048 bits",
    ] {
        assert!(stdout.contains(text), "`{text}` is not in: {stdout}");
    }
}

#[test]
fn every_wrapping_of_a_token_is_read() {
    let reply = json!({ "access_token": SAMPLE, "token_type": "Bearer", "expires_in": "3600" });
    let http = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{reply}");
    let request = format!("> GET / HTTP/1.1\n> Host: x\n> Authorization: Bearer {SAMPLE}\n>\n");
    let wanted = inspect(SAMPLE, &["--output", "json"]).done();
    let wanted: Value = serde_json::from_str(&wanted).unwrap();
    for text in [
        format!("\n  {SAMPLE}\r\n"),
        format!("\u{feff}{SAMPLE}"),
        format!("\"{SAMPLE}\""),
        format!("Bearer {SAMPLE}"),
        format!("bearer   {SAMPLE}"),
        format!("Authorization: Bearer {SAMPLE}"),
        format!("authorization:{SAMPLE}"),
        format!("-H 'Authorization: Bearer {SAMPLE}'").replace("-H ", ""),
        reply.to_string(),
        serde_json::to_string_pretty(&reply).unwrap(),
        http,
        request,
    ] {
        let told = inspect(text.clone(), &["--output", "json"]).done();
        let told: Value = serde_json::from_str(&told).unwrap();
        for member in ["header", "claims", "version", "expires_at", "remarks"] {
            assert_eq!(told[member], wanted[member], "{text}");
        }
    }
}

#[test]
fn for_programs_it_is_one_line_that_says_that_nothing_was_verified() {
    let scene = Scene::new();
    let token = scene.emulator.draft(ApiVersion::V2).sign();
    let reply = json!({ "access_token": token, "expires_in": 3599 });
    let stdout = inspect(reply.to_string(), &["--output", "json"]).done();
    assert_eq!(stdout.lines().count(), 1);
    let told: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(told["verified"], false);
    assert_eq!(told["version"], "v2");
    assert_eq!(told["header"]["alg"], "RS256");
    assert_eq!(told["claims"]["iss"], "Sentinel");
    assert_eq!(told["lifetime"], 3600);
    assert_eq!(told["expired"], false);
    assert_eq!(told["expires_in"], 3599);
    assert_eq!(told["signature_bits"], 2048);
    assert_eq!(told["remarks"], json!([]));
}

#[test]
fn times_are_told_from_now() {
    let scene = Scene::new();
    let from = |seconds| {
        let start = scene.emulator.now() - Duration::from_secs(seconds);
        let draft = scene.emulator.draft(ApiVersion::V2);
        draft.valid(start, Duration::from_secs(3600)).sign()
    };
    let stdout = inspect(from(4 * 3600 + 30), &[]).done();
    assert!(stdout.contains("expired 3 h ago"), "{stdout}");
    assert!(stdout.contains("issued 4 h ago"), "{stdout}");
    let stdout = inspect(from(1800), &[]).done();
    assert!(stdout.contains("expires in 29 min"), "{stdout}");
}

#[test]
fn what_is_remarkable_is_remarked() {
    let scene = Scene::new();
    let draft = || scene.emulator.draft(ApiVersion::V2);
    for (token, text) in [
        (draft().with_header("alg", "none"), "`alg` is none"),
        (draft().with_header("crit", json!(["exp"])), "`crit`"),
        (draft().with_header("jku", "https://evil.example"), "`jku`"),
        (draft().without_header("kid"), "the header names no key"),
        (draft().with_header("kid", "mine"), "neither `appjwt-`"),
        (
            draft().with_claim("iss", "Somebody"),
            "LivePerson did not issue this",
        ),
        (draft().without_claim("exp"), "without `exp`"),
        (draft().with_claim("exp", 1), "was never valid"),
        (draft().with_claim("iat", 9_999_999_999_u64), "in the future"),
        (draft().without_claim("scope"), "has no `scope`"),
    ] {
        let stdout = inspect(token.sign(), &[]).done();
        assert!(stdout.contains(text), "`{text}` is not in: {stdout}");
    }
}

#[test]
fn what_is_malformed_and_where_is_told_and_nothing_of_it_repeated() {
    let [header, payload, signature]: [&str; 3] = SAMPLE.split('.').collect::<Vec<_>>().try_into().unwrap();
    let (front, back) = payload.split_at(40);
    for (text, words) in [
        ("opaque-token".to_owned(), "it has no dots"),
        (format!("{header}.{payload}"), "was its end cut off"),
        (format!("{header}..{signature}"), "its payload is empty"),
        (
            format!("{header}.{front}\n{back}.{signature}"),
            "a line break (was it wrapped when it was copied?) at character",
        ),
        (
            format!("{header}.{payload}=.{signature}"),
            "the padding that a JWT leaves out",
        ),
        (format!("{header}.{front}+{back}.{signature}"), "standard base64"),
        (
            format!("{header}.{front}.{signature}"),
            "its payload, decoded, is no JSON: line 1",
        ),
        (format!("{SAMPLE}…"), "shortened"),
        (
            format!("Authorization: Bearer {header}.{payload}"),
            "read as a header line",
        ),
        ("x.y.z".repeat(50), "parts with dots"),
        (
            format!("{header}.{}.{signature}", "A".repeat(20_000)),
            "longer than 16 KiB",
        ),
        ("Authorization: Basic dTpw".to_owned(), "a name and a password"),
        ("Authorization: Bearer".to_owned(), "no token behind its name"),
        (
            "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            "neither a JSON body",
        ),
        (
            r#"{"error":"invalid_client"}"#.to_owned(),
            "an error, `invalid_client`",
        ),
        (r#"{"access_token":7}"#.to_owned(), "is no text"),
        (r#"{"access_token":"x""#.to_owned(), "malformed at line 1, column"),
        (r#"{"keys":[]}"#.to_owned(), "a key set"),
        (r#"{"exp":1,"iss":"Sentinel"}"#.to_owned(), "decoded already"),
        ("{}".to_owned(), "has no `access_token`"),
    ] {
        inspect(text, &[]).failed(1, &[words]);
    }
    inspect([0xff, 0xfe], &[]).failed(1, &["error: this is no token: ", "holds no text"]);
    inspect("", &[]).failed(2, &["there is no token", "lp-auth inspect"]);
    bare(&["inspect", SAMPLE])
        .run()
        .failed(2, &["process list", "lp-auth inspect < FILE"]);
    bare(&["inspect", "/nowhere/token"])
        .run()
        .failed(2, &["/nowhere/token", "cannot be read"]);
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let scene = Scene::new();
    let evil = "\u{1b}[2J\u{9b}31m\u{7}\u{202e}\u{200b}";
    let draft = scene.emulator.draft(ApiVersion::V2);
    let token = draft
        .with_claim("scope", evil)
        .with_claim(evil, evil)
        .with_header("kid", evil)
        .with_header("typ", evil)
        .sign();
    for arguments in [&[][..], &["--output", "json"]] {
        let ran = inspect(token.clone(), arguments);
        for control in evil.chars().filter(|letter| !letter.is_ascii_graphic()) {
            assert!(!ran.stdout.contains(control), "{control:?} in {ran:?}");
        }
        let stdout = ran.done();
        if !arguments.is_empty() {
            let told: Value = serde_json::from_str(&stdout).unwrap();
            assert_eq!(told["claims"]["scope"], evil);
        }
    }
}
