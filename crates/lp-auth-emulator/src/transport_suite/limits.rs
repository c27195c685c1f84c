//! The limits of time and of the body, against servers that try both.

use core::time::Duration;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use lp_auth_core::{Limits, TransportErrorKind};

use super::report::Duty;
use super::server::{Server, Then, Wire, answer};
use super::suite::{Outcome, Suite, token_request};

pub(super) async fn check(suite: &mut Suite) {
    let outcome = async {
        timeout(suite).await?;
        max_body(suite).await?;
        compressed(suite).await
    };
    if let Err(error) = outcome.await {
        suite.note(&error);
    }
}

const SHORT: Limits = Limits {
    timeout: Duration::from_millis(400),
    max_body: 64 * 1024,
};
const PAUSE: Duration = Duration::from_millis(20);

async fn timeout(suite: &mut Suite) -> io::Result<()> {
    const HEAD: &str = "HTTP/1.1 200 OK\r\n";
    type Slow = fn(&mut Wire);
    let slow: [(&str, Slow); 7] = [
        ("before the answer", Wire::stall),
        ("within the status line", |wire| {
            let _ = wire.send("HTTP/1.1 2");
            wire.stall();
        }),
        ("within the headers", |wire| {
            let _ = wire.send(format!("{HEAD}Content-Len"));
            wire.stall();
        }),
        ("within the body", |wire| {
            let _ = wire.send(format!("{HEAD}Content-Length: 100\r\n\r\nten bytes."));
            wire.stall();
        }),
        ("dripping interim answers", |wire| {
            wire.flood(b"HTTP/1.1 103 Early Hints\r\n\r\n", PAUSE);
        }),
        ("dripping a header", |wire| {
            let _ = wire.send(format!("{HEAD}X-Long: "));
            wire.flood(b"x", PAUSE);
        }),
        ("dripping a body", |wire| {
            let _ = wire.send(format!("{HEAD}Content-Length: 60000\r\n\r\n"));
            wire.flood(b"x", PAUSE);
        }),
    ];
    for (case, script) in slow {
        let server = suite.https(move |_, wire| {
            script(wire);
            Ok(Then::Close)
        })?;
        times_out(suite, &server, case).await;
    }
    let handshake = Server::raw(|mut wire| wire.stall())?;
    times_out(suite, &handshake, "before the TLS handshake").await;
    Ok(())
}

async fn times_out(suite: &mut Suite, server: &Server, case: &str) {
    let request = token_request(&server.origin(), "/slow");
    let (outcome, took) = suite.timed(request, SHORT).await;
    let wrong = if outcome.kind() != Some(TransportErrorKind::TimedOut) {
        Some(outcome.describe())
    } else if took < SHORT.timeout.mul_f32(0.9) || took > SHORT.timeout + Suite::GRACE {
        Some(format!("it took {took:?}, with a limit of {:?}", SHORT.timeout))
    } else {
        None
    };
    suite.expect(Duty::Timeout, format!("a server that stalls {case}"), wrong);
}

const MAX_BODY: usize = 1000;
const MEGABYTE: usize = 1024 * 1024;
const NEVER_SENT: &str = "200 MB announced, and never sent";
const SMALL: Limits = Limits {
    timeout: Duration::from_secs(20),
    max_body: MAX_BODY,
};

async fn max_body(suite: &mut Suite) -> io::Result<()> {
    let server = suite.https(|seen, wire| {
        let length = seen.target.split(['/', '?']).nth(1).unwrap_or_default();
        let length = length.parse().unwrap_or_default();
        wire.send(answer("200 OK", "", vec![b'x'; length]))?;
        Ok(Then::KeepOpen)
    })?;
    for (length, limit, fits) in [
        (MAX_BODY, MAX_BODY, true),
        (0, 0, true),
        (MAX_BODY + 1, MAX_BODY, false),
        (1, 0, false),
        (60_000, MAX_BODY, false),
    ] {
        let limits = Limits {
            max_body: limit,
            ..SMALL
        };
        let request = token_request(&server.origin(), &format!("/{length}"));
        let wrong = match suite.send(request, limits).await {
            Outcome::Answer(response) if fits && response.body().as_ref().len() == length => None,
            other if !fits && other.kind() == Some(TransportErrorKind::TooLarge) => None,
            other => Some(other.describe()),
        };
        suite.expect(
            Duty::MaxBody,
            format!("{length} bytes with a limit of {limit}"),
            wrong,
        );
    }

    // Each head, and what follows it for ever. None is to be read on.
    for (case, head, flood) in [
        (NEVER_SENT, "Content-Length: 200000000\r\n\r\n", None),
        (
            "200 MB announced, and sent",
            "Content-Length: 200000000\r\n\r\n",
            Some(vec![b'x'; MEGABYTE]),
        ),
        (
            "chunks without end",
            "Transfer-Encoding: chunked\r\n\r\n",
            Some([b"10000\r\n".as_slice(), &vec![b'x'; 0x10000], b"\r\n"].concat()),
        ),
        ("a body without end", "\r\n", Some(vec![b'x'; MEGABYTE])),
    ] {
        let written = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&written);
        let server = suite.https(move |_, wire| {
            wire.send(format!("HTTP/1.1 200 OK\r\n{head}"))?;
            match &flood {
                Some(bytes) => {
                    counter.fetch_add(wire.flood(bytes, Duration::ZERO), Ordering::SeqCst);
                }
                None => wire.stall(),
            }
            Ok(Then::Close)
        })?;
        // Some stacks hand the headers on with the first byte of the body only: then the time runs out.
        let (limits, kinds): (_, &[_]) = match case {
            NEVER_SENT => (
                SHORT,
                &[TransportErrorKind::TooLarge, TransportErrorKind::TimedOut],
            ),
            _ => (SMALL, &[TransportErrorKind::TooLarge]),
        };
        let limits = Limits {
            max_body: MAX_BODY,
            ..limits
        };
        let (outcome, took) = suite
            .timed(token_request(&server.origin(), "/flood"), limits)
            .await;
        drop(server);
        let wrong = if !outcome.kind().is_some_and(|kind| kinds.contains(&kind)) {
            Some(outcome.describe())
        } else if took > SMALL.timeout / 2 {
            Some(format!("it took {took:?} to notice"))
        } else {
            let read = written.load(Ordering::SeqCst);
            (read > 64 * MEGABYTE).then(|| format!("{read} bytes were read"))
        };
        suite.expect(Duty::MaxBody, case, wrong);
    }
    Ok(())
}

/// Sent although nobody asked for compression. It may come back as it was sent, or end in an error.
async fn compressed(suite: &mut Suite) -> io::Result<()> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..10 {
        encoder.write_all(&vec![b' '; MEGABYTE])?;
    }
    let bomb = encoder.finish()?;
    let limits = Limits {
        max_body: 2 * bomb.len(),
        ..SMALL
    };
    for encoding in ["Content-Encoding", "Transfer-Encoding"] {
        let body = match encoding {
            "Transfer-Encoding" => {
                let mut framed = format!("{:x}\r\n", bomb.len()).into_bytes();
                framed.extend_from_slice(&bomb);
                framed.extend_from_slice(b"\r\n0\r\n\r\n");
                [
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".as_slice(),
                    &framed,
                ]
                .concat()
            }
            _ => answer("200 OK", "Content-Encoding: gzip\r\n", &bomb),
        };
        let server = suite.https(move |_, wire| {
            wire.send(&body)?;
            Ok(Then::Close)
        })?;
        let wrong = match suite.send(token_request(&server.origin(), "/bomb"), limits).await {
            Outcome::Answer(response) => {
                let length = response.body().as_ref().len();
                (length > limits.max_body).then(|| format!("a body of {length} bytes"))
            }
            Outcome::Failed(_) => None,
            Outcome::Silence => Some(Outcome::Silence.describe()),
        };
        suite.expect(
            Duty::MaxBody,
            format!("10 MB in {} bytes by {encoding}", bomb.len()),
            wrong,
        );
    }
    Ok(())
}
