//! What is said about settings that are missing, wrong or contradictory.

use std::process::Command;

use crate::scene::{SECRET, Scene, bare};

#[test]
fn without_any_settings_all_that_is_needed_is_named() {
    let texts = [
        "no account id, no client id and no client secret",
        "--account",
        "LP_ACCOUNT_ID",
        "--client-id",
        "LP_CLIENT_ID",
        "--client-secret-file",
        "LP_CLIENT_SECRET_FILE",
        "LP_CLIENT_SECRET",
        "lp-auth demo",
    ];
    bare(&["token"]).run().failed(2, &texts);
}

#[test]
fn what_alone_is_missing_is_named_alone() {
    let scene = Scene::new();
    let ran = scene.command(&["token"]).without("LP_CLIENT_ID").run();
    ran.failed(2, &["no client id is set", "--client-id"]);
    assert!(!ran.stderr.contains("LP_ACCOUNT_ID"), "{ran:?}");
}

#[test]
fn a_flag_wins_over_the_environment() {
    let scene = Scene::new();
    let secret = scene.write("other-secret", SECRET);
    scene
        .command(&[
            "token",
            "--account",
            "12345678",
            "--client-id",
            scene.emulator.client_id(),
            "--client-secret-file",
            secret.to_str().unwrap(),
            "--domain-api",
            &scene.emulator.domain_api(),
            "--trusted-host",
            "127.0.0.1",
            "--ca-file",
            scene.path("ca.pem").to_str().unwrap(),
            "--transport",
            "isahc",
            "--api-version",
            "v1",
        ])
        .env("LP_ACCOUNT_ID", "1")
        .env("LP_CLIENT_ID", "nobody")
        .env("LP_CLIENT_SECRET_FILE", "/nowhere")
        .env("LP_CLIENT_SECRET", "wrong")
        .env("LP_DOMAIN_API", "https://127.0.0.1:1")
        .env("LP_SENTINEL", "127.0.0.1:1")
        .env("LP_TRUSTED_HOSTS", "example.com")
        .env("LP_CA_FILE", "/nowhere")
        .env("LP_TRANSPORT", "reqwest")
        .env("LP_API_VERSION", "v2")
        .run()
        .done();
}

#[test]
fn the_secret_may_stand_in_the_environment_but_not_twice() {
    let scene = Scene::new();
    let command = || scene.command(&["token"]).env("LP_CLIENT_SECRET", SECRET);
    command().without("LP_CLIENT_SECRET_FILE").run().done();
    command()
        .run()
        .failed(2, &["leave one out", "LP_CLIENT_SECRET or LP_CLIENT_SECRET_FILE"]);
}

#[test]
fn where_sentinel_is_is_said_in_one_way() {
    let scene = Scene::new();
    for (variable, value) in [("LP_REGION", "us"), ("LP_SENTINEL", "127.0.0.1:1")] {
        for subcommand in ["token", "verify"] {
            let ran = scene.command(&[subcommand]).env(variable, value).input("x").run();
            ran.failed(2, &["leave all but one out", "LP_DOMAIN_API", variable]);
        }
    }
    for (flag, value) in [("--region", "us"), ("--sentinel", "127.0.0.1:1")] {
        let ran = scene
            .command(&["token", "--domain-api", "127.0.0.1:1", flag, value])
            .run();
        ran.failed(2, &["--domain-api", flag]);
    }
}

#[test]
fn a_secret_or_token_among_the_arguments_is_refused_and_not_repeated() {
    let scene = Scene::new();
    let attached = format!("--client-secret={SECRET}");
    for arguments in [&["token", "--client-secret", SECRET][..], &["token", &attached]] {
        let ran = scene.command(arguments).run();
        ran.failed(2, &["process list", "--client-secret-file", "LP_CLIENT_SECRET"]);
    }
    for arguments in [
        &["token", SECRET][..],
        &[SECRET],
        &["token", "--secret", SECRET],
        &["token", &format!("--secret={SECRET}")],
        &["token", "--region", SECRET],
        &["token", "--patience", SECRET],
        &["emulator", "--account", &format!("{SECRET}!")],
        &["token", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"],
    ] {
        let ran = scene.command(arguments).run();
        ran.failed(2, &["error:"]);
    }
}

#[test]
fn a_secret_given_for_its_file_or_for_the_account_is_not_repeated() {
    let scene = Scene::new();
    let ran = scene
        .command(&["token"])
        .env("LP_CLIENT_SECRET_FILE", SECRET)
        .run();
    ran.failed(
        2,
        &["[not shown]", "LP_CLIENT_SECRET_FILE want the path of a file"],
    );
    let account = format!("{SECRET}!");
    let ran = scene.command(&["token"]).env("LP_ACCOUNT_ID", &account).run();
    ran.failed(2, &["27 characters", "'!' at place 27", "LP_ACCOUNT_ID"]);
}

#[test]
fn a_secret_given_for_a_host_or_a_file_goes_nowhere_and_is_not_repeated() {
    let scene = Scene::new();
    let url = format!("https://{SECRET}");
    for arguments in [
        &["token", "--domain-api", SECRET][..],
        &["token", "--domain-api", &url],
        &["doctor", "--sentinel", SECRET],
        &["token", "--trusted-host", SECRET],
        &["token", "--ca-file", SECRET],
        &["domain", SECRET],
    ] {
        let ran = scene.command(arguments).without("LP_DOMAIN_API").run();
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(all.contains("looks like a client secret"), "{all}");
        assert!(!all.contains(SECRET), "{all}");
    }
    // One that looks like a host is known by the file that holds it.
    scene.write("secret", "canary-host-of-nobody.invalid\n");
    let ran = scene
        .command(&["token", "--sentinel", "canary-host-of-nobody.invalid"])
        .without("LP_DOMAIN_API")
        .run();
    ran.failed(2, &["looks like a client secret"]);
    assert!(!ran.stderr.contains("canary"), "{ran:?}");
}

#[test]
fn values_that_make_no_sense_are_told_with_those_that_do() {
    let scene = Scene::new();
    for (name, value, texts) in [
        ("LP_REGION", "mars", &["LP_REGION: ", "`emea`"][..]),
        ("LP_TRANSPORT", "pigeon", &["LP_TRANSPORT: ", "`isahc`"]),
        ("LP_API_VERSION", "v3", &["LP_API_VERSION: ", "`v2`"]),
        ("LP_PATIENCE", "long", &["LP_PATIENCE: ", "seconds"]),
        ("LP_ACCOUNT_ID", "../1", &["account id", "--account"]),
        ("LP_CLIENT_ID", "two words", &["client id", "--client-id"]),
        ("LP_DOMAIN_API", "https://a/b", &["is not a host", "--domain-api"]),
        (
            "LP_DOMAIN_API",
            "http://127.0.0.1",
            &["http://127.0.0.1", "--plain-http-loopback"],
        ),
        (
            "LP_TRUSTED_HOSTS",
            "https://a",
            &["is not a host", "--trusted-host"],
        ),
        (
            "LP_CA_FILE",
            "/nowhere/ca.pem",
            &["/nowhere/ca.pem", "certificate authority"],
        ),
        (
            "LP_CLIENT_SECRET_FILE",
            "/nowhere/secret",
            &["/nowhere/secret", "client secret"],
        ),
    ] {
        scene.command(&["token"]).env(name, value).run().failed(2, texts);
    }
    for (flag, value, text) in [
        ("--region", "mars", "emea"),
        ("--transport", "pigeon", "isahc"),
        ("--api-version", "v3", "v2"),
        ("--patience", "-1", "seconds"),
        ("--output", "xml", "json"),
        ("--header", "basic", "bare"),
    ] {
        scene
            .command(&["token", flag, value])
            .run()
            .failed(2, &[flag, text]);
    }
    let no_certificate = scene.write("no.pem", "not a certificate");
    for stack in crate::scene::STACKS {
        scene
            .command(&[
                "token",
                "--transport",
                stack,
                "--ca-file",
                no_certificate.to_str().unwrap(),
            ])
            .run()
            .failed(2, &["no certificate", "--ca-file"]);
    }
    scene
        .command(&[
            "token",
            "--plain-http-loopback",
            "--domain-api",
            "http://example.com",
        ])
        .run()
        .failed(2, &["loopback", "leave out --plain-http-loopback"]);
}

#[test]
fn a_slip_of_the_pen_gets_a_suggestion() {
    bare(&["tokn"]).run().failed(2, &["token"]);
    bare(&["token", "--acount", "1"]).run().failed(2, &["--account"]);
}

#[test]
fn account_config_file_and_profile_may_stand_before_the_subcommand() {
    let scene = Scene::new();
    let file = scene.write("config.toml", "[profiles.work]\naccount = '7'\n");
    let file = file.to_str().unwrap();
    let attached = format!("--config={file}");
    for arguments in [
        &["--profile", "work", "--config", file, "settings"][..],
        &["--profile=work", "-v", &attached, "--output", "text", "settings"],
    ] {
        let told = bare(arguments).run().done();
        assert!(told.contains("profile `work`"), "{told}");
    }
    let told = bare(&["--account", "8", "settings"]).run().done();
    assert!(told.contains("--account"), "{told}");
    // A subcommand that takes none says so.
    bare(&["--profile", "work", "inspect"])
        .run()
        .failed(2, &["--profile"]);
    bare(&["--profile"]).run().failed(2, &["--profile"]);
}

#[test]
fn help_is_on_stdout_and_tells_all_variables() {
    let text = bare(&["token", "--help"]).env("COLUMNS", "60").run().done();
    for variable in [
        "LP_ACCOUNT_ID",
        "LP_CLIENT_ID",
        "LP_CLIENT_SECRET",
        "LP_CLIENT_SECRET_FILE",
        "LP_API_VERSION",
        "LP_DOMAIN_API",
        "LP_SENTINEL",
        "LP_REGION",
        "LP_TRUSTED_HOSTS",
        "LP_CA_FILE",
        "LP_PLAIN_HTTP_LOOPBACK",
        "LP_TRANSPORT",
        "LP_PATIENCE",
    ] {
        assert!(text.contains(variable), "{variable}");
    }
}

#[test]
fn who_stops_reading_is_no_failure() {
    let scene = Scene::new();
    let mut child = scene.command(&["token"]).spawn();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lp-auth"));
    let status = command.arg("--help").stdout(full).status().unwrap();
    assert_ne!(status.code(), Some(101));
}
