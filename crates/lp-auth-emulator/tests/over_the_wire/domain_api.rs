//! Where services live (LIVEPERSON.md §1).

use http::StatusCode;
use lp_auth_core::ServiceName;
use lp_auth_emulator::{DomainApiBody, Emulator, ErrorBody, ReplyShapes, UnknownService};
use serde_json::json;

use crate::client::Client;

const ONE: &str = "/api/account/12345678/service/sentinel/baseURI.json?version=1.0";
const ALL: &str = "/api/account/12345678/service/baseURI.json?version=1.0";

#[test]
fn one_service_and_all_services_are_named_at_the_emulators_own_address() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);

    let one = client.get(ONE);
    assert_eq!(one.status, 200);
    assert_eq!(one.header("content-type"), Some("application/json;charset=utf-8"));
    let sentinel =
        json!({ "service": "sentinel", "account": "12345678", "baseURI": emulator.address().to_string() });
    assert_eq!(one.json(), sentinel);

    let all = client.get(ALL).json();
    let all = all["baseURIs"].as_array().unwrap();
    assert!(all.contains(&sentinel));
    for service in ["faasGW", "msgHist", "accountConfigReadWrite"] {
        assert!(all.iter().any(|entry| entry["service"] == service), "{service}");
    }
}

#[test]
fn either_body_comes_from_either_address_if_it_is_to() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let mut shapes = ReplyShapes::default();

    shapes.domain_api = DomainApiBody::List;
    emulator.set_shapes(shapes.clone());
    assert_eq!(client.get(ONE).json(), client.get(ALL).json());
    assert!(client.get(ONE).json()["baseURIs"].is_array());

    shapes.domain_api = DomainApiBody::Single;
    emulator.set_shapes(shapes);
    assert_eq!(client.get(ONE).json(), client.get(ALL).json());
    assert_eq!(client.get(ALL).json()["service"], "sentinel");
}

#[test]
fn an_unknown_account_is_unauthorized_and_an_unknown_service_gets_what_the_shapes_say() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    let reply = client.get("/api/account/999/service/sentinel/baseURI.json?version=1.0");
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["message"], "invalid site or agent");

    let unknown = "/api/account/12345678/service/Sentinel/baseURI.json?version=1.0";
    assert_eq!(client.get(unknown).status, 400);
    let mut shapes = ReplyShapes::default();
    shapes.unknown_service = UnknownService::Status(StatusCode::NOT_FOUND);
    shapes.domain_api_error = ErrorBody::Nested;
    emulator.set_shapes(shapes.clone());
    let reply = client.get(unknown);
    assert_eq!(reply.status, 404);
    assert_eq!(reply.json()["error"]["message"], "unknown service");
    shapes.unknown_service = UnknownService::EmptyList;
    emulator.set_shapes(shapes);
    assert_eq!(client.get(unknown).json(), json!({ "baseURIs": [] }));
}

#[test]
fn the_version_and_the_method_have_to_be_right() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    for path in [
        "/api/account/12345678/service/baseURI.json",
        "/api/account/12345678/service/baseURI.json?version=2.0",
    ] {
        assert_eq!(client.get(path).status, 400, "{path}");
    }
    let reply = client.send("POST", ALL, &[], "");
    assert_eq!((reply.status, reply.header("allow")), (405, Some("GET")));
    assert_eq!(client.send("HEAD", ALL, &[], "").status, 200);
    assert_eq!(client.get("/").status, 404);
}

#[test]
fn a_service_moves_to_any_host_and_disappears() {
    let emulator = Emulator::builder().start().unwrap();
    let client = Client::of(&emulator);
    emulator.set_service(&ServiceName::SENTINEL, "evil.example");
    assert_eq!(client.get(ONE).json()["baseURI"], "evil.example");
    emulator.remove_service(&ServiceName::SENTINEL);
    assert_eq!(client.get(ONE).status, 400);
    assert!(!String::from_utf8_lossy(&client.get(ALL).body).contains("sentinel\""));
}
