//! The request for a token, byte for byte, and what it keeps to itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lp_auth_core::http::header::{AUTHORIZATION, CONTENT_TYPE};
use lp_auth_core::{
    Answer, ApiVersion, Body, Credentials, Error, ErrorKind, Exchange, FixedHost, Pace, Purpose, Region,
    Step, TokenRequest, TokenSource, UnixTime,
};

const SECRET: &str = "canary&secret";

fn credentials() -> Credentials {
    Credentials {
        client_id: "my+app".parse().unwrap(),
        client_secret: SECRET.parse().unwrap(),
    }
}

fn request(version: ApiVersion) -> TokenRequest {
    TokenRequest::new("12345678".parse().unwrap(), version)
}

#[test]
fn both_versions_are_sent_in_their_canonical_forms() {
    for (version, uri) in [
        (
            ApiVersion::V1,
            "https://va.sentinel.liveperson.net/sentinel/api/account/12345678/app/token?v=1.0",
        ),
        (
            ApiVersion::V2,
            "https://va.sentinel.liveperson.net/sentinel/api/v2/account/12345678/app/token",
        ),
    ] {
        let http = request(version)
            .to_http(&credentials(), &Region::Us.host())
            .unwrap();
        assert_eq!(
            (http.method().as_str(), http.uri().to_string().as_str()),
            ("POST", uri)
        );
        assert_eq!(http.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert!(!http.headers().contains_key(AUTHORIZATION));
        let body = std::str::from_utf8(http.body().as_ref()).unwrap();
        assert_eq!(
            body,
            "client_id=my%2Bapp&client_secret=canary%26secret&grant_type=client_credentials"
        );
    }
}

#[test]
fn a_delegated_token_is_asked_for_by_state_and_only_in_v2() {
    let consumer = || "a b&c/ü".parse().unwrap();
    let http = request(ApiVersion::V2).for_consumer(consumer()).unwrap();
    let http = http.to_http(&credentials(), &Region::Us.host()).unwrap();
    assert_eq!(http.uri().query(), Some("state=a+b%26c%2F%C3%BC"));
    let error = request(ApiVersion::V1).for_consumer(consumer()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "delegated tokens exist in V2 alone: ask for V2, or for no consumer"
    );
}

#[test]
fn a_scope_is_sent_only_where_the_user_sets_one() {
    let http = request(ApiVersion::V2).with_scope("a.b c.d".parse().unwrap());
    let http = http.to_http(&credentials(), &Region::Us.host()).unwrap();
    assert!(
        http.body()
            .as_ref()
            .ends_with(b"&grant_type=client_credentials&scope=a.b+c.d")
    );
}

#[test]
fn what_is_no_scope_and_no_consumer_is_refused() {
    for bad in ["", " ", "a  b", "a ", "a\tb", "a\"b", "a\\b", "ü"] {
        assert!(
            bad.parse::<lp_auth_core::Scope>()
                .unwrap_err()
                .to_string()
                .contains("msg.consumer"),
            "{bad}"
        );
    }
    for bad in ["", "a\nb", "x".repeat(513).as_str()] {
        let error = bad.parse::<lp_auth_core::ConsumerId>().unwrap_err();
        assert!(error.to_string().starts_with("not a consumer id"), "{bad}");
    }
}

#[test]
fn an_array_in_the_place_of_an_object_is_no_answer() {
    let read = |body: &str| {
        let answer = Answer {
            outcome: Ok(http::Response::new(body.as_bytes().into())),
            sent: UnixTime::from_secs(1_700_000_000),
        };
        request(ApiVersion::V2).read(&credentials(), &Region::Us.host(), answer)
    };
    assert!(read(r#"{"access_token":"e30.e30.c2ln"}"#).is_ok());
    let detail = |outcome: Result<_, Error>| {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        error.summary()
    };
    for body in [
        r#"["e30.e30.c2ln","Bearer",3600]"#,
        r#"["e30.e30.c2ln",null,null]"#,
        r#"[{"access_token":"e30.e30.c2ln"}]"#,
        r#"{"access_token":"e30.e30.c2ln"}{}"#,
    ] {
        let said = detail(read(body));
        assert!(
            said.ends_with("not the JSON of a token response"),
            "{body}: {said}"
        );
    }
    // [4102444800,0,"12345678"]
    let said = detail(read(
        r#"{"access_token":"e30.WzQxMDI0NDQ4MDAsMCwiMTIzNDU2NzgiXQ.c2ln"}"#,
    ));
    assert!(said.ends_with("`access_token` is no JWT"), "{said}");
}

#[test]
fn no_debug_shows_secret_consumer_or_body() {
    let request = request(ApiVersion::V2)
        .for_consumer("canary-consumer".parse().unwrap())
        .unwrap();
    let mut tokens = TokenSource::builder(request.clone(), credentials()).build();
    let mut sentinel = FixedHost::new(Region::Us.host());
    let now = UnixTime::from_secs(1_700_000_000);
    let Ok(Step::Call(call)) = tokens.token(&mut sentinel, now) else {
        panic!("cold")
    };
    let shown = format!(
        "{tokens:?} {call:?} {:?}",
        TokenSource::builder(request, credentials())
    );
    let (ticket, http, _) = call.into_parts();
    let body = br#"{"access_token":"canary.canary.canary"}"#;
    let shown = format!("{shown} {:?}", http.body());
    let reply = ticket.reply(Ok(http::Response::new(Body::from(body.as_slice()))));
    let shown = format!("{shown} {reply:?}");
    assert!(
        shown.contains("/sentinel/api/v2/account/12345678/app/token"),
        "{shown}"
    );
    assert_no_canary(&shown);
}

#[test]
fn requests_that_were_prepared_once_share_the_form_and_none_shows_it() {
    let consumer = request(ApiVersion::V2).for_consumer("canary-consumer".parse().unwrap());
    let prepared = consumer.unwrap().prepare(&credentials()).unwrap();
    assert_no_canary(&format!("{prepared:?}"));
    let [first, second] = [Region::Us, Region::Emea].map(|region| prepared.to_http(&region.host()).unwrap());
    assert_eq!(first.uri().host(), Some("va.sentinel.liveperson.net"));
    assert_eq!(second.uri().host(), Some("lo.sentinel.liveperson.net"));
    assert_eq!(first.headers(), second.headers());
    assert_no_canary(&format!("{:?}", second.body()));
    let [first, second] = [first, second].map(|request| request.into_body().into_bytes());
    assert_eq!((first.as_ptr(), first.len()), (second.as_ptr(), second.len()));
    assert!(second.starts_with(b"client_id=my%2Bapp&client_secret=canary%26secret"));
}

#[test]
fn no_error_shows_what_the_server_echoes_of_the_secret() {
    let host = Region::Us.host();
    let said = r#"{"error":"invalid_client","error_description":"got canary&secret, canary%26secret, canary-consumer"}"#;
    let answer = || {
        let mut exchange = Exchange::new(Pace::default(), 0);
        let now = UnixTime::from_secs(1);
        let http = http::Request::get("https://x.example/").body(Body::default());
        let (ticket, ..) = exchange.begin(Purpose::Token, http, now).unwrap().into_parts();
        let reply = http::Response::builder()
            .status(400)
            .body(said.as_bytes().into())
            .unwrap();
        match exchange.take(ticket.reply(Ok(reply))) {
            lp_auth_core::Taken::Answer(answer) => answer,
            other => panic!("{other:?}"),
        }
    };
    let request = request(ApiVersion::V2)
        .for_consumer("canary-consumer".parse().unwrap())
        .unwrap();
    let error = request.read(&credentials(), &host, answer()).unwrap_err();
    assert_no_canary(&format!("{error} {error:?}"));
    assert!(error.to_string().contains("invalid_client"), "{error}");
}

fn assert_no_canary(shown: &str) {
    let bytes = format!("{:?}", b"canary").replace(['[', ']'], "");
    for form in ["canary".to_owned(), bytes] {
        assert!(!shown.contains(&form), "{form}: {shown}");
    }
}
