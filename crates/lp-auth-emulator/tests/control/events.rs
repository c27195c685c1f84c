//! All that happens, as it happens.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::Client;
use crate::plane::Plane;

const JWKS: &str = "/sentinel/well-known/jwks";

/// A stream of events, read line by line.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(plane: &Plane, query: &str, last_seen: Option<u64>) -> Self {
        let address = plane.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let header = last_seen.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        write!(
            stream,
            "GET /events{query} HTTP/1.1\r\nhost: {address}\r\n{header}\r\n"
        )
        .unwrap();
        let mut events = Self(BufReader::new(stream));
        while events.line() != "" {}
        events
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The name and the data of the next event.
    fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let line = self.line();
            if let Some(text) = line.strip_prefix("event: ") {
                name = text.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[test]
fn requests_and_changes_are_told_as_they_happen() {
    let plane = Plane::new();
    let client = Client::of(&plane.emulator);
    client.get(JWKS);
    let mut events = Events::open(&plane, "", None);
    client.get(JWKS);
    let (name, request) = events.next();
    assert_eq!((name.as_str(), &request["number"]), ("request", &json!(2)));
    assert_eq!(request, plane.get("/requests")["requests"][1]);
    plane.send("POST", "/keys/rotate", &[], "").json(200);
    assert_eq!(events.next().0, "change");
    plane.emulator.rotate_keys().unwrap();
    assert_eq!(events.next().0, "change");
    plane.send("DELETE", "/requests", &[], "").done();
    assert_eq!(events.next().0, "forgotten");
}

#[test]
fn whoever_comes_back_misses_nothing() {
    let plane = Plane::new();
    let client = Client::of(&plane.emulator);
    for _ in 0..250 {
        client.get(JWKS);
    }
    for mut events in [
        Events::open(&plane, "?after=3", None),
        Events::open(&plane, "", Some(3)),
        Events::open(&plane, "?after=200", Some(3)),
    ] {
        for number in 4..=250 {
            assert_eq!(events.next().1["number"], number);
        }
    }
    // It was started anew meanwhile, and counts from 1.
    assert_eq!(Events::open(&plane, "", Some(9000)).next().1["number"], 1);
    plane
        .send("GET", "/events?after=x", &[], "")
        .problem(400, &["after", "invalid digit"]);
}

#[test]
fn there_are_only_so_many_streams_at_a_time() {
    let plane = Plane::new();
    let open: Vec<Events> = (0..64).map(|_| Events::open(&plane, "", None)).collect();
    plane
        .send("GET", "/events", &[], "")
        .problem(503, &["64 streams"]);
    assert_eq!(plane.get("/health")["status"], "ok", "all else is answered");
    drop(open);
}
