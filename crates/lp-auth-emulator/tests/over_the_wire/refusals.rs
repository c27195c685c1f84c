//! Requests for a token that are refused, and the error of RFC 6749 §5.2 that each gets.

use http::StatusCode;
use lp_auth_emulator::{Application, Emulator, Endpoint, ErrorBody, ReplyShapes};
use secrecy::ExposeSecret;

use crate::client::{Client, Reply, credentials};

const V1: &str = "/sentinel/api/account/12345678/app/token?v=1.0";
const V2: &str = "/sentinel/api/v2/account/12345678/app/token";
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

const GOOD: &str = "client_id=the-client&client_secret=the-secret&grant_type=client_credentials";

fn emulator() -> Emulator {
    let builder = Emulator::builder().client_id("the-client");
    builder.client_secret("the-secret").start().unwrap()
}

/// It is the error of RFC 6749 §5.2, says nothing of what was sent, and was written down.
fn is_refusal(emulator: &Emulator, case: &str, reply: &Reply, status: u16, error: &str) {
    assert_eq!(reply.status, status, "{case}: {reply:?}");
    assert_eq!(reply.json()["error"], error, "{case}");
    let description = reply.json()["error_description"].as_str().unwrap().to_owned();
    assert!(!description.is_empty(), "{case}");
    assert!(!description.contains("the-"), "{case}: {description}");
    assert_eq!(
        reply.header("content-type"),
        Some("application/json;charset=utf-8"),
        "{case}"
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{case}");
    assert_eq!(reply.header("pragma"), Some("no-cache"), "{case}");
    let seen = emulator.requests().pop().unwrap();
    assert_eq!(seen.error.as_deref(), Some(error), "{case}");
    assert_eq!(seen.status.unwrap().as_u16(), status, "{case}");
}

#[test]
fn each_mistake_in_the_parameters_gets_its_error() {
    let emulator = emulator();
    let client = Client::of(&emulator);
    let cases = [
        (
            "wrong client",
            GOOD.replace("the-client", "the-Client"),
            "invalid_client",
        ),
        (
            "wrong secret",
            GOOD.replace("the-secret", "the-secre"),
            "invalid_client",
        ),
        (
            "no client",
            GOOD.replace("client_id=the-client&", ""),
            "invalid_request",
        ),
        ("empty client", GOOD.replace("the-client", ""), "invalid_request"),
        (
            "no secret",
            GOOD.replace("&client_secret=the-secret", ""),
            "invalid_request",
        ),
        ("empty secret", GOOD.replace("the-secret", ""), "invalid_request"),
        (
            "no grant type",
            GOOD.replace("&grant_type=client_credentials", ""),
            "invalid_request",
        ),
        (
            "wrong grant type",
            GOOD.replace("client_credentials", "password"),
            "unsupported_grant_type",
        ),
        (
            "a parameter twice",
            format!("{GOOD}&client_id=the-client"),
            "invalid_request",
        ),
        (
            "a scope it does not have",
            format!("{GOOD}&scope=msg.consumer"),
            "invalid_scope",
        ),
        ("nothing", String::new(), "invalid_request"),
        (
            "JSON",
            r#"{"client_id":"the-client"}"#.to_owned(),
            "invalid_request",
        ),
        ("bytes", "\u{0}%ff%zz&&==".to_owned(), "invalid_request"),
    ];
    for (case, body, error) in &cases {
        for path in [V1, V2] {
            is_refusal(&emulator, case, &client.post_form(path, body), 400, error);
        }
    }
    assert_eq!(emulator.request_count(Endpoint::Token), 2 * cases.len());
    assert_eq!(client.post_form(V2, GOOD).status, 200, "the good request is good");
}

#[test]
fn each_mistake_in_the_path_gets_its_error() {
    let emulator = emulator();
    let client = Client::of(&emulator);
    for (path, error) in [
        ("/sentinel/api/v2/account/999/app/token", "invalid_client"),
        ("/sentinel/api/account/999/app/token?v=1.0", "invalid_client"),
        (
            "/sentinel/api/account/12345678/app/token?v=3.0",
            "invalid_request",
        ),
        (
            "/sentinel/api/account/12345678/app/token?v=1.0&v=1.0",
            "invalid_request",
        ),
        (
            "/sentinel/api/v2/account/12345678/app/token?v=1.0",
            "invalid_request",
        ),
        (
            "/sentinel/api/account/12345678/app/token?client_id=other",
            "invalid_request",
        ),
    ] {
        is_refusal(&emulator, path, &client.post_form(path, GOOD), 400, error);
    }
    let said_twice = "/sentinel/api/v2/account/12345678/app/token?client_id=the-client";
    assert_eq!(client.post_form(said_twice, GOOD).status, 200);
}

#[test]
fn method_and_content_type_have_to_be_right() {
    let emulator = emulator();
    let client = Client::of(&emulator);
    let reply = client.get(V2);
    is_refusal(&emulator, "wrong method", &reply, 405, "invalid_request");
    assert_eq!(reply.header("allow"), Some("POST"));
    for headers in [&[][..], &[("content-type", "application/json")]] {
        let reply = client.send("POST", V2, headers, GOOD);
        is_refusal(&emulator, "content type", &reply, 400, "invalid_request");
    }
    let shouted = [("content-type", "Application/X-WWW-Form-urlencoded; charset=UTF-8")];
    assert_eq!(client.send("POST", V2, &shouted, GOOD).status, 200);
}

#[test]
fn http_basic_authentication_is_refused_with_its_own_challenge() {
    let emulator = emulator();
    let client = Client::of(&emulator);
    let basic = [FORM[0], ("authorization", "Basic dGhlLWNsaWVudDp0aGUtc2VjcmV0")];
    let reply = client.send("POST", V2, &basic, "grant_type=client_credentials");
    is_refusal(&emulator, "HTTP Basic", &reply, 401, "invalid_client");
    assert_eq!(reply.header("www-authenticate"), Some("Basic realm=\"Sentinel\""));
    let both = client.send("POST", V2, &basic, GOOD);
    is_refusal(&emulator, "two ways at once", &both, 400, "invalid_request");
}

#[test]
fn an_application_of_another_grant_type_is_told_so() {
    let account = "12345678".parse().unwrap();
    let application = Application::new(account).with_grant_types(["authorization_code"]);
    let emulator = Emulator::builder()
        .application(application.clone())
        .start()
        .unwrap();
    let body = format!(
        "client_id={}&client_secret={}&grant_type=client_credentials",
        application.client_id(),
        application.client_secret().expose_secret()
    );
    let reply = Client::of(&emulator).post_form(V2, &body);
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["error"], "unauthorized_client");
}

#[test]
fn an_error_has_the_shape_that_was_asked_for() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let mut shapes = ReplyShapes::default();
    shapes.wrong_credentials = StatusCode::UNAUTHORIZED;
    let body = credentials(&emulator).replace("client_secret=", "client_secret=x");
    for shape in ErrorBody::ALL {
        shapes.token_error = shape;
        emulator.set_shapes(shapes.clone());
        let reply = client.post_form(V2, &body);
        assert_eq!(reply.status, 401);
        match shape {
            ErrorBody::Empty => {
                assert!(reply.body.is_empty());
                assert_eq!(reply.header("content-type"), None);
            }
            ErrorBody::Flat => assert_eq!(reply.json()["internalCode"], 6),
            ErrorBody::Html => assert!(reply.body.starts_with(b"<!DOCTYPE html>")),
            ErrorBody::InternalErrorCode => assert_eq!(reply.json()["internalErrorCode"], "9007"),
            ErrorBody::Nested => assert_eq!(reply.json()["error"]["internalCode"], 5),
            ErrorBody::OAuth => assert_eq!(reply.json()["error"], "invalid_client"),
            _ => panic!("an untried shape: {shape:?}"),
        }
    }
}

#[test]
fn a_body_that_never_ends_is_not_read_to_its_end() {
    let emulator = Emulator::builder().start().unwrap();
    let body = "x".repeat(3_000_000);
    // The answer may come, or the connection may close while the rest is still being sent.
    if let Ok(reply) = Client::of(&emulator).try_send("POST", V2, &FORM, &body) {
        assert_eq!(reply.status, 413);
    }
    assert_eq!(
        Client::of(&emulator)
            .post_form(V2, &credentials(&emulator))
            .status,
        200
    );
}
