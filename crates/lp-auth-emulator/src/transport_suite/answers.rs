//! A request arrives as it was given, an answer comes back as it was sent, and nothing is sent twice.

use core::time::Duration;
use std::io;

use lp_auth_core::http::{HeaderValue, Method, Request, Response};
use lp_auth_core::{Body, TransportErrorKind};

use super::report::Duty;
use super::server::{Seen, Server, Then, answer, wait};
use super::suite::{Outcome, Suite, canary, get, token_request};

pub(super) async fn check(suite: &mut Suite) {
    let outcome = async {
        requests(suite).await?;
        statuses(suite).await?;
        framings(suite).await?;
        repeats(suite).await
    };
    if let Err(error) = outcome.await {
        suite.note(&error);
    }
}

async fn requests(suite: &mut Suite) -> io::Result<()> {
    let path = "/sentinel/api/v2/account/le81823118/app/token";
    let script = |_: &Seen, wire: &mut super::server::Wire| {
        wire.send(answer("200 OK", "", "{}"))?;
        Ok(Then::KeepOpen)
    };
    let secure = suite.https(script)?;
    let plain = Server::start(None, script)?;
    for server in [&secure, &plain] {
        let origin = server.origin();
        let mut every_byte = token_request(&origin, path);
        let bytes: Vec<u8> = (0..5_000_u32).map(|i| i.to_le_bytes()[0]).collect();
        *every_byte.body_mut() = Body::from(bytes.clone());
        let mut odd_header = get(&origin, "/a/b");
        let value = HeaderValue::from_static(r#"a b; c="d\e", %41 {"x":1}"#);
        odd_header.headers_mut().insert("x-check", value);
        let mut nothing_to_post = token_request(&origin, path);
        *nothing_to_post.body_mut() = Body::default();
        let mut delete = get(&origin, "/a/b");
        *delete.method_mut() = Method::DELETE;
        let mut put = token_request(&origin, path);
        *put.method_mut() = Method::PUT;
        let form = canary::body_bytes();
        for (case, request, body) in [
            ("a token request", token_request(&origin, path), form),
            ("a body of every byte", every_byte, bytes.as_slice()),
            ("a header with all that may stand in one", odd_header, b""),
            ("a POST without a body", nothing_to_post, b""),
            ("a PUT", put, form),
            ("a DELETE", delete, b""),
        ] {
            let case = format!("{case} over {}", origin.split(':').next().unwrap_or_default());
            let before = server.seen().len();
            let sent = Request::from_parts(request.into_parts().0, ());
            let again = sent.clone().map(|()| Body::from(body));
            let outcome = suite.send(again, Suite::AMPLE).await;
            let wrong = match (outcome, server.seen().get(before..)) {
                (Outcome::Answer(_), Some([seen])) => unlike(&sent, body, seen),
                (Outcome::Answer(_), seen) => {
                    Some(format!("it arrived {} times", seen.map_or(0, <[_]>::len)))
                }
                (outcome, _) => Some(outcome.describe()),
            };
            suite.expect(Duty::Requests, case, wrong);
        }
    }
    Ok(())
}

fn unlike(sent: &Request<()>, body: &[u8], seen: &Seen) -> Option<String> {
    if seen.method != sent.method().as_str() {
        return Some(format!("the method was {}", seen.method));
    }
    let target = sent.uri().path_and_query().map_or("/", |target| target.as_str());
    if seen.target != target {
        return Some(format!("the target was {}, not {target}", seen.target));
    }
    let authority = sent.uri().authority().map_or("", |authority| authority.as_str());
    if seen.header("host") != [authority] {
        return Some(format!("`Host` was {:?}", seen.header("host")));
    }
    for (name, value) in sent.headers() {
        let arrived = seen.header(name.as_str());
        if arrived != [value.to_str().unwrap_or_default()] {
            return Some(format!("header {name} was {arrived:?}"));
        }
    }
    if seen.body != body {
        let (sent, seen) = (body.len(), seen.body.len());
        return Some(format!("{seen} bytes of body arrived for {sent}, or others"));
    }
    None
}

async fn statuses(suite: &mut Suite) -> io::Result<()> {
    let server = suite.https(|seen, wire| {
        let status = seen.target.get(1..4).unwrap_or("500");
        let line = format!("{status} As Asked");
        let headers = "Retry-After: 7\r\nDate: Mon, 04 Nov 2019 16:00:47 GMT\r\nX-Twice: a\r\nX-Twice: b\r\n\
                       WWW-Authenticate: Basic realm=\"x\"\r\n";
        match status {
            "204" => wire.send(format!("HTTP/1.1 {line}\r\n{headers}\r\n"))?,
            _ => wire.send(answer(&line, headers, r#"{"error":"as_asked"}"#))?,
        }
        Ok(Then::KeepOpen)
    })?;
    let origin = server.origin();
    // Functions answers 901 when the function itself failed (LIVEPERSON.md §5). 408, 421, 425 and 503 are those that
    // HTTP stacks like to repeat by themselves.
    let statuses = [
        200, 201, 204, 400, 401, 403, 404, 407, 408, 410, 417, 421, 425, 429, 500, 502, 503, 504, 599, 901,
    ];
    for status in statuses {
        for request in [
            token_request(&origin, &format!("/{status}")),
            get(&origin, &format!("/{status}")),
        ] {
            let case = format!("{} answered with {status}", request.method());
            let before = server.seen().len();
            let outcome = suite.send(request, Suite::AMPLE).await;
            let wrong = match &outcome {
                Outcome::Answer(response) => altered(response, status),
                other => Some(other.describe()),
            };
            suite.expect(Duty::Answers, case.as_str(), wrong);
            let times = server.seen().len() - before;
            let wrong = (times > 1).then(|| format!("the request came {times} times"));
            suite.expect(Duty::NothingRepeated, case, wrong);
        }
    }
    Ok(())
}

fn altered(response: &Response<Body>, status: u16) -> Option<String> {
    if response.status().as_u16() != status {
        return Some(format!("the status became {}", response.status()));
    }
    let values = |name: &str| -> Vec<_> {
        let values = response.headers().get_all(name).iter();
        values.map(|value| value.to_str().unwrap_or_default()).collect()
    };
    for (name, expected) in [
        ("retry-after", &["7"][..]),
        ("date", &["Mon, 04 Nov 2019 16:00:47 GMT"]),
        ("x-twice", &["a", "b"]),
    ] {
        if values(name) != expected {
            return Some(format!("header {name} became {:?}", values(name)));
        }
    }
    let body: &[u8] = if status == 204 {
        b""
    } else {
        br#"{"error":"as_asked"}"#
    };
    (response.body().as_ref() != body).then(|| "the body became another".into())
}

async fn framings(suite: &mut Suite) -> io::Result<()> {
    let framings = [
        (
            "in chunks",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n3;x=y\r\nody\r\n0\r\n\r\n",
            "body",
        ),
        (
            "up to the end of the connection",
            "HTTP/1.1 200 OK\r\n\r\nbody",
            "body",
        ),
        (
            "in HTTP/1.0",
            "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
            "body",
        ),
        (
            "without a body",
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "",
        ),
        (
            "after interim answers",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n\
             HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
            "body",
        ),
    ];
    for (case, bytes, body) in framings {
        let server = suite.https(move |_, wire| {
            wire.send(bytes)?;
            Ok(Then::Close)
        })?;
        let request = token_request(&server.origin(), "/framing");
        let wrong = match suite.send(request, Suite::AMPLE).await {
            Outcome::Answer(response) => {
                let same = response.status() == 200 && response.body().as_ref() == body.as_bytes();
                (!same).then(|| format!("status {} and another body", response.status()))
            }
            other => Some(other.describe()),
        };
        suite.expect(Duty::Answers, format!("an answer {case}"), wrong);
    }
    // As servers do that do not care for TLS's own end. At once would be a race: curl's rustls loses the answer then.
    let server = suite.https(|_, wire| {
        wire.send(answer("200 OK", "Connection: close\r\n", "body"))?;
        wait(Duration::from_millis(200));
        wire.cut();
        Ok(Then::Close)
    })?;
    let request = token_request(&server.origin(), "/cut");
    let outcome = suite.send(request, Suite::AMPLE).await;
    let wrong = (!matches!(outcome, Outcome::Answer(_))).then(|| outcome.describe());
    let case = "a whole answer after which the connection is cut";
    suite.expect(Duty::Answers, case, wrong);
    Ok(())
}

/// A kept connection is where HTTP stacks are tempted: it may have been closed before the request was seen.
async fn repeats(suite: &mut Suite) -> io::Result<()> {
    let server = suite.https(|seen, wire| {
        if seen.target.starts_with("/kept") {
            wire.send(answer("200 OK", "", "{}"))?;
            return Ok(Then::KeepOpen);
        }
        Ok(Then::Close)
    })?;
    let origin = server.origin();
    for (connection, path) in [("a new connection", "/new"), ("a kept connection", "/used")] {
        for request in [token_request(&origin, path), get(&origin, path)] {
            if path == "/used" {
                suite.send(token_request(&origin, "/kept"), Suite::AMPLE).await;
            }
            let case = format!("{connection} is closed when the {} was read", request.method());
            let method = request.method().to_string();
            let outcome = suite.send(request, Suite::AMPLE).await;
            let wrong = (outcome.kind() != Some(TransportErrorKind::BrokenOff)).then(|| outcome.describe());
            suite.expect(Duty::ErrorKinds, case.as_str(), wrong);
            let same = |seen: &&Seen| seen.target.starts_with(path) && seen.method == method;
            let times = server.seen().iter().filter(same).count();
            let wrong = (times != 1).then(|| format!("the request came {times} times"));
            suite.expect(Duty::NothingRepeated, case, wrong);
        }
    }
    Ok(())
}
