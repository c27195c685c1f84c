//! `lp-auth emulator`, as people and scripts run it.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command};

use serde_json::Value;

use crate::scene::{STACKS, bare, told};

/// A running emulator, which ends with this.
struct Running {
    child: Child,
    ready: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = bare(&[&["emulator"], arguments].concat()).spawn();
        let mut ready = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        Self { child, ready }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Ends it, and gives the rest of what it said.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let mut rest = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A script in a shell that knows where the command is and nothing else.
fn shell(script: &str) -> String {
    let command = Path::new(env!("CARGO_BIN_EXE_lp-auth"));
    let path = format!("{}:/usr/bin:/bin", command.parent().unwrap().display());
    let output = Command::new("sh")
        .args(["-euc", script])
        .env_clear()
        .env("PATH", path)
        .output()
        .unwrap();
    let stderr = told(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn its_folder_is_all_that_another_shell_needs() {
    let folder = tempfile::tempdir().unwrap();
    // A name that a shell takes apart.
    let folder = folder.path().join("it's my folder");
    let path = folder.to_str().unwrap();
    let running = Running::start(&["--dir", path, "--account", "le81823118"]);
    assert!(
        running.ready.starts_with("emulator ready at https://127.0.0.1:"),
        "{}",
        running.ready
    );
    let source = running
        .ready
        .trim_end()
        .split_once("in another shell: ")
        .unwrap()
        .1
        .to_owned();
    for stack in STACKS {
        for version in ["v1", "v2"] {
            let script = format!(
                "{source}; LP_TRANSPORT={stack} LP_API_VERSION={version}; lp-auth token | lp-auth verify -"
            );
            assert!(
                shell(&script).contains(r#""aud": "le81823118""#),
                "{stack} {version}"
            );
        }
    }
    let first = shell(&format!(
        "{source}; lp-auth token --output json; echo $LP_CLIENT_ID"
    ));
    let ready = running.ready.clone();
    assert_eq!(running.end("TERM"), (Some(0), String::new()));

    // The same again after a new start, ports included: the line says where all this is.
    let running = Running::start(&["--dir", path]);
    assert_eq!(running.ready, ready);
    let second = shell(&format!(
        "{source}; lp-auth token --output json; echo $LP_CLIENT_ID"
    ));
    assert_eq!(first.lines().last(), second.lines().last());
    assert_eq!(running.end("INT"), (Some(0), String::new()));
    let running = Running::start(&["--dir", path]);
    assert_eq!(running.end("HUP"), (Some(0), String::new()));
}

#[test]
fn its_ready_line_is_json_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hush\n").unwrap();
    let running = Running::start(&[
        "--output",
        "json",
        "--client-id",
        "my-app",
        "--client-secret-file",
        secret.to_str().unwrap(),
        "--token-lifetime",
        "60",
    ]);
    let ready: Value = serde_json::from_str(&running.ready).unwrap();
    assert_eq!(
        (&ready["ready"], &ready["client_id"]),
        (&true.into(), &"my-app".into())
    );
    let file = |member: &str| std::fs::read_to_string(ready[member].as_str().unwrap()).unwrap();
    assert_eq!(file("client_secret_file"), "hush");
    assert!(file("ca_file").starts_with("-----BEGIN CERTIFICATE-----"));
    assert!(file("v1_keys").starts_with("-----BEGIN PUBLIC KEY-----"));
    assert!(file("env_file").contains("LP_DOMAIN_API"));
    let reply = shell(&format!(
        "set -a; . {}; lp-auth token --output json",
        ready["env_file"].as_str().unwrap()
    ));
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert!(reply["expires_in"].as_u64().unwrap() <= 60);

    let control = ready["control"].as_str().unwrap();
    assert!(
        control.starts_with("http://127.0.0.1:") && control.ends_with('/'),
        "{control}"
    );

    // Without a folder of the user's, nothing stays behind.
    let temporary = ready["dir"].as_str().unwrap().to_owned();
    assert!(Path::new(&temporary).exists());
    assert_eq!(running.end("TERM").0, Some(0));
    assert!(!Path::new(&temporary).exists());
}

#[test]
fn it_speaks_plain_http_to_clients_that_insist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let running = Running::start(&["--dir", path, "--plain-http"]);
    assert!(running.ready.contains(" http://127.0.0.1:"), "{}", running.ready);
    for stack in STACKS {
        let token = shell(&format!(
            "set -a; . {path}/env; lp-auth token --transport {stack}"
        ));
        assert!(token.starts_with("eyJ"));
    }
}

#[test]
fn settings_left_over_in_the_shell_do_not_matter_once_its_env_is_read() {
    let [plain, encrypted] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [plain, encrypted] = [&plain, &encrypted].map(|folder| folder.path().to_str().unwrap());
    let _plain = Running::start(&["--dir", plain, "--plain-http"]);
    let _encrypted = Running::start(&["--dir", encrypted]);
    let left_over = "export LP_REGION=us LP_SENTINEL=127.0.0.1:1 LP_CLIENT_SECRET=canary LP_API_VERSION=v1";
    for (first, then) in [(plain, encrypted), (encrypted, plain)] {
        let reply = shell(&format!(
            "{left_over}; set -a; . {first}/env; . {then}/env; lp-auth token --output json"
        ));
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["api_version"], "v2");
    }
}

#[test]
fn the_host_that_it_advertises_is_told_apart_from_where_it_listens() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let running = Running::start(&["--dir", dir, "--advertise", "liveperson.test"]);
    let start = "emulator ready at https://liveperson.test (listening on 127.0.0.1:";
    assert!(running.ready.starts_with(start), "{}", running.ready);
    let env = std::fs::read_to_string(folder.path().join("env")).unwrap();
    assert!(env.contains("LP_DOMAIN_API='https://liveperson.test'\n"), "{env}");
    assert!(env.contains("LP_TRUSTED_HOSTS='liveperson.test'\n"), "{env}");
}

#[test]
fn an_address_that_cannot_be_had_is_a_matter_of_settings() {
    bare(&["emulator", "--listen", "0.0.0.0:0"])
        .run()
        .failed(2, &["loopback", "--advertise"]);
    bare(&[
        "emulator",
        "--listen",
        "0.0.0.0:0",
        "--advertise",
        "liveperson",
        "--plain-http",
    ])
    .run()
    .failed(2, &["use https"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    bare(&["emulator", "--listen", &address])
        .run()
        .failed(2, &[&address, "port 0"]);
    for address in ["[::1]:0", "[::]:0"] {
        bare(&["emulator", "--listen", address])
            .run()
            .failed(2, &["IPv6 is not spoken here", "127.0.0.1:0"]);
    }
    for address in ["localhost:0", "127.0.0.1"] {
        bare(&["emulator", "--listen", address])
            .run()
            .failed(2, &["as in 127.0.0.1:0"]);
    }
    for lifetime in ["3155760001", "1e300"] {
        bare(&["emulator", "--token-lifetime", lifetime])
            .run()
            .failed(2, &["at most 3155760000"]);
    }
    bare(&["emulator", "--dir", "/dev/null/folder"])
        .run()
        .failed(2, &["/dev/null/folder", "cannot be made; name another"]);
    bare(&["emulator", "--dir", "/dev/null"])
        .run()
        .failed(2, &["/dev/null is no folder"]);
    bare(&["emulator", "--token-lifetime", "0"])
        .run()
        .failed(2, &["1 second"]);
    bare(&["emulator", "--client-secret-file", "/nowhere"])
        .run()
        .failed(2, &["/nowhere"]);
}

#[test]
fn its_settings_hold_against_whatever_a_profile_or_the_shell_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let running = Running::start(&["--dir", &format!("{path}/lp")]);
    let config = folder.path().join(".config/lp-auth");
    std::fs::create_dir_all(&config).unwrap();
    let profile = "[profiles.default]\nregion = 'emea'\napi_version = 'v1'\nplain_http_loopback = true\n\
                   transport = 'isahc'\npatience = 0\n";
    std::fs::write(config.join("config.toml"), profile).unwrap();
    for name in [
        "LP_PROFILE",
        "LP_CONFIG_FILE",
        "LP_PATIENCE",
        "LP_TRANSPORT",
        "LP_CONSUMER_ID",
    ] {
        shell(&format!(
            "export HOME={path} {name}=none; set -a; . {path}/lp/env; lp-auth token | lp-auth verify"
        ));
    }
    let settings = shell(&format!(
        "export HOME={path}; set -a; . {path}/lp/env; lp-auth settings"
    ));
    assert!(!settings.contains("emea"), "{settings}");
    // The profile alone: where its switch comes from is told.
    let ran = bare(&["token", "--domain-api", "https://127.0.0.1:1", "--account", "1"])
        .env("HOME", path)
        .env("LP_CLIENT_ID", "a")
        .env("LP_CLIENT_SECRET", "b")
        .run();
    ran.failed(2, &["plain http", "plain_http_loopback of the profile"]);
    running.end("TERM");
}

#[test]
fn verbose_tells_each_request_and_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let running = Running::start(&["--dir", path, "-v"]);
    shell(&format!("set -a; . {path}/env; lp-auth token | lp-auth verify"));
    shell(&format!(
        "set -a; . {path}/env; unset LP_CLIENT_SECRET_FILE; LP_CLIENT_SECRET=canary lp-auth token 2>&1 || :"
    ));
    let (code, told) = running.end("TERM");
    assert_eq!(code, Some(0));
    for text in [
        "GET /api/account/12345678/service/sentinel/baseURI.json: 200 OK",
        "POST /sentinel/api/v2/account/12345678/app/token: 200 OK",
        "GET /sentinel/well-known/jwks: 200 OK",
        "POST /sentinel/api/v2/account/12345678/app/token: 400 Bad Request, invalid_client",
    ] {
        assert!(told.contains(text), "`{text}` is not in: {told}");
    }
    let secret = std::fs::read_to_string(folder.path().join("client-secret")).unwrap();
    assert!(
        !told.contains(&secret) && !told.contains("canary") && !told.contains("eyJ"),
        "{told}"
    );
}

/// What the control plane answers to a GET, headers included.
fn ask(url: &str, path: &str) -> String {
    use std::io::Write as _;

    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn its_control_plane_is_where_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let running = Running::start(&["--dir", path]);
    let url = shell(&format!("set -a; . {path}/env; printf %s $LP_EMULATOR_CONTROL"));
    assert!(
        running
            .ready
            .contains(&format!(", control plane at {url}/; in another shell: ")),
        "{}",
        running.ready
    );
    shell(&format!("set -a; . {path}/env; lp-auth token"));
    let requests = ask(&url, "/requests?endpoint=token");
    assert!(requests.contains(r#""outcome":"ok""#), "{requests}");
    assert!(ask(&url, "/").contains("<title>lp-auth emulator</title>"));
}

#[test]
fn its_control_plane_has_the_port_that_it_is_given_or_is_not_there() {
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        free.local_addr().unwrap().port().to_string()
    };
    let running = Running::start(&["--control", &port]);
    assert!(
        running.ready.contains(&format!(" http://127.0.0.1:{port}/;")),
        "{}",
        running.ready
    );
    bare(&["emulator", "--control", &port])
        .run()
        .failed(2, &[&port, "cannot be listened on"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let without = Running::start(&["--no-control", "--dir", path]);
    assert!(!without.ready.contains("control"), "{}", without.ready);
    assert_eq!(
        shell(&format!("set -a; . {path}/env; printf %s $LP_EMULATOR_CONTROL")),
        ""
    );
    bare(&["emulator", "--no-control", "--control", "1"])
        .run()
        .failed(2, &["cannot be used with"]);
}

#[test]
fn a_second_one_does_not_take_the_folder_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let running = Running::start(&["--dir", path]);
    let env = std::fs::read(folder.path().join("env")).unwrap();
    bare(&["emulator", "--dir", path])
        .run()
        .failed(2, &["in use by another emulator", path]);
    assert_eq!(std::fs::read(folder.path().join("env")).unwrap(), env);
    drop(running);
    // Killed, and the folder is free all the same.
    let again = Running::start(&["--dir", path]);
    assert!(again.ready.starts_with("emulator ready"), "{}", again.ready);
}

/// What a folder for temporary files holds.
fn left_in(folder: &tempfile::TempDir) -> Vec<String> {
    std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_signal_during_the_start_ends_it_at_once_and_leaves_nothing_behind() {
    use std::os::unix::process::ExitStatusExt as _;

    let temporary = tempfile::tempdir().unwrap();
    let ended_by = |name: &str, number: i32| {
        let child = bare(&["emulator"])
            .env("TMPDIR", temporary.path().to_str().unwrap())
            .spawn();
        let mut starting = Running {
            child,
            ready: String::new(),
        };
        while left_in(&temporary).is_empty() {
            std::thread::yield_now();
        }
        starting.signal(name);
        let status = starting.child.wait().unwrap();
        let mut said = String::new();
        let mut stdout = starting.child.stdout.take().unwrap();
        stdout.read_to_string(&mut said).unwrap();
        assert_eq!(left_in(&temporary), [""; 0], "{name}");
        // Where it was ready already, that was an end in order.
        assert_eq!(
            said.is_empty(),
            status.signal() == Some(number),
            "{status} {said}"
        );
        said.is_empty()
    };
    for (name, number) in [("INT", 2), ("TERM", 15), ("QUIT", 15), ("HUP", 1)] {
        // Making keys takes a while, mostly; so one of these comes within it.
        assert!((0..10).any(|_| ended_by(name, number)), "{name}");
    }
}

#[test]
fn no_signal_that_can_be_caught_leaves_a_temporary_folder_with_keys() {
    let temporary = tempfile::tempdir().unwrap();
    for name in ["ALRM", "HUP", "INT", "QUIT", "TERM", "USR1", "USR2"] {
        let mut child = bare(&["emulator"])
            .env("TMPDIR", temporary.path().to_str().unwrap())
            .spawn();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut ready)
            .unwrap();
        assert_eq!(left_in(&temporary).len(), 1);
        let running = Running { child, ready };
        assert_eq!(running.end(name), (Some(0), String::new()), "{name}");
        assert_eq!(left_in(&temporary), [""; 0], "{name}");
    }
}
