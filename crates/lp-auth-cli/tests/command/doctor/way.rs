//! The way to a server: names, connections, TLS, proxies.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use lp_auth_core::ServiceName;
use lp_auth_emulator::{CertificateAuthority, Emulator, ServerCertificate};

use super::{Diagnosis, Expected, diagnose, fails};
use crate::scene::{Run, Scene};

/// Listens, and does this with each connection.
fn listen(with: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(with));
    address
}

/// The two places where a cause can sit: at the Domain API, and at Sentinel.
#[track_caller]
fn at_both(scene: &Scene, planted: &str, address: &str, step: &str, cause: &str, words: &[&str]) {
    let at_the_domain_api = format!("domain_api.{step}");
    let at_sentinel = format!("sentinel.{step}");
    let expected = Expected {
        planted,
        step: &at_the_domain_api,
        cause,
        words,
    };
    let run = |arguments: &[&str]| {
        scene
            .command(arguments)
            .env("LP_DOMAIN_API", address)
            .env("LP_PATIENCE", "8")
    };
    diagnose(run, &expected, Diagnosis::failed);
    scene.emulator.set_service(&ServiceName::SENTINEL, address);
    let expected = Expected {
        step: &at_sentinel,
        ..expected
    };
    let run = |arguments: &[&str]| {
        scene
            .command(arguments)
            .env("LP_TRUSTED_HOSTS", address)
            .env("LP_PATIENCE", "8")
    };
    diagnose(run, &expected, Diagnosis::failed);
}

#[test]
fn a_name_that_nobody_knows_is_found_at_dns() {
    let scene = Scene::new();
    at_both(
        &scene,
        "no such name",
        "nobody.invalid",
        "dns",
        "unresolved",
        &["nobody.invalid"],
    );
}

#[test]
fn a_port_where_nobody_listens_is_found_at_tcp() {
    let scene = Scene::new();
    let nobody = scene.emulator.refused_address().unwrap().to_string();
    at_both(
        &scene,
        "nobody listens",
        &nobody,
        "tcp",
        "connection_refused",
        &[&nobody, "refused"],
    );
}

/// The kernel itself says no to a broadcast address: nothing is sent.
#[cfg(target_os = "linux")]
#[test]
fn an_address_that_no_way_leads_to_is_found_at_tcp() {
    let scene = Scene::new();
    at_both(
        &scene,
        "a broadcast address",
        "255.255.255.255",
        "tcp",
        "unreachable",
        &["255.255.255.255:443"],
    );
}

/// A backlog that is full drops what else would connect, as a firewall does.
#[cfg(target_os = "linux")]
#[test]
fn a_port_that_does_not_answer_is_found_at_tcp() {
    let scene = Scene::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let _within = runtime.enter();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let brief = std::time::Duration::from_millis(300);
    let waiting: Vec<_> = (0..8)
        .map(|_| TcpStream::connect_timeout(&address, brief))
        .collect();
    assert!(waiting.iter().any(Result::is_err), "the backlog is not full");
    at_both(
        &scene,
        "no answer",
        &address.to_string(),
        "tcp",
        "connect_timed_out",
        &["no answer within"],
    );
}

#[test]
fn a_patience_that_is_over_at_once_is_named() {
    let scene = Scene::new();
    let expected = Expected {
        planted: "no time at all",
        step: "domain_api.dns",
        cause: "out_of_time",
        words: &["not tried any more"],
    };
    let run = |arguments: &[&str]| scene.command(arguments).env("LP_PATIENCE", "0.01");
    diagnose(run, &expected, Diagnosis::failed);
}

#[test]
fn an_authority_that_is_not_trusted_is_named() {
    let scene = Scene::new();
    let other = CertificateAuthority::generate().unwrap();
    scene.write("ca.pem", other.pem());
    fails(
        &scene,
        "another authority of the same name",
        "domain_api.tls",
        "certificate_untrusted",
        &[
            "\"lp-auth emulator, for tests only\"",
            "another one of the same name",
        ],
    );
    let expected = Expected {
        planted: "the system's authorities",
        step: "domain_api.tls",
        cause: "certificate_untrusted",
        words: &[
            "issued by \"lp-auth emulator, for tests only\"",
            "the system's authorities",
        ],
    };
    // A bundle of one authority that signs nothing here stands for the system's: the machine may have none.
    let bundle = scene.path("ca.pem");
    let run = |arguments: &[&str]| {
        scene
            .command(arguments)
            .without("LP_CA_FILE")
            .env("SSL_CERT_FILE", bundle.to_str().unwrap())
    };
    diagnose(run, &expected, Diagnosis::failed);
}

#[test]
fn a_certificate_for_another_name_or_out_of_time_is_told_apart() {
    let for_another = ServerCertificate::for_name("sentinel.example");
    let scene = Scene::of(Emulator::builder().certificate(for_another));
    fails(
        &scene,
        "another name",
        "domain_api.tls",
        "certificate_other_name",
        &["is for sentinel.example", "and not for 127.0.0.1"],
    );
    let expired = ServerCertificate::for_loopback().expired();
    let scene = Scene::of(Emulator::builder().certificate(expired));
    fails(
        &scene,
        "an expired one",
        "domain_api.tls",
        "certificate_expired",
        &["expired", "1 day ago"],
    );
}

#[test]
fn a_server_without_tls_is_told_from_one_that_breaks_off_or_says_nothing() {
    let scene = Scene::new();
    let plain = listen(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    at_both(
        &scene,
        "plain HTTP",
        &plain.to_string(),
        "tls",
        "not_tls",
        &["not TLS"],
    );
    let closing = listen(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
    });
    at_both(
        &scene,
        "closed",
        &closing.to_string(),
        "tls",
        "tls_broken_off",
        &["closed during the handshake"],
    );
    // Unread bytes make a reset of a close.
    let resetting = listen(|mut stream| {
        let _ = stream.read(&mut [0; 1]);
    });
    at_both(
        &scene,
        "reset",
        &resetting.to_string(),
        "tls",
        "tls_broken_off",
        &["reset during the handshake"],
    );
    // An alert (RFC 8446 §6): fatal, handshake_failure.
    let alerting = listen(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&[0x15, 3, 3, 0, 2, 2, 40]);
    });
    at_both(
        &scene,
        "an alert",
        &alerting.to_string(),
        "tls",
        "tls_refused",
        &["HandshakeFailure"],
    );
    let mut kept = Vec::new();
    let silent = listen(move |stream| kept.push(stream));
    at_both(
        &scene,
        "silent",
        &silent.to_string(),
        "tls",
        "tls_timed_out",
        &["no answer to the handshake"],
    );
}

/// A proxy that lets everything through, or answers with this.
fn proxy(answer: Option<&'static str>) -> SocketAddr {
    listen(move |mut stream| {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if !matches!(stream.read(&mut byte), Ok(1)) {
                return;
            }
            head.extend_from_slice(&byte);
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap().to_owned();
        if let Some(answer) = answer {
            let _ = stream.write_all(answer.as_bytes());
            return;
        }
        let server = TcpStream::connect(target).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        for (mut from, mut to) in [
            (stream.try_clone().unwrap(), server.try_clone().unwrap()),
            (server, stream),
        ] {
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
        }
    })
}

#[test]
fn through_a_proxy_the_way_is_looked_at_through_it() {
    let scene = Scene::new();
    let address = proxy(None);
    let with_password = format!("http://somebody:canarypassword@{address}");
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let run = scene
            .command(&["doctor", "--output", "json"])
            .env(variable, &with_password);
        let diagnosis = Diagnosis::of(run, variable);
        assert_eq!(diagnosis.code, Some(0), "{diagnosis:?}");
        assert!(
            !diagnosis.report.to_string().contains("canarypassword"),
            "{diagnosis:?}"
        );
        let shown = diagnosis.step("sentinel.proxy")["summary"].as_str().unwrap();
        assert_eq!(shown, format!("http://{address}, from {variable}"));
        let tcp = diagnosis.step("sentinel.tcp")["summary"].as_str().unwrap();
        assert!(tcp.contains("connected to the proxy"), "{tcp}");
        assert_eq!(diagnosis.step("sentinel.tls")["details"]["version"], "TLS 1.3");
    }
    // Past it, as NO_PROXY wants it.
    let run = scene
        .command(&["doctor", "--output", "json"])
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("NO_PROXY", "127.0.0.1");
    let diagnosis = Diagnosis::of(run, "NO_PROXY");
    assert_eq!(
        diagnosis.step("domain_api.proxy")["summary"],
        "none: NO_PROXY has the host"
    );
    assert_eq!(diagnosis.code, Some(0), "{diagnosis:?}");
}

#[test]
fn a_proxy_that_is_wrong_is_named_as_the_cause() {
    let scene = Scene::new();
    let nobody = format!("http://{}", scene.emulator.refused_address().unwrap());
    let forbidding = format!("http://{}", proxy(Some("HTTP/1.1 403 Forbidden\r\n\r\n")));
    let closing = format!("http://{}", proxy(Some("")));
    let asking = format!(
        "http://{}",
        proxy(Some("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"))
    );
    for (address, step, cause, words) in [
        (nobody.as_str(), "domain_api.tcp", "proxy_refused", "the proxy"),
        (
            "http://nobody.invalid:3128",
            "domain_api.dns",
            "proxy_unresolved",
            "the proxy nobody.invalid",
        ),
        (
            forbidding.as_str(),
            "domain_api.tls",
            "proxy_forbids",
            "403 Forbidden",
        ),
        (
            closing.as_str(),
            "domain_api.tls",
            "proxy_unreachable",
            "ended the connection",
        ),
        (asking.as_str(), "domain_api.tls", "proxy_forbids", "407 Proxy"),
    ] {
        let expected = Expected {
            planted: address,
            step,
            cause,
            words: &[words],
        };
        let run = |arguments: &[&str]| scene.command(arguments).env("HTTPS_PROXY", address);
        diagnose(run, &expected, Diagnosis::failed);
    }
}

#[test]
fn a_proxy_variable_that_is_ignored_or_contradicted_is_a_warning() {
    let scene = Scene::new();
    let run = |pairs: &[(&str, &str)]| -> Run {
        let run = scene.command(&["doctor", "--output", "json"]);
        pairs.iter().fold(run, |run, (name, value)| run.env(name, value))
    };
    let address = format!("http://{}", proxy(None));
    let both = Diagnosis::of(
        run(&[("HTTPS_PROXY", &address), ("https_proxy", "http://127.0.0.1:1")]),
        "both",
    );
    assert_eq!(
        both.step("domain_api.proxy")["cause"],
        "proxy_ambiguous",
        "{both:?}"
    );
    let ignored = Diagnosis::of(run(&[("HTTPS_PROXY", "://")]), "no address");
    assert_eq!(
        ignored.step("domain_api.proxy")["cause"],
        "proxy_ignored",
        "{ignored:?}"
    );
}

#[test]
fn over_plain_http_on_loopback_there_is_no_tls_to_look_at() {
    let scene = Scene::of(Emulator::builder().plain_http());
    let run = scene
        .command(&["doctor", "--output", "json"])
        .env("LP_PLAIN_HTTP_LOOPBACK", "true")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .without("LP_CA_FILE");
    let diagnosis = Diagnosis::of(run, "plain http");
    assert_eq!(diagnosis.code, Some(0), "{diagnosis:?}");
    assert_eq!(diagnosis.step("sentinel.tls")["verdict"], "skipped");
    assert_eq!(diagnosis.step("claims")["verdict"], "ok");
}

#[test]
fn plain_http_to_a_server_of_https_is_named_as_the_cause() {
    let scene = Scene::new();
    let address = format!("http://{}", scene.emulator.sentinel());
    let run = scene
        .command(&["doctor", "--output", "json"])
        .env("LP_DOMAIN_API", &address)
        .env("LP_PLAIN_HTTP_LOOPBACK", "1");
    Diagnosis::of(run, "https").failed(&Expected {
        planted: "https",
        step: "domain_api.answer",
        cause: "wants_tls",
        words: &["400"],
    });
}

#[test]
fn a_host_that_the_settings_name_needs_no_domain_api() {
    let scene = Scene::new();
    let run = scene
        .command(&["doctor", "--output", "json"])
        .without("LP_DOMAIN_API")
        .env("LP_SENTINEL", scene.emulator.sentinel());
    let diagnosis = Diagnosis::of(run, "LP_SENTINEL");
    assert_eq!(diagnosis.code, Some(0), "{diagnosis:?}");
    let answer = diagnosis.step("domain_api.answer");
    assert_eq!(answer["verdict"], "skipped");
    assert!(
        answer["summary"].as_str().unwrap().contains("LP_SENTINEL"),
        "{answer}"
    );
}
