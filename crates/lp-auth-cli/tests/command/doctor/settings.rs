//! What is wrong with the settings, and where each comes from.

use super::{Diagnosis, Expected, diagnose};
use crate::scene::{Run, SECRET, Scene};

#[test]
fn a_setting_that_is_missing_or_wrong_is_named() {
    let scene = Scene::new();
    let with = |name: &'static str, value: &'static str| {
        move |run: Run| {
            if value.is_empty() {
                run.without(name)
            } else {
                run.env(name, value)
            }
        }
    };
    let missing = "setting_missing";
    let invalid = "setting_invalid";
    for (name, value, cause, words) in [
        ("LP_ACCOUNT_ID", "", missing, "no account id"),
        ("LP_CLIENT_ID", "", missing, "no client id"),
        ("LP_CLIENT_SECRET_FILE", "", missing, "no client secret"),
        ("LP_ACCOUNT_ID", "12 34", invalid, "is not an account id"),
        ("LP_CLIENT_ID", "ä", invalid, "client id"),
        ("LP_API_VERSION", "v9", invalid, "LP_API_VERSION"),
        ("LP_PATIENCE", "long", invalid, "LP_PATIENCE"),
        ("LP_TRANSPORT", "pigeon", invalid, "LP_TRANSPORT"),
        ("LP_DOMAIN_API", "https://a b", invalid, "is not a host"),
        ("LP_DOMAIN_API", "http://127.0.0.1:1", invalid, "plain http"),
        ("LP_TRUSTED_HOSTS", "https://x/", invalid, "is not a host"),
        ("LP_CA_FILE", "/nowhere/ca.pem", invalid, "/nowhere/ca.pem"),
        ("LP_V1_KEYS", "/nowhere/keys.pem", invalid, "/nowhere/keys.pem"),
        (
            "LP_PLAIN_HTTP_LOOPBACK",
            "perhaps",
            invalid,
            "LP_PLAIN_HTTP_LOOPBACK",
        ),
        ("LP_REGION", "mars", invalid, "LP_REGION"),
    ] {
        let planted = format!("{name}={value}");
        let change = with(name, value);
        let run = change(scene.command(&["doctor", "--output", "json"]));
        Diagnosis::of(run, &planted).failed(&Expected {
            planted: &planted,
            step: "settings",
            cause,
            words: &[words],
        });
    }
    Diagnosis::of(
        scene
            .command(&["doctor", "--output", "json"])
            .without("LP_CLIENT_ID")
            .env("LP_CLIENT_ID_FILE", "/nowhere/id"),
        "no file of the client id",
    )
    .failed(&Expected {
        planted: "no file of the client id",
        step: "settings",
        cause: invalid,
        words: &["/nowhere/id"],
    });
    let run = scene
        .command(&["doctor", "--output", "json"])
        .env("LP_REGION", "us");
    Diagnosis::of(run, "two hosts").failed(&Expected {
        planted: "two hosts",
        step: "settings",
        cause: invalid,
        words: &["more than one"],
    });
}

#[test]
fn what_is_missing_is_told_where_to_be_had_and_nothing_else_is() {
    let scene = Scene::new();
    for (missing, told, untold) in [
        ("LP_ACCOUNT_ID", "site id", "gives out client id"),
        ("LP_CLIENT_ID", "gives out client id", "site id"),
    ] {
        for command in ["doctor", "token"] {
            let ran = scene.command(&[command]).without(missing).run();
            let all = format!("{}{}", ran.stdout, ran.stderr);
            assert!(all.contains(told) && !all.contains(untold), "{missing}: {all}");
        }
    }
    let ran = scene.command(&["verify"]).without("LP_ACCOUNT_ID").run();
    ran.failed(2, &["site id", "LP_ACCOUNT_ID"]);
    assert!(!ran.stderr.contains("gives out client id"), "{ran:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_without_certificate_authorities_is_told_so() {
    let scene = Scene::new();
    let run = scene
        .command(&["doctor", "--output", "json", "--transport", "reqwest"])
        .without("LP_CA_FILE")
        .env("SSL_CERT_FILE", "/nowhere")
        .env("SSL_CERT_DIR", "/nowhere");
    Diagnosis::of(run, "no authorities").failed(&Expected {
        planted: "no authorities",
        step: "settings",
        cause: "no_system_certificates",
        words: &["the operating system's certificates"],
    });
}

#[test]
fn a_secret_that_cannot_be_used_is_named_and_never_shown() {
    let scene = Scene::new();
    for (text, cause, words) in [
        ("", "secret_empty", "empty"),
        ("\n", "secret_empty", "empty"),
        (
            "canarysecret2b7w\n4yq6pxk3ah\n",
            "secret_invalid",
            "several lines",
        ),
        ("\u{feff}canarysecret2b7w", "secret_invalid", "no text"),
    ] {
        scene.write("secret", text);
        let run = |arguments: &[&str]| scene.command(arguments);
        let expected = Expected {
            planted: text,
            step: "client_secret",
            cause,
            words: &[words],
        };
        diagnose(run, &expected, Diagnosis::failed);
    }
    std::fs::remove_file(scene.path("secret")).unwrap();
    let expected = Expected {
        planted: "no file",
        step: "client_secret",
        cause: "secret_unreadable",
        words: &["cannot be read"],
    };
    diagnose(|arguments| scene.command(arguments), &expected, Diagnosis::failed);
}

/// What a profile with this command comes to, without a secret from elsewhere.
#[cfg(unix)]
fn with_command(scene: &Scene, command: &str, patience: &str) -> Run {
    let config = format!("[profiles.default]\nclient_secret_command = {command}\n");
    let file = scene.write("config.toml", &config);
    scene
        .command(&["doctor", "--output", "json"])
        .without("LP_CLIENT_SECRET_FILE")
        .env("LP_CONFIG_FILE", file.to_str().unwrap())
        .env("LP_PATIENCE", patience)
        .env("PATH", "/usr/bin:/bin")
}

#[cfg(unix)]
#[test]
fn a_command_that_does_not_tell_the_secret_is_named_as_the_cause() {
    let scene = Scene::new();
    for (command, patience, words) in [
        ("['false']", "20", "fails: exit status: 1"),
        ("['echo']", "20", "writes nothing on the first line"),
        ("['sleep', '100']", "0.2", "did not end within"),
    ] {
        let diagnosis = Diagnosis::of(with_command(&scene, command, patience), command);
        let step = diagnosis.step("client_secret");
        assert_eq!(step["cause"], "secret_command_failed", "{diagnosis:?}");
        assert!(step["summary"].as_str().unwrap().contains(words), "{step}");
        assert!(!step["advice"].to_string().contains("secret-file"), "{step}");
    }
}

#[cfg(unix)]
#[test]
fn a_secret_that_is_refused_is_named_with_the_source_that_holds() {
    let scene = Scene::new();
    let by_variable = scene
        .command(&["doctor", "--output", "json"])
        .without("LP_CLIENT_SECRET_FILE")
        .env("LP_CLIENT_SECRET", "wrong");
    let by_command = with_command(&scene, "['echo', 'wrong']", "20");
    for (run, source) in [
        (by_variable, "secret (LP_CLIENT_SECRET)"),
        (by_command, "secret (client_secret_command of profile `default`)"),
    ] {
        let diagnosis = Diagnosis::of(run, source);
        let step = diagnosis.step("token.answer");
        assert_eq!(step["cause"], "credentials_refused", "{diagnosis:?}");
        assert!(step["advice"].to_string().contains(source), "{step}");
    }
}

#[test]
fn blanks_around_the_secret_are_noticed_before_the_server_refuses_it() {
    let scene = Scene::new();
    scene.write("secret", &format!("{SECRET} \n"));
    let diagnosis = Diagnosis::of(scene.command(&["doctor", "--output", "json"]), "a blank");
    let step = diagnosis.step("client_secret");
    assert_eq!(step["cause"], "secret_padded", "{diagnosis:?}");
    assert_eq!(diagnosis.step("token.answer")["verdict"], "skipped");
}

#[cfg(unix)]
#[test]
fn a_secret_that_others_can_read_is_named_with_the_way_to_mend_it() {
    let scene = Scene::new();
    for mode in [0o644, 0o640, 0o604] {
        scene.set_mode("secret", mode);
        let planted = format!("mode {mode:o}");
        let diagnosis = Diagnosis::of(scene.command(&["doctor", "--output", "json"]), &planted);
        let step = diagnosis.step("client_secret");
        assert_eq!(step["cause"], "secret_exposed", "{diagnosis:?}");
        assert!(step["advice"].to_string().contains("chmod 600"), "{step}");
    }
    let run = scene
        .command(&["doctor", "--output", "json"])
        .env("LP_ALLOW_SHARED_SECRET_FILE", "true");
    let diagnosis = Diagnosis::of(run, "allowed");
    assert_eq!(
        diagnosis.step("client_secret")["verdict"],
        "warning",
        "{diagnosis:?}"
    );
    assert_eq!(diagnosis.code, Some(0), "{diagnosis:?}");
}

#[test]
fn each_setting_tells_where_it_comes_from() {
    let scene = Scene::new();
    let config = format!(
        "[profiles.default]\ntransport = \"isahc\"\nclient_id = \"{}\"\n",
        scene.emulator.client_id()
    );
    let file = scene.write("config.toml", &config);
    let run = scene
        .command(&["doctor", "--output", "json", "--account", "12345678"])
        .without("LP_CLIENT_ID")
        .env("LP_CONFIG_FILE", file.to_str().unwrap());
    let diagnosis = Diagnosis::of(run, "sources");
    assert_eq!(diagnosis.code, Some(0), "{diagnosis:?}");
    let settings = &diagnosis.step("settings")["details"]["settings"];
    let source = |name: &str| {
        let settings = settings.as_array().unwrap();
        let setting = settings.iter().find(|setting| setting["name"] == name).unwrap();
        setting["source"].clone()
    };
    assert_eq!(source("account"), "--account");
    assert_eq!(source("client_id"), "profile `default`");
    assert_eq!(source("transport"), "profile `default`");
    assert_eq!(source("ca_file"), "LP_CA_FILE");
    assert_eq!(source("api_version"), "default");
    assert_eq!(source("region"), serde_json::Value::Null);
}

#[test]
fn a_client_id_in_a_file_is_as_good_as_any() {
    let scene = Scene::new();
    let file = scene.write("client-id", scene.emulator.client_id());
    let run = scene
        .command(&["doctor"])
        .without("LP_CLIENT_ID")
        .env("LP_CLIENT_ID_FILE", file.to_str().unwrap());
    assert!(run.run().done().contains(" 0 failed"));
}
