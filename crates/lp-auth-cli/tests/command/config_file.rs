//! The config file and its profiles; and where each setting comes from.

use serde_json::Value;

use crate::scene::{Ran, SECRET, Scene, bare};

const CLIENT: &str = "75588e18-0213-4e33-8174-883acac7e3c4";

/// A config file, and `lp-auth settings` under it.
struct File {
    scene: Scene,
}

impl File {
    fn new(text: &str) -> Self {
        let scene = Scene::new();
        scene.write("config.toml", text);
        Self { scene }
    }

    fn settings(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let config = self.scene.path("config.toml");
        let mut run =
            bare(&[&["settings"], arguments].concat()).env("LP_CONFIG_FILE", config.to_str().unwrap());
        for (name, value) in variables {
            run = run.env(name, value);
        }
        run.run()
    }

    fn json(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Value {
        let stdout = self
            .settings(&[&["--output", "json"], arguments].concat(), variables)
            .done();
        serde_json::from_str(&stdout).unwrap()
    }

    /// What is said about the file, which is at fault.
    #[track_caller]
    fn is_refused(text: &str, texts: &[&str]) {
        Self::is_refused_with(text, &[], texts);
    }

    #[track_caller]
    fn is_refused_with(text: &str, variables: &[(&str, &str)], texts: &[&str]) {
        let file = Self::new(text);
        let ran = file.settings(&[], variables);
        ran.failed(2, texts);
        assert!(!ran.stderr.contains("canary"), "{ran:?}");
    }
}

#[test]
fn a_profile_alone_leads_to_a_token() {
    let scene = Scene::new();
    let emulator = &scene.emulator;
    let text = format!(
        "[profiles.default]\naccount = '{}'\nclient_id = '{}'\nclient_secret_file = 'secret'\ndomain_api = '{}'\n\
         trusted_hosts = ['{}']\nca_file = 'ca.pem'\ntransport = 'isahc'\npatience = 0\n",
        emulator.account().as_str(),
        emulator.client_id(),
        emulator.domain_api(),
        emulator.sentinel()
    );
    std::fs::create_dir_all(scene.path("config/lp-auth")).unwrap();
    for name in ["secret", "ca.pem"] {
        std::fs::rename(scene.path(name), scene.path(&format!("config/lp-auth/{name}"))).unwrap();
    }
    scene.write("config/lp-auth/config.toml", &text);
    let token = bare(&["token"])
        .env("XDG_CONFIG_HOME", scene.path("config").to_str().unwrap())
        .run()
        .done();
    assert!(token.starts_with("eyJ"));
    // The home directory is where it is looked for without that variable.
    std::fs::rename(scene.path("config"), scene.path(".config")).unwrap();
    for folder in ["", "relative/is/ignored"] {
        bare(&["token"])
            .env("HOME", scene.path("").to_str().unwrap())
            .env("XDG_CONFIG_HOME", folder)
            .run()
            .done();
    }
}

#[test]
fn each_setting_is_told_with_its_source_and_no_secret_is_shown() {
    let file = File::new(&format!(
        "default_profile = 'work'\n[profiles.work]\naccount = '111'\nclient_id = '{CLIENT}'\nregion = 'emea'\n\
         client_secret = '{SECRET}'\npatience = 2.5\ntrusted_hosts = ['a.example', '.b.example']\n"
    ));
    let told = file.json(
        &["--account", "333", "--patience", "7"],
        &[("LP_ACCOUNT_ID", "222"), ("LP_API_VERSION", "v1")],
    );
    assert_eq!(told["profile"], "work");
    let settings = &told["settings"];
    for (name, present, value, source) in [
        ("account", true, Value::from("333"), Value::from("--account")),
        ("client_id", true, CLIENT.into(), "profile `work`".into()),
        ("client_secret", true, Value::Null, "profile `work`".into()),
        ("client_secret_file", false, Value::Null, Value::Null),
        ("api_version", true, "v1".into(), "LP_API_VERSION".into()),
        ("region", true, "emea".into(), "profile `work`".into()),
        ("domain_api", false, Value::Null, Value::Null),
        (
            "trusted_hosts",
            true,
            "a.example, .b.example".into(),
            "profile `work`".into(),
        ),
        ("patience", true, "7 s".into(), "--patience".into()),
        ("transport", true, "reqwest".into(), "default".into()),
    ] {
        let entry = &settings[name];
        assert_eq!(
            (&entry["present"], &entry["value"], &entry["source"]),
            (&Value::Bool(present), &value, &source),
            "{name}"
        );
    }
    let text = file
        .settings(&[], &[("LP_CLIENT_ID", "not-a-uuid-but-canary")])
        .done();
    assert!(text.contains("profile") && text.contains("present"), "{text}");
    for leak in [SECRET, "canary"] {
        assert!(!text.contains(leak), "{text}");
    }
}

#[test]
fn a_stronger_source_displaces_what_stands_for_the_same_instead_of_clashing_with_it() {
    let file =
        File::new("[profiles.default]\nsentinel = 'sentinel.example'\nclient_secret_command = ['false']\n");
    let told = file.json(&["--region", "us"], &[("LP_CLIENT_SECRET", SECRET)]);
    let settings = &told["settings"];
    assert_eq!(settings["region"]["source"], "--region");
    assert_eq!(settings["sentinel"]["present"], false);
    assert_eq!(settings["client_secret"]["source"], "LP_CLIENT_SECRET");
    assert_eq!(settings["client_secret_command"]["present"], false);

    let told = file.json(&["--client-secret-file", "/x"], &[("LP_CLIENT_SECRET", SECRET)]);
    assert_eq!(told["settings"]["client_secret"]["present"], false);
    assert_eq!(
        told["settings"]["client_secret_file"]["source"],
        "--client-secret-file"
    );
}

#[test]
fn a_profile_is_named_by_flag_variable_or_file_in_this_order() {
    let file =
        File::new("default_profile = 'c'\n[profiles.a]\n[profiles.b]\n[profiles.c]\n[profiles.default]\n");
    let profile =
        |arguments: &[&str], variables: &[(&str, &str)]| file.json(arguments, variables)["profile"].clone();
    assert_eq!(profile(&["--profile", "a"], &[("LP_PROFILE", "b")]), "a");
    assert_eq!(profile(&[], &[("LP_PROFILE", "b")]), "b");
    assert_eq!(profile(&[], &[("LP_PROFILE", "")]), "c");
    let file = File::new("[profiles.a]\n[profiles.default]\n");
    assert_eq!(file.json(&[], &[])["profile"], "default");
    let file = File::new("[profiles.a]\n");
    assert_eq!(file.json(&[], &[])["profile"], Value::Null);
}

#[test]
fn where_no_profile_is_taken_those_that_exist_are_named_with_what_is_missing() {
    let file = File::new("[profiles.work]\naccount = '1'\n[profiles.test]\n");
    let config = file.scene.path("config.toml");
    bare(&["token", "--config", config.to_str().unwrap()])
        .run()
        .failed(2, &["no account id", "--profile NAME", "test or work"]);
}

#[test]
fn a_missing_profile_is_answered_with_those_that_exist() {
    let file = File::new("[profiles.work]\n[profiles.test]\n");
    file.settings(&["--profile", "wrok"], &[]).failed(
        2,
        &[
            "no profile `wrok`",
            "--profile names it",
            "is `work` meant?",
            "test, work",
        ],
    );
    file.settings(&[], &[("LP_PROFILE", "none")])
        .failed(2, &["no profile `none`", "LP_PROFILE names it", "test, work"]);
    File::is_refused(
        "default_profile = 'home'\n[profiles.work]\n",
        &["config.toml:1:19: ", "no profile `home`", "work"],
    );
    File::is_refused("default_profile = 'home'\n", &["[profiles.NAME]"]);
    bare(&["settings", "--profile", "work"]).run().failed(
        2,
        &["no profile `work`", "nobody", "config.toml", "--config FILE"],
    );
    bare(&["settings", "--config", "/nowhere/config.toml"])
        .run()
        .failed(2, &["/nowhere/config.toml", "--config or LP_CONFIG_FILE"]);
}

#[test]
fn a_mistake_in_the_file_is_told_with_line_and_column_and_what_may_be_meant() {
    for (text, texts) in [
        (
            "[profiles.a]\nacount = '1'\n",
            &[
                "config.toml:2:1: ",
                "`acount` is not known",
                "is `account` meant?",
            ][..],
        ),
        (
            "[profiles.a]\ncolour = 'red'\n",
            &["config.toml:2:1: ", "known are: account, "],
        ),
        ("[profile.a]\n", &["config.toml:1:2: ", "is `profiles` meant?"]),
        (
            "account = '1'\n",
            &["config.toml:1:1: ", "stands in no profile", "[profiles.default]"],
        ),
        (
            "[profiles]\nwork = 1\n",
            &["config.toml:2:1: ", "`work` is no table"],
        ),
        (
            "profiles = 1\n",
            &["config.toml:1:12: ", "wants a table, and a number is there"],
        ),
        ("default_profile = 1\n", &["config.toml:1:19: ", "wants a text"]),
        (
            "[profiles.a]\naccount = 12345678\n",
            &[
                "config.toml:2:11: ",
                "`account` wants a text, and a number is there",
            ],
        ),
        (
            "[profiles.a]\n\n  region = 'canary'\n",
            &["config.toml:3:12: ", "`region` cannot be: ", "`emea`"],
        ),
        (
            "[profiles.a]\npatience = 'canary'\n",
            &["config.toml:2:12: ", "a number of seconds"],
        ),
        (
            "[profiles.a]\npatience = -1\n",
            &["config.toml:2:12: ", "a number of seconds"],
        ),
        (
            "[profiles.a]\nplain_http_loopback = 'canary'\n",
            &["config.toml:2:23: ", "wants true or false, and a text is there"],
        ),
        (
            "[profiles.a]\ntrusted_hosts = 'canary'\n",
            &["config.toml:2:17: ", "wants a list of texts"],
        ),
        (
            "[profiles.a]\nclient_secret_command = []\n",
            &["config.toml:2:25: ", "is empty"],
        ),
        (
            "[profiles.a]\nclient_secret_command = 'pass show canary'\n",
            &["config.toml:2:25: ", "wants a list of texts"],
        ),
        (
            "[profiles.a]\naccount = ''\n",
            &["config.toml:2:11: ", "is empty"],
        ),
        (
            "[profiles.a]\nclient_secret_file = 'x'\nclient_secret = 'canary'\n",
            &[
                "config.toml:3:1: ",
                "both `client_secret_file` and `client_secret` are set",
                "leave one out",
            ],
        ),
        (
            "[profiles.a]\nregion = 'us'\n# é\ndomain_api = 'canary'\n",
            &["config.toml:4:1: ", "both `region` and `domain_api` are set"],
        ),
        ("[profiles.a]\nclient_secret = canary\n", &["config.toml:2:17: "]),
        ("[profiles.a]\nclient_secret = 'canary\n", &["config.toml:2:"]),
        ("[profiles.a]\ncanarycanarycanarycanary\n", &["config.toml:2:"]),
        (
            "[profiles.a]\ncanarycanarycanarycanary = 1\n",
            &["config.toml:2:1: ", "[not shown]"],
        ),
        (
            "[profiles.a]\nclient_secret = 'a'\nclient_secret = 'canary'\n",
            &["config.toml:3:1: "],
        ),
    ] {
        File::is_refused_with(text, &[("LP_PROFILE", "a")], texts);
    }
}

#[test]
fn a_mistake_in_a_profile_that_is_not_taken_is_a_warning() {
    let bad = "[profiles.bad]\nacount = '1'\ncanarycanarycanarycanary = 1\n";
    for (good, profile) in [("[profiles.good]\naccount = '1'\n", "good"), ("", "")] {
        let file = File::new(&format!("{bad}{good}"));
        let ran = file.settings(&[], &[("LP_PROFILE", profile)]);
        assert_eq!(ran.code(), Some(0), "{ran:?}");
        let start = "warning: ";
        for text in [start, "config.toml:2:1: ", "`acount` is not known", "not taken"] {
            assert!(ran.stderr.contains(text), "`{text}` is not in {ran:?}");
        }
        file.settings(&[], &[("LP_PROFILE", "bad")])
            .failed(2, &["config.toml:2:1: ", "is `account` meant?"]);
    }
}

#[cfg(unix)]
#[test]
fn a_command_tells_the_secret_and_stands_in_no_message() {
    let scene = Scene::new();
    let config = |command: &str| {
        let text = format!("[profiles.default]\nclient_secret_command = {command}\n");
        let path = scene.write("config.toml", &text);
        scene
            .command(&["token"])
            .without("LP_CLIENT_SECRET_FILE")
            .env("LP_CONFIG_FILE", path.to_str().unwrap())
            .env("PATH", "/usr/bin:/bin")
    };
    config(&format!("['printf', '%s\\n%s\\n', '{SECRET}', 'login: me']"))
        .run()
        .done();
    // It gets nothing of what is piped in.
    config(&format!("['sh', '-c', 'cat; echo {SECRET}']"))
        .input("not the secret\n")
        .run()
        .done();
    for (command, text) in [
        (format!("['sh', '-c', 'echo {SECRET}; exit 3']"), "exit status: 3"),
        ("['true']".to_owned(), "writes nothing on the first line"),
        ("['no-such-program']".to_owned(), "cannot be run"),
        ("['printf', '\\377']".to_owned(), "writes no text"),
    ] {
        config(&command).run().failed(
            2,
            &[
                "the command for the client secret, `",
                text,
                "client_secret_command",
            ],
        );
    }
    // What is waited for is told, once it takes more than a moment.
    let ran = config(&format!("['sh', '-c', 'sleep 4; echo {SECRET}']")).run();
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    let line = "waiting for the command for the client secret, `sh`";
    assert!(ran.stderr.contains(line), "{ran:?}");
    // A flag displaces it, unrun.
    let secret = scene.path("secret");
    config("['no-such-program']")
        .env("LP_CLIENT_SECRET_FILE", secret.to_str().unwrap())
        .run()
        .done();
    // A path starts at the file's folder.
    std::fs::create_dir(scene.path("bin")).unwrap();
    scene.write("bin/tell", &format!("#!/bin/sh\necho {SECRET}\n"));
    scene.set_mode("bin/tell", 0o700);
    config("['bin/tell']").run().done();
}

#[test]
fn a_profile_of_a_flag_that_the_environment_overrules_is_noticed() {
    let file = File::new("[profiles.work]\naccount = '1'\nregion = 'us'\n");
    let ran = file.settings(
        &["--profile", "work"],
        &[("LP_ACCOUNT_ID", "2"), ("LP_SENTINEL", "sentinel.example")],
    );
    assert!(
        ran.stderr.starts_with("warning: ") && ran.stderr.contains("unset LP_ACCOUNT_ID, LP_SENTINEL"),
        "{ran:?}"
    );
    file.settings(&["--profile", "work"], &[("LP_ACCOUNT_ID", "1")])
        .done();
    file.settings(
        &["--profile", "work", "--account", "3"],
        &[("LP_ACCOUNT_ID", "2")],
    )
    .done();
}
