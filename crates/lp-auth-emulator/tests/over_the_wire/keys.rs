//! The key set and its rotation, and drafts of tokens that no honest server would issue.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lp_auth_core::UnixTime;
use lp_auth_emulator::{ApiVersion, Emulator, Endpoint, ReplyShapes, TokenDraft};
use serde_json::json;

use crate::client::{Client, verify_v1, verify_v2};

const JWKS: &str = "/sentinel/well-known/jwks";

#[test]
fn a_rotation_with_overlap_leaves_old_tokens_good_until_the_old_key_is_retired() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let published = || String::from_utf8(client.get(JWKS).body).unwrap();
    let old = client.v2_token(&emulator);
    let before = published();
    assert_eq!(before, emulator.jwks());

    emulator.rotate_keys().unwrap();
    let new = client.v2_token(&emulator);
    let during = published();
    verify_v2(&new, &before, "12345678").unwrap_err();
    verify_v2(&new, &during, "12345678").unwrap();
    verify_v2(&old, &during, "12345678").unwrap();

    emulator.retire_keys().unwrap();
    let after = published();
    verify_v2(&new, &after, "12345678").unwrap();
    assert_eq!(verify_v2(&old, &after, "12345678").unwrap_err(), "unknown kid");
    assert_eq!(emulator.request_count(Endpoint::Keys), 3);
}

#[test]
fn a_rotation_without_overlap_makes_old_tokens_bad_at_once() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let old = client.v2_token(&emulator);
    emulator.replace_keys().unwrap();
    verify_v2(&old, &emulator.jwks(), "12345678").unwrap_err();
    verify_v2(&client.v2_token(&emulator), &emulator.jwks(), "12345678").unwrap();
}

#[test]
fn published_keys_have_the_members_that_were_asked_for() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let reply = client.get(JWKS);
    assert_eq!(
        reply.header("content-type"),
        Some("application/json;charset=utf-8")
    );
    assert_eq!(reply.header("cache-control"), None);
    let key = &reply.json()["keys"][0];
    assert_eq!(
        (&key["kty"], &key["alg"], &key["use"]),
        (&json!("RSA"), &json!("RS256"), &json!("sig"))
    );
    assert_eq!(key["e"], "AQAB");
    assert_eq!(key["n"].as_str().unwrap().len(), 342, "2048 bits");

    let mut shapes = ReplyShapes::default();
    shapes.key_alg = false;
    shapes.key_use = false;
    shapes.keys_cache_control = Some("max-age=600".to_owned());
    emulator.set_shapes(shapes);
    let reply = client.get(JWKS);
    assert_eq!(reply.header("cache-control"), Some("max-age=600"));
    let names: Vec<String> = reply.json()["keys"][0]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(names, ["e", "kid", "kty", "n"]);
    assert_eq!(client.send("POST", JWKS, &[], "").status, 405);
    assert_eq!(client.get("/sentinel/.well-known/jwks").status, 404);
}

#[test]
fn the_v1_key_is_told_in_pem_and_as_the_documentation_prints_it() {
    let emulator = Emulator::builder().start().unwrap();
    let token = Client::of(&emulator).v1_token(&emulator);
    verify_v1(&token, &emulator.v1_public_key_pem(), "12345678").unwrap();
    let der = STANDARD.decode(emulator.v1_public_key_base64()).unwrap();
    assert_eq!(der.len(), 294, "SubjectPublicKeyInfo of an RSA-2048 key");
    let pem = emulator.v1_public_key_pem();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(body, emulator.v1_public_key_base64());
}

#[test]
fn drafts_are_signed_as_they_stand() {
    let emulator = Emulator::builder().start().unwrap();
    let jwks = emulator.jwks();
    let draft = || emulator.draft(ApiVersion::V2);
    let why = |token: &str| verify_v2(token, &jwks, "12345678").unwrap_err();

    verify_v2(&draft().sign(), &jwks, "12345678").unwrap();
    let hour = Duration::from_secs(3600);
    let expired = draft().valid(UnixTime::from_secs(1_524_642_670), hour).sign();
    assert_eq!(why(&expired), "ExpiredSignature");
    assert_eq!(why(&draft().with_claim("aud", "1").sign()), "InvalidAudience");
    assert_eq!(why(&draft().with_claim("iss", "x").sign()), "InvalidIssuer");
    assert_eq!(
        why(&draft().without_claim("exp").sign()),
        "Missing required claim: exp"
    );
    assert_eq!(why(&draft().signed_by_a_stranger().sign()), "InvalidSignature");
    assert_eq!(why(&draft().with_header("kid", "other").sign()), "unknown kid");
    assert_eq!(why(&draft().without_header("kid").sign()), "no kid");
    assert_eq!(why(&TokenDraft::tampered(&draft().sign())), "InvalidSignature");
    assert_eq!(TokenDraft::tampered("no token"), "no token");
    verify_v1(
        &emulator.draft(ApiVersion::V1).sign(),
        &emulator.v1_public_key_pem(),
        "12345678",
    )
    .unwrap();
}

#[test]
fn one_emulators_token_is_not_anothers() {
    let (a, b) = (
        Emulator::builder().start().unwrap(),
        Emulator::builder().start().unwrap(),
    );
    let token = a.draft(ApiVersion::V2).sign();
    assert_eq!(
        verify_v2(&token, &b.jwks(), "12345678").unwrap_err(),
        "unknown kid"
    );
    let own = Emulator::builder().own_keys().start().unwrap();
    assert_ne!(own.v1_public_key_pem(), a.v1_public_key_pem());
    assert_eq!(b.v1_public_key_pem(), a.v1_public_key_pem());
}
