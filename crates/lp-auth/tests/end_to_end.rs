//! Clients and verifiers against the emulator, over real sockets and real TLS, with every stack that is compiled in.

#![cfg(all(feature = "verify", any(feature = "reqwest", feature = "isahc")))]

use std::time::Duration;

use lp_auth::{
    ApiVersion, Client, ClientBuilder, ErrorKind, KeySet, Pace, Rejected, Rests, ServiceName, Stack,
    Verifier, VerifierBuilder, VerifyError,
};
use lp_auth_emulator::{Emulator, Endpoint, Fault, TokenDraft, TokenFault};

const VERSIONS: [ApiVersion; 2] = [ApiVersion::V1, ApiVersion::V2];

fn emulator() -> Emulator {
    Emulator::builder().start().expect("loopback has a free port")
}

fn secret(emulator: &Emulator) -> String {
    secrecy::ExposeSecret::expose_secret(emulator.client_secret()).to_owned()
}

fn pace() -> Pace {
    Pace {
        rests: Rests::default().scaled(0.01),
        ..Pace::default()
    }
}

fn client(emulator: &Emulator, stack: Stack) -> ClientBuilder {
    Client::builder(emulator.account().as_str())
        .client_id(emulator.client_id())
        .client_secret(secret(emulator))
        .domain_api(emulator.domain_api())
        .trusted_host(emulator.sentinel())
        .ca_pem(emulator.ca_pem())
        .pace(pace())
        .stack(stack)
}

fn verifier(emulator: &Emulator, stack: Stack) -> VerifierBuilder {
    Verifier::builder(emulator.account().as_str())
        .any_client()
        .api_versions(VERSIONS)
        .v1_keys(KeySet::from_pem(&emulator.v1_public_key_pem()).expect("the emulator's key is one"))
        .domain_api(emulator.domain_api())
        .trusted_host(emulator.sentinel())
        .ca_pem(emulator.ca_pem())
        .pace(pace())
        .stack(stack)
}

#[tokio::test]
async fn a_token_of_either_version_is_found_fetched_and_verified() {
    for stack in Stack::ALL {
        for version in VERSIONS {
            let emulator = emulator();
            let lp = client(&emulator, *stack)
                .api_version(version)
                .build()
                .expect("complete");
            let token = lp.token().await.expect("it is issued");
            let claims = verifier(&emulator, *stack)
                .build()
                .expect("complete")
                .verify(token.expose())
                .await;
            let claims = claims.expect("it is genuine");
            assert_eq!(claims.azp(), Some(emulator.client_id()));
            assert_eq!(claims.version(), version);
            let keys = usize::from(version == ApiVersion::V2);
            assert_eq!(asked(&emulator), (1 + keys, 1, keys), "{stack} {version}");
        }
    }
}

#[test]
#[cfg(feature = "blocking")]
fn threads_get_and_verify_tokens_with_the_same_words() {
    for stack in Stack::ALL {
        for version in VERSIONS {
            let emulator = emulator();
            let lp = client(&emulator, *stack)
                .api_version(version)
                .build_blocking()
                .expect("complete");
            let token = lp.token().expect("it is issued");
            let verifier = verifier(&emulator, *stack).build_blocking().expect("complete");
            assert_eq!(
                verifier.verify(token.expose()).expect("it is genuine").version(),
                version
            );
            let tampered = verifier.verify(&TokenDraft::tampered(token.expose()));
            // A V1 token's key id is in no key set, so that for one who takes both versions it remains unknown.
            let expected = match version {
                ApiVersion::V1 => matches!(tampered, Err(VerifyError::Rejected(Rejected::UnknownKey(_)))),
                ApiVersion::V2 => matches!(tampered, Err(VerifyError::Rejected(Rejected::Signature))),
            };
            assert!(expected, "{tampered:?}");
            let shared = lp
                .verifier()
                .any_client()
                .api_versions(VERSIONS)
                .build_blocking()
                .expect("complete");
            if version == ApiVersion::V2 {
                assert!(shared.verify(token.expose()).is_ok());
            }
            assert!(lp.host(&"faasGW".parse().expect("a name")).is_ok());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn askers_for_tokens_keys_and_hosts_on_a_cold_client_make_one_call_of_each_kind() {
    for stack in Stack::ALL {
        let emulator = emulator();
        let presented = emulator.draft(ApiVersion::V2).sign();
        let lp = client(&emulator, *stack).build().expect("complete");
        let verifier = lp.verifier().any_client().build().expect("complete");
        let mut askers = tokio::task::JoinSet::new();
        for number in 0..10_000 {
            let (lp, verifier, presented) = (lp.clone(), verifier.clone(), presented.clone());
            askers.spawn(async move {
                match number % 3 {
                    0 => lp.host(&ServiceName::SENTINEL).await.is_ok(),
                    1 => lp.token().await.is_ok(),
                    _ => verifier.verify(&presented).await.is_ok(),
                }
            });
        }
        assert!(askers.join_all().await.into_iter().all(|served| served));
        assert_eq!(asked(&emulator), (1, 1, 1), "{stack}");
    }
}

#[tokio::test]
async fn verification_survives_a_rotation_with_overlap_and_without() {
    for stack in Stack::ALL {
        let emulator = emulator();
        let lp = client(&emulator, *stack).build().expect("complete");
        let verifier = lp.verifier().any_client().build().expect("complete");
        let old = lp.token().await.expect("it is issued");
        assert!(verifier.verify(old.expose()).await.is_ok());
        emulator.rotate_keys().expect("there is no folder to fail");
        assert!(lp.invalidate(&old));
        let new = lp.token().await.expect("it is issued");
        assert!(verifier.verify(new.expose()).await.is_ok());
        assert!(
            verifier.verify(old.expose()).await.is_ok(),
            "the old key is still published"
        );
        assert_eq!(asked(&emulator), (1, 2, 2), "{stack}");
        // Half a minute has not passed: whoever makes up key ids makes no call.
        emulator.replace_keys().expect("there is no folder to fail");
        let newest = emulator.draft(ApiVersion::V2).sign();
        let unknown = verifier.verify(&newest).await;
        assert!(
            matches!(unknown, Err(VerifyError::Rejected(Rejected::UnknownKey(_)))),
            "{unknown:?}"
        );
        let fresh = self::verifier(&emulator, *stack).build().expect("complete");
        assert!(fresh.verify(&newest).await.is_ok());
        assert!(
            fresh.verify(new.expose()).await.is_err(),
            "its key is published no more"
        );
    }
}

#[tokio::test]
async fn what_is_not_genuine_is_rejected_with_its_reason() {
    let emulator = emulator();
    let verifier = verifier(&emulator, Stack::ALL[0])
        .scopes(["faas.lambda.invoke"])
        .build()
        .expect("complete");
    let draft = || {
        emulator
            .draft(ApiVersion::V2)
            .with_claim("scope", "faas.lambda.invoke")
    };
    let an_hour_ago = emulator.now() - Duration::from_secs(3600);
    assert!(verifier.verify(&draft().sign()).await.is_ok());
    for (token, status, words) in [
        (
            TokenDraft::tampered(&draft().sign()),
            401,
            "signature does not verify",
        ),
        (
            draft().signed_by_a_stranger().sign(),
            401,
            "signature does not verify",
        ),
        (
            draft().with_claim("aud", "87654321").sign(),
            401,
            "another account",
        ),
        (
            draft().with_claim("iss", "Somebody").sign(),
            401,
            "not issued by Sentinel",
        ),
        (
            draft().with_claim("scope", "other").sign(),
            403,
            "lacks the scope `faas.lambda.invoke`",
        ),
        (
            draft().valid(an_hour_ago, Duration::from_secs(60)).sign(),
            401,
            "expired at",
        ),
        ("no token".to_owned(), 401, "malformed"),
    ] {
        let error = verifier.verify(&token).await.expect_err("it is not acceptable");
        assert_eq!(error.status().as_u16(), status, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_unavailable_and_not_rejected() {
    for stack in Stack::ALL {
        let emulator = emulator();
        emulator
            .fault(Endpoint::Keys, Fault::status(503))
            .expect("it applies");
        let verifier = verifier(&emulator, *stack)
            .patience(Duration::ZERO)
            .build()
            .expect("complete");
        let token = emulator.draft(ApiVersion::V2).sign();
        let error = verifier.verify(&token).await.expect_err("there are no keys");
        assert!(
            matches!(&error, VerifyError::Unavailable(_)),
            "{stack}: {error:?}"
        );
        assert_eq!(error.status().as_u16(), 503);
        let v1 = emulator.draft(ApiVersion::V1).sign();
        assert!(
            verifier.verify(&v1).await.is_ok(),
            "{stack}: V1 needs nobody's answer"
        );
    }
}

#[tokio::test]
async fn each_trouble_of_a_server_is_the_kind_of_error_that_it_should_be() {
    for stack in Stack::ALL {
        let emulator = emulator();
        for (fault, kind) in [
            (Fault::status(401), ErrorKind::Refused),
            (Fault::status(429), ErrorKind::Throttled),
            (Fault::status(503), ErrorKind::ServerFault),
            (Fault::ResetBefore, ErrorKind::NoAnswer),
            (Fault::CloseWithin, ErrorKind::NoAnswer),
            (Fault::Html, ErrorKind::Malformed),
            (Fault::EmptyBody, ErrorKind::Malformed),
            (Fault::HugeBody, ErrorKind::Malformed),
            (Fault::TruncatedJson, ErrorKind::Malformed),
            (Fault::Token(TokenFault::NotAJwt), ErrorKind::Malformed),
            (Fault::Token(TokenFault::ExpiredOnArrival), ErrorKind::Malformed),
        ] {
            emulator
                .fault(Endpoint::Token, fault.clone())
                .expect("it applies");
            let lp = client(&emulator, *stack)
                .patience(Duration::ZERO)
                .build()
                .expect("complete");
            let error = lp.token().await.expect_err("there is trouble");
            assert_eq!(error.kind(), kind, "{stack}, {fault:?}: {error}");
        }
        let other_ca = self::emulator();
        let lp = client(&emulator, *stack)
            .ca_pem(other_ca.ca_pem())
            .build()
            .expect("complete");
        assert_eq!(
            lp.token().await.expect_err("not trusted").kind(),
            ErrorKind::Tls,
            "{stack}"
        );
        let gone = emulator.refused_address().expect("a free port").to_string();
        let lp = client(&emulator, *stack)
            .domain_api(gone)
            .patience(Duration::ZERO)
            .build()
            .expect("complete");
        assert_eq!(
            lp.token().await.expect_err("nobody").kind(),
            ErrorKind::NoAnswer,
            "{stack}"
        );
    }
}

/// The secret of the emulator's application is another one from now on.
fn rotate(emulator: &Emulator, secret: &str) {
    emulator.install(emulator.application().clone().with_client_secret(secret));
}

#[tokio::test]
async fn a_secret_that_is_rotated_at_sentinel_and_in_its_file_is_used_without_a_restart() {
    for stack in Stack::ALL {
        let emulator = emulator();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("client-secret");
        std::fs::write(&file, secret(&emulator)).expect("it can be written");
        let mut config = lp_auth::Config::default();
        config.account = Some(emulator.account().to_string());
        config.client_id = Some(emulator.client_id().to_owned());
        config.client_secret_file = Some(file.clone());
        let lp = config
            .client()
            .expect("the file is there")
            .domain_api(emulator.domain_api())
            .trusted_host(emulator.sentinel())
            .ca_pem(emulator.ca_pem())
            .stack(*stack)
            .build()
            .expect("complete");
        let first = lp.token().await.expect("it is issued");
        // First the file, so that nobody is refused.
        std::fs::write(&file, "second-secret\n").expect("it can be written");
        rotate(&emulator, "second-secret");
        assert!(lp.invalidate(&first));
        let second = lp.token().await.expect("it is issued");
        assert_eq!(asked(&emulator), (1, 2, 0), "{stack}");
        // First Sentinel: refused, until the file follows.
        rotate(&emulator, "third-secret");
        let late = lp.for_consumer("consumer 1").expect("V2");
        let error = late.token().await.expect_err("the old secret");
        assert_eq!(error.kind(), ErrorKind::Refused, "{stack}: {error}");
        assert_eq!(lp.token().await.ok(), Some(second), "it is still good");
        std::fs::write(&file, "third-secret\n").expect("it can be written");
        // The file is looked at once a second, long before a rest of half a minute is over.
        let served = tokio::time::timeout(Duration::from_secs(20), async {
            while late.token().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        assert!(served.await.is_ok(), "{stack}");
        assert_eq!(asked(&emulator), (1, 4, 0), "{stack}");
    }
}

#[test]
#[cfg(feature = "blocking")]
fn a_rotated_secret_serves_threads_too() {
    for stack in Stack::ALL {
        let emulator = emulator();
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("client-secret");
        std::fs::write(&file, secret(&emulator)).expect("it can be written");
        let lp = client(&emulator, *stack)
            .client_secret_file(&file)
            .build_blocking()
            .expect("complete");
        let first = lp.token().expect("it is issued");
        std::fs::write(&file, "second-secret\n").expect("it can be written");
        rotate(&emulator, "second-secret");
        assert!(lp.invalidate(&first));
        assert!(lp.token().is_ok(), "{stack}");
        assert_eq!(asked(&emulator), (1, 2, 0), "{stack}");
    }
}

#[tokio::test]
async fn a_delegated_token_names_its_consumer() {
    let emulator = emulator();
    let lp = client(&emulator, Stack::ALL[0])
        .build()
        .expect("complete")
        .for_consumer("consumer 1")
        .expect("V2");
    let token = lp.token().await.expect("it is issued");
    let claims = verifier(&emulator, Stack::ALL[0])
        .build()
        .expect("complete")
        .verify(token.expose())
        .await;
    assert_eq!(claims.expect("it is genuine").consumer_id(), Some("consumer 1"));
}

#[tokio::test]
async fn a_loopback_emulator_without_tls_is_reached_where_the_user_allows_it() {
    for stack in Stack::ALL {
        let emulator = Emulator::builder()
            .plain_http()
            .start()
            .expect("loopback has a free port");
        let lp = Client::builder(emulator.account().as_str())
            .client_id(emulator.client_id())
            .client_secret(secret(&emulator))
            .domain_api(emulator.domain_api())
            .trusted_host(emulator.sentinel())
            .plain_http_on_loopback(true)
            .stack(*stack)
            .build()
            .expect("complete");
        assert!(lp.token().await.is_ok(), "{stack}");
    }
}

fn asked(emulator: &Emulator) -> (usize, usize, usize) {
    let count = |endpoint| emulator.request_count(endpoint);
    (
        count(Endpoint::DomainApi),
        count(Endpoint::Token),
        count(Endpoint::Keys),
    )
}
