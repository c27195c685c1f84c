//! What servers answer, at each of the three endpoints.

use std::time::Duration;

use lp_auth_core::ServiceName;
use lp_auth_core::http::StatusCode;
use lp_auth_emulator::{Endpoint, ErrorBody, ExpiresIn, Fault, RetryAfter, UnknownService};
use serde_json::json;

use super::{Diagnosis, Expected, diagnose, fails, warns};
use crate::scene::{STACKS, Scene};

/// Endpoints and the steps at which they are asked.
const ENDPOINTS: [(Endpoint, &str); 3] = [
    (Endpoint::DomainApi, "domain_api.answer"),
    (Endpoint::Token, "token.answer"),
    (Endpoint::Keys, "keys"),
];

#[test]
fn an_answer_of_the_domain_api_that_makes_no_sense_is_described_at_its_step() {
    answers_that_make_no_sense(Endpoint::DomainApi, "domain_api.answer");
}

#[test]
fn an_answer_of_the_token_endpoint_that_makes_no_sense_is_described_at_its_step() {
    answers_that_make_no_sense(Endpoint::Token, "token.answer");
}

#[test]
fn an_answer_of_the_key_endpoint_that_makes_no_sense_is_described_at_its_step() {
    answers_that_make_no_sense(Endpoint::Keys, "keys");
}

/// 18 of them.
#[track_caller]
fn answers_that_make_no_sense(endpoint: Endpoint, step: &str) {
    let scene = Scene::new();
    let redirect = |status| Fault::Redirect {
        status: StatusCode::from_u16(status).unwrap(),
        to: "https://127.0.0.1:1".to_owned(),
    };
    let causes: [(Fault, &str, &[&str]); 18] = [
        (Fault::CloseBefore, "broken_off", &["broke off"]),
        (Fault::CloseWithin, "broken_off", &["broke off"]),
        (Fault::ResetBefore, "broken_off", &["broke off"]),
        (Fault::ResetWithin, "broken_off", &["broke off"]),
        (Fault::EmptyBody, "empty_body", &["200 OK", "empty body"]),
        (Fault::Html, "html", &["HTML page"]),
        (Fault::HugeBody, "too_large", &["larger than the limit"]),
        (Fault::InvalidUtf8, "invalid_utf8", &["not UTF-8"]),
        (Fault::TruncatedJson, "truncated_json", &["cut off after"]),
        (Fault::Body("nonsense".into()), "not_json", &["no JSON"]),
        (Fault::Body("7".into()), "other_json", &["200 OK"]),
        (redirect(301), "redirect", &["301", "to https://127.0.0.1:1/"]),
        (redirect(302), "redirect", &["302", "to https://127.0.0.1:1/"]),
        (redirect(303), "redirect", &["303", "to https://127.0.0.1:1/"]),
        (redirect(307), "redirect", &["307", "to https://127.0.0.1:1/"]),
        (redirect(308), "redirect", &["308", "to https://127.0.0.1:1/"]),
        (Fault::status(204), "strange_status", &["204"]),
        (Fault::status(901), "strange_status", &["901"]),
    ];
    for (fault, cause, words) in causes {
        let planted = format!("{fault:?} at {endpoint:?}");
        scene.emulator.fault(endpoint, fault).unwrap();
        fails(&scene, &planted, step, cause, words);
        scene.emulator.clear_faults();
    }
}

#[test]
fn a_bomb_is_not_unpacked_and_is_told_from_what_is_merely_long() {
    let scene = Scene::new();
    for (endpoint, step, cause) in [
        (Endpoint::DomainApi, "domain_api.answer", "too_large"),
        (Endpoint::Token, "token.answer", "too_large"),
        // Key sets may be longer than the bomb is before it is unpacked.
        (Endpoint::Keys, "keys", "compressed"),
    ] {
        scene.emulator.fault(endpoint, Fault::GzipBomb).unwrap();
        fails(&scene, &format!("a bomb at {endpoint:?}"), step, cause, &[]);
        scene.emulator.clear_faults();
    }
}

#[test]
fn a_domain_api_that_stalls_or_drips_is_given_up_in_time() {
    stalls(Endpoint::DomainApi, "domain_api.answer");
}

#[test]
fn a_token_endpoint_that_stalls_or_drips_is_given_up_in_time() {
    stalls(Endpoint::Token, "token.answer");
}

#[test]
fn a_key_endpoint_that_stalls_or_drips_is_given_up_in_time() {
    stalls(Endpoint::Keys, "keys");
}

#[track_caller]
fn stalls(endpoint: Endpoint, step: &str) {
    let scene = Scene::new();
    let pause = Duration::from_millis(300);
    let faults = [Fault::StallBefore, Fault::StallWithin, Fault::Drip { pause }];
    for (fault, stack) in faults.into_iter().zip(STACKS.into_iter().cycle()) {
        let planted = format!("{fault:?} at {endpoint:?}, over {stack}");
        scene.emulator.fault(endpoint, fault).unwrap();
        let run = scene
            .command(&["doctor", "--output", "json", "--transport", stack])
            .env("LP_PATIENCE", "12");
        Diagnosis::of(run, &planted).failed(&Expected {
            planted: &planted,
            step,
            cause: "timed_out",
            words: &["no complete answer from 127.0.0.1"],
        });
        scene.emulator.clear_faults();
    }
}

#[test]
fn each_error_status_of_the_domain_api_is_told_apart_in_each_shape() {
    error_statuses(Endpoint::DomainApi, "domain_api.answer");
}

#[test]
fn each_error_status_of_the_token_endpoint_is_told_apart_in_each_shape() {
    error_statuses(Endpoint::Token, "token.answer");
}

#[test]
fn each_error_status_of_the_key_endpoint_is_told_apart_in_each_shape() {
    error_statuses(Endpoint::Keys, "keys");
}

/// 13 of them, in 6 shapes.
#[track_caller]
fn error_statuses(endpoint: Endpoint, step: &str) {
    let scene = Scene::new();
    let is_token = endpoint == Endpoint::Token;
    let unauthorized = match endpoint {
        Endpoint::DomainApi => "account_unknown",
        Endpoint::Token => "credentials_refused",
        _ => "request_refused",
    };
    for (status, cause) in [
        (400, "request_refused"),
        (401, unauthorized),
        (403, if is_token { "" } else { "forbidden" }),
        (404, "not_found"),
        (405, "request_refused"),
        (408, "server_timed_out"),
        (410, "not_found"),
        (425, "server_timed_out"),
        (429, "throttled"),
        (500, "server_fault"),
        (502, "server_fault"),
        (503, "server_fault"),
        (504, "server_fault"),
    ] {
        for shape in ErrorBody::ALL {
            // The word `unauthorized_client` says more than the status.
            let cause = match (cause, shape) {
                ("", ErrorBody::OAuth) => "grant_refused",
                ("", _) => "forbidden",
                (cause, _) => cause,
            };
            let planted = format!("{status} with {shape:?} at {endpoint:?}");
            let fault = Fault::status(status).with_body(shape);
            scene.emulator.fault(endpoint, fault).unwrap();
            let run = scene.command(&["doctor", "--output", "json"]);
            Diagnosis::of(run, &planted).failed(&Expected {
                planted: &planted,
                step,
                cause,
                words: &[&status.to_string()],
            });
            scene.emulator.clear_faults();
        }
    }
}

#[test]
fn how_long_the_server_asks_to_wait_is_told() {
    let scene = Scene::new();
    let fault = Fault::status(429).with_retry_after(RetryAfter::Seconds(90));
    scene.emulator.fault(Endpoint::Token, fault).unwrap();
    let diagnosis = Diagnosis::of(scene.command(&["doctor", "--output", "json"]), "429");
    let step = diagnosis.step("token.answer");
    assert!(
        step["advice"].to_string().contains("wait for 1 min 30 s"),
        "{step}"
    );
    assert_eq!(step["details"]["retry_after"], 90);
}

#[test]
fn a_wrong_declaration_is_a_warning() {
    let scene = Scene::new();
    for (endpoint, step) in ENDPOINTS {
        scene.emulator.fault(endpoint, Fault::WrongContentType).unwrap();
        let planted = format!("text/plain at {endpoint:?}");
        warns(
            &scene,
            &planted,
            step,
            "wrong_content_type",
            &["declared as text/plain"],
        );
        scene.emulator.clear_faults();
    }
}

#[test]
fn what_the_domain_api_does_not_know_is_told_apart() {
    let scene = Scene::new();
    let expected = Expected {
        planted: "an unknown account",
        step: "domain_api.answer",
        cause: "account_unknown",
        words: &["401"],
    };
    let run = |arguments: &[&str]| scene.command(arguments).env("LP_ACCOUNT_ID", "87654321");
    diagnose(run, &expected, Diagnosis::failed);

    scene.emulator.remove_service(&ServiceName::SENTINEL);
    fails(
        &scene,
        "400 to an unknown service",
        "domain_api.answer",
        "service_unknown",
        &["400", "unknown service"],
    );
    let mut shapes = scene.emulator.shapes();
    shapes.unknown_service = UnknownService::EmptyList;
    scene.emulator.set_shapes(shapes);
    fails(
        &scene,
        "an empty list",
        "domain_api.answer",
        "service_unknown",
        &["no service `sentinel`"],
    );
}

#[test]
fn a_host_that_the_policy_refuses_ends_the_walk_before_anything_is_sent_there() {
    let scene = Scene::new();
    for (named, cause) in [
        ("sentinel.evil.example", "host_not_trusted"),
        ("va.sentinel.liveperson.net.evil.example", "host_not_trusted"),
        ("va.sentinel.liveperson.net:8443", "host_not_trusted"),
        ("https://va.sentinel.liveperson.net/", "host_invalid"),
        ("va.sentinel.liveperson.net@evil.example", "host_invalid"),
        ("", "host_invalid"),
    ] {
        scene.emulator.set_service(&ServiceName::SENTINEL, named);
        fails(&scene, named, "host_policy", cause, &[]);
    }
    assert_eq!(scene.emulator.request_count(Endpoint::Token), 0);
}

#[test]
fn wrong_credentials_are_named_in_every_shape() {
    let scene = Scene::new();
    scene.write("secret", "mfrggzdfmztwq2lknnwg23tpob");
    for status in [400, 401] {
        for shape in ErrorBody::ALL {
            let mut shapes = scene.emulator.shapes();
            shapes.wrong_credentials = StatusCode::from_u16(status).unwrap();
            shapes.token_error = shape;
            scene.emulator.set_shapes(shapes);
            let planted = format!("a wrong secret, {status} with {shape:?}");
            // 400 without the word `invalid_client` may be anything.
            let is_clear = status == 401 || shape == ErrorBody::OAuth;
            let cause = if is_clear {
                "credentials_refused"
            } else {
                "request_refused"
            };
            fails(&scene, &planted, "token.answer", cause, &[&status.to_string()]);
            let diagnosis = Diagnosis::of(scene.command(&["doctor", "--output", "json"]), &planted);
            let advice = diagnosis.step("token.answer")["advice"].to_string();
            assert!(advice.contains("the three belong together"), "{advice}");
        }
    }
}

#[test]
fn what_expires_in_says_is_held_against_the_token() {
    let scene = Scene::new();
    for (expires_in, cause, words) in [
        (ExpiresIn::Absent, "expires_in_missing", "no expires_in"),
        (ExpiresIn::Value(json!(-1)), "expires_in_nonsense", "-1"),
        (ExpiresIn::Value(json!(0)), "expires_in_nonsense", "0"),
        (ExpiresIn::Value(json!("soon")), "expires_in_nonsense", "soon"),
        (ExpiresIn::Value(json!([3600])), "expires_in_nonsense", "[3600]"),
        (ExpiresIn::Value(json!(7200)), "expires_in_disagrees", "7200"),
        (ExpiresIn::Value(json!("60")), "expires_in_disagrees", "60"),
    ] {
        let planted = format!("{expires_in:?}");
        let mut shapes = scene.emulator.shapes();
        shapes.v2_expires_in = expires_in;
        scene.emulator.set_shapes(shapes);
        warns(&scene, &planted, "token.content", cause, &[words]);
    }
    for expires_in in [ExpiresIn::Number, ExpiresIn::Text] {
        let mut shapes = scene.emulator.shapes();
        shapes.v2_expires_in = expires_in;
        scene.emulator.set_shapes(shapes);
        scene.command(&["doctor"]).run().done();
    }
}
