//! What is said when LivePerson does not answer, or not as it should; and with which exit code.

use lp_auth_core::ServiceName;
use lp_auth_emulator::{CertificateAuthority, Emulator, Endpoint, Fault, ServerCertificate, TokenFault};

use crate::scene::{STACKS, Scene};

#[test]
fn a_wrong_secret_is_refused_and_the_ways_to_give_the_right_one_are_named() {
    let scene = Scene::new();
    let wrong = scene.write("wrong", "mfrggzdfmztwq2lknnwg23tpob");
    for stack in STACKS {
        let ran = scene
            .command(&[
                "token",
                "-v",
                "--transport",
                stack,
                "--client-secret-file",
                wrong.to_str().unwrap(),
            ])
            .run();
        ran.failed(
            3,
            &[
                "invalid_client",
                "--client-secret-file",
                "LP_CLIENT_SECRET_FILE",
                "--client-id",
                "LP_ACCOUNT_ID",
            ],
        );
        assert!(!ran.stderr.contains("mfrggz"), "{ran:?}");
    }
}

#[test]
fn an_unknown_account_is_refused() {
    let scene = Scene::new();
    for stack in STACKS {
        scene
            .command(&["token", "--transport", stack, "--account", "87654321"])
            .run()
            .failed(3, &["401", "--account", "LP_ACCOUNT_ID", "--domain-api"]);
    }
}

#[test]
fn an_unknown_service_is_refused() {
    let scene = Scene::new();
    scene.emulator.remove_service(&ServiceName::SENTINEL);
    scene
        .command(&["token"])
        .run()
        .failed(3, &["sentinel", "--account"]);
}

#[test]
fn a_host_outside_the_trusted_ones_is_not_asked_and_the_way_to_allow_it_is_named() {
    let scene = Scene::new();
    let host = scene.emulator.sentinel();
    for stack in STACKS {
        let ran = scene
            .command(&["token", "--transport", stack])
            .without("LP_TRUSTED_HOSTS")
            .run();
        ran.failed(4, &[host, "not trusted", "--trusted-host", "LP_TRUSTED_HOSTS"]);
    }
    assert_eq!(scene.emulator.request_count(Endpoint::Token), 0);
}

#[test]
fn what_is_no_host_cannot_be_allowed_and_no_such_advice_is_given() {
    let scene = Scene::new();
    scene.emulator.set_service(&ServiceName::SENTINEL, "\u{202e}evil");
    let ran = scene.command(&["token"]).run();
    ran.failed(4, &["no host of service `sentinel`", "--domain-api"]);
    assert!(!ran.stderr.contains("--trusted-host"), "{ran:?}");
}

#[test]
fn a_certificate_that_is_not_trusted_ends_it_and_the_way_to_trust_it_is_named() {
    let scene = Scene::new();
    let other = scene.write("other.pem", CertificateAuthority::generate().unwrap().pem());
    for stack in STACKS {
        let texts = ["TLS", "cause: ", "--ca-file", "LP_CA_FILE"];
        scene
            .command(&[
                "token",
                "--transport",
                stack,
                "--ca-file",
                other.to_str().unwrap(),
            ])
            .run()
            .failed(4, &texts);
    }
    let scene = Scene::of(Emulator::builder().certificate(ServerCertificate::for_name("sentinel.example")));
    for stack in STACKS {
        let ran = scene.command(&["token", "--transport", stack]).run();
        ran.failed(4, &["TLS", "for the host that was asked"]);
    }
}

#[test]
fn where_nobody_listens_the_address_is_doubted() {
    let scene = Scene::new();
    let nobody = scene.emulator.refused_address().unwrap().to_string();
    for stack in STACKS {
        let texts = [&nobody, "refused", "--domain-api", "lp-auth emulator"];
        scene
            .command(&["token", "--transport", stack, "--domain-api", &nobody])
            .run()
            .failed(4, &texts);
    }
    scene.emulator.set_service(&ServiceName::SENTINEL, nobody.clone());
    scene
        .command(&["token", "--trusted-host", "127.0.0.1"])
        .run()
        .failed(4, &["no access token", &nobody]);
}

#[test]
fn an_answer_that_makes_no_sense_is_described_and_never_taken_for_a_token() {
    let scene = Scene::new();
    for (fault, text) in [
        (Fault::Html, "HTML page"),
        (Fault::EmptyBody, "empty"),
        (Fault::TruncatedJson, "not the JSON"),
        (Fault::Token(TokenFault::NotAJwt), "JWT"),
        (Fault::Token(TokenFault::ExpiredOnArrival), "expired"),
    ] {
        scene.emulator.fault(Endpoint::Token, fault).unwrap();
        for stack in STACKS {
            scene
                .command(&["token", "-v", "--transport", stack])
                .run()
                .failed(4, &["no access token", "200 OK", text, "--domain-api", "proxy"]);
        }
    }
    scene.emulator.clear_faults();
    for (fault, text) in [(Fault::Html, "HTML page"), (Fault::EmptyBody, "empty")] {
        scene.emulator.fault(Endpoint::DomainApi, fault).unwrap();
        scene
            .command(&["token"])
            .run()
            .failed(4, &["no host of service `sentinel`", text]);
    }
}

#[test]
fn a_server_in_trouble_is_unavailable() {
    let scene = Scene::new();
    for (status, text) in [
        (500, "try again later"),
        (503, "try again later"),
        (429, "fewer requests"),
    ] {
        scene
            .emulator
            .fault(Endpoint::Token, Fault::status(status))
            .unwrap();
        scene
            .command(&["token"])
            .run()
            .failed(4, &[&status.to_string(), text]);
    }
}

#[test]
fn a_server_that_says_nothing_is_waited_for_as_long_as_the_patience_lasts() {
    let scene = Scene::new();
    scene.emulator.fault(Endpoint::Token, Fault::StallBefore).unwrap();
    for stack in STACKS {
        scene
            .command(&["token", "--transport", stack, "--patience", "0.7"])
            .run()
            .failed(
                4,
                &[
                    "patience",
                    "waiting for the access token from",
                    "--patience",
                    "LP_PATIENCE",
                ],
            );
    }
}
