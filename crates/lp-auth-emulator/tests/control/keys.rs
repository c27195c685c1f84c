//! The keys that tokens are signed with.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use lp_auth_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::Client;
use crate::plane::Plane;

const JWKS: &str = "/sentinel/well-known/jwks";

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
#[expect(
    clippy::disallowed_methods,
    reason = "the end of the request is to come later than the rest"
)]
fn a_request_whose_end_comes_late_does_not_end_its_connection() {
    let plane = Plane::new();
    let address = plane.emulator.control_url().unwrap();
    let address = address.trim_start_matches("http://").trim_end_matches('/');
    let mut connection = TcpStream::connect(address).unwrap();
    let rotate =
        format!("POST /keys/rotate HTTP/1.1\r\nhost: {address}\r\ntransfer-encoding: chunked\r\n\r\n");
    connection.write_all(rotate.as_bytes()).unwrap();
    // Time enough for an answer that would not wait.
    std::thread::sleep(Duration::from_millis(100));
    let rest = format!("0\r\n\r\nGET /keys HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
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
