//! The token endpoint in all request variants of LIVEPERSON.md §2, and what its tokens say.

use std::time::Duration;

use lp_auth_core::UnixTime;
use lp_auth_emulator::{ApiVersion, Application, ClockOffset, Emulator, ExpiresIn, ReplyShapes};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::client::{Client, claims, credentials, verify_v1, verify_v2};

const V1: &str = "/sentinel/api/account/12345678/app/token";
const V2: &str = "/sentinel/api/v2/account/12345678/app/token";

#[test]
fn every_request_variant_gets_a_token_that_another_library_verifies() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let all = credentials(&emulator);
    let two = all.trim_end_matches("&grant_type=client_credentials");
    let split = format!("{V1}?v=1.0&grant_type=client_credentials");
    let query = format!("{V1}?v=1.0&{all}");
    let (jwks, pem) = (emulator.jwks(), emulator.v1_public_key_pem());

    let v1 = [
        ("V1", format!("{V1}?v=1.0"), all.clone()),
        ("split", split, two.to_owned()),
        ("all in the query", query, String::new()),
        ("no v", V1.to_owned(), all.clone()),
    ];
    for (variant, path, body) in v1 {
        let reply = client.post_form(&path, &body);
        let token = reply.access_token();
        verify_v1(&token, &pem, "12345678").unwrap_or_else(|error| panic!("{variant}: {error}"));
        assert!(verify_v2(&token, &jwks, "12345678").is_err(), "{variant}");
        assert_eq!(reply.json().get("expires_in"), None, "{variant}");
        assert_eq!(reply.json()["token_type"], "Bearer", "{variant}");
    }

    let v2 = [
        ("V2", V2.to_owned(), all.clone()),
        ("V2, delegated", format!("{V2}?state=consumer-7"), all.clone()),
        ("legacy path", format!("{V1}?v=2.0"), format!("{all}&scope=")),
        ("v2 path", format!("{V2}?v=2.0"), all.clone()),
    ];
    for (variant, path, body) in v2 {
        let reply = client.post_form(&path, &body);
        let claims = verify_v2(&reply.access_token(), &jwks, "12345678")
            .unwrap_or_else(|error| panic!("{variant}: {error}"));
        assert_eq!(reply.json()["expires_in"], "3600", "{variant}");
        let consumer = claims.get("https://liveperson.com/consumer_id");
        let expected = (variant == "V2, delegated").then(|| json!("consumer-7"));
        assert_eq!(consumer, expected.as_ref(), "{variant}");
    }
}

#[test]
fn the_query_may_come_without_any_content_type() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let path = format!("{V1}?v=1.0&{}", credentials(&emulator));
    assert_eq!(client.send("POST", &path, &[], "").status, 200);
}

#[test]
fn the_claims_are_those_of_the_documentation_and_no_others() {
    let emulator = Emulator::builder()
        .account("le81823118".parse().unwrap())
        .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
        .client_secret("s3kr1t & more")
        .scope("msg.consumer faas.lambda.invoke")
        .start()
        .unwrap();
    let client = Client::of(&emulator);
    let body = "client_id=75588e18-0213-4e33-8174-883acac7e3c4&client_secret=s3kr1t+%26+more\
        &grant_type=client_credentials";
    let token = |path: &str| client.post_form(path, body).access_token();

    let v1 = token("/sentinel/api/account/le81823118/app/token?v=1.0");
    let header = jsonwebtoken::decode_header(&v1).unwrap();
    assert_eq!(header.kid.as_deref(), Some("appjwt-13-05-17"));
    assert_eq!(header.typ.as_deref(), Some("JWT"));
    let v1 = claims(&v1);
    let issued = v1["iat"].as_u64().unwrap();
    assert!(UnixTime::from_secs(issued).since(emulator.now()) == Duration::ZERO);
    assert!(emulator.now().since(UnixTime::from_secs(issued)) < Duration::from_secs(5));
    assert_eq!(
        v1,
        json!({
            "aud": "le81823118",
            "azp": "75588e18-0213-4e33-8174-883acac7e3c4",
            "scope": "msg.consumer faas.lambda.invoke",
            "iss": "Sentinel",
            "exp": issued + 3600,
            "iat": issued,
        })
    );

    let v2 = token("/sentinel/api/v2/account/le81823118/app/token");
    let kid = jsonwebtoken::decode_header(&v2).unwrap().kid.unwrap();
    assert_eq!((kid.len(), kid.matches('-').count()), (36, 4), "{kid}");
    let names: Vec<String> = claims(&v2).as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["aud", "azp", "exp", "iat", "iss", "permissions", "scope"]);
}

#[test]
fn a_reply_with_a_token_is_not_to_be_stored() {
    let emulator = Emulator::builder().start().unwrap();
    let reply = Client::of(&emulator).post_form(V2, &credentials(&emulator));
    assert_eq!(
        reply.header("content-type"),
        Some("application/json;charset=utf-8")
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
}

#[test]
fn expires_in_has_the_shape_that_was_asked_for() {
    let emulator = Emulator::builder()
        .token_lifetime(Duration::from_secs(60))
        .start()
        .unwrap();
    let client = Client::of(&emulator);
    let body = credentials(&emulator);
    let mut shapes = ReplyShapes::default();
    for (shape, expected) in [
        (ExpiresIn::Absent, None),
        (ExpiresIn::Number, Some(json!(60))),
        (ExpiresIn::Text, Some(json!("60"))),
        (ExpiresIn::Value(json!(-1)), Some(json!(-1))),
        (ExpiresIn::Value(json!([])), Some(json!([]))),
    ] {
        shapes.v1_expires_in = shape.clone();
        shapes.v2_expires_in = shape;
        emulator.set_shapes(shapes.clone());
        for path in [V1, V2] {
            let reply = client.post_form(path, &body).json();
            assert_eq!(reply.get("expires_in"), expected.as_ref());
            let claims = claims(reply["access_token"].as_str().unwrap());
            assert_eq!(
                claims["exp"].as_u64(),
                claims["iat"].as_u64().map(|time| time + 60)
            );
        }
    }
}

#[test]
fn the_legacy_path_signs_its_second_version_with_either_key() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let mut shapes = ReplyShapes::default();
    shapes.legacy_v2_signer = ApiVersion::V1;
    emulator.set_shapes(shapes);
    let reply = client.post_form(&format!("{V1}?v=2.0"), &credentials(&emulator));
    verify_v1(&reply.access_token(), &emulator.v1_public_key_pem(), "12345678").unwrap();
    assert_eq!(reply.json()["expires_in"], "3600");
}

#[test]
fn a_part_of_the_scope_may_be_asked_for() {
    let emulator = Emulator::builder()
        .scope("msg.consumer users.external faas.lambda.invoke")
        .start()
        .unwrap();
    let body = format!("{}&scope=users.external+msg.consumer", credentials(&emulator));
    let token = Client::of(&emulator).post_form(V2, &body).access_token();
    assert_eq!(claims(&token)["scope"], "users.external msg.consumer");
}

#[test]
fn each_of_several_applications_gets_its_own_tokens() {
    let other = Application::new("le81823118".parse().unwrap()).with_permissions(["a", "b"]);
    let third = Application::new("12345678".parse().unwrap());
    let emulator = Emulator::builder().application(other.clone()).start().unwrap();
    emulator.install(third.clone());
    let client = Client::of(&emulator);
    for application in [&other, &third, emulator.application()] {
        let account = application.account().as_str();
        let path = format!("/sentinel/api/v2/account/{account}/app/token");
        let body = format!(
            "client_id={}&client_secret={}&grant_type=client_credentials",
            application.client_id(),
            application.client_secret().expose_secret()
        );
        let token = client.post_form(&path, &body).access_token();
        let claims = verify_v2(&token, &emulator.jwks(), account).unwrap();
        assert_eq!(claims["azp"], application.client_id());
        let permissions: Value = if account == "le81823118" {
            json!(["a", "b"])
        } else {
            json!([])
        };
        assert_eq!(claims["permissions"], permissions);
    }
}

#[test]
fn everything_that_is_said_about_time_comes_from_the_emulators_clock() {
    let hours = Duration::from_secs(5 * 3600);
    let emulator = Emulator::builder()
        .clock(ClockOffset::Behind(hours))
        .start()
        .unwrap();
    let client = Client::of(&emulator);
    let reply = client.post_form(V2, &credentials(&emulator));
    let issued = UnixTime::from_secs(claims(&reply.access_token())["iat"].as_u64().unwrap());
    let date: UnixTime = httpdate::parse_http_date(reply.header("date").unwrap())
        .unwrap()
        .into();
    assert!(date.since(issued) < Duration::from_secs(2), "{date} {issued}");

    emulator.set_clock(ClockOffset::None);
    let behind = emulator.now().since(issued);
    assert!(
        behind >= hours && behind < hours + Duration::from_secs(60),
        "{behind:?}"
    );
    emulator.set_clock(ClockOffset::Ahead(hours));
    assert!(emulator.now().since(issued) >= 2 * hours);
}

#[test]
fn a_second_has_one_token_for_the_same_question_and_the_next_another() {
    let emulator = Emulator::builder().sign_once_a_second().start().unwrap();
    let client = Client::of(&emulator);
    let (all, jwks) = (credentials(&emulator), emulator.jwks());
    let second = |emulator: &Emulator| emulator.now().as_secs();
    let (before, token, again, after) = loop {
        let before = second(&emulator);
        let token = client.post_form(V2, &all).access_token();
        let again = client.post_form(V2, &all).access_token();
        if second(&emulator) == before {
            break (before, token, again, second(&emulator));
        }
    };
    assert_eq!((before, &token), (after, &again));
    assert!(verify_v2(&token, &jwks, "12345678").is_ok());
    let delegated = client.post_form(&format!("{V2}?state=consumer-7"), &all);
    assert_ne!(delegated.access_token(), token);
    emulator.set_clock(ClockOffset::Ahead(Duration::from_secs(5)));
    let later = client.post_form(V2, &all).access_token();
    assert_ne!(later, token);
    assert!(verify_v2(&later, &jwks, "12345678").is_ok());
}
