//! Connections that fail: each failure has its kind, and nobody untrusted gets to see the request.

use core::time::Duration;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use lp_auth_core::TransportErrorKind as Kind;
use rustls::ServerConfig;

use super::report::Duty;
use super::server::{Server, Then, Wire, answer};
use super::suite::{Outcome, Suite, token_request};
use crate::{CertificateAuthority, ServerCertificate};

pub(super) async fn check(suite: &mut Suite) {
    let outcome = async {
        nobody_there(suite).await?;
        untrusted(suite).await?;
        broken_off(suite).await?;
        nonsense(suite).await
    };
    if let Err(error) = outcome.await {
        suite.note(&error);
    }
}

async fn nobody_there(suite: &mut Suite) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    drop(listener);
    for scheme in ["https", "http"] {
        let origin = format!("{scheme}://127.0.0.1:{port}");
        fails(suite, "nobody listens at", &origin, &[Kind::ConnectionRefused]).await;
    }
    fails(
        suite,
        "no such name as",
        "https://nobody.invalid",
        &[Kind::Unresolved],
    )
    .await;
    Ok(())
}

async fn untrusted(suite: &mut Suite) -> io::Result<()> {
    let stranger = CertificateAuthority::generate().map_err(io::Error::other)?;
    let of_stranger = stranger
        .server_config(&ServerCertificate::for_loopback())
        .map_err(io::Error::other)?;
    let wrong_name = ServerCertificate::for_name("somebody-else.test");
    let expired = ServerCertificate::for_loopback().expired();
    for (case, tls) in [
        ("a certificate of another authority at", Arc::new(of_stranger)),
        (
            "a certificate for another name at",
            suite.tls(&wrong_name).map_err(io::Error::other)?,
        ),
        (
            "an expired certificate at",
            suite.tls(&expired).map_err(io::Error::other)?,
        ),
    ] {
        let server = answering(Some(tls))?;
        fails(suite, case, &server.origin(), &[Kind::Tls]).await;
        let wrong = (!server.seen().is_empty()).then(|| "the request was sent all the same".to_owned());
        suite.expect(Duty::Trust, case.trim_end_matches(" at"), wrong);
    }
    let plain = Server::raw(|mut wire| {
        let _ = wire.send(answer("400 Plain Words", "", ""));
        wire.cut();
    })?;
    fails(
        suite,
        "plain http spoken at",
        &plain.origin(),
        &[Kind::Tls, Kind::BrokenOff],
    )
    .await;
    Ok(())
}

fn answering(tls: Option<Arc<ServerConfig>>) -> io::Result<Server> {
    Server::start(tls, |_, wire| {
        wire.send(answer("200 OK", "", "{}"))?;
        Ok(Then::KeepOpen)
    })
}

async fn broken_off(suite: &mut Suite) -> io::Result<()> {
    type End = fn(&mut Wire);
    const HEAD: &str = "HTTP/1.1 200 OK\r\n";
    let parts = [
        ("before the answer", String::new()),
        ("within the status line", "HTTP/1.1 2".to_owned()),
        ("within the headers", format!("{HEAD}Content-Len")),
        (
            "between two headers",
            format!("{HEAD}Date: Mon, 04 Nov 2019 16:00:47 GMT\r\n"),
        ),
        ("after the length", format!("{HEAD}Content-Length: 100\r\nX-")),
        (
            "within the body",
            format!("{HEAD}Content-Length: 100\r\n\r\nten bytes."),
        ),
        (
            "within a chunk",
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\nten bytes."),
        ),
        (
            "between two chunks",
            format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"),
        ),
    ];
    let ends = [("closed", Wire::close as End), ("cut", Wire::cut)];
    for (place, part) in &parts {
        for (how, end) in ends {
            let part = part.clone();
            let script = move |_: &super::server::Seen, wire: &mut Wire| {
                wire.send(&part)?;
                end(wire);
                Ok(Then::Close)
            };
            let secure = suite.https(script.clone())?;
            let case = format!("the connection is {how} {place} at");
            fails(suite, &case, &secure.origin(), &[Kind::BrokenOff]).await;
            let plain = Server::start(None, script)?;
            fails(suite, &case, &plain.origin(), &[Kind::BrokenOff]).await;
        }
    }
    let at_once = Server::raw(|mut wire| wire.cut())?;
    fails(
        suite,
        "the connection is closed before TLS at",
        &at_once.origin(),
        &[Kind::BrokenOff],
    )
    .await;
    Ok(())
}

/// No kind is laid down for these; that they end is.
async fn nonsense(suite: &mut Suite) -> io::Result<()> {
    for (case, bytes) in [
        ("another protocol's greeting", "SSH-2.0-OpenSSH_9.9\r\n\r\n"),
        ("a status that is no number", "HTTP/1.1 abc OK\r\n\r\n"),
        (
            "a header without a name",
            "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "two lengths",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        ),
        (
            "a negative length",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        ),
        (
            "a chunk of immense length",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        ),
    ] {
        let server = suite.https(move |_, wire| {
            wire.send(bytes)?;
            Ok(Then::Close)
        })?;
        let outcome = suite
            .send(token_request(&server.origin(), "/nonsense"), Suite::AMPLE)
            .await;
        let wrong = matches!(outcome, Outcome::Silence).then(|| outcome.describe());
        suite.expect(Duty::Timeout, case, wrong);
    }
    let server = suite.https(|_, wire| {
        wire.send("HTTP/1.1 200 OK\r\n")?;
        wire.flood(b"X-More: and more and more and more and more\r\n", Duration::ZERO);
        Ok(Then::Close)
    })?;
    let outcome = suite
        .send(token_request(&server.origin(), "/headers"), Suite::AMPLE)
        .await;
    let wrong = (!matches!(outcome, Outcome::Failed(_))).then(|| outcome.describe());
    suite.expect(Duty::Answers, "headers without end", wrong);
    Ok(())
}

async fn fails(suite: &mut Suite, case: &str, origin: &str, kinds: &[Kind]) {
    let outcome = suite.send(token_request(origin, "/token"), Suite::AMPLE).await;
    let fits = outcome.kind().is_some_and(|kind| kinds.contains(&kind));
    let scheme = origin.split(':').next().unwrap_or_default();
    let wrong = (!fits).then(|| format!("{}; expected {kinds:?}", outcome.describe()));
    let duty = match kinds {
        [Kind::Tls] => Duty::Trust,
        _ => Duty::ErrorKinds,
    };
    suite.expect(duty, format!("{case} a {scheme} address"), wrong);
}
