//! Files that others can read or change.
#![cfg(unix)]

use crate::scene::{SECRET, Scene};

#[test]
fn a_secret_file_that_others_can_read_is_refused_and_the_way_to_mend_it_is_named() {
    let scene = Scene::new();
    for mode in [0o604, 0o640, 0o644, 0o620, 0o602, 0o777] {
        scene.set_mode("secret", mode);
        let texts = [
            &format!("mode is {mode:04o}"),
            "chmod 600 ",
            "/secret",
            "LP_ALLOW_SHARED_SECRET_FILE=true",
        ];
        scene.command(&["token"]).run().failed(2, &texts);
    }
    for mode in [0o600, 0o400] {
        scene.set_mode("secret", mode);
        scene.command(&["token"]).run().done();
    }
}

#[test]
fn a_secret_that_is_mounted_into_a_container_is_taken_where_the_user_says_so() {
    let scene = Scene::new();
    scene.set_mode("secret", 0o444);
    // As Kubernetes mounts it: behind symbolic links.
    std::os::unix::fs::symlink("secret", scene.path("link")).unwrap();
    let link = scene.path("link");
    let command = |arguments: &[&str]| {
        scene
            .command(&[&["token"], arguments].concat())
            .env("LP_CLIENT_SECRET_FILE", link.to_str().unwrap())
    };
    command(&[]).run().failed(2, &["0444"]);
    command(&["--allow-shared-secret-file"]).run().done();
    let allowed = |value: &str| command(&[]).env("LP_ALLOW_SHARED_SECRET_FILE", value).run();
    allowed("true").done();
    allowed("0").failed(2, &["0444"]);
    allowed("perhaps").failed(2, &["LP_ALLOW_SHARED_SECRET_FILE: neither `true` nor `false`"]);
}

#[test]
fn a_config_file_with_a_secret_in_it_is_for_its_owner_alone() {
    let scene = Scene::new();
    let text = format!("[profiles.default]\nclient_secret = '{SECRET}'\n[profiles.other]\nregion = 'us'\n");
    let config = scene.write("config.toml", &text);
    let command = |arguments: &[&str]| {
        scene
            .command(arguments)
            .without("LP_CLIENT_SECRET_FILE")
            .env("LP_CONFIG_FILE", config.to_str().unwrap())
    };
    command(&["token"]).run().done();
    scene.set_mode("config.toml", 0o644);
    command(&["token"]).run().failed(
        2,
        &["config file, with a client secret in it", "0644", "chmod 600"],
    );
    command(&["token"])
        .env("LP_ALLOW_SHARED_SECRET_FILE", "true")
        .run()
        .done();
}

#[test]
fn a_config_file_that_others_can_change_is_refused() {
    let scene = Scene::new();
    let config = scene.write("config.toml", "[profiles.default]\n");
    for mode in [0o620, 0o602, 0o666] {
        scene.set_mode("config.toml", mode);
        scene
            .command(&["token", "--config", config.to_str().unwrap()])
            .run()
            .failed(2, &["can be changed by others", "chmod 600 "]);
    }
    scene.set_mode("config.toml", 0o644);
    scene
        .command(&["token", "--config", config.to_str().unwrap()])
        .run()
        .done();
}
