//! `lp-auth exec`.
#![cfg(unix)]

use crate::scene::{SECRET, Scene};

fn exec(scene: &Scene, command: &[&str]) -> crate::scene::Run {
    scene
        .command(&[&["exec", "--"], command].concat())
        .env("PATH", "/usr/bin:/bin")
}

#[test]
fn the_program_finds_a_token_and_no_client_secret() {
    let scene = Scene::new();
    let stdout = exec(&scene, &["env"])
        .without("LP_CLIENT_SECRET_FILE")
        .env("LP_CLIENT_SECRET", SECRET)
        .env("OTHER", "kept")
        .run()
        .done();
    assert!(
        stdout.lines().any(|line| line.starts_with("LP_ACCESS_TOKEN=eyJ")),
        "{stdout}"
    );
    assert!(stdout.lines().any(|line| line == "OTHER=kept"));
    assert!(!stdout.contains(SECRET));
}

#[test]
fn arguments_input_and_exit_code_are_the_programs_own() {
    let scene = Scene::new();
    let ran = exec(
        &scene,
        &["sh", "-c", "cat; echo \" $1\"; exit 7", "sh", "--output"],
    )
    .input("in")
    .run();
    assert_eq!((ran.code(), ran.stdout.as_str()), (Some(7), "in --output\n"));
    assert_eq!(ran.told(), "");
}

#[test]
fn the_program_takes_the_commands_place_and_gets_its_signals() {
    use std::os::unix::process::ExitStatusExt as _;

    let scene = Scene::new();
    let child = exec(&scene, &["sh", "-c", "echo $$; kill -TERM $$; sleep 60"]).spawn();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), id.to_string());
    // SIGTERM
    assert_eq!(output.status.signal(), Some(15));
    // A closed pipe ends it, as it ends any program.
    let ran = exec(&scene, &["sh", "-c", "yes | head -1"]).run();
    assert_eq!(
        (ran.code(), ran.stdout.as_str(), ran.told().as_str()),
        (Some(0), "y\n", "")
    );
}

#[test]
fn a_program_that_is_missing_or_cannot_be_run_is_told_as_shells_do() {
    let scene = Scene::new();
    scene.write("data", "no program");
    let data = scene.path("data");
    exec(&scene, &["no-such-program"])
        .run()
        .failed(127, &["no-such-program", "PATH"]);
    exec(&scene, &[data.to_str().unwrap()])
        .run()
        .failed(126, &["cannot be run"]);
    scene.command(&["exec", "env"]).run().failed(2, &["-- <CMD>"]);
    scene.command(&["exec"]).run().failed(2, &["-- <CMD>"]);
}

#[test]
fn without_a_token_the_program_is_not_run() {
    let scene = Scene::new();
    let wrong = scene.write("wrong", "mfrggzdfmztwq2lknnwg23tpob");
    let ran = exec(&scene, &["echo", "ran"])
        .env("LP_CLIENT_SECRET_FILE", wrong.to_str().unwrap())
        .run();
    ran.failed(3, &["invalid_client"]);
}
