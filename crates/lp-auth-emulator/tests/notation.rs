//! How faults and shapes are written as JSON: every variant there and back, and what is said of what is wrong.
#![cfg(test)]

use std::time::Duration;

use http::StatusCode;
use lp_auth_emulator::{
    ApiVersion, DomainApiBody, Endpoint, ErrorBody, ExpiresIn, Fault, ReplyShapes, RetryAfter, TokenFault,
    UnknownService,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The value is written like this, and read again as what it was.
#[track_caller]
fn both_ways<T: DeserializeOwned + PartialEq + Serialize + core::fmt::Debug>(value: &T, written: &Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), *written);
    assert_eq!(serde_json::from_value::<T>(written.clone()).unwrap(), *value);
    assert_eq!(serde_json::from_str::<T>(&written.to_string()).unwrap(), *value);
}

#[track_caller]
fn refusal<T: DeserializeOwned + core::fmt::Debug>(written: &Value) -> String {
    serde_json::from_value::<T>(written.clone())
        .unwrap_err()
        .to_string()
}

#[test]
fn every_endpoint_is_its_name() {
    for endpoint in Endpoint::ALL {
        both_ways(&endpoint, &json!(endpoint.name()));
    }
    assert_eq!(
        refusal::<Endpoint>(&json!("jwks")),
        "unknown variant `jwks`, expected one of `api`, `domain_api`, `keys`, `token`"
    );
}

#[test]
fn every_fault_goes_there_and_back() {
    let redirect = Fault::Redirect {
        status: StatusCode::TEMPORARY_REDIRECT,
        to: "https://127.0.0.1:1234".to_owned(),
    };
    let pause = Duration::from_millis(20);
    let faults = [
        (Fault::Body("{}".into()), json!({"body": "{}"})),
        (
            Fault::Body(vec![0xff, 0xfe].into()),
            json!({"body": {"base64": "//4="}}),
        ),
        (Fault::CloseBefore, json!("close_before")),
        (Fault::CloseWithin, json!("close_within")),
        (Fault::Drip { pause }, json!({"drip": {"pause_ms": 20}})),
        (
            Fault::Drip { pause: pause / 8 },
            json!({"drip": {"pause_ms": 2.5}}),
        ),
        (Fault::EmptyBody, json!("empty_body")),
        (Fault::GzipBomb, json!("gzip_bomb")),
        (Fault::Html, json!("html")),
        (Fault::HugeBody, json!("huge_body")),
        (Fault::InvalidUtf8, json!("invalid_utf8")),
        (
            redirect,
            json!({"redirect": {"status": 307, "to": "https://127.0.0.1:1234"}}),
        ),
        (Fault::ResetBefore, json!("reset_before")),
        (Fault::ResetWithin, json!("reset_within")),
        (Fault::StallBefore, json!("stall_before")),
        (Fault::StallWithin, json!("stall_within")),
        (Fault::status(503), json!({"status": 503, "error_body": "oauth"})),
        (
            Fault::status(429)
                .with_body(ErrorBody::Html)
                .with_retry_after(RetryAfter::Seconds(2)),
            json!({"status": 429, "error_body": "html", "retry_after": 2}),
        ),
        (Fault::Token(TokenFault::NotAJwt), json!({"token": "not_a_jwt"})),
        (Fault::TruncatedJson, json!("truncated_json")),
        (Fault::WrongContentType, json!("wrong_content_type")),
    ];
    for (fault, written) in &faults {
        both_ways(fault, written);
        let name = written.as_str().unwrap_or_else(|| {
            let members = written.as_object().unwrap();
            if members.contains_key("status") {
                "status"
            } else {
                members.keys().next().unwrap()
            }
        });
        assert_eq!(fault.name(), name);
    }
}

#[test]
fn every_token_fault_goes_there_and_back() {
    for (fault, written) in [
        (TokenFault::ExpiredOnArrival, json!("expired_on_arrival")),
        (
            TokenFault::ExpiresIn(ExpiresIn::Absent),
            json!({"expires_in": "absent"}),
        ),
        (
            TokenFault::ExpiresIn(ExpiresIn::Value(json!(-1))),
            json!({"expires_in": {"value": -1}}),
        ),
        (TokenFault::ExpiryBeforeIssue, json!("expiry_before_issue")),
        (TokenFault::NotAJwt, json!("not_a_jwt")),
        (
            TokenFault::OtherAccount("87654321".parse().unwrap()),
            json!({"other_account": "87654321"}),
        ),
    ] {
        both_ways(&fault, &written);
        both_ways(&Fault::Token(fault), &json!({"token": written}));
    }
}

#[test]
fn retry_after_is_seconds_or_a_text_or_a_date() {
    both_ways(&RetryAfter::Seconds(7), &json!(7));
    both_ways(&RetryAfter::Text("soon".to_owned()), &json!("soon"));
    both_ways(
        &RetryAfter::Date(Duration::from_secs(60)),
        &json!({"date_in_seconds": 60}),
    );
    for wrong in [
        json!(-1),
        json!(1.5),
        json!([]),
        json!({"date": 1}),
        json!({"date_in_seconds": 1e300}),
        json!(true),
    ] {
        let refusal = refusal::<RetryAfter>(&wrong);
        assert!(
            refusal.starts_with("wanted is ") && refusal.contains("date_in_seconds"),
            "{refusal}"
        );
    }
}

#[test]
fn every_shape_goes_there_and_back() {
    for (body, written) in
        ErrorBody::ALL
            .iter()
            .zip(["empty", "flat", "html", "internal_error_code", "nested", "oauth"])
    {
        both_ways(body, &json!(written));
    }
    both_ways(&DomainApiBody::AsAsked, &json!("as_asked"));
    both_ways(&DomainApiBody::List, &json!("list"));
    both_ways(&DomainApiBody::Single, &json!("single"));
    both_ways(&ExpiresIn::Absent, &json!("absent"));
    both_ways(&ExpiresIn::Number, &json!("number"));
    both_ways(&ExpiresIn::Text, &json!("text"));
    both_ways(
        &ExpiresIn::Value(json!({"a": [null]})),
        &json!({"value": {"a": [null]}}),
    );
    both_ways(&UnknownService::EmptyList, &json!("empty_list"));
    both_ways(
        &UnknownService::Status(StatusCode::NOT_FOUND),
        &json!({"status": 404}),
    );
    both_ways(
        &ReplyShapes::default(),
        &json!({
            "domain_api": "as_asked", "domain_api_error": "flat", "key_alg": true, "key_use": true,
            "keys_cache_control": null, "legacy_v2_signer": "v2", "token_error": "oauth",
            "unknown_service": {"status": 400}, "v1_expires_in": "absent", "v2_expires_in": "text",
            "wrong_credentials": 400,
        }),
    );
    let mut other = ReplyShapes::default();
    other.legacy_v2_signer = ApiVersion::V1;
    other.keys_cache_control = Some("no-store".to_owned());
    let written = json!({"legacy_v2_signer": "v1", "keys_cache_control": "no-store"});
    assert_eq!(serde_json::from_value::<ReplyShapes>(written).unwrap(), other);
}

#[test]
fn what_is_wrong_is_said_in_words_that_help() {
    for (written, texts) in [
        (
            json!("resett"),
            &["unknown variant `resett`", "`reset_before`"][..],
        ),
        (
            json!({"resett": 1}),
            &["unknown variant `resett`", "`reset_before`"],
        ),
        (
            json!({"status": 503, "retry": "2"}),
            &["unknown field `retry`", "`retry_after`"],
        ),
        (
            json!({"status": 99}),
            &["the number 99", "a status from 200 to 999"],
        ),
        (
            json!({"status": "503"}),
            &["the text \"503\"", "a status from 200 to 999"],
        ),
        (
            json!({"drip": {"pause_ms": -1}}),
            &["the number -1", "milliseconds"],
        ),
        (
            json!({"drip": {"pause": 1}}),
            &["unknown field `pause`", "`pause_ms`"],
        ),
        (json!({"drip": {}}), &["missing field `pause_ms`"]),
        (
            json!({"redirect": {"status": 307, "to": "nowhere"}}),
            &["\"nowhere\"", "https://127.0.0.1:1234"],
        ),
        (json!({"html": null, "drip": 1}), &["one member; this one has 2"]),
        (json!({}), &["one member; this one has 0"]),
        (json!(7), &["the number 7", "a fault, a name or an object"]),
        (json!({"body": 7}), &["the number 7", "a text"]),
        (json!({"body": {"base64": "?"}}), &["an object", "base64"]),
        (
            json!({"token": "no_jwt"}),
            &["unknown variant `no_jwt`", "`not_a_jwt`"],
        ),
        (
            json!({"token": {"other_account": "a b"}}),
            &["is not an account id"],
        ),
    ] {
        let refusal = refusal::<Fault>(&written);
        for text in texts {
            assert!(refusal.contains(text), "`{text}` is not in: {refusal}");
        }
    }
    let unknown = refusal::<ReplyShapes>(&json!({"expires_in": "number"}));
    assert!(
        unknown.contains("unknown field `expires_in`") && unknown.contains("`v2_expires_in`"),
        "{unknown}"
    );
}
