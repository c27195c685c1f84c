//! Applications: who may ask for tokens.

use serde_json::json;

use crate::client::{Client, verify_v2};
use crate::plane::{Plane, form};

const V2: &str = "/sentinel/api/v2/account/12345678/app/token";

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
