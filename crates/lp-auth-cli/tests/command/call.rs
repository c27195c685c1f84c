//! `lp-auth call`.

use std::io::Read as _;
use std::sync::{Arc, mpsc};

use lp_auth_core::ServiceName;
use lp_auth_emulator::{CertificateAuthority, Emulator, Endpoint, Fault};

use crate::api::Api;
use crate::scene::{SECRET, STACKS, Scene, told};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-kept: yes\r\n\r\nhello";
const INVOKE: &str = "faasGW/api/account/{account}/lambdas/4ec0ff5b-92a3-4c58-b5ac-4d4a36d6d6a1/invoke";

/// An emulator that says of `faasGW` that it lives at a server of the test.
fn scene(answer: impl FnOnce(&CertificateAuthority) -> Api) -> (Scene, Api) {
    let authority = Arc::new(CertificateAuthority::generate().unwrap());
    let scene = Scene::of(Emulator::builder().authority(Arc::clone(&authority)));
    let api = answer(&authority);
    let functions: ServiceName = "faasGW".parse().unwrap();
    scene.emulator.set_service(&functions, api.address.to_string());
    (scene, api)
}

fn trusting(scene: &Scene, arguments: &[&str]) -> crate::scene::Run {
    scene.command(arguments).env("LP_TRUSTED_HOSTS", "127.0.0.1")
}

#[test]
fn a_service_is_looked_up_and_asked_with_the_token_over_either_stack() {
    let scene = Scene::new();
    for stack in STACKS {
        let stdout = scene
            .command(&[
                "call",
                "POST",
                INVOKE,
                "--transport",
                stack,
                "-d",
                r#"{"payload":[1]}"#,
            ])
            .run()
            .done();
        assert_eq!(stdout, r#"{"logs":[],"result":[1]}"#);
        let bare = "faasGW/api/account/{account}/messaging/consumer/conversation";
        let stdout = scene
            .command(&[
                "call",
                "post",
                bare,
                "--transport",
                stack,
                "--header-style",
                "bare",
            ])
            .run()
            .done();
        assert!(stdout.contains("12345678"), "{stdout}");
    }
    let url = format!(
        "{}/api/account/{{account}}/lambdas/x/invoke",
        scene.emulator.domain_api()
    );
    scene.command(&["call", "POST", &url]).run().done();
}

#[test]
fn method_headers_and_body_go_out_as_they_were_given() {
    let (scene, api) = scene(|authority| Api::answering(authority, OK));
    let file = scene.write("body.json", r#"{"from":"file"}"#);
    let headers = scene.write("headers", "X-One: 1\n\nX-Two: two: 2\n");
    let from_file = format!("@{}", file.display());
    let header_file = format!("@{}", headers.display());
    for stack in STACKS {
        let call = |arguments: &[&str]| {
            let run = trusting(&scene, &[&["call", "--transport", stack], arguments].concat());
            assert_eq!(run.input("from stdin").run().done(), "hello");
            api.seen().pop().unwrap()
        };
        let seen = call(&[
            "put",
            "faasGW/a/{account}?b={account}&c=%20",
            "-d",
            "{}",
            "-H",
            "X-A: b: c",
            "-H",
            "Accept:text/plain",
        ]);
        assert_eq!(seen.line, "PUT /a/12345678?b=12345678&c=%20 HTTP/1.1");
        assert_eq!(seen.body, "{}");
        assert_eq!(seen.header("content-type"), Some("application/json"));
        assert_eq!(seen.header("x-a"), Some("b: c"));
        assert_eq!(seen.header("accept"), Some("text/plain"));
        assert!(seen.header("authorization").unwrap().starts_with("Bearer eyJ"));
        assert!(seen.header("user-agent").unwrap().starts_with("lp-auth/"));
        assert_eq!(seen.header("accept-encoding"), None);

        let seen = call(&[
            "POST",
            "faasGW/",
            "-d",
            &from_file,
            "-H",
            "content-type: text/x",
            "-H",
            &header_file,
        ]);
        assert_eq!(
            (seen.body.as_str(), seen.header("content-type")),
            (r#"{"from":"file"}"#, Some("text/x"))
        );
        assert_eq!(
            (seen.header("x-one"), seen.header("x-two")),
            (Some("1"), Some("two: 2"))
        );
        let types = seen
            .headers
            .iter()
            .filter(|header| header.starts_with("content-type"));
        assert_eq!(types.count(), 1);

        let seen = call(&["POST", "faasGW/", "-d", "@-", "--header-style", "bare"]);
        assert_eq!(seen.body, "from stdin");
        assert!(seen.header("authorization").unwrap().starts_with("eyJ"));

        let seen = call(&["GET", "faasGW/"]);
        assert_eq!(
            (seen.line.as_str(), seen.header("content-type")),
            ("GET / HTTP/1.1", None)
        );
    }
}

#[test]
fn the_status_line_and_the_headers_stand_before_the_body_where_they_are_wanted() {
    let (scene, _api) = scene(|authority| Api::answering(authority, OK));
    for stack in STACKS {
        let stdout = trusting(&scene, &["call", "GET", "faasGW/", "-i", "--transport", stack])
            .run()
            .done();
        assert!(stdout.starts_with("HTTP/1.1 200 OK\r\n"), "{stdout}");
        assert!(
            stdout.contains("x-kept: yes\r\n") && stdout.ends_with("\r\n\r\nhello"),
            "{stdout}"
        );
    }
}

#[test]
fn any_other_status_than_a_success_is_told_and_its_body_is_not_lost() {
    let (scene, _api) = scene(|authority| {
        Api::answering(
            authority,
            "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone",
        )
    });
    for stack in STACKS {
        let ran = trusting(&scene, &["call", "GET", "faasGW/", "--transport", stack]).run();
        assert_eq!(ran.code(), Some(1));
        assert_eq!(ran.stdout, "gone");
        assert_eq!(ran.told(), "answered: HTTP/1.1 404 Not Found\n");
    }
}

#[test]
fn a_redirect_is_told_and_not_followed() {
    let authority = CertificateAuthority::generate().unwrap();
    let elsewhere = Api::answering(&authority, OK);
    let scene = Scene::new();
    let to = format!("https://{}", elsewhere.address);
    for stack in STACKS {
        for status in [302_u16, 307] {
            let fault = Fault::Redirect {
                status: status.try_into().unwrap(),
                to: to.clone(),
            };
            scene.emulator.fault(Endpoint::Api, fault).unwrap();
            let ran = trusting(&scene, &["call", "POST", INVOKE, "--transport", stack]).run();
            assert_eq!(ran.code(), Some(1));
            for text in [
                &format!("{status} "),
                &format!("Location: {to}/api/"),
                "no redirect is followed",
            ] {
                assert!(ran.stderr.contains(text), "{ran:?}");
            }
        }
    }
    assert!(elsewhere.seen().is_empty());
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let scene = Scene::new();
    for stack in STACKS {
        scene.emulator.forget_requests();
        scene
            .emulator
            .fault_times(Endpoint::Api, Fault::status(401), 1)
            .unwrap();
        let stdout = scene
            .command(&[
                "call",
                "POST",
                INVOKE,
                "--transport",
                stack,
                "-d",
                r#"{"payload":"twice"}"#,
            ])
            .run()
            .done();
        assert_eq!(stdout, r#"{"logs":[],"result":"twice"}"#);
        let count = |endpoint| scene.emulator.request_count(endpoint);
        assert_eq!((count(Endpoint::Api), count(Endpoint::Token)), (2, 2));

        scene.emulator.forget_requests();
        scene.emulator.fault(Endpoint::Api, Fault::status(401)).unwrap();
        let ran = scene
            .command(&["call", "POST", INVOKE, "--transport", stack])
            .run();
        assert_eq!(ran.code(), Some(1));
        assert!(
            ran.stderr.contains("401") && ran.stderr.contains("--header-style"),
            "{ran:?}"
        );
        assert_eq!((count(Endpoint::Api), count(Endpoint::Token)), (2, 2));
        scene.emulator.clear_faults();
    }
}

#[test]
fn the_token_goes_to_no_host_that_is_not_trusted() {
    let (scene, api) = scene(|authority| Api::answering(authority, OK));
    let url = format!("https://{}/", api.address);
    for stack in STACKS {
        let call =
            |arguments: &[&str]| scene.command(&[&["call", "GET", "--transport", stack], arguments].concat());
        call(&[&url]).run().failed(2, &["not trusted", "--trusted-host"]);
        call(&["faasGW/"])
            .run()
            .failed(4, &["not trusted", "--trusted-host"]);
        call(&[&format!("http://{}/", api.address)])
            .run()
            .failed(2, &["https alone", "--plain-http-loopback"]);
        call(&["https://canary@va.x.liveperson.net/?canary"])
            .run()
            .failed(2, &["not sent there"]);
    }
    assert!(api.seen().is_empty());
    assert_eq!(scene.emulator.request_count(Endpoint::Token), 0);
}

#[test]
fn what_cannot_be_sent_is_refused_and_not_repeated() {
    let scene = Scene::new();
    for (arguments, texts) in [
        (&["GET", "faasGW"][..], &["a service and a path"][..]),
        (&["GET", "api.liveperson.net/x"], &["no service", "https://"]),
        (&["GET", "faasGW/{acount}/canary"], &["{account} stands for"]),
        (&["CONNECT", "faasGW/"], &["a method is wanted"]),
        (&["GET", "faasGW/", "-H", "canary"], &["`Name: value`"]),
        (&["GET", "faasGW/", "-H", "canary canary: x"], &["`Name: value`"]),
        (&["GET", "faasGW/", "-H", "X: canary\u{e9}"], &["visible ASCII"]),
        (
            &["GET", "faasGW/", "-H", "Authorization: canary"],
            &["authorization", "--header-style"],
        ),
        (&["GET", "faasGW/", "-H", "Host: canary"], &["header host"]),
        (
            &["GET", "faasGW/", "-H", "@/nowhere"],
            &["/nowhere cannot be read"],
        ),
        (
            &["GET", "faasGW/", "-d", "@/nowhere"],
            &["/nowhere cannot be read", "@-"],
        ),
        (&["GET", "faasGW/", "--timeout", "0"], &["86400"]),
        (&["GET", "file:///canary"], &["begins with https://"]),
        (
            &["GET", "https://\u{24db}iveperson.net/canary"],
            &["ASCII", "xn--"],
        ),
        (&["GET", "https://127.0.0.1:1:99/x"], &["no host"]),
        (&["GET", "https:///canary"], &["no host"]),
        (&["GET", "https://va.x.liveperson.net/a b"], &["%20"]),
        (
            &["GET", "https://canary:canary@127.0.0.1/x"],
            &["not sent there", "before the @"],
        ),
        (&["GET", "https://[::1]:8/x"], &["not sent there", "IPv6"]),
        (
            &["GET", "https://127.0.0.1.:8/x"],
            &["not sent there", "the dot at the end"],
        ),
        (&["GET"], &["SERVICE/PATH"]),
    ] {
        let ran = scene.command(&[&["call"], arguments].concat()).run();
        ran.failed(2, texts);
        assert!(!ran.stderr.contains("canary"), "{ran:?}");
        // None of these is mended by trusting a host.
        assert!(!ran.stderr.contains("--trusted-host"), "{ran:?}");
    }
}

#[test]
fn a_service_in_the_wrong_case_is_answered_with_the_right_one() {
    let scene = Scene::new();
    for stack in STACKS {
        let ran = scene
            .command(&["call", "GET", "faasgw/x", "--transport", stack])
            .run();
        ran.failed(3, &["did you mean `faasGW`?", "lp-auth domain"]);
        assert!(!ran.stderr.contains("--account"), "{ran:?}");
    }
}

#[test]
fn the_answer_is_written_as_it_arrives() {
    for stack in STACKS {
        let (go_on, told) = mpsc::channel::<()>();
        let (scene, _api) = scene(|authority| {
            Api::start(authority, move |_, stream| {
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst")
                    .unwrap();
                stream.flush().unwrap();
                told.recv().unwrap();
                stream.write_all(b"after").unwrap();
            })
        });
        let mut child = trusting(&scene, &["call", "GET", "faasGW/", "--transport", stack]).spawn();
        let mut stdout = child.stdout.take().unwrap();
        let mut first = [0; 5];
        stdout.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"first");
        go_on.send(()).unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "after");
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn an_answer_of_401_is_told_also_where_no_new_token_is_to_be_had() {
    for stack in STACKS {
        let scene = Scene::new();
        let cache = scene.path("cache");
        let command = |arguments: &[&str]| {
            scene
                .command(arguments)
                .env("XDG_CACHE_HOME", cache.to_str().unwrap())
        };
        command(&["token", "--cache"]).run().done();
        scene.emulator.fault(Endpoint::Api, Fault::status(401)).unwrap();
        scene.emulator.fault(Endpoint::Token, Fault::status(503)).unwrap();
        let ran = command(&["call", "--cache", "POST", INVOKE, "--transport", stack]).run();
        assert_eq!(ran.code(), Some(1), "{ran:?}");
        assert!(ran.stdout.starts_with('{'), "{ran:?}");
        for told in ["answered: HTTP/1.1 401", "no new token: ", "503"] {
            assert!(ran.stderr.contains(told), "{ran:?}");
        }
    }
}

#[test]
fn who_stops_reading_ends_the_call_without_a_word() {
    for stack in STACKS {
        let (scene, _api) = scene(|authority| {
            Api::start(authority, |_, stream| {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                // Until nobody takes it any more.
                while stream.write_all(&[b'x'; 8192]).is_ok() {}
            })
        });
        let mut child = trusting(&scene, &["call", "GET", "faasGW/", "--transport", stack]).spawn();
        let mut stdout = child.stdout.take().unwrap();
        let mut first = [0; 5];
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success() && told(&output.stderr).is_empty(),
            "{output:?}"
        );
    }
}

#[test]
fn an_answer_that_does_not_come_or_breaks_off_is_unavailable() {
    let scene = Scene::new();
    for stack in STACKS {
        let call =
            |timeout| scene.command(&["call", "POST", INVOKE, "--transport", stack, "--timeout", timeout]);
        scene.emulator.fault(Endpoint::Api, Fault::StallBefore).unwrap();
        call("0.5")
            .run()
            .failed(4, &["no answer from 127.0.0.1:", "0.5 s", "--timeout"]);
        for fault in [Fault::StallWithin, Fault::ResetWithin, Fault::CloseWithin] {
            scene.emulator.fault(Endpoint::Api, fault).unwrap();
            // Enough for the answer to begin on a busy machine.
            let ran = call("3").run();
            assert_eq!(ran.code(), Some(4), "{ran:?}");
            assert!(ran.stderr.contains("broke off"), "{ran:?}");
            assert!(!ran.stderr.contains("docs.rs"), "{ran:?}");
        }
        scene.emulator.fault(Endpoint::Api, Fault::ResetBefore).unwrap();
        call("3").run().failed(4, &["no answer from 127.0.0.1:", "tip: "]);
    }
}

#[test]
fn a_certificate_that_is_not_trusted_ends_it_before_the_token_is_sent() {
    let stranger = CertificateAuthority::generate().unwrap();
    let api = Api::answering(&stranger, OK);
    let scene = Scene::new();
    for stack in STACKS {
        let url = format!("https://{}/", api.address);
        trusting(&scene, &["call", "GET", &url, "--transport", stack])
            .run()
            .failed(
                4,
                &[
                    "no answer from 127.0.0.1:",
                    "no trusted TLS connection",
                    "certificate",
                    "--ca-file PEM",
                ],
            );
    }
    assert!(api.seen().is_empty());
}

#[test]
fn verbose_tells_where_the_request_goes_without_its_query() {
    let scene = Scene::new();
    let ran = scene
        .command(&["call", "POST", &format!("{INVOKE}?state={SECRET}"), "-v"])
        .run();
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let path = "/api/account/12345678/lambdas/4ec0ff5b-92a3-4c58-b5ac-4d4a36d6d6a1/invoke\n";
    assert!(
        ran.stderr
            .contains(&format!("POST {}{path}", scene.emulator.sentinel())),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("200 OK after"), "{ran:?}");
}

#[test]
fn plain_http_goes_to_loopback_where_it_is_allowed() {
    let scene = Scene::of(Emulator::builder().plain_http());
    for stack in STACKS {
        let url = format!("{}/api/account/1/none", scene.emulator.domain_api());
        for address in [INVOKE, &url] {
            let ran = scene
                .command(&["call", "POST", address, "--transport", stack])
                .without("LP_CA_FILE")
                .env("LP_PLAIN_HTTP_LOOPBACK", "true")
                // A proxy would get the token.
                .env("http_proxy", "http://127.0.0.1:1")
                .env("HTTP_PROXY", "http://127.0.0.1:1")
                .run();
            assert_eq!(ran.code(), Some(i32::from(address != INVOKE)), "{ran:?}");
        }
    }
}
