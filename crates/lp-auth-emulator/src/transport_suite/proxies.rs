//! Proxies of the environment: https uses them, http does not.
//!
//! HTTP stacks read the environment when they like, and a process cannot change its own safely. So the test program is
//! started once more, with only the one test, in an environment that names a proxy.

use core::error::Error as StdError;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use async_io::block_on;
use lp_auth_core::{BlockingTransport, Transport};

use super::OnThreads;
use super::report::{BrokenDuties, Duty, Finding, Report};
use super::server::{Seen, Server, Then, Wire, answer};
use super::suite::{Outcome, Suite, token_request};

/// Checks that https uses the environment's proxies, and plain http none.
///
/// To be called from a test of its own, whose full name (as `cargo test -- --list` shows it) it takes: it runs the test
/// program again, with this test alone and an environment that names a proxy. `build` is called there, with the PEM of
/// the certificate authority that the transport has to trust.
pub async fn check_proxies<T, E>(
    test: &str,
    build: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<Report, BrokenDuties>
where
    T: Transport + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let Some(proxy) = env::var(PROXY).ok().and_then(|proxy| proxy.parse().ok()) else {
        return in_a_process_of_its_own(test).map_err(|error| could_not_run(&error))?;
    };
    let mut suite = Suite::new(|ca| Ok(Arc::new(build(ca).map_err(Into::into)?)))?;
    if let Err(error) = proxies(&mut suite, proxy).await {
        suite.note(&error);
    }
    let outcome = suite.into_report();
    // For the first process.
    match &outcome {
        Ok(report) => println!("\n{DONE}{}", report.cases()),
        Err(broken) => {
            for finding in broken.findings() {
                let seen = finding.seen().replace('\n', " ");
                println!("\n{BROKEN}{:?}\t{}\t{seen}", finding.duty(), finding.case());
            }
        }
    }
    outcome
}

/// [`check_proxies`] for a transport that blocks.
pub fn check_blocking_proxies<T, E>(
    test: &str,
    build: impl Fn(&[u8]) -> Result<T, E>,
) -> Result<Report, BrokenDuties>
where
    T: BlockingTransport + 'static,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    block_on(check_proxies(test, |ca| {
        build(ca).map(|transport| OnThreads(Arc::new(transport)))
    }))
}

/// The proxy's address, for the second process.
const PROXY: &str = "LP_AUTH_PROXY_CHECK";
/// What the second process prints when all is well, before the number of cases.
const DONE: &str = "lp-auth: proxies are used as they should, cases: ";
/// What it prints for each finding, before duty, case and what was seen.
const BROKEN: &str = "lp-auth: a duty is broken: ";

fn in_a_process_of_its_own(test: &str) -> io::Result<Result<Report, BrokenDuties>> {
    let proxy = Proxy::start()?;
    let url = format!("http://{}", proxy.address);
    let mut again = Command::new(env::current_exe()?);
    again
        .args([test, "--exact", "--nocapture", "--include-ignored"])
        .env(PROXY, proxy.address.to_string())
        .stdin(Stdio::null());
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        again.env(name, &url).env(name.to_uppercase(), &url);
    }
    for name in ["no_proxy", "NO_PROXY"] {
        again.env(name, "localhost");
    }
    let output = again.output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if let Some(cases) = printed.lines().find_map(|line| line.strip_prefix(DONE)) {
        let cases = cases.parse().map_err(io::Error::other)?;
        return Ok(Ok(Report { cases }));
    }
    let findings: Vec<_> = printed
        .lines()
        .filter_map(|line| finding(line.strip_prefix(BROKEN)?))
        .collect();
    if findings.is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!(
            "it did not get as far as checking; is `{test}` the test's full name? It printed: {} {}",
            printed.trim(),
            said.trim()
        )));
    }
    Ok(Err(BrokenDuties::new(findings)))
}

fn finding(line: &str) -> Option<Finding> {
    let mut parts = line.splitn(3, '\t');
    let name = parts.next()?;
    let duty = Duty::ALL.into_iter().find(|duty| format!("{duty:?}") == name)?;
    Some(Finding::new(duty, parts.next()?, parts.next()?))
}

fn could_not_run(error: &io::Error) -> BrokenDuties {
    let case = "the test program is started once more";
    BrokenDuties::new(vec![Finding::new(
        Duty::PlainHttpPastProxies,
        case,
        error.to_string(),
    )])
}

async fn proxies(suite: &mut Suite, proxy: SocketAddr) -> io::Result<()> {
    let script = |_: &Seen, wire: &mut Wire| {
        wire.send(answer("200 OK", "", "{}"))?;
        Ok(Then::KeepOpen)
    };
    let plain = Server::start(None, script)?;
    let secure = suite.https(script)?;

    let direct = reaches(suite, &plain.origin(), &plain).await;
    suite.expect(Duty::PlainHttpPastProxies, "plain http to loopback", direct);
    let asked = heard(proxy)?;
    let wrong = (!asked.is_empty()).then(|| format!("the proxy was asked: {asked:?}"));
    suite.expect(Duty::PlainHttpPastProxies, "plain http to loopback", wrong);

    let (host, port) = (Suite::PROXIED_HOST, secure.port());
    let tunnelled = reaches(suite, &format!("https://{host}:{port}"), &secure).await;
    suite.expect(Duty::HttpsThroughProxies, "https to a host elsewhere", tunnelled);
    let asked = heard(proxy)?;
    let connect = format!("CONNECT {host}:{port}");
    let wrong = (!asked.contains(&connect)).then(|| format!("the proxy was asked: {asked:?}"));
    suite.expect(Duty::HttpsThroughProxies, "https to a host elsewhere", wrong);

    let direct = reaches(suite, &format!("https://localhost:{port}"), &secure).await;
    suite.expect(Duty::HttpsThroughProxies, "https to a host of `NO_PROXY`", direct);
    let past = heard(proxy)?.iter().all(|line| !line.contains("localhost"));
    let wrong = (!past).then(|| "the proxy was asked all the same".to_owned());
    suite.expect(Duty::HttpsThroughProxies, "https to a host of `NO_PROXY`", wrong);
    Ok(())
}

async fn reaches(suite: &mut Suite, origin: &str, server: &Server) -> Option<String> {
    let before = server.seen().len();
    let outcome = suite.send(token_request(origin, "/token"), Suite::AMPLE).await;
    let arrived = server.seen().len() > before;
    let answered = matches!(&outcome, Outcome::Answer(response) if response.status() == 200);
    (!(answered && arrived)).then(|| format!("{}; arrived: {arrived}", outcome.describe()))
}

/// What the proxy was asked so far.
fn heard(proxy: SocketAddr) -> io::Result<Vec<String>> {
    let mut stream = TcpStream::connect(proxy)?;
    stream.write_all(b"HEARD\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Takes every host for one on loopback, and refuses whatever is no tunnel. Runs as long as the process.
struct Proxy {
    address: SocketAddr,
}

impl Proxy {
    fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let heard = Arc::new(Mutex::new(Vec::new()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = Arc::clone(&heard);
                thread::spawn(move || Self::serve(stream, &heard));
            }
        });
        Ok(Self { address })
    }

    fn serve(mut client: TcpStream, heard: &Mutex<Vec<String>>) -> io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let first = lines.first().map_or("", String::as_str);
        let mut words = first.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        if method == "HEARD" {
            return client.write_all(heard.join("\n").as_bytes());
        }
        // Without the path: the query is a canary.
        let target = target.split('?').next().unwrap_or_default();
        heard.push(format!("{method} {target}"));
        drop(heard);
        let port = target
            .rsplit(':')
            .next()
            .and_then(|port| port.parse::<u16>().ok());
        let ("CONNECT", Some(port)) = (method, port) else {
            return client.write_all(&answer("502 Not For A Proxy", "Connection: close\r\n", ""));
        };
        let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        let (mut up, mut down) = (server.try_clone()?, client.try_clone()?);
        thread::spawn(move || io::copy(&mut reader, &mut up));
        let mut server = server;
        io::copy(&mut server, &mut down)?;
        down.shutdown(std::net::Shutdown::Both)
    }
}
