//! What can be asked for, and what comes of it.

use lp_auth_emulator::{Emulator, Endpoint};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::client::{Client, verify_v2};
use crate::plane::Plane;

const V2: &str = "/sentinel/api/v2/account/12345678/app/token";
const JWKS: &str = "/sentinel/well-known/jwks";

fn form(client_id: &str, secret: &str) -> String {
    format!("client_id={client_id}&client_secret={secret}&grant_type=client_credentials")
}

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
fn an_application_is_installed_from_a_template_and_its_secret_told_once() {
    let plane = Plane::new();
    let template = json!({
        "client_name": "My First App", "description": "This is my first App", "scope": "msg.consumer",
        "grant_types": ["client_credentials"], "response_types": ["token"],
    });
    let reply = plane.send_json("POST", "/applications?account=le81823118", &template);
    let record = reply.json(201);
    let (id, secret) = (
        record["client_id"].as_str().unwrap(),
        record["client_secret"].as_str().unwrap(),
    );
    let own = format!("/applications/le81823118/{id}");
    assert_eq!(reply.headers["location"], own);
    assert_eq!(record["client_secret_expires_at"], 0);
    assert!(record["client_id_issued_at"].as_u64().unwrap() > 1_700_000_000);
    for (member, value) in template.as_object().unwrap() {
        assert_eq!(record[member], *value);
    }
    let client = Client::of(&plane.emulator);
    let path = V2.replace("12345678", "le81823118");
    let token = client.post_form(&path, &form(id, secret)).json()["access_token"].clone();
    let claims = verify_v2(token.as_str().unwrap(), &plane.emulator.jwks(), "le81823118").unwrap();
    assert_eq!(claims["scope"], "msg.consumer");

    let shown = plane.get(&own);
    let listed = plane.get("/applications");
    assert_eq!(listed["applications"][1], shown);
    assert_eq!(listed["applications"][0]["client_id"], plane.emulator.client_id());
    for text in [shown.to_string(), listed.to_string()] {
        assert!(
            !text.contains(secret) && !text.contains("client_secret\""),
            "{text}"
        );
    }

    let changed = plane
        .send_json("PUT", &format!("{own}/secret"), &json!({}))
        .json(200);
    let fresh = changed["client_secret"].as_str().unwrap();
    assert_eq!(client.post_form(&path, &form(id, secret)).status, 400);
    assert_eq!(client.post_form(&path, &form(id, fresh)).status, 200);
    plane
        .send_json("PUT", &format!("{own}/secret"), &json!({"client_secret": "hush"}))
        .json(200);
    assert_eq!(client.post_form(&path, &form(id, "hush")).status, 200);

    plane.send("DELETE", &own, &[], "").done();
    plane
        .send("DELETE", &own, &[], "")
        .problem(404, &["no such application"]);
    plane
        .send("GET", &own, &[], "")
        .problem(404, &["no such application"]);
    plane
        .send_json("PUT", &format!("{own}/secret"), &json!({}))
        .problem(404, &["no such application"]);
    assert_eq!(client.post_form(&path, &form(id, "hush")).status, 400);
}

#[test]
fn everything_that_is_wrong_with_a_template_is_named_at_once() {
    let plane = Plane::new();
    let wrong = json!({"scope": 7, "enabled": "yes", "client_secret": "hush", "grant_types": ["a", 1]});
    let reply = plane.send_json("POST", "/applications", &wrong);
    let problem = reply.problem(422, &["`client_name` is missing: add it"]);
    let pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "#/client_name",
            "#/grant_types/1",
            "#/scope",
            "#/enabled",
            "#/client_secret"
        ]
    );
    assert!(!reply.text.contains("hush"), "{}", reply.text);
    let json = [("content-type", "application/json")];
    plane
        .send("POST", "/applications", &json, "{")
        .problem(400, &["not a JSON document"]);
    let name = json!({"client_name": "a"});
    for (query, text) in [
        ("account=a%20b", "account: "),
        ("client_id=a/b", "client_id: 1 to 128"),
        ("client_id=..", "client_id: 1 to 128"),
    ] {
        plane
            .send_json("POST", &format!("/applications?{query}"), &name)
            .problem(422, &[text]);
    }
    plane
        .send_json("POST", "/applications?clientid=a", &name)
        .problem(400, &["unknown field `clientid`", "`client_id`"]);
    assert_eq!(
        plane.send_json("POST", "/applications?client_id=a", &name).status,
        201
    );
    plane
        .send_json("POST", "/applications?client_id=a", &name)
        .problem(409, &["already"]);
    assert_eq!(
        plane.get("/applications")["applications"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn a_template_that_is_not_enabled_gets_no_token() {
    let plane = Plane::new();
    let template = json!({"client_name": "a", "enabled": false, "grant_types": ["client_credentials"]});
    let record = plane
        .send_json("POST", "/applications?client_id=off", &template)
        .json(201);
    let body = form("off", record["client_secret"].as_str().unwrap());
    let refused = Client::of(&plane.emulator).post_form(V2, &body);
    assert_eq!(refused.json()["error"], "unauthorized_client");
}

#[test]
fn keys_rotate_retire_and_are_replaced_and_have_an_age() {
    let plane = Plane::new();
    let kids = |keys: &Value| -> Vec<String> {
        let keys = keys["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = kids(&plane.get("/keys"));
    assert_eq!((first.len(), first[1].as_str()), (2, "appjwt-13-05-17"));
    plane
        .send_json("POST", "/clock/advance", &json!({"seconds": 3600}))
        .json(200);
    let rotated = plane.send("POST", "/keys/rotate", &[], "").json(200);
    assert_eq!(kids(&rotated)[1], first[0]);
    assert_eq!(
        (&rotated["keys"][0]["signs"], &rotated["keys"][1]["signs"]),
        (&json!(true), &json!(false))
    );
    assert!((0..5).contains(&rotated["keys"][0]["age_seconds"].as_i64().unwrap()));
    assert!((3600..3605).contains(&rotated["keys"][1]["age_seconds"].as_i64().unwrap()));
    assert_eq!(
        Client::of(&plane.emulator).get(JWKS).json()["keys"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let retired = plane.send("POST", "/keys/retire", &[], "").json(200);
    assert_eq!(kids(&retired), [kids(&rotated)[0].clone(), first[1].clone()]);
    let replaced = plane.send("POST", "/keys/replace", &[], "").json(200);
    assert_eq!(kids(&replaced).len(), 2);
    assert_ne!(kids(&replaced)[0], kids(&retired)[0]);
}

#[test]
fn no_more_keys_are_published_than_a_key_set_may_have() {
    let plane = Plane::new();
    for _ in 0..49 {
        plane.send("POST", "/keys/rotate", &[], "").json(200);
    }
    plane
        .send("POST", "/keys/rotate", &[], "")
        .problem(409, &["retire them first"]);
    plane.send("POST", "/keys/retire", &[], "").json(200);
    plane.send("POST", "/keys/rotate", &[], "").json(200);
}

#[test]
fn faults_are_set_listed_met_and_cleared() {
    let plane = Plane::new();
    let client = Client::of(&plane.emulator);
    let twice = json!({"endpoint": "token", "fault": {"status": 503, "retry_after": "2"}, "times": 2});
    plane.send_json("POST", "/faults", &twice).json(200);
    let lasting = json!({"endpoint": "keys", "fault": "html"});
    let listed = plane.send_json("POST", "/faults", &lasting).json(200);
    assert_eq!(
        listed["faults"],
        json!([
            {"endpoint": "token", "fault": {"status": 503, "error_body": "oauth", "retry_after": "2"}, "times": 2},
            {"endpoint": "keys", "fault": "html", "times": null},
        ])
    );
    let reply = client.post_form(V2, "");
    assert_eq!(
        (reply.status, reply.headers["retry-after"].to_str().unwrap()),
        (503, "2")
    );
    assert_eq!(plane.get("/faults")["faults"][0]["times"], 1);
    client.post_form(V2, "");
    assert_eq!(client.post_form(V2, "").status, 400);
    assert!(
        client.get(JWKS).headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    plane.send_json("POST", "/faults", &twice).json(200);
    plane.send("DELETE", "/faults?endpoint=token", &[], "").done();
    assert_eq!(plane.get("/faults")["faults"].as_array().unwrap().len(), 1);
    plane.send("DELETE", "/faults", &[], "").done();
    assert_eq!(plane.get("/faults")["faults"], json!([]));
    assert_eq!(client.get(JWKS).status, 200);
}

#[test]
fn a_fault_that_cannot_be_is_refused_with_words_and_changes_nothing() {
    let plane = Plane::new();
    for (wanted, texts) in [
        (
            json!({"endpoint": "keys", "fault": {"token": "not_a_jwt"}}),
            &["no tokens are issued"][..],
        ),
        (
            json!({"endpoint": "jwks", "fault": "html"}),
            &["endpoint: unknown variant `jwks`", "`keys`"],
        ),
        (
            json!({"endpoint": "keys", "fault": "htm"}),
            &["unknown variant `htm`", "`html`"],
        ),
        (
            json!({"endpoint": "keys", "fault": {"status": 503, "after": 1}}),
            &["unknown field `after`", "`retry_after`"],
        ),
        (
            json!({"endpoint": "keys", "fault": "html", "times": 0}),
            &["times: 1 to 1000000"],
        ),
        (
            json!({"endpoint": "keys", "fault": "html", "times": -1}),
            &["times"],
        ),
        (
            json!({"endpoint": "keys", "fault": "html", "time": 1}),
            &["unknown field `time`", "`times`"],
        ),
        (json!({"fault": "html"}), &["missing field `endpoint`"]),
        (json!([]), &["missing field `endpoint`"]),
        (json!("html"), &["invalid type"]),
    ] {
        let reply = plane.send_json("POST", "/faults", &wanted);
        if wanted == json!([]) {
            reply.problem(422, &[]);
        } else {
            reply.problem(422, texts);
        }
    }
    let json = [("content-type", "application/json")];
    plane
        .send("POST", "/faults", &json, "{\"endpoint\":")
        .problem(400, &["EOF"]);
    let long = json!({"endpoint": "keys", "fault": {"body": "x".repeat(300_000)}});
    plane
        .send_json("POST", "/faults", &long)
        .problem(413, &["256 KiB"]);
    plane
        .send("DELETE", "/faults?endpoint=all", &[], "")
        .problem(400, &["unknown variant `all`", "`token`"]);
    assert_eq!(plane.get("/faults")["faults"], json!([]));
}

#[test]
fn the_clock_is_set_and_moved_within_bounds() {
    let plane = Plane::new();
    let set = plane
        .send_json("PUT", "/clock", &json!({"offset_seconds": -7200}))
        .json(200);
    assert_eq!(set["offset_seconds"], -7200);
    assert_eq!(set["now_seconds"], plane.emulator.now().as_secs());
    let moved = plane
        .send_json("POST", "/clock/advance", &json!({"seconds": 7260.0}))
        .json(200);
    assert_eq!(moved["offset_seconds"], 60);
    for (method, path, body) in [
        ("PUT", "/clock", json!({"offset_seconds": 3_155_760_001_i64})),
        ("PUT", "/clock", json!({"offset_seconds": 1.5})),
        ("PUT", "/clock", json!({"offset_seconds": i64::MIN})),
        ("POST", "/clock/advance", json!({"seconds": "1"})),
        ("POST", "/clock/advance", json!({"minutes": 1})),
    ] {
        plane.send_json(method, path, &body).problem(422, &["seconds"]);
    }
    plane
        .send_json("POST", "/clock/advance", &json!({"seconds": 3_155_760_000_i64}))
        .problem(409, &["a hundred years"]);
    assert_eq!(plane.get("/clock")["offset_seconds"], 60);
}

#[test]
fn settings_change_one_by_one_and_all_or_nothing() {
    let plane = Plane::new();
    let before = plane.get("/settings");
    let change = json!({
        "token_lifetime_seconds": 60, "required_scope": "faas.lambda.invoke",
        "shapes": {"v2_expires_in": "number", "wrong_credentials": 401, "keys_cache_control": "no-store"},
    });
    let after = plane.send_json("PATCH", "/settings", &change).json(200);
    assert_eq!(after, plane.get("/settings"));
    assert_eq!(after["latency_ms"], before["latency_ms"]);
    assert_eq!(after["shapes"]["token_error"], "oauth");
    let client = Client::of(&plane.emulator);
    let secret = plane.emulator.client_secret().expose_secret();
    let reply = client
        .post_form(V2, &form(plane.emulator.client_id(), secret))
        .json();
    assert_eq!(reply["expires_in"], 60);
    assert_eq!(
        client
            .post_form(V2, &form(plane.emulator.client_id(), "x"))
            .status,
        401
    );

    for (change, text) in [
        (
            json!({"latency_ms": 5, "shapes": {"expires_in": "number"}}),
            "unknown field `expires_in`",
        ),
        (
            json!({"latency_ms": 5, "shapes": {"token_error": "xml"}}),
            "unknown variant `xml`",
        ),
        (
            json!({"latency_ms": 5, "shapes": {"keys_cache_control": "a\r\nb: c"}}),
            "keys_cache_control",
        ),
        (
            json!({"latency_ms": 5, "token_lifetime_seconds": 0}),
            "token_lifetime_seconds",
        ),
        (json!({"latency_ms": 86_400_001}), "latency_ms"),
        (json!({"latency_ms": 5, "required_scope": ""}), "required_scope"),
        (json!({"latency": 5}), "unknown field `latency`"),
    ] {
        plane
            .send_json("PATCH", "/settings", &change)
            .problem(422, &[text]);
    }
    assert_eq!(after, plane.get("/settings"));
    let undone = json!({"required_scope": null, "token_lifetime_seconds": 3600,
        "shapes": {"v2_expires_in": null, "wrong_credentials": null, "keys_cache_control": null}});
    assert_eq!(plane.send_json("PATCH", "/settings", &undone).json(200), before);
}

#[test]
fn services_lead_where_they_are_told() {
    let plane = Plane::new();
    let refused = plane.get("/emulator")["refused_address"].clone();
    plane
        .send_json("PUT", "/services/sentinel", &json!({"host": refused}))
        .json(200);
    let one = "/api/account/12345678/service/sentinel/baseURI.json?version=1.0";
    let client = Client::of(&plane.emulator);
    assert_eq!(client.get(one).json()["baseURI"], refused);
    plane.send("DELETE", "/services/sentinel", &[], "").done();
    plane
        .send("DELETE", "/services/sentinel", &[], "")
        .problem(404, &["no such service"]);
    assert_eq!(client.get(one).status, 400);
    plane
        .send_json("PUT", "/services/a-b", &json!({"host": "x"}))
        .problem(422, &["service: "]);
    plane
        .send_json("PUT", "/services/idp", &json!({"host": ""}))
        .problem(422, &["host: 1 to 255"]);
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

#[test]
fn keys_that_were_changed_through_it_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let start = || Plane::of(Emulator::builder().directory(folder.path()));
    let plane = start();
    let env = std::fs::read_to_string(folder.path().join("env")).unwrap();
    let url = plane.url.trim_end_matches('/');
    assert!(env.contains(&format!("LP_EMULATOR_CONTROL='{url}'\n")), "{env}");
    plane
        .send_json("PUT", "/clock", &json!({"offset_seconds": -3600}))
        .json(200);
    plane.send("POST", "/keys/rotate", &[], "").json(200);
    let keys = |plane: &Plane| -> Vec<Value> {
        let keys = plane.get("/keys");
        let keys = keys["keys"].as_array().unwrap();
        keys.iter()
            .map(|key| json!([key["kid"], key["created_at"]]))
            .collect()
    };
    let before = keys(&plane);
    assert_eq!(before.len(), 3);
    drop(plane);
    assert_eq!(keys(&start()), before);
}
