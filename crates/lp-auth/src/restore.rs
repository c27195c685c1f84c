//! Tokens that were saved earlier.

use std::borrow::Cow;

use serde::Deserialize;

use lp_auth_core::{AccessToken, Compact, ConsumerId, Part, TokenSource, UnixTime, json_object};

/// Why a token that was saved earlier is not put at hand. It shows neither the token nor whom it names.
///
/// ```
/// # #[cfg(any(feature = "reqwest", feature = "isahc"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use lp_auth::{AccessToken, NotRestored, UnixTime, Window};
///
/// let lp = lp_auth::Client::builder("12345678").client_id("my-app").client_secret("hush").build()?;
/// let life = Window::starting(UnixTime::from_secs(1_524_642_670), Duration::from_secs(3600));
/// // {"aud":"87654321"}
/// let foreign = AccessToken::new("e30.eyJhdWQiOiI4NzY1NDMyMSJ9.c2ln", life)?;
/// assert_eq!(lp.restore(foreign), Err(NotRestored::AnotherAccount));
/// let old = AccessToken::new("e30.e30.c2ln", life)?;
/// assert!(lp.restore(old).unwrap_err().to_string().contains("2018-04-25T08:51:10Z"));
/// # Ok(()) }
/// # #[cfg(not(any(feature = "reqwest", feature = "isahc")))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRestored {
    /// Its claim `aud` names other accounts.
    #[error("the saved token is for another account: save tokens by account, client and consumer")]
    AnotherAccount,
    /// Its claim `azp` names another client.
    #[error("the saved token was issued to another client: save tokens by account, client and consumer")]
    AnotherClient,
    /// It is bound to another consumer, to one although the client is for none, or to none although it is for one.
    #[error("the saved token is for another consumer: save tokens by account, client and consumer")]
    AnotherConsumer,
    /// It has ended, or will so soon that it is not handed out any more.
    #[error("the saved token ends at {at}, and is handed out no more: ask for a new one")]
    Expired {
        /// When its life ends.
        at: UnixTime,
    },
    /// Its claims cannot be read.
    #[error("the saved token has no claims that could be read: ask for a new one")]
    Malformed,
    /// Its life has not begun, by this clock.
    #[error("the saved token was requested at {from}, later than now: is the clock right?")]
    NotYet {
        /// When its life begins.
        from: UnixTime,
    },
}

/// Puts the token at hand, if it is usable here and none that lives as long is at hand. Says whether it was.
pub(crate) fn restore(
    source: &mut TokenSource,
    token: AccessToken,
    consumer: Option<&ConsumerId>,
    now: UnixTime,
) -> Result<bool, NotRestored> {
    let payload = Compact::parse(token.expose())
        .and_then(|compact| compact.decode(Part::Payload))
        .map_err(|_| NotRestored::Malformed)?;
    let claims: Claims<'_> = json_object(&payload).map_err(|_| NotRestored::Malformed)?;
    let account = source.request().account().as_str();
    if claims.aud.is_some_and(|audience| !audience.contains(account)) {
        return Err(NotRestored::AnotherAccount);
    }
    let client = source.credentials().client_id.as_str();
    if claims.azp.is_some_and(|azp| azp != client) {
        return Err(NotRestored::AnotherClient);
    }
    if claims.consumer.as_deref() != consumer.map(ConsumerId::expose) {
        return Err(NotRestored::AnotherConsumer);
    }
    let life = token.life();
    if source.restore(token, now) {
        return Ok(true);
    }
    if source.usable(now).is_some() {
        return Ok(false);
    }
    Err(if now < life.start() {
        NotRestored::NotYet { from: life.start() }
    } else {
        NotRestored::Expired { at: life.end() }
    })
}

/// Whom a token names (LIVEPERSON.md §3).
#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow, default)]
    aud: Option<Audience<'a>>,
    #[serde(borrow, default)]
    azp: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "https://liveperson.com/consumer_id")]
    consumer: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience<'a> {
    #[serde(borrow)]
    One(Cow<'a, str>),
    #[serde(borrow)]
    Several(Vec<Cow<'a, str>>),
}

impl Audience<'_> {
    fn contains(&self, account: &str) -> bool {
        match self {
            Self::One(audience) => audience == account,
            Self::Several(audiences) => audiences.iter().any(|audience| audience == account),
        }
    }
}
