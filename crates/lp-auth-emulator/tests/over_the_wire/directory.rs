//! The folder: what stays from one start to the next, and the `env` file.

use std::fs;
use std::path::Path;
use std::process::Command;

use lp_auth_emulator::{ApiVersion, Emulator, EmulatorError};
use secrecy::ExposeSecret;

use crate::client::{Client, verify_v2};

fn start(directory: &Path) -> Emulator {
    Emulator::builder().directory(directory).start().unwrap()
}

#[test]
fn keys_certificates_and_credentials_outlive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kept");
    let first = start(&path);
    first.rotate_keys().unwrap();
    let known = |emulator: &Emulator| {
        (
            emulator.ca_pem().to_owned(),
            emulator.v1_public_key_pem(),
            emulator.jwks(),
            emulator.client_id().to_owned(),
            emulator.client_secret().expose_secret().to_owned(),
        )
    };
    let before = known(&first);
    let token = first.draft(ApiVersion::V2).sign();
    drop(first);

    let second = start(&path);
    assert_eq!(known(&second), before);
    verify_v2(&token, &second.jwks(), "12345678").unwrap();
    let client = Client::trusting(&before.0, &second.domain_api());
    verify_v2(&client.v2_token(&second), &before.2, "12345678").unwrap();
    second.retire_keys().unwrap();
    let retired = second.jwks();
    drop(second);
    assert_eq!(start(&path).jwks(), retired);
}

#[test]
fn what_the_builder_says_goes_before_what_was_kept_and_is_kept_in_turn() {
    let directory = tempfile::tempdir().unwrap();
    drop(start(directory.path()));
    let told = Emulator::builder()
        .directory(directory.path())
        .account("le81823118".parse().unwrap())
        .client_id("told")
        .client_secret("told-secret")
        .scope("msg.consumer")
        .start()
        .unwrap();
    drop(told);
    let again = start(directory.path());
    assert_eq!(again.account().as_str(), "le81823118");
    assert_eq!(again.client_id(), "told");
    assert_eq!(again.client_secret().expose_secret(), "told-secret");
    assert_eq!(again.application().scope(), "msg.consumer");
}

#[cfg(unix)]
#[test]
fn a_shell_reads_the_settings_whatever_the_folders_name() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("it's a $(folder) \"with\" `spaces` \\ é");
    for plain in [false, true] {
        let mut builder = Emulator::builder()
            .directory(&path)
            .client_secret("s3kr1t $x 'y'");
        if plain {
            builder = builder.plain_http();
        }
        let emulator = builder.start().unwrap();
        let script = "set -a; . \"$1/env\"; cat \"$LP_CLIENT_SECRET_FILE\" \"$LP_V1_KEYS\"; env | grep '^LP_.*=.' | sort";
        let shell = Command::new("sh")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .args(["-c", script, "sh"])
            .arg(&path)
            .output()
            .unwrap();
        let output = String::from_utf8(shell.stdout).unwrap();
        let file = |name: &str| path.join(name).display().to_string();
        let host = emulator.sentinel();
        let last = if plain {
            "LP_PLAIN_HTTP_LOOPBACK=true\n"
        } else {
            "LP_PLAIN_HTTP_LOOPBACK=false\n"
        };
        let ca = if plain {
            String::new()
        } else {
            format!("LP_CA_FILE={}\n", file("ca.pem"))
        };
        assert_eq!(
            output,
            format!(
                "s3kr1t $x 'y'{}LP_ACCOUNT_ID=12345678\n{ca}LP_CLIENT_ID={}\nLP_CLIENT_SECRET_FILE={}\n\
                LP_CONFIG_FILE={}\nLP_DOMAIN_API={}\n{last}LP_TRUSTED_HOSTS={host}\nLP_V1_KEYS={}\n",
                emulator.v1_public_key_pem(),
                emulator.client_id(),
                file("client-secret"),
                file("config.toml"),
                emulator.domain_api(),
                file("v1-public-key.pem"),
            ),
            "{}",
            String::from_utf8_lossy(&shell.stderr)
        );
        assert_eq!(emulator.env_file().unwrap(), path.join("env"));
        assert_eq!(emulator.directory().unwrap(), path);
    }
}

#[cfg(unix)]
#[test]
fn files_with_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new");
    let emulator = start(&path);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for name in [
        "ca-key.pem",
        "signing-keys.json",
        "client-secret",
        "application.json",
    ] {
        assert_eq!(mode(&path.join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&path), 0o700);
    let secret = emulator.client_secret().expose_secret();
    let env = fs::read_to_string(path.join("env")).unwrap();
    assert!(
        !env.contains(secret),
        "the environment names the secret's file, not the secret"
    );
}

#[test]
fn damaged_files_are_named_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    drop(start(directory.path()));
    for name in ["signing-keys.json", "application.json"] {
        let path = directory.path().join(name);
        let good = fs::read(&path).unwrap();
        for bad in ["", "{}", "[", "{\"v1\":\"\",\"v2\":[]}"] {
            fs::write(&path, bad).unwrap();
            let error = Emulator::builder()
                .directory(directory.path())
                .start()
                .unwrap_err();
            assert!(
                matches!(&error, EmulatorError::Unusable(damaged) if *damaged == path),
                "{error}"
            );
            assert!(error.to_string().contains("delete it"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        let error = Emulator::builder()
            .directory(directory.path())
            .start()
            .unwrap_err();
        assert!(error.to_string().contains("delete it, or its folder"), "{error}");
        fs::write(&path, good).unwrap();
    }
    drop(start(directory.path()));
}

#[test]
fn a_folder_is_used_by_one_emulator_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let first = start(directory.path());
    let env = fs::read(directory.path().join("env")).unwrap();
    let error = Emulator::builder()
        .directory(directory.path())
        .start()
        .unwrap_err();
    assert!(
        matches!(&error, EmulatorError::InUse(path) if path == directory.path()),
        "{error}"
    );
    assert!(
        error.to_string().contains("in use by another emulator"),
        "{error}"
    );
    assert_eq!(
        fs::read(directory.path().join("env")).unwrap(),
        env,
        "nothing was overwritten"
    );
    drop(first);
    drop(start(directory.path()));
}

#[test]
fn keys_that_cannot_be_kept_do_not_change() {
    let directory = tempfile::tempdir().unwrap();
    let emulator = start(directory.path());
    let before = emulator.jwks();
    let kept = directory.path().join("signing-keys.json");
    // Nothing can be renamed onto a folder.
    fs::remove_file(&kept).unwrap();
    fs::create_dir(&kept).unwrap();
    let error = emulator.rotate_keys().unwrap_err();
    assert!(
        matches!(&error, EmulatorError::Io { path, .. } if *path == kept),
        "{error}"
    );
    assert_eq!(emulator.jwks(), before);
}

#[test]
fn the_ports_are_taken_again_where_they_are_free() {
    let directory = tempfile::tempdir().unwrap();
    let first = start(directory.path());
    let address = first.address();
    let env = fs::read(directory.path().join("env")).unwrap();
    drop(first);
    let second = start(directory.path());
    assert_eq!(second.address(), address);
    assert_eq!(fs::read(directory.path().join("env")).unwrap(), env);
    drop(second);

    let taken = std::net::TcpListener::bind(address).unwrap();
    let third = start(directory.path());
    assert_ne!(third.address(), address);
    drop((third, taken));

    // A port that was asked for is had, or it is an error; and it is the one that is kept.
    let told = Emulator::builder().directory(directory.path()).listen(address);
    assert_eq!(told.start().unwrap().address(), address);
    assert_eq!(start(directory.path()).address(), address);

    fs::write(directory.path().join("ports.json"), "nonsense").unwrap();
    start(directory.path());
}

#[test]
fn a_file_is_no_folder_and_where_none_can_be_made_that_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = |path: &Path| Emulator::builder().directory(path).start().unwrap_err();
    let error = refused(&file);
    assert!(matches!(&error, EmulatorError::NotAFolder(path) if *path == file));
    assert!(
        error.to_string().contains("is no folder; name a folder"),
        "{error}"
    );
    let below = file.join("folder");
    let error = refused(&below);
    assert!(matches!(&error, EmulatorError::Folder { path, .. } if *path == below));
    assert!(
        error.to_string().contains("cannot be made; name another"),
        "{error}"
    );
}
