//! `lp-auth demo`.

use serde_json::Value;

use crate::scene::bare;

const STEPS: [&str; 9] = [
    "Domain API",
    "V1 token",
    "V1 verification",
    "V2 token",
    "JWKS",
    "V2 verification",
    "Protected call",
    "Key rotation",
    "Tampered token",
];

#[test]
fn every_step_does_what_it_should_over_both_stacks_and_the_end_says_what_to_type() {
    // A proxy that is not there would be in the way if it were asked.
    let text = bare(&["demo"])
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .run()
        .done();
    for step in STEPS {
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| line.contains(&format!("  {step} ")))
            .collect();
        assert_eq!(lines.len(), 2, "{step}: {text}");
        assert!(
            lines
                .iter()
                .all(|line| line.contains('✓') && line.contains(" ms ")),
            "{lines:?}"
        );
    }
    assert!(text.contains("Over reqwest, to https://") && text.contains("Over isahc, to https://"));
    let commands: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .collect();
    let command = env!("CARGO_BIN_EXE_lp-auth");
    assert_eq!(
        commands,
        [
            &format!("{command} emulator --dir lp-demo"),
            "set -a; . lp-demo/env",
            &format!("{command} token | {command} verify"),
            &format!("{command} token"),
        ]
    );
}

#[test]
fn it_is_one_json_object_where_that_is_wanted() {
    let text = bare(&["demo", "--output", "json"]).run().done();
    assert_eq!(text.lines().count(), 1);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["ok"], true);
    let steps = report["steps"].as_array().unwrap();
    let of = |stack: &str| -> Vec<&str> {
        let steps = steps
            .iter()
            .filter(|step| step["transport"] == stack && step["ok"] == true);
        steps.map(|step| step["step"].as_str().unwrap()).collect()
    };
    assert_eq!((of("reqwest"), of("isahc")), (STEPS.to_vec(), STEPS.to_vec()));
}

#[test]
fn verbose_tells_what_was_asked_of_whom() {
    let ran = bare(&["demo", "-v"]).run();
    assert!(ran.stderr.matches("app/token").count() >= 6, "{ran:?}");
    assert!(ran.stderr.contains("/sentinel/well-known/jwks"), "{ran:?}");
}
