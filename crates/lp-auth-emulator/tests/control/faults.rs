//! What goes wrong.

use serde_json::json;

use crate::client::Client;
use crate::plane::Plane;

const V2: &str = "/sentinel/api/v2/account/12345678/app/token";
const JWKS: &str = "/sentinel/well-known/jwks";

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
