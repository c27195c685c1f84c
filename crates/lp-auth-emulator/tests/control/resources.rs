//! What can be asked for, and what comes of it.

use lp_auth_emulator::{Emulator, Endpoint};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::client::Client;
use crate::plane::{Plane, form};

const V2: &str = "/sentinel/api/v2/account/12345678/app/token";
const JWKS: &str = "/sentinel/well-known/jwks";

#[test]
fn it_is_served_only_where_it_was_asked_for_and_only_on_loopback() {
    assert_eq!(Emulator::builder().start().unwrap().control_url(), None);
    let error = Emulator::builder()
        .control(([0, 0, 0, 0], 0).into())
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("loopback"), "{error}");
    let plane = Plane::new();
    assert_eq!(plane.get("/health")["status"], "ok");
    let url = plane.url.clone();
    drop(plane);
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "it is gone with the emulator"
    );
}

#[test]
fn each_path_says_which_methods_it_takes_as_the_document_does() {
    let plane = Plane::new();
    let described = plane.get("/openapi.json");
    assert_eq!(described["openapi"], "3.1.0");
    for (path, operations) in described["paths"].as_object().unwrap() {
        let concrete = path
            .replace("{account}", "1")
            .replace("{client_id}", "a")
            .replace("{service}", "idp");
        let reply = plane.send("PURGE", &concrete, &[], "");
        reply.problem(405, &["Allow"]);
        let allowed = reply.headers["allow"].to_str().unwrap().to_ascii_lowercase();
        let mut allowed: Vec<&str> = allowed.split(',').filter(|method| *method != "head").collect();
        allowed.sort_unstable();
        let described: Vec<&str> = operations
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(allowed, described, "{path}");
    }
    plane
        .send("GET", "/nowhere", &[], "")
        .problem(404, &["/openapi.json"]);
}

#[test]
fn a_client_can_be_set_up_from_what_it_says() {
    let plane = Plane::new();
    let said = plane.get("/emulator");
    let emulator = &plane.emulator;
    assert_eq!(said["ca_pem"], emulator.ca_pem());
    assert_eq!(said["domain_api"], emulator.domain_api());
    assert_eq!(said["sentinel"], emulator.sentinel());
    assert_eq!(said["account"], emulator.account().as_str());
    assert_eq!(said["client_id"], emulator.client_id());
    assert_eq!(said["v1_public_key_pem"], emulator.v1_public_key_pem());
    assert_eq!(
        said["refused_address"],
        emulator.refused_address().unwrap().to_string()
    );
    assert!(
        !said
            .to_string()
            .contains(emulator.client_secret().expose_secret())
    );
}

#[test]
fn requests_are_known_without_their_secrets_and_can_be_filtered() {
    let plane = Plane::of(Emulator::builder().client_secret("canary-secret"));
    let client = Client::of(&plane.emulator);
    let token = client.v2_token(&plane.emulator);
    client.post_form(V2, &form(plane.emulator.client_id(), "canary-wrong"));
    client.get(&format!("/elsewhere/canary-secret/{token}?x=canary-query"));
    plane
        .send_json(
            "POST",
            "/faults",
            &json!({"endpoint": "keys", "fault": {"status": 500}, "times": 1}),
        )
        .json(200);
    client.get(JWKS);
    let all = plane.get("/requests");
    assert_eq!(all["last"], 4);
    assert_eq!(
        all["counts"],
        json!({"api": 0, "domain_api": 0, "keys": 1, "other": 1, "token": 2})
    );
    assert!(
        !all.to_string().contains("canary") && !all.to_string().contains(&token),
        "{all}"
    );
    assert_eq!(all["requests"][2]["path"], "/elsewhere/[redacted]/[redacted]");
    let numbers = |query: &str| -> Vec<u64> {
        let found = plane.get(&format!("/requests?{query}"));
        let found = found["requests"].as_array().unwrap();
        found
            .iter()
            .map(|request| request["number"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers("endpoint=token"), [1, 2]);
    assert_eq!(numbers("endpoint=other"), [3]);
    assert_eq!(numbers("outcome=ok"), [1]);
    assert_eq!(numbers("outcome=refused"), [2, 3]);
    assert_eq!(numbers("outcome=fault&status=500"), [4]);
    assert_eq!(numbers("limit=2"), [3, 4]);
    assert_eq!(numbers("after=1&endpoint=token"), [2]);
    assert_eq!(
        numbers(&format!("client_id={}", plane.emulator.client_id())),
        [1, 2]
    );
    assert_eq!(numbers("client_id=nobody"), [0; 0]);
    plane
        .send("GET", "/requests?limit=0", &[], "")
        .problem(422, &["1 to 1000"]);
    plane
        .send("GET", "/requests?status=7", &[], "")
        .problem(422, &["200 to 999"]);
    plane
        .send("GET", "/requests?limt=1", &[], "")
        .problem(400, &["unknown field `limt`", "`limit`"]);
    plane.send("DELETE", "/requests", &[], "").done();
    assert_eq!(plane.get("/requests")["requests"], json!([]));
    client.get(JWKS);
    assert_eq!(numbers(""), [5], "a number never comes twice");
}

#[test]
fn a_reset_makes_all_as_it_was_at_the_start() {
    let plane = Plane::new();
    let state = || -> Vec<Value> {
        let mut keys = plane.get("/keys");
        for key in keys["keys"].as_array_mut().unwrap() {
            key["age_seconds"].take();
        }
        let mut all = vec![keys, plane.get("/clock")["offset_seconds"].clone()];
        all.extend(["/applications", "/faults", "/services", "/settings"].map(|path| plane.get(path)));
        all
    };
    let before = state();
    plane.send("POST", "/keys/replace", &[], "").json(200);
    plane
        .send_json("POST", "/applications", &json!({"client_name": "a"}))
        .json(201);
    plane
        .send_json("POST", "/faults", &json!({"endpoint": "api", "fault": "html"}))
        .json(200);
    plane
        .send_json("PUT", "/clock", &json!({"offset_seconds": 9}))
        .json(200);
    plane
        .send_json("PUT", "/services/new", &json!({"host": "x"}))
        .json(200);
    plane
        .send_json(
            "PATCH",
            "/settings",
            &json!({"latency_ms": 1, "shapes": {"key_alg": false}}),
        )
        .json(200);
    Client::of(&plane.emulator).get(JWKS);
    let changed = state();
    assert!(
        before
            .iter()
            .zip(&changed)
            .all(|(before, changed)| before != changed)
    );
    plane.send("POST", "/reset", &[], "").done();
    assert_eq!(state(), before);
    assert_eq!(plane.emulator.request_count(Endpoint::Keys), 0);
}
