//! A token at hand.

use core::fmt;
use core::ops::Range;

use bytes::Bytes;
use http::HeaderValue;

use crate::{Body, Compact, InvalidCompact, UnixTime, Window};

const BEARER: &str = "Bearer ";

/// An access token and the time in which it is good.
///
/// A clone shares the token's bytes, which are overwritten when the last handle is dropped. `Debug` shows no token, and the header values are marked sensitive, so that HTTP stacks
/// do not log them.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_core::{AccessToken, HeaderStyle, UnixTime, Window};
///
/// let life = Window::starting(UnixTime::from_secs(1_524_642_670), Duration::from_secs(3600));
/// let token = AccessToken::new("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", life)?;
/// assert_eq!(token.authorization(HeaderStyle::Bearer), "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
/// assert_eq!(token.authorization(HeaderStyle::Bare), "eyJhbGciOiJSUzI1NiJ9.e30.c2ln");
/// assert_eq!(token.expires_at().as_secs(), 1_524_646_270);
/// assert!(!format!("{token:?}").contains("eyJ"));
/// # Ok::<(), lp_auth_core::InvalidCompact>(())
/// ```
#[derive(Clone)]
pub struct AccessToken {
    /// Both spellings in one, so that a clone touches one counter and the token is kept once.
    bearer: HeaderValue,
    life: Window,
}

impl AccessToken {
    /// A token that was requested when its life starts and expires when it ends, by this machine's clock.
    ///
    /// This is how a token that was saved earlier comes back, for [`TokenSource::restore`](crate::TokenSource::restore).
    pub fn new(token: &str, life: Window) -> Result<Self, InvalidCompact> {
        Compact::parse(token)?;
        let bearer = Body::from([BEARER, token].concat()).into_bytes();
        Self::from_bearer(bearer, life).ok_or(InvalidCompact::NotThreeParts)
    }

    /// The token that stands at this place of a reply's body. It is not copied: the body's own bytes become the token's,
    /// and what stands before it there gives way to the word that stands before it in a header.
    ///
    /// The caller has parsed it. None where there is no room for that word.
    pub(crate) fn within(mut body: Body, place: Range<usize>, life: Window) -> Option<Self> {
        let start = place.start.checked_sub(BEARER.len())?;
        let before = body.as_mut().get_mut(start..place.start)?;
        before.copy_from_slice(BEARER.as_bytes());
        let body = body.into_bytes();
        (place.end <= body.len())
            .then(|| body.slice(start..place.end))
            .and_then(|bearer| Self::from_bearer(bearer, life))
    }

    /// The token itself, a JWT. Whoever prints it gives it away.
    pub fn expose(&self) -> &str {
        // What `new` parsed is ASCII.
        let bare = self.bearer.as_bytes().get(BEARER.len()..);
        bare.and_then(|token| core::str::from_utf8(token).ok())
            .unwrap_or_default()
    }

    /// The value of the header `Authorization`, marked sensitive. A bare one is a copy, overwritten like the token.
    pub fn authorization(&self, style: HeaderStyle) -> HeaderValue {
        let bare = || sensitive(Body::from(self.expose().as_bytes()).into_bytes());
        match style {
            HeaderStyle::Bare => bare().unwrap_or_else(|| HeaderValue::from_static("")),
            HeaderStyle::Bearer => self.bearer.clone(),
        }
    }

    /// From when it was requested until it expires, by this machine's clock.
    pub fn life(&self) -> Window {
        self.life
    }

    /// When it was requested.
    pub fn requested_at(&self) -> UnixTime {
        self.life.start()
    }

    /// When it expires.
    pub fn expires_at(&self) -> UnixTime {
        self.life.end()
    }

    fn from_bearer(bearer: Bytes, life: Window) -> Option<Self> {
        let bearer = sensitive(bearer)?;
        Some(Self { bearer, life })
    }
}

fn sensitive(bytes: Bytes) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// By the token's text: its life is what this machine makes of it.
impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.bearer == other.bearer
    }
}

impl Eq for AccessToken {}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// How an API wants the token in the header `Authorization` (LIVEPERSON.md §5).
///
/// ```
/// use lp_auth_core::HeaderStyle;
///
/// assert_eq!(HeaderStyle::default(), HeaderStyle::Bearer);
/// assert_eq!("bare".parse::<HeaderStyle>(), Ok(HeaderStyle::Bare));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum HeaderStyle {
    /// The token alone: Connector API and Messaging REST API.
    Bare,
    /// `Bearer <token>` (RFC 6750 §2.1): Functions, account configuration, message history and most others.
    #[default]
    Bearer,
}

impl core::str::FromStr for HeaderStyle {
    type Err = UnknownHeaderStyle;

    fn from_str(text: &str) -> Result<Self, UnknownHeaderStyle> {
        match text {
            "bare" => Ok(Self::Bare),
            "bearer" => Ok(Self::Bearer),
            _ => Err(UnknownHeaderStyle),
        }
    }
}

/// A text names no header style.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a header style: `bearer` and `bare` are")]
#[non_exhaustive]
pub struct UnknownHeaderStyle;
