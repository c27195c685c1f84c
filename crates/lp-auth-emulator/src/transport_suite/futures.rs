//! What callers may do with the futures: many at once, dropped, handed to another thread, left alone.

use core::time::Duration;
use std::collections::HashSet;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use async_io::{Timer, block_on};
use futures_lite::future;
use lp_auth_core::http::{Request, Response};
use lp_auth_core::{Body, Limits, TransportError};

use super::report::Duty;
use super::server::{Then, answer, wait};
use super::suite::{Outcome, Suite, get, token_request, within};

type Sending = future::Boxed<Result<Response<Body>, TransportError>>;

pub(super) async fn check(suite: &mut Suite) {
    let outcome = async {
        several_at_once(suite).await?;
        dropped(suite).await?;
        handed_over(suite).await?;
        left_alone(suite).await
    };
    if let Err(error) = outcome.await {
        suite.note(&error);
    }
}

fn start(suite: &Suite, request: Request<Body>, limits: Limits) -> Sending {
    let transport = Arc::clone(&suite.transport);
    Box::pin(async move { transport.send(request, limits).await })
}

/// The server answers nobody before all have come.
async fn several_at_once(suite: &mut Suite) -> io::Result<()> {
    const AT_ONCE: usize = 8;
    const ALONE: &str = "alone";
    let gate = Arc::new((Mutex::new(HashSet::new()), Condvar::new()));
    let server = suite.https(move |seen, wire| {
        let (came, all_came) = &*gate;
        let mut came = came.lock().unwrap_or_else(PoisonError::into_inner);
        came.insert(seen.target.clone());
        all_came.notify_all();
        let waiting = |came: &mut HashSet<String>| came.len() < AT_ONCE;
        let (mut came, late) = all_came
            .wait_timeout_while(came, Duration::from_secs(5), waiting)
            .unwrap_or_else(PoisonError::into_inner);
        let alone = late.timed_out() || came.contains(ALONE);
        if alone {
            // Once the first has waited in vain all is known, and the others need not.
            came.insert(ALONE.to_owned());
            came.extend((0..AT_ONCE).map(|number| number.to_string()));
        }
        drop(came);
        let status = if alone { "503 Alone" } else { "200 OK" };
        let path = seen.target.split('?').next().unwrap_or_default();
        wire.send(answer(status, "", path))?;
        Ok(Then::KeepOpen)
    })?;
    let origin = server.origin();
    let mut sending = Vec::new();
    for number in 0..AT_ONCE {
        let request = get(&origin, &format!("/{number}"));
        let path = request.uri().path().to_owned();
        sending.push((path, start(suite, request, Suite::AMPLE)));
    }
    // Polled together, in the order given.
    let mut waiting: Vec<_> = sending
        .into_iter()
        .map(|(path, sending)| Some((path, Box::pin(within(sending, Suite::AMPLE.timeout)))))
        .collect();
    let mut wrong = None;
    future::poll_fn(|context| {
        for slot in &mut waiting {
            let Some((path, sending)) = slot else { continue };
            let core::task::Poll::Ready(outcome) = sending.as_mut().poll(context) else {
                continue;
            };
            match outcome {
                Outcome::Answer(response) if response.status() == 200 => {
                    if response.body().as_ref() != path.as_bytes() {
                        wrong = Some("one request got the answer to another".to_owned());
                    }
                }
                Outcome::Answer(_) => wrong = Some("they were sent one after the other".to_owned()),
                other => wrong = Some(other.describe()),
            }
            *slot = None;
        }
        if waiting.iter().any(Option::is_some) {
            core::task::Poll::Pending
        } else {
            core::task::Poll::Ready(())
        }
    })
    .await;
    suite.expect(Duty::SeveralAtOnce, format!("{AT_ONCE} requests at once"), wrong);
    Ok(())
}

async fn dropped(suite: &mut Suite) -> io::Result<()> {
    let server = suite.https(|seen, wire| {
        match seen.target.split('?').next() {
            Some("/stalls") => wire.stall(),
            Some("/stalls-within") => {
                wire.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")?;
                wire.stall();
            }
            _ => {
                wire.send(answer("200 OK", "", "{}"))?;
                return Ok(Then::KeepOpen);
            }
        }
        Ok(Then::Close)
    })?;
    let origin = server.origin();
    for path in ["/stalls", "/stalls-within"] {
        for pause in [Duration::ZERO, Duration::from_millis(100)] {
            let limits = Limits {
                timeout: Duration::from_secs(5),
                ..Suite::AMPLE
            };
            let sending = start(suite, token_request(&origin, path), limits);
            let dropped = async {
                Timer::after(pause).await;
            };
            future::or(async { drop(sending.await) }, dropped).await;
            let outcome = suite.send(token_request(&origin, "/after"), Suite::AMPLE).await;
            let wrong = (!matches!(outcome, Outcome::Answer(_))).then(|| outcome.describe());
            let case = format!("a request after one to {path} was dropped");
            suite.expect(Duty::AnyPoller, case, wrong);
        }
    }
    Ok(())
}

async fn handed_over(suite: &mut Suite) -> io::Result<()> {
    let server = suite.https(|_, wire| {
        wait(Duration::from_millis(300));
        wire.send(answer("200 OK", "", "{}"))?;
        Ok(Then::KeepOpen)
    })?;
    let request = token_request(&server.origin(), "/handed-over");
    let mut sending = start(suite, request, Suite::AMPLE);
    let first = future::or(async { Some((&mut sending).await) }, async {
        Timer::after(Duration::from_millis(50)).await;
        None
    });
    let outcome = match first.await {
        Some(Ok(response)) => Outcome::Answer(response),
        Some(Err(error)) => Outcome::Failed(error),
        None => {
            let (outcome, answer) = async_channel::bounded(1);
            thread::spawn(move || {
                let _ = outcome.send_blocking(block_on(within(sending, Suite::AMPLE.timeout)));
            });
            answer.recv().await.unwrap_or(Outcome::Silence)
        }
    };
    suite.look_for_secrets(&outcome);
    let wrong = (!matches!(outcome, Outcome::Answer(_))).then(|| outcome.describe());
    suite.expect(
        Duty::AnyPoller,
        "a future that another thread goes on with",
        wrong,
    );
    Ok(())
}

/// The answer comes in time, but nobody polls until the time is over.
async fn left_alone(suite: &mut Suite) -> io::Result<()> {
    let limits = Limits {
        timeout: Duration::from_millis(1500),
        ..Suite::AMPLE
    };
    let server = suite.https(|_, wire| {
        wait(Duration::from_millis(200));
        wire.send(answer("200 OK", "", "{}"))?;
        Ok(Then::KeepOpen)
    })?;
    let request = token_request(&server.origin(), "/left-alone");
    let mut sending = start(suite, request, limits);
    let arrived = async {
        // On a busy machine it may come so late that the time really is over: then nothing can be said.
        for _ in 0..80 {
            Timer::after(Duration::from_millis(10)).await;
            if !server.seen().is_empty() {
                return None;
            }
        }
        Some(None)
    };
    let early = future::or(async { Some(Some((&mut sending).await)) }, arrived).await;
    let outcome = match early {
        Some(None) => return Ok(()),
        Some(Some(Ok(response))) => Outcome::Answer(response),
        Some(Some(Err(error))) => Outcome::Failed(error),
        None => {
            Timer::after(limits.timeout + Duration::from_millis(300)).await;
            within(sending, limits.timeout).await
        }
    };
    suite.look_for_secrets(&outcome);
    let wrong = (!matches!(outcome, Outcome::Answer(_))).then(|| outcome.describe());
    suite.expect(
        Duty::AnyPoller,
        "a future that nobody polls while its answer comes",
        wrong,
    );
    Ok(())
}
