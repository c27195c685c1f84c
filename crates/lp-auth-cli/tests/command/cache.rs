//! A token that invocations share.

use std::path::PathBuf;
use std::time::Duration;

use lp_auth_emulator::{ClockOffset, Emulator, Endpoint, Fault};

use crate::scene::{CONSUMER, Run, SECRET, STACKS, Scene, told};

const INVOKE: &str = "faasGW/api/account/{account}/lambdas/4ec0ff5b-92a3-4c58-b5ac-4d4a36d6d6a1/invoke";

fn cached(scene: &Scene, arguments: &[&str]) -> Run {
    let cache = scene.path("cache");
    scene
        .command(arguments)
        .env("XDG_CACHE_HOME", cache.to_str().unwrap())
}

fn token(scene: &Scene) -> String {
    cached(scene, &["token", "--cache"]).run().done()
}

fn requests(scene: &Scene) -> (usize, usize) {
    let count = |endpoint| scene.emulator.request_count(endpoint);
    (count(Endpoint::DomainApi), count(Endpoint::Token))
}

/// What is said about a file that was spoilt, and how it is spoilt.
#[cfg(unix)]
type Spoil<'a> = (&'a str, Box<dyn Fn() + 'a>);

/// The file that a token is kept in.
fn file(scene: &Scene) -> PathBuf {
    let files = std::fs::read_dir(scene.path("cache/lp-auth")).unwrap();
    let mut tokens = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let only = tokens.next().unwrap();
    assert_eq!(tokens.next(), None);
    only
}

/// Changes a member of the file.
fn edit(scene: &Scene, member: &str, value: serde_json::Value) {
    let file = file(scene);
    let mut entry: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    entry.as_object_mut().unwrap().insert(member.to_owned(), value);
    std::fs::write(&file, entry.to_string()).unwrap();
}

fn now_in_millis() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the cache counts in this machine's time"
    )]
    let now = std::time::SystemTime::now();
    lp_auth_core::UnixTime::from(now).as_millis()
}

#[test]
fn a_loop_of_a_hundred_makes_one_request() {
    let scene = Scene::new();
    let first = token(&scene);
    for _ in 1..100 {
        assert_eq!(token(&scene), first);
    }
    assert_eq!(requests(&scene), (1, 1));
    let told = cached(&scene, &["token", "--cache", "-v"]).run().stderr;
    assert!(told.contains("from the cache, good until 20"), "{told}");
    // Not even the secret is read for a token that is at hand.
    let again = cached(&scene, &["token", "--cache"])
        .env("LP_CLIENT_SECRET_FILE", "/nowhere/secret")
        .run()
        .done();
    assert_eq!(again, first);
}

#[test]
fn twenty_at_once_make_one_request() {
    let scene = Scene::new();
    scene.emulator.set_latency(Duration::from_millis(200));
    let children: Vec<_> = (0..20)
        .map(|_| {
            cached(&scene, &["token", "--cache"])
                .env("LP_PATIENCE", "30")
                .spawn()
        })
        .collect();
    let outputs: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    for output in &outputs {
        assert!(
            output.status.success() && told(&output.stderr).is_empty(),
            "{output:?}"
        );
        assert_eq!(output.stdout, outputs[0].stdout);
    }
    assert_eq!(requests(&scene), (1, 1));
}

#[test]
fn of_twenty_with_an_ageing_token_one_renews_it() {
    let scene = Scene::new();
    token(&scene);
    let requested = now_in_millis() - 56 * 60_000;
    edit(&scene, "requested_at", requested.into());
    edit(&scene, "expires_at", (requested + 3_600_000).into());
    scene.emulator.forget_requests();
    scene.emulator.set_latency(Duration::from_millis(500));
    let children: Vec<_> = (0..20)
        .map(|_| cached(&scene, &["token", "--cache"]).spawn())
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success() && told(&output.stderr).is_empty(),
            "{output:?}"
        );
    }
    assert_eq!(requests(&scene), (1, 1));
}

#[test]
fn all_that_take_a_token_share_it() {
    let scene = Scene::new();
    token(&scene);
    let lambda = "4ec0ff5b-92a3-4c58-b5ac-4d4a36d6d6a1";
    cached(&scene, &["call", "--cache", "POST", INVOKE]).run().done();
    cached(&scene, &["invoke", "--cache", lambda]).run().done();
    let exec = cached(&scene, &["exec", "--cache", "--", "env"])
        .env("PATH", "/usr/bin:/bin")
        .run();
    assert!(exec.stdout.contains("LP_ACCESS_TOKEN=eyJ"), "{exec:?}");
    let json = cached(&scene, &["token", "--cache", "--output", "json"])
        .run()
        .done();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sentinel"], scene.emulator.sentinel());
    assert_eq!(scene.emulator.request_count(Endpoint::Token), 1);
}

#[test]
fn another_account_client_version_place_or_consumer_gets_a_token_of_its_own() {
    let scene = Scene::new();
    token(&scene);
    let mut count = 1;
    let mut one_more = |run: Run| {
        run.run();
        count += 1;
        assert_eq!(scene.emulator.request_count(Endpoint::Token), count);
    };
    let command = || cached(&scene, &["token", "--cache"]);
    one_more(command().env("LP_API_VERSION", "v1"));
    one_more(command().env("LP_CLIENT_ID", "another"));
    let in_file = |id: &str| {
        let file = scene.write("client-id", id);
        command()
            .without("LP_CLIENT_ID")
            .env("LP_CLIENT_ID_FILE", file.to_str().unwrap())
    };
    one_more(in_file("a-third"));
    one_more(in_file("a-fourth"));
    one_more(command().env("LP_CONSUMER_ID", CONSUMER));
    one_more(
        command()
            .without("LP_DOMAIN_API")
            .env("LP_SENTINEL", scene.emulator.sentinel()),
    );
    in_file(scene.emulator.client_id()).run().done();
    command().env("LP_API_VERSION", "v1").run().done();
    command().env("LP_CONSUMER_ID", CONSUMER).run().done();
    assert_eq!(scene.emulator.request_count(Endpoint::Token), count);
    in_file("a-third").run().failed(3, &["invalid_client"]);
    // An account that the server does not know gets none, also with a token at hand for another.
    command()
        .env("LP_ACCOUNT_ID", "87654321")
        .run()
        .failed(3, &["LP_ACCOUNT_ID"]);
    command()
        .env("LP_ACCOUNT_ID", "../x")
        .run()
        .failed(2, &["account id"]);
    for file in std::fs::read_dir(scene.path("cache/lp-auth")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains("canary") && !name.contains("12345678"), "{name}");
    }
}

#[test]
fn without_the_flag_nothing_is_kept_and_nothing_is_read() {
    let scene = Scene::new();
    for _ in 0..2 {
        cached(&scene, &["token"]).run().done();
    }
    assert_eq!(requests(&scene), (2, 2));
    assert!(!scene.path("cache").exists());
}

#[test]
fn an_ageing_token_is_renewed_by_one_and_kept_while_that_fails() {
    let scene = Scene::new();
    let first = token(&scene);
    // 56 of 60 minutes ago.
    let ago = |minutes: u64| now_in_millis() - minutes * 60_000;
    let age = |minutes: u64| {
        edit(&scene, "requested_at", ago(minutes).into());
        edit(&scene, "expires_at", (ago(minutes) + 3_600_000).into());
    };
    age(56);
    scene.emulator.fault(Endpoint::Token, Fault::status(500)).unwrap();
    assert_eq!(token(&scene), first);
    scene.emulator.clear_faults();
    scene
        .emulator
        .set_clock(ClockOffset::Ahead(Duration::from_secs(5)));
    age(56);
    let second = token(&scene);
    assert_ne!(second, first);
    // Shortly before its end it is of no use.
    age(60);
    scene.emulator.fault(Endpoint::Token, Fault::status(500)).unwrap();
    cached(&scene, &["token", "--cache"]).run().failed(4, &["500"]);
    // Nor is one from the future: somebody has set the clock back.
    edit(&scene, "requested_at", (now_in_millis() + 60_000).into());
    edit(&scene, "expires_at", (now_in_millis() + 3_600_000).into());
    cached(&scene, &["token", "--cache"]).run().failed(4, &["500"]);
}

#[test]
fn a_token_that_an_api_refuses_is_replaced_for_all_but_not_again_and_again() {
    let scene = Scene::new();
    for stack in STACKS {
        let _ = std::fs::remove_dir_all(scene.path("cache"));
        token(&scene);
        scene.emulator.forget_requests();
        // The keys that it was signed with are gone.
        scene.emulator.replace_keys().unwrap();
        let call = || cached(&scene, &["call", "--cache", "--transport", stack, "POST", INVOKE]);
        call().run().done();
        call().run().done();
        assert_eq!(scene.emulator.request_count(Endpoint::Token), 1);
        // An API that refuses everything.
        scene.emulator.replace_keys().unwrap();
        scene.emulator.fault(Endpoint::Api, Fault::status(401)).unwrap();
        for _ in 0..3 {
            assert_eq!(call().run().code(), Some(1));
        }
        assert_eq!(scene.emulator.request_count(Endpoint::Token), 1);
        scene.emulator.clear_faults();
    }
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let scene = Scene::new();
    std::fs::create_dir_all(scene.path("cache/lp-auth")).unwrap();
    scene.set_mode("cache/lp-auth", 0o755);
    token(&scene);
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(scene.path("cache/lp-auth")), 0o700);
    for file in std::fs::read_dir(scene.path("cache/lp-auth")).unwrap() {
        assert_eq!(mode(file.unwrap().path()), 0o600);
    }
    let text = std::fs::read_to_string(file(&scene)).unwrap();
    assert!(!text.contains(SECRET));
}

#[cfg(unix)]
#[test]
fn what_is_damaged_or_foreign_is_ignored_with_a_warning_and_replaced() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let scene = Scene::new();
    token(&scene);
    let path = file(&scene);
    let whole = std::fs::read_to_string(&path).unwrap();
    let spoil: [Spoil; 8] = [
        (
            "it is damaged",
            Box::new(|| std::fs::write(&path, &whole[..whole.len() / 2]).unwrap()),
        ),
        ("it is damaged", Box::new(|| std::fs::write(&path, "").unwrap())),
        (
            "valid UTF-8",
            Box::new(|| std::fs::write(&path, [0xff; 99]).unwrap()),
        ),
        (
            "too large",
            Box::new(|| std::fs::write(&path, vec![b' '; 100_000]).unwrap()),
        ),
        (
            "another token's",
            Box::new(|| std::fs::write(&path, whole.replace("\"token-", "\"token-0")).unwrap()),
        ),
        (
            "others can read",
            Box::new(|| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap()),
        ),
        (
            "symbolic link",
            Box::new(|| {
                let elsewhere = scene.write("elsewhere", &whole);
                std::fs::remove_file(&path).unwrap();
                symlink(elsewhere, &path).unwrap();
            }),
        ),
        (
            "no ordinary file",
            Box::new(|| {
                std::fs::remove_file(&path).unwrap();
                let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
                assert!(made.success());
            }),
        ),
    ];
    for (problem, spoil) in spoil {
        spoil();
        scene.emulator.forget_requests();
        let ran = cached(&scene, &["token", "--cache"]).run();
        assert!(ran.stdout.starts_with("eyJ"), "{problem}: {ran:?}");
        assert!(
            ran.told().starts_with("warning: the cached token in "),
            "{problem}: {ran:?}"
        );
        assert!(ran.stderr.contains(problem), "{problem}: {ran:?}");
        assert_eq!(ran.told().lines().count(), 1, "{problem}: {ran:?}");
        assert_eq!(requests(&scene), (1, 1), "{problem}");
        // Now it is well again.
        token(&scene);
        assert_eq!(requests(&scene), (1, 1), "{problem}");
    }
    assert_eq!(
        std::fs::read_to_string(scene.path("elsewhere")).unwrap(),
        whole,
        "the link was not followed"
    );
}

#[cfg(unix)]
#[test]
fn where_there_is_no_safe_folder_the_token_is_had_without_it() {
    let scene = Scene::new();
    std::fs::create_dir_all(scene.path("cache")).unwrap();
    std::fs::create_dir_all(scene.path("other")).unwrap();
    std::os::unix::fs::symlink(scene.path("other"), scene.path("cache/lp-auth")).unwrap();
    let ran = cached(&scene, &["token", "--cache"]).run();
    assert!(ran.stdout.starts_with("eyJ"), "{ran:?}");
    assert!(
        ran.stderr.contains("warning: ") && ran.stderr.contains("not cached"),
        "{ran:?}"
    );
    assert_eq!(std::fs::read_dir(scene.path("other")).unwrap().count(), 0);
    std::fs::remove_file(scene.path("cache/lp-auth")).unwrap();
    scene.write("cache/lp-auth", "a file");
    let ran = cached(&scene, &["token", "--cache"]).run();
    assert!(
        ran.stdout.starts_with("eyJ") && ran.stderr.contains("not cached"),
        "{ran:?}"
    );
}

#[test]
fn a_short_lived_token_is_not_fetched_anew_each_time() {
    let scene = Scene::of(Emulator::builder().token_lifetime(Duration::from_secs(60)));
    for _ in 0..5 {
        token(&scene);
    }
    assert_eq!(requests(&scene), (1, 1));
}
