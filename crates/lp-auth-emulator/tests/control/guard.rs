//! Who is answered, and who is not.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::plane::Plane;

#[test]
fn a_page_of_another_origin_changes_nothing() {
    let plane = Plane::new();
    let before = plane.get("/keys");
    let own = plane.url.trim_end_matches('/').to_owned();
    let (http, port) = own.rsplit_once(':').unwrap();
    let neighbour = format!("{http}:{}", port.parse::<u16>().unwrap() ^ 1);
    for origin in [
        "http://evil.example",
        "null",
        "https://127.0.0.1",
        &neighbour,
        "file://",
    ] {
        let reply = plane.send("POST", "/keys/rotate", &[("origin", origin)], "");
        reply.problem(403, &["pages of other origins"]);
    }
    for site in ["cross-site", "same-site"] {
        plane
            .send("POST", "/keys/rotate", &[("sec-fetch-site", site)], "")
            .problem(403, &["other origins"]);
        plane
            .send(
                "GET",
                "/requests",
                &[("sec-fetch-site", site), ("sec-fetch-mode", "no-cors")],
                "",
            )
            .problem(403, &["other origins"]);
        // A link leads to the page from anywhere.
        let link = [("sec-fetch-site", site), ("sec-fetch-mode", "navigate")];
        assert_eq!(plane.send("GET", "/", &link, "").status, 200);
        plane
            .send("POST", "/reset", &link, "")
            .problem(403, &["other origins"]);
    }
    assert_eq!(before["keys"][0]["kid"], plane.get("/keys")["keys"][0]["kid"]);
    let own_page = [("origin", own.as_str()), ("sec-fetch-site", "same-origin")];
    assert_eq!(plane.send("POST", "/keys/rotate", &own_page, "").status, 200);
}

#[test]
fn a_name_that_leads_to_this_machine_is_not_enough() {
    let plane = Plane::new();
    let port = plane
        .url
        .trim_end_matches('/')
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    let rebound = [
        format!("evil.example:{port}"),
        "127.0.0.1".to_owned(),
        "localhost:1".to_owned(),
        format!("localhost:{port}.evil.example"),
    ];
    for host in &rebound {
        plane
            .send("GET", "/applications", &[("host", host)], "")
            .problem(421, &["the header Host"]);
    }
    for host in [
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("127.0.0.1:{port}"),
    ] {
        assert_eq!(
            plane.send("GET", "/health", &[("host", &host)], "").status,
            200,
            "{host}"
        );
    }
    // Without any host, as HTTP/1.0 allows.
    let mut stream = TcpStream::connect(("127.0.0.1", port.parse::<u16>().unwrap())).unwrap();
    stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.0 421 "), "{reply}");
}

#[test]
fn what_is_not_declared_as_json_is_not_read() {
    let plane = Plane::new();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        for (method, path) in [
            ("POST", "/applications"),
            ("POST", "/faults"),
            ("POST", "/clock/advance"),
            ("PUT", "/clock"),
            ("PUT", "/services/idp"),
            ("PATCH", "/settings"),
        ] {
            let reply = plane.send(method, path, &[("content-type", content_type)], "{}");
            reply.problem(415, &["Content-Type: application/json"]);
        }
    }
}

#[test]
fn nothing_is_kept_by_a_browser_and_nothing_is_framed() {
    let plane = Plane::new();
    let page = plane.send("GET", "/", &[], "");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'sha256-",
        "style-src 'sha256-",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for path in ["/", "/health", "/nowhere"] {
        let reply = plane.send("GET", path, &[], "");
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["cross-origin-resource-policy"], "same-origin");
    }
}
