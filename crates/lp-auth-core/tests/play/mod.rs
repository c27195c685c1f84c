//! Plays scenarios: a token source, a server and a clock, none of them real.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Response;
use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use lp_auth_core::{
    AccessToken, ApiVersion, Body as Bytes, Credentials, ErrorKind, FixedHost, Flow as _, Region, Step,
    Ticket, TokenRequest, TokenSource, TransportError, TransportErrorKind, UnixTime, Window,
};

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Do {
    /// So many seconds pass.
    After(f64),
    /// The oldest call that has no answer yet gets this one.
    Answer(Says),
    /// Somebody asks for the token.
    Ask(Expect),
    /// An API refuses this token; whether a retry is said to make sense.
    Invalidate(&'static str, bool),
    /// Somebody asks what is due.
    KeepUp(Expect),
    /// The client of this id gets another secret.
    NewSecret(&'static str),
    /// A token with so many seconds to live is restored; whether it is taken.
    Restore(&'static str, u64, bool),
    /// The clock is set back by so many seconds.
    SetBack(f64),
}

/// What an asker is expected to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Expect {
    Call,
    Fails(ErrorKind),
    Token(&'static str),
    Waits,
}

/// What the server answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    /// 200 with this body.
    Body(&'static str),
    ExpiredOnArrival,
    ForAccount(&'static str),
    Html(u16),
    /// A token of this name that lives so many seconds.
    Lives(&'static str, i64),
    /// The same, with `expires_in` as written.
    LivesBy(&'static str, i64, &'static str),
    LostBy(TransportErrorKind),
    /// This status and body.
    Status(u16, &'static str),
    /// This status with `Retry-After`.
    StatusAfter(u16, &'static str),
    /// This status with a `Retry-After` date so many seconds after the server's `Date`.
    StatusUntil(u16, u64),
}

pub(crate) fn play(scenario: &[Do]) {
    let mut stage = Stage::new();
    for (place, happens) in scenario.iter().enumerate() {
        stage.act(*happens, &format!("step {place}, {happens:?}, of {scenario:#?}"));
    }
}

struct Stage {
    tokens: TokenSource,
    sentinel: FixedHost,
    now: UnixTime,
    calls: VecDeque<Ticket>,
}

impl Stage {
    fn new() -> Self {
        let request = TokenRequest::new("12345678".parse().unwrap(), ApiVersion::V2);
        Self {
            tokens: TokenSource::builder(request, credentials("my-app"))
                .seed(4711)
                .build(),
            sentinel: FixedHost::new(Region::Us.host()),
            now: UnixTime::from_secs(1_700_000_000),
            calls: VecDeque::new(),
        }
    }

    fn act(&mut self, happens: Do, place: &str) {
        match happens {
            Do::After(seconds) => self.now = self.now + Duration::from_secs_f64(seconds),
            Do::SetBack(seconds) => self.now = self.now - Duration::from_secs_f64(seconds),
            Do::Answer(says) => {
                let ticket = self.calls.pop_front().expect("a call waits for an answer");
                assert!(
                    self.tokens
                        .handle(ticket.reply(says.outcome()), self.now)
                        .is_none(),
                    "{place}"
                );
            }
            Do::Ask(expected) => {
                let told = self.tokens.token(&mut self.sentinel, self.now);
                let at_hand = self.tokens.at_hand();
                let told = match told {
                    Ok(Step::Done(token)) => Expect::Token(name(&token)),
                    Ok(Step::Call(call)) => {
                        self.calls.push_back(call.into_parts().0);
                        Expect::Call
                    }
                    Ok(Step::Wait(until)) => {
                        assert!(until > self.now, "{place}");
                        Expect::Waits
                    }
                    Err(error) => {
                        assert!(
                            error.retry_at().is_some_and(|retry_at| retry_at > self.now),
                            "{place}"
                        );
                        Expect::Fails(error.kind())
                    }
                };
                assert_eq!(told, expected, "{place}");
                // Whoever finds a current token without a lock was right not to ask.
                if let Some((token, window)) = at_hand.filter(|(_, window)| window.contains(self.now)) {
                    let again = self.tokens.token(&mut self.sentinel, self.now);
                    assert!(
                        matches!(again, Ok(Step::Done(other)) if other == token),
                        "{place}: {window:?}"
                    );
                }
            }
            Do::KeepUp(expected) => {
                let told = match self.tokens.upkeep(&mut self.sentinel, self.now) {
                    Step::Done(never) => match never {},
                    Step::Call(call) => {
                        self.calls.push_back(call.into_parts().0);
                        Expect::Call
                    }
                    Step::Wait(until) => {
                        assert!(until > self.now, "{place}");
                        Expect::Waits
                    }
                };
                assert_eq!(told, expected, "{place}");
            }
            Do::Invalidate(token, sensible) => {
                let token =
                    AccessToken::new(&jwt(token, 0, 1, "12345678"), Window::new(self.now, self.now)).unwrap();
                let held = self
                    .tokens
                    .usable(self.now)
                    .filter(|held| name(held) == name(&token))
                    .cloned();
                assert_eq!(
                    self.tokens.invalidate(held.as_ref().unwrap_or(&token), self.now),
                    sensible,
                    "{place}"
                );
            }
            Do::Restore(token, seconds, accepted) => {
                let life = Window::starting(self.now, Duration::from_secs(seconds));
                let token = AccessToken::new(&jwt(token, 0, 1, "12345678"), life).unwrap();
                assert_eq!(self.tokens.restore(token, self.now), accepted, "{place}");
            }
            Do::NewSecret(client) => self.tokens.set_credentials(credentials(client)),
        }
    }
}

impl Says {
    fn outcome(self) -> Result<Response<Bytes>, TransportError> {
        /// The server's clock, which is hours off from ours.
        const CLOCK: u64 = 1_700_012_345;
        let date =
            |seconds: u64| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let reply = Response::builder().header(DATE, date(CLOCK));
        let issued = i64::try_from(CLOCK).unwrap();
        let token =
            |token: String| Bytes::from(format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#));
        let reply = match self {
            Self::Body(text) => reply.body(text.as_bytes().into()),
            Self::ExpiredOnArrival => {
                reply.body(token(jwt("dead", issued - 7200, issued - 3600, "12345678")))
            }
            Self::ForAccount(account) => reply.body(token(jwt("foreign", issued, issued + 3600, account))),
            Self::Html(status) => {
                let page = b"<html>sign in to the network</html>".as_slice().into();
                reply.status(status).header(CONTENT_TYPE, "text/html").body(page)
            }
            Self::Lives(name, life) => reply.body(token(jwt(name, issued, issued + life, "12345678"))),
            Self::LivesBy(name, life, expires_in) => {
                let token = jwt(name, issued, issued + life, "12345678");
                reply.body(format!(r#"{{"access_token":"{token}","expires_in":{expires_in}}}"#).into())
            }
            Self::LostBy(kind) => return Err(TransportError::new(kind)),
            Self::Status(status, body) => reply.status(status).body(body.as_bytes().into()),
            Self::StatusAfter(status, pause) => reply
                .status(status)
                .header(RETRY_AFTER, pause)
                .body(Bytes::default()),
            Self::StatusUntil(status, pause) => reply
                .status(status)
                .header(RETRY_AFTER, date(CLOCK + pause))
                .body(Bytes::default()),
        };
        Ok(reply.unwrap())
    }
}

fn credentials(client: &str) -> Credentials {
    Credentials {
        client_id: client.parse().unwrap(),
        client_secret: "hush".parse().unwrap(),
    }
}

/// A token that nobody signed, with its name in `jti`.
fn jwt(name: &str, iat: i64, exp: i64, aud: &str) -> String {
    let claims = format!(r#"{{"jti":"{name}","aud":"{aud}","iat":{iat},"exp":{exp}}}"#);
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

fn name(token: &AccessToken) -> &'static str {
    let payload = URL_SAFE_NO_PAD
        .decode(token.expose().split('.').nth(1).unwrap())
        .unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    claims.get("jti").unwrap().as_str().unwrap().to_owned().leak()
}
