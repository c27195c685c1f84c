//! Tokens that were saved, and come back.

mod scene;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lp_auth::{AccessToken, Client, NotRestored, UnixTime, Window};

use scene::{Servers, client};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const HOUR: Duration = Duration::from_secs(3600);

/// A token that somebody saved.
fn saved(claims: &str, life: Window) -> AccessToken {
    let text = format!("e30.{}.c2lnLWNhbmFyeQ", URL_SAFE_NO_PAD.encode(claims));
    AccessToken::new(&text, life).expect("a JWT")
}

fn good() -> Window {
    Window::starting(NOW, HOUR)
}

type Outcome = Result<bool, NotRestored>;

/// Each saved token, and what becomes of it: first for the client itself, then for one of its consumers.
fn cases() -> Vec<(AccessToken, Outcome, Outcome)> {
    use NotRestored::{AnotherAccount, AnotherClient, AnotherConsumer, Expired, Malformed, NotYet};

    let ours = r#"{"aud":"12345678","azp":"my-app"}"#;
    let consumers =
        r#"{"aud":["12345678"],"azp":"my-app","https://liveperson.com/consumer_id":"consumer-1"}"#;
    let almost = Window::starting(NOW - HOUR + Duration::from_secs(29), HOUR);
    let early = Window::starting(NOW + Duration::from_secs(3), HOUR);
    let both = |outcome| (outcome, outcome);
    [
        (saved(ours, good()), (Ok(true), Err(AnotherConsumer))),
        (saved(consumers, good()), (Err(AnotherConsumer), Ok(true))),
        (saved("{}", good()), (Ok(true), Err(AnotherConsumer))),
        (
            saved(&consumers.replace("consumer-1", "consumer-2"), good()),
            both(Err(AnotherConsumer)),
        ),
        (saved(r#"{"aud":"87654321"}"#, good()), both(Err(AnotherAccount))),
        (
            saved(r#"{"aud":["87654321",""]}"#, good()),
            both(Err(AnotherAccount)),
        ),
        (saved(r#"{"azp":"other-app"}"#, good()), both(Err(AnotherClient))),
        (
            saved(ours, almost),
            (Err(Expired { at: almost.end() }), Err(AnotherConsumer)),
        ),
        (
            saved(consumers, almost),
            (Err(AnotherConsumer), Err(Expired { at: almost.end() })),
        ),
        (
            saved(ours, early),
            (Err(NotYet { from: early.start() }), Err(AnotherConsumer)),
        ),
        (saved("[]", good()), both(Err(Malformed))),
        (saved(r#"["12345678",null,null]"#, good()), both(Err(Malformed))),
        (saved(r#"{"aud":7}"#, good()), both(Err(Malformed))),
        (saved("no JSON", good()), both(Err(Malformed))),
    ]
    .map(|(token, (own, delegated))| (token, own, delegated))
    .into()
}

#[tokio::test(start_paused = true)]
async fn a_saved_token_comes_back_unless_it_is_expired_or_foreign() {
    for (token, own, delegated) in cases() {
        let servers = Servers::new().open();
        let lp = client(&servers);
        let consumer = lp.for_consumer("consumer-1").expect("V2");
        for (lp, expected) in [(lp, own), (consumer, delegated)] {
            let outcome = lp.restore(token.clone());
            assert_eq!(outcome, expected);
            let asked = servers.asked();
            let has_it = lp.token().await.expect("it is handed out") == token;
            assert_eq!(has_it, outcome.is_ok());
            assert_eq!(has_it, servers.asked() == asked);
        }
    }
}

#[test]
fn each_refusal_says_what_is_wrong_and_shows_no_token() {
    let messages: Vec<String> = cases()
        .into_iter()
        .flat_map(|(token, own, delegated)| {
            let shown = format!("{token:?} {own:?} {delegated:?}");
            assert!(!shown.contains("c2lnLWNhbmFyeQ"), "{shown}");
            [own, delegated]
        })
        .filter_map(|outcome| outcome.err().map(|error| error.to_string()))
        .collect();
    for words in [
        "the saved token is for another account",
        "the saved token was issued to another client",
        "the saved token is for another consumer",
        "the saved token ends at 2023-11-14T22:13:49Z, and is handed out no more",
        "the saved token was requested at 2023-11-14T22:13:23Z, later than now",
        "the saved token has no claims that could be read",
    ] {
        assert!(messages.iter().any(|message| message.contains(words)), "{words}");
    }
    assert!(messages.iter().all(|message| !message.contains("consumer-")));
}

#[tokio::test(start_paused = true)]
async fn a_token_at_hand_that_lives_as_long_stays() {
    let lp = client(&Servers::new().open());
    let token = lp.token().await.expect("it is handed out");
    let shorter = saved("{}", Window::starting(NOW, HOUR / 2));
    assert_eq!(lp.restore(shorter), Ok(false));
    assert_eq!(lp.token().await.expect("it is at hand"), token);
    let longer = saved("{}", Window::starting(NOW, 2 * HOUR));
    assert_eq!(lp.restore(longer.clone()), Ok(true));
    assert_eq!(lp.token().await.expect("it is at hand"), longer);
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_of_a_token_makes_the_same_token() {
    let servers = Servers::new().open();
    let token = client(&servers).token().await.expect("it is handed out");
    let text = token.expose().to_owned();
    let times = (token.requested_at().as_millis(), token.expires_at().as_millis());
    let life = Window::new(UnixTime::from_millis(times.0), UnixTime::from_millis(times.1));
    let copy = AccessToken::new(&text, life).expect("a JWT");
    assert_eq!((copy.life(), &copy), (token.life(), &token));
    let lp: Client = client(&servers);
    assert_eq!(lp.restore(copy), Ok(true));
    assert_eq!(lp.token().await.expect("it is at hand"), token);
    assert_eq!(servers.asked(), (1, 1));
}

#[cfg(feature = "blocking")]
#[test]
fn threads_get_the_same_answers() {
    use lp_auth::http::{Request, Response};
    use lp_auth_core::{BlockingTransport, Body, Limits, TransportError, TransportErrorKind};

    struct Nobody;
    impl BlockingTransport for Nobody {
        fn send(&self, _: Request<Body>, _: Limits) -> Result<Response<Body>, TransportError> {
            Err(TransportError::new(TransportErrorKind::ConnectionRefused))
        }
    }

    // By the real clock: what lives now, what has ended, and what is foreign.
    #[expect(clippy::disallowed_methods, reason = "threads live in real time")]
    let now = UnixTime::from(std::time::SystemTime::now());
    let lp = || {
        let builder = Client::builder("12345678")
            .client_id("my-app")
            .client_secret("hush");
        let builder = builder.blocking_transport(Nobody).patience(Duration::ZERO);
        builder.build_blocking().expect("complete")
    };
    let lp = (lp(), lp());
    let token = saved(r#"{"aud":"12345678"}"#, Window::starting(now, HOUR));
    assert_eq!(lp.0.restore(token.clone()), Ok(true));
    assert_eq!(lp.0.token().expect("it is at hand"), token);
    assert_eq!(
        lp.1.restore(saved(r#"{"aud":"1"}"#, Window::starting(now, HOUR))),
        Err(NotRestored::AnotherAccount)
    );
    assert_eq!(
        lp.1.restore(saved("{}", good())),
        Err(NotRestored::Expired { at: good().end() })
    );
    assert!(lp.1.token().is_err());
}
