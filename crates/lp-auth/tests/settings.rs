//! What a builder refuses, and how it says so.

use lp_auth::{BuildError, Client, ClientBuilder};

fn complete() -> ClientBuilder {
    Client::builder("12345678")
        .client_id("my-app")
        .client_secret("canary-secret")
}

fn refused(builder: ClientBuilder) -> BuildError {
    let error = builder.build().expect_err("it is refused");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    error
}

#[test]
fn each_wrong_setting_is_refused_with_its_reason() {
    let bare = Client::builder("12345678");
    for (builder, text) in [
        (bare.clone(), "no client id is set"),
        (bare.clone().client_id("my-app"), "no client secret is set"),
        (complete().client_id(""), "the client id is empty"),
        (
            complete().client_secret("canary\n"),
            "the client secret has a character at place 7 that is not printable",
        ),
        (
            Client::builder("../1").client_id("a").client_secret("b"),
            "a text of 4 characters, with '.' at place 1, is not an account id",
        ),
        (
            complete().domain_api("https://api.liveperson.net/x"),
            "is not a host",
        ),
        (
            complete().domain_api("http://127.0.0.1:80"),
            "does not go with plain http switched off: use `https://`",
        ),
        (
            complete().sentinel("evil.example@va.sentinel.liveperson.net"),
            "is not a host",
        ),
        (complete().trusted_host("*.example"), "is not a host"),
        (
            complete().plain_http_on_loopback(true),
            "the host `api.liveperson.net` is not a loopback address",
        ),
        (
            complete()
                .plain_http_on_loopback(true)
                .domain_api("https://127.0.0.1:80"),
            "does not go with plain http switched on: use `http://`",
        ),
        (
            complete()
                .region(lp_auth::Region::Us)
                .plain_http_on_loopback(true),
            "is not a loopback address",
        ),
    ] {
        let error = refused(builder).to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
#[cfg(any(feature = "reqwest", feature = "isahc"))]
fn a_consumer_needs_v2_and_an_id() {
    let v1 = complete()
        .api_version(lp_auth::ApiVersion::V1)
        .build()
        .expect("complete");
    assert!(matches!(v1.for_consumer("c"), Err(BuildError::Request(_))));
    let v2 = complete().build().expect("complete");
    assert!(matches!(v2.for_consumer(""), Err(BuildError::Consumer(_))));
}

#[test]
#[cfg(feature = "reqwest")]
fn a_ca_without_a_certificate_is_refused() {
    let error = refused(complete().ca_pem("no certificate"));
    assert!(matches!(error, BuildError::Stack(_)), "{error:?}");
    assert!(
        error
            .to_string()
            .starts_with("the HTTP stack could not be set up: "),
        "{error}"
    );
}

#[test]
#[cfg(not(any(feature = "reqwest", feature = "isahc")))]
fn without_a_stack_a_transport_must_be_given() {
    assert!(matches!(refused(complete()), BuildError::NoTransport));
    assert!("reqwest".parse::<lp_auth::Stack>().is_err());
}
