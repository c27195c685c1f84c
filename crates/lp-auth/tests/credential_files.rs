//! Credentials in files that are rotated under a running client: real files, simulated time.

mod scene;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lp_auth::{BuildError, Client, ClientBuilder, Error, ErrorKind, Progress};
use tempfile::TempDir;
use tokio::time::sleep;

use scene::{Servers, builder};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

const OLD: &str = "canary-old";
const NEW: &str = "canary-new";

/// A folder with the old secret in it, and servers that accept it.
struct Mounted {
    folder: TempDir,
    servers: Arc<Servers>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Mounted {
    fn new() -> Self {
        let mounted = Self {
            folder: tempfile::tempdir().expect("a folder"),
            servers: Servers::new().open(),
            told: Arc::default(),
        };
        mounted.servers.accept(OLD);
        mounted.write(OLD);
        mounted
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("client-secret")
    }

    fn write(&self, secret: &str) {
        fs::write(self.path(), format!("{secret}\n")).expect("it can be written");
    }

    fn builder(&self) -> ClientBuilder {
        let told = Arc::clone(&self.told);
        builder(&self.servers)
            .client_secret_file(self.path())
            .watch(move |progress| {
                let line = format!("{progress} {progress:?}");
                match progress {
                    Progress::CredentialsChanged | Progress::CredentialsKept { .. } => {
                        told.lock().expect("unpoisoned").push(line);
                    }
                    _ => assert!(!line.contains("canary"), "{line}"),
                }
            })
    }

    fn client(&self) -> Client {
        self.builder().build().expect("the settings are complete")
    }

    fn told(&self) -> Vec<String> {
        let told = std::mem::take(&mut *self.told.lock().expect("unpoisoned"));
        assert!(told.iter().all(|line| !line.contains("canary")), "{told:?}");
        told
    }
}

fn refused(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rotated_secret_is_used_for_the_next_request_and_the_token_at_hand_serves_until_then() {
    let mounted = Mounted::new();
    let lp = mounted.client();
    let first = lp.token().await.expect("it is handed out");
    mounted.write(NEW);
    mounted.servers.accept(NEW);
    for _ in 0..40 {
        sleep(60 * SECOND).await;
        assert_eq!(lp.token().await.expect("it is at hand"), first);
    }
    assert_eq!(
        mounted.told(),
        [""; 0],
        "nobody needed a secret, so nobody looked"
    );
    sleep(600 * SECOND).await;
    assert_ne!(lp.token().await.expect("it is renewed"), first);
    assert_eq!(mounted.servers.asked().1, 2, "none was refused");
    assert_eq!(mounted.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_comes_after_the_refusal_ends_the_rest() {
    let mounted = Mounted::new();
    mounted.servers.accept(NEW);
    let lp = mounted.client();
    refused(&lp.token().await.expect_err("the old secret"));
    sleep(2 * SECOND).await;
    refused(&lp.token().await.expect_err("it rests"));
    assert_eq!(mounted.servers.asked().1, 1);
    mounted.write(NEW);
    sleep(2 * SECOND).await;
    assert!(lp.token().await.is_ok(), "long before the rest of 30 s is over");
    assert_eq!(mounted.servers.asked().1, 2);
    assert_eq!(mounted.servers.elapsed(), 4 * SECOND + 150 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_comes_while_the_request_is_out_serves_everybody_who_waits() {
    let mounted = Mounted::new();
    mounted.servers.accept(NEW);
    let lp = mounted.client();
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        let lp = lp.clone();
        askers.spawn(async move { lp.token().await.is_ok() });
    }
    sleep(75 * MS).await;
    mounted.write(NEW);
    assert!(askers.join_all().await.into_iter().all(|served| served));
    assert_eq!(mounted.servers.asked(), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn keep_fresh_uses_the_rotated_secret_and_nobody_waits() {
    let mounted = Mounted::new();
    let lp = mounted.client();
    let keeper = tokio::spawn(lp.keep_fresh());
    lp.token().await.expect("it is handed out");
    mounted.write(NEW);
    mounted.servers.accept(NEW);
    for _ in 0..90 {
        sleep(60 * SECOND).await;
        let asked = mounted.servers.elapsed();
        assert!(lp.token().await.is_ok());
        assert_eq!(mounted.servers.elapsed(), asked);
    }
    keeper.abort();
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_mounted_secret_of_kubernetes_is_swapped_under_the_client() {
    use std::os::unix::fs::symlink;

    /// `client-secret` → `..data/client-secret`, `..data` → a folder of its own time; a swap renames a new link over it.
    fn publish(mount: &Path, generation: &str, secret: &str) {
        fs::create_dir(mount.join(generation)).expect("a folder");
        fs::write(mount.join(generation).join("client-secret"), secret).expect("a file");
        symlink(generation, mount.join("..data_tmp")).expect("a link");
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("a swap");
    }

    let mounted = Mounted::new();
    let mount = mounted.folder.path();
    fs::remove_file(mounted.path()).expect("it is there");
    publish(mount, "..2026_11_22", OLD);
    symlink("..data/client-secret", mounted.path()).expect("a link");
    let lp = mounted.client();
    let first = lp.token().await.expect("it is handed out");
    publish(mount, "..2026_11_23", NEW);
    fs::remove_dir_all(mount.join("..2026_11_22")).expect("the old one goes");
    mounted.servers.accept(NEW);
    assert!(lp.invalidate(&first));
    assert_ne!(lp.token().await.expect("a new one"), first);
    assert_eq!(mounted.servers.asked().1, 2, "none was refused");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_read_keeps_the_secret_and_is_told() {
    for (broken, words) in [
        (None, "cannot be read"),
        (Some(&b""[..]), "the client secret is empty"),
        (Some(b"canary\ntwo lines"), "not printable"),
        (Some(b"canary \xff"), "holds no text"),
    ] {
        let mounted = Mounted::new();
        let lp = mounted.client();
        let first = lp.token().await.expect("it is handed out");
        match broken {
            None => fs::remove_file(mounted.path()).expect("it is there"),
            Some(bytes) => fs::write(mounted.path(), bytes).expect("it can be written"),
        }
        assert!(lp.invalidate(&first));
        assert!(lp.token().await.is_ok(), "the secret read before is still good");
        let told = mounted.told().concat();
        assert!(told.contains(words) && told.contains("client-secret"), "{told}");

        mounted.servers.accept(NEW);
        let second = lp.token().await.expect("it is at hand");
        sleep(31 * SECOND).await;
        assert!(lp.invalidate(&second));
        let error = lp.token().await.expect_err("the old secret");
        refused(&error);
        assert!(error.to_string().contains(words), "{error}");
        assert!(
            error
                .to_string()
                .contains("so what was read before was used: put the file right, or check the client id"),
            "{error}"
        );
        mounted.write(NEW);
        sleep(2 * SECOND).await;
        assert!(lp.token().await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_while_a_refusal_rests_the_files_are_looked_at_once_a_second() {
    let mounted = Mounted::new();
    mounted.servers.accept(NEW);
    let lp = mounted.client();
    fs::remove_file(mounted.path()).expect("it is there");
    refused(&lp.token().await.expect_err("the old secret"));
    assert_eq!(
        mounted.told().len(),
        2,
        "before the request, and when it was refused"
    );
    for _ in 0..5 {
        sleep(SECOND).await;
        for _ in 0..100 {
            refused(&lp.token().await.expect_err("it rests"));
        }
        assert_eq!(mounted.told().len(), 1);
    }
    assert_eq!(mounted.servers.asked().1, 1);
}

#[tokio::test(start_paused = true)]
async fn client_id_and_secret_are_rotated_together_and_the_old_clients_token_serves_until_the_new_ones_comes()
{
    let mounted = Mounted::new();
    let id = mounted.folder.path().join("client-id");
    fs::write(&id, "my-app\n").expect("it can be written");
    let lp = mounted
        .builder()
        .client_id_file(&id)
        .build()
        .expect("the settings are complete");
    let first = lp.token().await.expect("it is handed out");
    sleep(2950 * SECOND).await;
    fs::write(&id, "my-other-app\n").expect("it can be written");
    mounted.write(NEW);
    mounted
        .servers
        .trouble
        .lock()
        .expect("unpoisoned")
        .push(scene::Trouble::Status(503));
    mounted.servers.accept(NEW);
    assert_eq!(lp.token().await.expect("the renewal failed"), first);
    sleep(10 * SECOND).await;
    assert_ne!(lp.token().await.expect("it is renewed"), first);
    assert_eq!(mounted.servers.asked().1, 3);
    // The client is another one now.
    let foreign = lp_auth::AccessToken::new("e30.eyJhenAiOiJteS1hcHAifQ.c2ln", first.life()).expect("a JWT");
    assert_eq!(lp.restore(foreign), Err(lp_auth::NotRestored::AnotherClient));
}

#[tokio::test(start_paused = true)]
async fn credentials_that_were_set_serve_until_the_files_change() {
    let mounted = Mounted::new();
    let lp = mounted.client();
    let first = lp.token().await.expect("it is handed out");
    mounted.servers.accept("set-by-hand");
    lp.set_credentials(lp_auth::Credentials {
        client_id: "my-app".parse().expect("an id"),
        client_secret: "set-by-hand".parse().expect("a secret"),
    });
    assert!(lp.invalidate(&first));
    let second = lp.token().await.expect("the file says what it said");
    mounted.write(NEW);
    mounted.servers.accept(NEW);
    sleep(31 * SECOND).await;
    assert!(lp.invalidate(&second));
    assert!(lp.token().await.is_ok());
    assert_eq!(mounted.servers.asked().1, 3, "none was refused");
}

#[tokio::test(start_paused = true)]
async fn clients_for_consumers_and_other_accounts_read_the_files_by_themselves() {
    let mounted = Mounted::new();
    let lp = mounted.client();
    let delegated = lp.for_consumer("consumer-1").expect("V2");
    let other = lp.for_account("87654321").expect("an account id");
    mounted.write(NEW);
    mounted.servers.accept(NEW);
    for lp in [lp, delegated, other] {
        assert!(lp.token().await.is_ok());
    }
    assert_eq!(mounted.servers.asked().1, 3, "none was refused");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_says_something_else_each_time_keeps_nobody_busy() {
    let mounted = Mounted::new();
    *mounted.servers.accepts.lock().expect("unpoisoned") = None;
    let path = mounted.path();
    let lp = mounted
        .builder()
        .watch(move |progress| {
            if matches!(progress, Progress::CredentialsChanged) {
                let mut text = fs::read_to_string(&path).expect("it is there");
                text.insert(0, 'x');
                fs::write(&path, text).expect("it can be written");
            }
        })
        .build()
        .expect("complete");
    mounted.write(NEW);
    assert!(lp.token().await.is_ok());
    assert_eq!(mounted.servers.asked(), (1, 1));
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_pipe_is_read_once() {
    let mounted = Mounted::new();
    fs::remove_file(mounted.path()).expect("it is there");
    let made = std::process::Command::new("mkfifo")
        .arg(mounted.path())
        .status()
        .expect("there is `mkfifo`");
    assert!(made.success());
    let path = mounted.path();
    let writer = std::thread::spawn(move || fs::write(path, OLD));
    let lp = mounted.client();
    writer.join().expect("no panic").expect("it was read");
    let first = lp.token().await.expect("it is handed out");
    assert!(lp.invalidate(&first));
    // A second reading would never end.
    assert!(lp.token().await.is_ok());
    assert_eq!(mounted.told(), [""; 0]);
}

#[test]
fn a_file_that_is_not_there_at_first_is_no_client_and_a_secret_given_for_its_file_is_not_shown() {
    let bare = Client::builder("12345678").client_id("my-app");
    let error = |builder: ClientBuilder| builder.build().expect_err("it is refused");
    let missing = error(bare.clone().client_secret_file("/nowhere/client-secret"));
    assert!(matches!(missing, BuildError::File(_)), "{missing:?}");
    assert!(
        missing
            .to_string()
            .starts_with("the file of the client secret, /nowhere/client-secret, cannot be read: "),
        "{missing}"
    );
    let mistaken = error(bare.client_secret_file("canary-secret"));
    let id = error(
        Client::builder("12345678")
            .client_id_file("canary-id")
            .client_secret("hush"),
    );
    let mut shown = String::new();
    for error in [mistaken, id] {
        write!(shown, "{error} {error:?}").expect("a string takes it");
    }
    assert!(
        shown.contains("[not shown]") && !shown.contains("canary"),
        "{shown}"
    );
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;

    use lp_auth::http::{Request, Response};
    use lp_auth_core::{BlockingTransport, Body, Limits, TransportError};

    struct Wire(Arc<Servers>);

    impl BlockingTransport for Wire {
        fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
            self.0.answer(&request)
        }
    }

    fn mounted() -> (Mounted, lp_auth::blocking::Client) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let mounted = runtime.expect("a runtime").block_on(async { Mounted::new() });
        let wire = Wire(Arc::clone(&mounted.servers));
        let lp = mounted.builder().blocking_transport(wire).build_blocking();
        (mounted, lp.expect("complete"))
    }

    #[test]
    fn a_rotated_secret_is_used_for_the_next_request() {
        let (mounted, lp) = mounted();
        let first = lp.token().expect("it is handed out");
        mounted.write(NEW);
        mounted.servers.accept(NEW);
        assert!(lp.invalidate(&first));
        assert!(lp.token().is_ok());
        assert_eq!(mounted.servers.asked().1, 2, "none was refused");
    }

    #[test]
    fn a_secret_that_comes_after_the_refusal_ends_the_rest() {
        let (mounted, lp) = mounted();
        mounted.servers.accept(NEW);
        fs::remove_file(mounted.path()).expect("it is there");
        let error = lp.token().expect_err("the old secret");
        refused(&error);
        assert!(error.to_string().contains("put the file right"), "{error}");
        assert_eq!(mounted.told().len(), 2);
        mounted.write(NEW);
        // The files are looked at once a second, and a rest of half a minute would fail the test.
        let mut attempts = 0_u64;
        while lp.token().is_err() {
            attempts += 1;
            std::thread::yield_now();
        }
        assert_eq!(mounted.servers.asked().1, 2, "after {attempts} attempts");
        let took = mounted.servers.start.elapsed();
        assert!(took < Duration::from_secs(15), "{took:?}");
    }

    #[test]
    fn a_secret_that_comes_while_the_request_is_out_serves_everybody_who_waits() {
        struct Rotating(Arc<Servers>, PathBuf);
        impl BlockingTransport for Rotating {
            fn send(&self, request: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
                fs::write(&self.1, NEW).expect("it can be written");
                self.0.answer(&request)
            }
        }

        let (mounted, _) = mounted();
        mounted.servers.accept(NEW);
        let lp = mounted
            .builder()
            .region(lp_auth::Region::Us)
            .blocking_transport(Rotating(Arc::clone(&mounted.servers), mounted.path()))
            .build_blocking()
            .expect("complete");
        std::thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| assert!(lp.token().is_ok()));
            }
        });
        assert_eq!(mounted.servers.asked().1, 2);
    }
}
