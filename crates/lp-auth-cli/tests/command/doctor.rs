//! `lp-auth doctor`: for each planted cause, the diagnosis names that cause at the right step.

mod answers;
mod settings;
mod tokens;
mod way;

use serde_json::Value;

use crate::scene::{CONSUMER, Run, SECRET, STACKS, Scene, bare};

/// What the diagnosis should be.
struct Expected<'a> {
    /// What was planted, for who reads that a test failed.
    planted: &'a str,
    step: &'a str,
    cause: &'a str,
    /// What the summary has to hold.
    words: &'a [&'a str],
}

/// A run with `--output json`, looked over.
struct Diagnosis {
    report: Value,
    code: Option<i32>,
    planted: String,
}

impl Diagnosis {
    fn of(run: Run, planted: &str) -> Self {
        let ran = run.run();
        for leak in [SECRET, CONSUMER, "eyJ", "\u{1b}"] {
            assert!(!ran.stdout.contains(leak), "{planted}: {leak} in {}", ran.stdout);
        }
        let report =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{planted}: {error}: {ran:?}"));
        Self {
            report,
            code: ran.code(),
            planted: planted.to_owned(),
        }
    }

    #[track_caller]
    fn step(&self, step: &str) -> &Value {
        let steps = self.report["steps"].as_array().unwrap();
        let found = steps.iter().find(|found| found["step"] == step);
        found.unwrap_or_else(|| panic!("{}: no step {step}: {}", self.planted, self.report))
    }

    /// This failed, for this cause, and nothing else did.
    #[track_caller]
    fn failed(&self, expected: &Expected<'_>) {
        assert_eq!(
            self.report["failed"],
            serde_json::json!([expected.step]),
            "{self:?}"
        );
        assert_eq!(self.report["ok"], false, "{self:?}");
        assert_eq!(self.code, Some(1), "{self:?}");
        self.names(expected, "failed");
    }

    /// Nothing failed, and this is worth a thought.
    #[track_caller]
    fn warned(&self, expected: &Expected<'_>) {
        assert_eq!(self.report["failed"], serde_json::json!([]), "{self:?}");
        assert_eq!(
            self.report["warnings"],
            serde_json::json!([expected.step]),
            "{self:?}"
        );
        assert_eq!(self.code, Some(0), "{self:?}");
        self.names(expected, "warning");
    }

    #[track_caller]
    fn names(&self, expected: &Expected<'_>, verdict: &str) {
        let step = self.step(expected.step);
        assert_eq!(step["verdict"], verdict, "{self:?}");
        assert_eq!(step["cause"], expected.cause, "{}: {step}", self.planted);
        let summary = step["summary"].as_str().unwrap();
        for words in expected.words {
            assert!(
                summary.contains(words),
                "{}: `{words}` is not in: {summary}",
                self.planted
            );
        }
        assert!(
            step["meaning"].as_str().is_some_and(|meaning| meaning.len() > 20),
            "{step}"
        );
        assert!(step["advice"].is_array(), "{step}");
    }
}

impl core::fmt::Debug for Diagnosis {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}, exit {:?}:", self.planted, self.code)?;
        for step in self.report["steps"].as_array().into_iter().flatten() {
            write!(
                f,
                "\n  {} {} {} {}",
                step["verdict"], step["step"], step["cause"], step["summary"]
            )?;
        }
        Ok(())
    }
}

/// Runs it over each HTTP stack, and once more for people, who have to be told the same.
#[track_caller]
fn diagnose(run: impl Fn(&[&str]) -> Run, expected: &Expected<'_>, check: fn(&Diagnosis, &Expected<'_>)) {
    for stack in STACKS {
        let planted = format!("{}, over {stack}", expected.planted);
        let run = run(&["doctor", "--output", "json", "--transport", stack]);
        check(&Diagnosis::of(run, &planted), expected);
    }
    let ran = run(&["doctor"]).run();
    for text in expected.words.iter().chain(&["means  "]) {
        assert!(
            ran.stdout.contains(text),
            "{}: `{text}` is not in: {}",
            expected.planted,
            ran.stdout
        );
    }
}

#[track_caller]
fn fails(scene: &Scene, planted: &str, step: &str, cause: &str, words: &[&str]) {
    let expected = Expected {
        planted,
        step,
        cause,
        words,
    };
    diagnose(|arguments| scene.command(arguments), &expected, Diagnosis::failed);
}

#[track_caller]
fn warns(scene: &Scene, planted: &str, step: &str, cause: &str, words: &[&str]) {
    let expected = Expected {
        planted,
        step,
        cause,
        words,
    };
    diagnose(|arguments| scene.command(arguments), &expected, Diagnosis::warned);
}

const STEPS: [&str; 19] = [
    "settings",
    "client_secret",
    "domain_api.proxy",
    "domain_api.dns",
    "domain_api.tcp",
    "domain_api.tls",
    "domain_api.answer",
    "host_policy",
    "sentinel.proxy",
    "sentinel.dns",
    "sentinel.tcp",
    "sentinel.tls",
    "token.answer",
    "token.content",
    "clock",
    "keys",
    "signature",
    "claims",
    "scopes",
];

#[test]
fn where_all_is_well_each_step_is_ok_and_a_token_was_verified() {
    let scene = Scene::new();
    for version in ["v1", "v2"] {
        for stack in STACKS {
            let run = scene.command(&[
                "doctor",
                "--output",
                "json",
                "--transport",
                stack,
                "--api-version",
                version,
                "--scope",
                "faas.lambda.invoke",
            ]);
            let diagnosis = Diagnosis::of(run, "nothing");
            assert_eq!(diagnosis.code, Some(0), "{diagnosis:?}");
            assert_eq!(diagnosis.report["ok"], true);
            let steps = diagnosis.report["steps"].as_array().unwrap();
            let names: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
            assert_eq!(names, STEPS);
            for step in steps {
                assert_eq!(step["verdict"], "ok", "{step}");
            }
            assert_eq!(diagnosis.step("claims")["details"]["verified"], true);
        }
    }
}

#[test]
fn for_people_each_step_is_a_line_and_nothing_is_said_on_stderr() {
    let scene = Scene::new();
    let stdout = scene.command(&["doctor"]).run().done();
    for text in [
        "LP_ACCOUNT_ID",
        "present, from LP_CLIENT_SECRET_FILE",
        "TLS 1.3, certificate for localhost, 127.0.0.1",
        "364 days left",
        "Sentinel is at",
        "genuine: RS256",
        "19 ok, 0 warnings, 0 failed",
    ] {
        assert!(stdout.contains(text), "`{text}` is not in: {stdout}");
    }
    assert!(!stdout.contains("eyJ") && !stdout.contains(SECRET), "{stdout}");
    assert_eq!(stdout.matches('✓').count(), 19, "{stdout}");
}

#[test]
fn without_any_settings_it_tells_what_to_do_first() {
    let ran = bare(&["doctor"]).run();
    for text in [
        "nothing is set yet",
        "lp-auth installation",
        "LP_ACCOUNT_ID",
        "LP_CLIENT_SECRET_FILE",
        "lp-auth demo",
    ] {
        assert!(ran.stdout.contains(text), "`{text}` is not in: {}", ran.stdout);
    }
    assert_eq!(ran.code(), Some(1));
    let diagnosis = Diagnosis::of(bare(&["doctor", "--output", "json"]), "nothing set");
    assert_eq!(diagnosis.step("settings")["cause"], "nothing_set");
    assert_eq!(diagnosis.step("scopes")["details"]["because_of"], "settings");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_with_the_sum_of_what_was_found() {
    use std::io::Read as _;
    use std::process::Command;

    use lp_auth_emulator::{Endpoint, Fault};

    let scene = Scene::new();
    scene.emulator.fault(Endpoint::Token, Fault::StallBefore).unwrap();
    let mut child = scene
        .command(&["doctor", "--output", "json"])
        .env("LP_PATIENCE", "20")
        .spawn();
    while scene.emulator.request_count(Endpoint::Token) == 0 {
        std::thread::yield_now();
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(report["interrupted"], true, "{report}");
    assert_eq!(report["steps"].as_array().unwrap().len(), 12, "{report}");
}
