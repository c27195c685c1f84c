//! How the emulator behaves: clock, settings, services.

use secrecy::ExposeSecret;
use serde_json::json;

use crate::client::Client;
use crate::plane::{Plane, form};

const V2: &str = "/sentinel/api/v2/account/12345678/app/token";

#[test]
fn the_clock_is_set_and_moved_within_bounds() {
    let plane = Plane::new();
    let set = plane
        .send_json("PUT", "/clock", &json!({"offset_seconds": -7200}))
        .json(200);
    assert_eq!(set["offset_seconds"], -7200);
    // A second may have begun since.
    let now = plane.emulator.now().as_secs();
    assert!(
        set["now_seconds"] == now || set["now_seconds"] == now - 1,
        "{set} at {now}"
    );
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
fn a_number_out_of_bounds_is_refused_with_the_bounds_as_they_are_described() {
    let plane = Plane::new();
    let document = plane.get("/openapi.json");
    let properties = |method: &str, path: &str| {
        let body =
            &document["paths"][path][method.to_lowercase()]["requestBody"]["content"]["application/json"];
        let schema = &body["schema"];
        let schema = match schema["$ref"].as_str() {
            Some(reference) => document.pointer(&reference[1..]).unwrap(),
            None => schema,
        };
        // Where there are several, each has the same numbers.
        let schema = schema.pointer("/anyOf/0").unwrap_or(schema);
        schema["properties"].clone()
    };
    for (method, path, name, rest) in [
        ("PUT", "/clock", "offset_seconds", ""),
        ("POST", "/clock/advance", "seconds", ""),
        ("PATCH", "/settings", "latency_ms", ""),
        ("PATCH", "/settings", "token_lifetime_seconds", ""),
        ("POST", "/faults", "times", r#","endpoint":"keys","fault":"html""#),
    ] {
        let mut schema = properties(method, path)[name].clone();
        if let Some(reference) = schema["$ref"].as_str() {
            schema = document.pointer(&reference[1..]).unwrap().clone();
        }
        let [least, most] = ["minimum", "maximum"].map(|bound| schema[bound].as_i64().unwrap());
        let json = [("content-type", "application/json")];
        let given = |number: &str| plane.send(method, path, &json, &format!("{{\"{name}\":{number}{rest}}}"));
        plane.emulator.reset().unwrap();
        given(&least.to_string()).json(200);
        for wrong in [
            (least - 1).to_string(),
            (most + 1).to_string(),
            format!("{least}.5"),
            "1e300".to_owned(),
            "99999999999999999999".to_owned(),
        ] {
            let problem = given(&wrong).problem(422, &[]);
            let detail = problem["detail"].as_str().unwrap();
            let start = format!("{name}: wanted is a whole number from {least} to {most}");
            assert!(detail.starts_with(&start), "{detail}");
            assert!(!detail.contains("line"), "{detail}");
        }
    }
}
