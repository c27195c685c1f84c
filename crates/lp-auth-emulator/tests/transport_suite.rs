//! The suite finds what is wrong with a transport, and finds nothing where nothing is wrong.
#![cfg(feature = "transport-suite")]

mod plain_client;

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use lp_auth_core::http::{Request, Response};
use lp_auth_core::{
    BlockingTransport, Body, Limits, Transport, TransportError, TransportErrorKind, async_trait,
};
use lp_auth_emulator::transport_suite::{
    BrokenDuties, Duty, Finding, Report, check_blocking_proxies, check_blocking_transport, check_transport,
};
use plain_client::{Flaw, PlainClient};

fn with(flaw: Flaw) -> impl Fn(&[u8]) -> Result<PlainClient, Infallible> {
    move |ca_pem| Ok(PlainClient::new(ca_pem, [flaw]))
}

#[test]
fn a_transport_that_keeps_every_duty_passes() {
    let report = check_blocking_transport(|ca| Ok::<_, Infallible>(PlainClient::new(ca, []))).unwrap();
    assert!(report.cases() > 150, "{report:?}");
}

/// Each flaw, the duty that it breaks, and those that it cannot help breaking too.
const FLAWS: [(Flaw, Duty, &[Duty]); 14] = [
    (Flaw::DecodesWithoutLimit, Duty::MaxBody, &[]),
    (Flaw::FollowsRedirects, Duty::NoRedirect, &[]),
    (
        Flaw::KnowsNoKinds,
        Duty::ErrorKinds,
        &[Duty::MaxBody, Duty::Timeout, Duty::Trust],
    ),
    (Flaw::LosesTheQuery, Duty::Requests, &[]),
    (Flaw::NoLimitOfBody, Duty::MaxBody, &[]),
    (Flaw::OneAtATime, Duty::SeveralAtOnce, &[Duty::AnyPoller]),
    (Flaw::OnlyFirstOfEachHeader, Duty::Answers, &[]),
    (Flaw::RepeatsWhenBrokenOff, Duty::NothingRepeated, &[]),
    (Flaw::ShowsBody, Duty::Secrets, &[]),
    (Flaw::ShowsBodyAsBytes, Duty::Secrets, &[]),
    (Flaw::ShowsUrl, Duty::Secrets, &[]),
    (Flaw::TimesEachReadAlone, Duty::Timeout, &[]),
    (Flaw::TrustsAnybody, Duty::Trust, &[]),
    (Flaw::UnusualStatusIs502, Duty::Answers, &[]),
];

#[test]
fn each_flaw_is_found_and_nothing_that_has_nothing_to_do_with_it() {
    // Several at once: what takes time is mostly waiting.
    for flaws in FLAWS.chunks(7) {
        thread::scope(|scope| {
            for (flaw, duty, besides) in flaws {
                scope.spawn(move || assert_breaks(*flaw, *duty, besides));
            }
        });
    }
}

fn assert_breaks(flaw: Flaw, duty: Duty, besides: &[Duty]) {
    let Err(error) = check_blocking_transport(with(flaw)) else {
        panic!("{flaw:?} was not found");
    };
    assert!(error.names(duty), "{flaw:?} was not found: {error}");
    let found = error.findings().iter().map(Finding::duty);
    let others: Vec<_> = found
        .filter(|found| *found != duty && !besides.contains(found))
        .collect();
    assert!(others.is_empty(), "{flaw:?} also broke {others:?}: {error}");
}

#[test]
fn a_transport_that_does_not_take_the_authority_is_found() {
    let error = check_blocking_transport::<PlainClient, _>(|_| Err("no such file")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the transport breaks its duties in 1 cases\n- the given authority is trusted, and no other: the transport is \
         built with the authority's PEM: no such file"
    );
}

/// Sends on a thread, and has a flaw in the future that waits for it.
struct Wrapped {
    client: PlainClient,
    flaw: fn(&Wrapped) -> bool,
    busy: AtomicBool,
}

impl Wrapped {
    fn stuck(&self) -> bool {
        self.busy.swap(true, Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for Wrapped {
    async fn send(&self, request: Request<Body>, limits: Limits) -> Result<Response<Body>, TransportError> {
        let other = || TransportError::new(TransportErrorKind::Other);
        if (self.flaw)(self) {
            return Err(other());
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "the flaw is that it looks at the clock too late"
        )]
        let start = Instant::now();
        let client = self.client.clone();
        let (outcome, answer) = async_channel::bounded(1);
        thread::spawn(move || {
            let _ = outcome.send_blocking(client.send(request, limits));
        });
        let outcome = answer.recv().await.unwrap_or_else(|_| Err(other()));
        self.busy.store(false, Ordering::SeqCst);
        if outcome.is_ok() && start.elapsed() > limits.timeout {
            return Err(TransportError::new(TransportErrorKind::TimedOut));
        }
        outcome
    }
}

fn wrapped(flaw: fn(&Wrapped) -> bool) -> Result<Report, BrokenDuties> {
    async_io::block_on(check_transport(|ca| {
        Ok::<_, Infallible>(Wrapped {
            client: PlainClient::new(ca, []),
            flaw,
            busy: AtomicBool::new(false),
        })
    }))
}

#[test]
fn a_transport_that_a_dropped_future_wedges_is_found() {
    let error = wrapped(Wrapped::stuck).unwrap_err();
    let case = |finding: &&Finding| finding.case().contains("was dropped");
    let finding = error.findings().iter().find(case).expect("no finding");
    assert_eq!(finding.duty(), Duty::AnyPoller);
}

#[test]
fn a_time_limit_that_runs_out_because_nobody_polls_is_found() {
    let error = wrapped(|_| false).unwrap_err();
    let [finding] = error.findings() else {
        panic!("{error}")
    };
    assert_eq!(finding.duty(), Duty::AnyPoller);
    assert_eq!(
        finding.case(),
        "a future that nobody polls while its answer comes"
    );
}

#[test]
fn right_use_of_proxies_passes() {
    let report = check_blocking_proxies("right_use_of_proxies_passes", |ca| {
        Ok::<_, Infallible>(PlainClient::new(ca, []))
    });
    assert!(report.unwrap().cases() >= 6);
}

#[test]
fn plain_http_through_a_proxy_is_found() {
    let error = check_blocking_proxies(
        "plain_http_through_a_proxy_is_found",
        with(Flaw::UsesProxyForHttp),
    )
    .unwrap_err();
    assert!(error.names(Duty::PlainHttpPastProxies), "{error}");
    assert!(!error.names(Duty::HttpsThroughProxies), "{error}");
}

#[test]
fn https_past_the_proxy_is_found() {
    let error =
        check_blocking_proxies("https_past_the_proxy_is_found", with(Flaw::IgnoresProxies)).unwrap_err();
    assert!(error.names(Duty::HttpsThroughProxies), "{error}");
    assert!(!error.names(Duty::PlainHttpPastProxies), "{error}");
}

#[test]
fn a_wrong_test_name_is_told() {
    let error = check_blocking_proxies("no_such_test", with(Flaw::IgnoresProxies)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("is `no_such_test` the test's full name?"),
        "{error}"
    );
}
