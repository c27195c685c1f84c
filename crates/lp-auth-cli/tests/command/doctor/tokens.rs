//! What is wrong with a token, its times, its key.

use std::time::Duration;

use lp_auth_core::ApiVersion;
use lp_auth_emulator::{Application, ClockOffset, Emulator, Endpoint, Fault, TokenDraft, TokenFault};
use serde_json::json;

use super::{Diagnosis, Expected, diagnose, fails, warns};
use crate::scene::{SECRET, Scene};

/// Sentinel answers with this token.
fn issue(scene: &Scene, token: &str) {
    let reply = json!({ "access_token": token, "token_type": "Bearer", "expires_in": "3600" });
    let fault = Fault::Body(reply.to_string().into());
    scene.emulator.fault(Endpoint::Token, fault).unwrap();
}

#[test]
fn a_token_that_is_none_or_over_or_of_somebody_else_is_told_apart() {
    let scene = Scene::new();
    let other = TokenFault::OtherAccount("87654321".parse().unwrap());
    for (fault, cause, words) in [
        (TokenFault::NotAJwt, "not_a_jwt", "no JWT"),
        (TokenFault::ExpiredOnArrival, "expired_on_arrival", "1 min ago"),
        (
            TokenFault::ExpiryBeforeIssue,
            "expiry_before_issue",
            "1 min before it was issued",
        ),
        (other, "other_account", "it is for account 87654321"),
    ] {
        let planted = format!("{fault:?}");
        scene
            .emulator
            .fault(Endpoint::Token, Fault::Token(fault))
            .unwrap();
        fails(&scene, &planted, "token.content", cause, &[words]);
    }
    for (body, cause) in [
        (json!({}), "no_access_token"),
        (json!({ "access_token": null }), "no_access_token"),
        (json!({ "access_token": 7 }), "no_access_token"),
        (json!([]), "other_json"),
        (json!({ "access_token": "x", "token_type": "mac" }), "other_json"),
    ] {
        let fault = Fault::Body(body.to_string().into());
        scene.emulator.fault(Endpoint::Token, fault).unwrap();
        fails(&scene, &body.to_string(), "token.answer", cause, &["200 OK"]);
    }
}

#[test]
fn a_clock_that_is_off_is_named_and_nothing_else() {
    let scene = Scene::new();
    let hours = Duration::from_secs(5 * 3600);
    for (offset, words) in [
        (
            ClockOffset::Ahead(hours),
            "this machine is 4 h 59 min behind the server",
        ),
        (
            ClockOffset::Behind(hours),
            "this machine is 4 h 59 min ahead of the server",
        ),
        (ClockOffset::Ahead(Duration::from_secs(300)), "behind the server"),
        (
            ClockOffset::Behind(Duration::from_secs(300)),
            "ahead of the server",
        ),
    ] {
        scene.emulator.set_clock(offset);
        let expected = Expected {
            planted: words,
            step: "clock",
            cause: "clock_off",
            words: &[words.rsplit_once(" the ").unwrap().1],
        };
        diagnose(|arguments| scene.command(arguments), &expected, Diagnosis::failed);
        let diagnosis = Diagnosis::of(scene.command(&["doctor", "--output", "json"]), words);
        let clock = diagnosis.step("clock");
        let direction = if words.contains("behind") {
            "behind"
        } else {
            "ahead of"
        };
        assert!(clock["summary"].as_str().unwrap().contains(direction), "{clock}");
        assert_eq!(diagnosis.step("claims")["verdict"], "ok", "{diagnosis:?}");
    }
    scene
        .emulator
        .set_clock(ClockOffset::Behind(Duration::from_secs(30)));
    warns(
        &scene,
        "half a minute",
        "clock",
        "clock_drifts",
        &["ahead of the server"],
    );
}

#[test]
fn a_token_from_a_cache_is_told_by_its_time() {
    let scene = Scene::new();
    let half_an_hour_ago = scene.emulator.now() - Duration::from_secs(1800);
    let old = scene
        .emulator
        .draft(ApiVersion::V2)
        .valid(half_an_hour_ago, Duration::from_secs(3600));
    issue(&scene, &old.sign());
    warns(
        &scene,
        "a token of half an hour ago",
        "clock",
        "issue_time_disagrees",
        &["issued 30 min"],
    );
}

#[test]
fn a_token_that_is_good_for_a_moment_is_a_warning() {
    let scene = Scene::new();
    scene.emulator.set_token_lifetime(Duration::from_secs(30));
    warns(
        &scene,
        "tokens of half a minute",
        "token.content",
        "short_lived",
        &["good for 30 s"],
    );
}

#[test]
fn what_the_signature_does_not_hold_for_is_named() {
    let scene = Scene::new();
    let draft = || scene.emulator.draft(ApiVersion::V2);
    let genuine = draft().sign();
    for (planted, token, cause, words) in [
        (
            "a stranger's",
            draft().signed_by_a_stranger().sign(),
            "signature_invalid",
            "does not verify",
        ),
        (
            "a changed one",
            TokenDraft::tampered(&genuine),
            "signature_invalid",
            "does not verify",
        ),
        (
            "alg none",
            draft().with_header("alg", "none").sign(),
            "algorithm",
            "none",
        ),
        (
            "alg HS256",
            draft().with_header("alg", "HS256").sign(),
            "algorithm",
            "HS256",
        ),
        (
            "an unknown kid",
            draft().with_header("kid", "other").sign(),
            "key_not_published",
            "kid other",
        ),
    ] {
        issue(&scene, &token);
        fails(&scene, planted, "signature", cause, &[words]);
    }
}

#[test]
fn a_key_set_that_does_not_fit_the_token_is_named() {
    let scene = Scene::new();
    let old = scene.emulator.jwks();
    scene.emulator.replace_keys().unwrap();
    scene
        .emulator
        .fault(Endpoint::Keys, Fault::Body(old.into()))
        .unwrap();
    fails(
        &scene,
        "the key set of before the rotation",
        "signature",
        "key_not_published",
        &["and published is"],
    );

    let of_another_zone = Emulator::builder().own_keys().start().unwrap().jwks();
    scene
        .emulator
        .fault(Endpoint::Keys, Fault::Body(of_another_zone.into()))
        .unwrap();
    fails(
        &scene,
        "the key set of another zone",
        "signature",
        "key_not_published",
        &["kid "],
    );

    for (set, cause) in [
        (json!({ "keys": [] }), "no_usable_key"),
        (json!({ "keys": [{ "kty": "EC" }] }), "no_usable_key"),
        (json!({ "keys": 7 }), "other_json"),
    ] {
        let fault = Fault::Body(set.to_string().into());
        scene.emulator.fault(Endpoint::Keys, fault).unwrap();
        fails(&scene, &set.to_string(), "keys", cause, &[]);
    }

    let mut set: serde_json::Value = serde_json::from_str(&scene.emulator.jwks()).unwrap();
    set["keys"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "kty": "EC", "kid": "ec" }));
    let fault = Fault::Body(set.to_string().into());
    scene.emulator.fault(Endpoint::Keys, fault).unwrap();
    warns(
        &scene,
        "a key that is skipped",
        "keys",
        "keys_skipped",
        &["1 skipped"],
    );
}

#[test]
fn a_static_key_of_another_zone_is_named() {
    let scene = Scene::new();
    let expected = Expected {
        planted: "the documented key",
        step: "signature",
        cause: "other_v1_key",
        words: &["static V1 keys"],
    };
    let run = |arguments: &[&str]| {
        scene
            .command(arguments)
            .env("LP_API_VERSION", "v1")
            .without("LP_V1_KEYS")
    };
    diagnose(run, &expected, Diagnosis::failed);
}

#[test]
fn claims_that_a_verifier_would_refuse_are_named() {
    let scene = Scene::new();
    let draft = || scene.emulator.draft(ApiVersion::V2);
    for (token, cause, words) in [
        (
            draft().with_claim("iss", "Somebody"),
            "other_issuer",
            "issued by Somebody",
        ),
        (draft().without_claim("iss"), "other_issuer", "issued by nobody"),
        (
            draft().with_claim("azp", "somebody-else"),
            "other_client",
            "issued to somebody-else",
        ),
        (draft().without_claim("aud"), "other_account", "no account"),
        (draft().without_claim("exp"), "no_expiry", "no `exp`"),
        (
            draft().with_claim("nbf", 9_999_999_999_u64),
            "issue_time_disagrees",
            "not valid before",
        ),
    ] {
        issue(&scene, &token.sign());
        fails(&scene, words, "claims", cause, &[words]);
    }
}

#[test]
fn scopes_are_held_against_what_is_wanted() {
    let scene = Scene::new();
    let expected = Expected {
        planted: "a scope that the application has not",
        step: "scopes",
        cause: "scope_missing",
        words: &["msg.consumer is missing", "faas.lambda.invoke"],
    };
    let run = |arguments: &[&str]| {
        let wanted = ["--scope", "faas.lambda.invoke", "--scope", "msg.consumer"];
        scene.command(&[arguments, &wanted].concat())
    };
    diagnose(run, &expected, Diagnosis::failed);

    let account = scene.emulator.account().clone();
    let none = Application::new(account)
        .with_client_id(scene.emulator.client_id())
        .with_client_secret(SECRET)
        .with_scope("");
    scene.emulator.install(none);
    warns(&scene, "no scope at all", "scopes", "no_scopes", &["none"]);
}

#[test]
fn an_application_without_the_grant_is_named() {
    let scene = Scene::new();
    let account = scene.emulator.account().clone();
    let without = Application::new(account)
        .with_client_id(scene.emulator.client_id())
        .with_client_secret(SECRET)
        .with_grant_types(["authorization_code"]);
    scene.emulator.install(without);
    fails(
        &scene,
        "no client credentials",
        "token.answer",
        "grant_refused",
        &["unauthorized_client"],
    );
}

#[test]
fn what_a_token_claims_cannot_act_on_the_terminal() {
    let scene = Scene::new();
    let draft = scene.emulator.draft(ApiVersion::V2);
    issue(
        &scene,
        &draft.with_claim("iss", "\u{1b}[2J\u{9b}31m\u{202e}").sign(),
    );
    let ran = scene.command(&["doctor"]).run();
    assert!(ran.stdout.contains(r"\u{1b}[2J"), "{}", ran.stdout);
    for control in ['\u{1b}', '\u{9b}', '\u{202e}'] {
        assert!(
            !ran.stdout.contains(control) && !ran.stderr.contains(control),
            "{ran:?}"
        );
    }
}
