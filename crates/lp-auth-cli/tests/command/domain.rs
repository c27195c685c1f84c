//! `lp-auth domain`.

use lp_auth_core::ServiceName;
use lp_auth_emulator::{Endpoint, Fault};
use serde_json::Value;

use crate::scene::{Run, STACKS, Scene};

/// No credentials are needed.
fn domain(scene: &Scene, arguments: &[&str]) -> Run {
    scene
        .command(&[&["domain"], arguments].concat())
        .without("LP_CLIENT_ID")
        .without("LP_CLIENT_SECRET_FILE")
}

#[test]
fn one_host_is_alone_on_stdout() {
    let scene = Scene::new();
    for stack in STACKS {
        let stdout = domain(&scene, &["faasGW", "--transport", stack]).run().done();
        assert_eq!(stdout, format!("{}\n", scene.emulator.sentinel()));
    }
    let stdout = domain(&scene, &["sentinel", "--output", "json"]).run().done();
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(answer["host"], scene.emulator.sentinel());
    assert_eq!(answer["trusted"], true);
}

#[test]
fn all_services_are_listed_by_name_and_untrusted_hosts_are_marked() {
    let scene = Scene::new();
    let idp: ServiceName = "idp".parse().unwrap();
    let evil: ServiceName = "zzz".parse().unwrap();
    scene.emulator.set_service(&idp, "idp.evil.example");
    scene.emulator.set_service(&evil, "\u{1b}[2Jhttps://x/");
    for stack in STACKS {
        let stdout = domain(&scene, &["--transport", stack]).run().done();
        let names: Vec<_> = stdout
            .lines()
            .map(|line| line.split(' ').next().unwrap().to_lowercase())
            .collect();
        assert!(names.is_sorted() && names.len() == 14, "{stdout}");
        assert!(!stdout.contains('\u{1b}'), "{stdout}");
        assert!(
            stdout.contains("idp.evil.example  (not trusted: --trusted-host"),
            "{stdout}"
        );
        assert!(stdout.contains("(not trusted: this is no host)"), "{stdout}");
    }
    let stdout = domain(&scene, &["--output", "json"]).run().done();
    let answer: Value = serde_json::from_str(&stdout).unwrap();
    let services = answer["services"].as_array().unwrap();
    let of = |name: &str| {
        services
            .iter()
            .find(|service| service["service"] == name)
            .unwrap()
    };
    assert_eq!(of("idp")["trusted"], false);
    assert_eq!(of("sentinel")["trusted"], true);
    assert_eq!(of("sentinel")["host"], scene.emulator.sentinel());
}

#[test]
fn an_untrusted_host_is_not_given_out_alone() {
    let scene = Scene::new();
    let idp: ServiceName = "idp".parse().unwrap();
    scene.emulator.set_service(&idp, "idp.evil.example");
    domain(&scene, &["idp"])
        .run()
        .failed(4, &["idp.evil.example", "not trusted", "--trusted-host"]);
}

#[test]
fn a_slip_in_a_name_gets_the_right_one_suggested() {
    let scene = Scene::new();
    for (slip, meant) in [
        ("faasgw", "faasGW"),
        ("Sentinel", "sentinel"),
        ("msghist", "msgHist"),
    ] {
        let ran = domain(&scene, &[slip]).run();
        ran.failed(3, &[slip, &format!("did you mean `{meant}`"), "case-sensitive"]);
        // The account has just listed its services: it is not in doubt.
        assert!(!ran.stderr.contains("check the account id"), "{ran:?}");
    }
    domain(&scene, &["nothinglikeit"])
        .run()
        .failed(3, &["lp-auth domain lists the services"]);
    domain(&scene, &["faas/GW"])
        .run()
        .failed(2, &["is not a service name"]);
    let idp: ServiceName = "idp".parse().unwrap();
    scene.emulator.remove_service(&idp);
    domain(&scene, &["idp"])
        .run()
        .failed(3, &["`idp` exists, and this account does not have it"]);
}

#[test]
fn what_keeps_it_from_an_answer_is_told() {
    let scene = Scene::new();
    domain(&scene, &["--account", "87654321"])
        .run()
        .failed(3, &["401", "--account"]);
    domain(&scene, &[])
        .without("LP_ACCOUNT_ID")
        .run()
        .failed(2, &["no account id"]);
    domain(&scene, &[])
        .without("LP_DOMAIN_API")
        .env("LP_REGION", "us")
        .run()
        .failed(2, &["the Domain API is not asked", "--domain-api"]);
    for stack in STACKS {
        for (fault, text) in [
            (Fault::Html, "HTML"),
            (Fault::status(503), "503"),
            (Fault::Body("[]".into()), "not the JSON"),
        ] {
            scene.emulator.fault(Endpoint::DomainApi, fault).unwrap();
            for service in [&[][..], &["sentinel"]] {
                let arguments = [service, &["--transport", stack]].concat();
                domain(&scene, &arguments).run().failed(4, &[text]);
            }
        }
    }
    scene.emulator.clear_faults();
    scene
        .emulator
        .fault_times(Endpoint::DomainApi, Fault::ResetBefore, 2)
        .unwrap();
    domain(&scene, &[]).env("LP_PATIENCE", "10").run().done();
}

#[test]
fn a_host_of_the_settings_is_sentinels_and_nobody_is_asked() {
    let scene = Scene::new();
    let stdout = domain(&scene, &["sentinel"])
        .without("LP_DOMAIN_API")
        .env("LP_REGION", "emea")
        .run()
        .done();
    assert_eq!(stdout, "lo.sentinel.liveperson.net\n");
    assert_eq!(scene.emulator.requests().len(), 0);
}
