//! A token at hand.

use core::fmt;
use core::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderValue;

use crate::{Body, Compact, InvalidCompact, UnixTime, Window};

const BEARER: &str = "Bearer ";

/// An access token and the time in which it is good.
///
/// Cloning copies a pointer; the bytes are overwritten when the last handle is dropped. `Debug` shows no token, and the header values are marked sensitive, so that HTTP stacks
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
pub struct AccessToken(Arc<Inner>);

/// Behind one pointer, so that a clone touches one counter.
struct Inner {
    /// What the token stands in.
    text: Body,
    /// ASCII.
    place: Range<usize>,
    life: Window,
    /// Made when the first is asked for: whoever passes the token on in another way needs none.
    headers: OnceLock<Headers>,
}

/// Both share their bytes, which are overwritten when the last handle is dropped.
struct Headers {
    bare: HeaderValue,
    bearer: HeaderValue,
}

impl AccessToken {
    /// A token that was requested when its life starts and expires when it ends, by this machine's clock.
    ///
    /// This is how a token that was saved earlier comes back, for [`TokenSource::restore`](crate::TokenSource::restore).
    pub fn new(token: &str, life: Window) -> Result<Self, InvalidCompact> {
        Compact::parse(token)?;
        Ok(Self::within(token.as_bytes().into(), 0..token.len(), life))
    }

    /// The token that stands at this place of a reply's body, which is not copied. The caller has parsed it.
    pub(crate) fn within(text: Body, place: Range<usize>, life: Window) -> Self {
        Self(Arc::new(Inner {
            text,
            place,
            life,
            headers: OnceLock::new(),
        }))
    }

    /// The token itself, a JWT. Whoever prints it gives it away.
    pub fn expose(&self) -> &str {
        // What was parsed is ASCII.
        core::str::from_utf8(self.0.bytes()).unwrap_or_default()
    }

    /// The value of the header `Authorization`, marked sensitive.
    pub fn authorization(&self, style: HeaderStyle) -> HeaderValue {
        let headers = self.0.headers.get_or_init(|| Headers::new(self.0.bytes()));
        match style {
            HeaderStyle::Bare => headers.bare.clone(),
            HeaderStyle::Bearer => headers.bearer.clone(),
        }
    }

    /// From when it was requested until it expires, by this machine's clock.
    pub fn life(&self) -> Window {
        self.0.life
    }

    /// When it was requested.
    pub fn requested_at(&self) -> UnixTime {
        self.0.life.start()
    }

    /// When it expires.
    pub fn expires_at(&self) -> UnixTime {
        self.0.life.end()
    }
}

impl Inner {
    fn bytes(&self) -> &[u8] {
        self.text.as_ref().get(self.place.clone()).unwrap_or_default()
    }
}

impl Headers {
    fn new(token: &[u8]) -> Self {
        let bearer = Body::from([BEARER.as_bytes(), token].concat()).into_bytes();
        let sensitive = |bytes: Bytes| {
            // Never empty: what was parsed is ASCII.
            let value = HeaderValue::from_maybe_shared(bytes);
            let mut value = value.unwrap_or_else(|_| HeaderValue::from_static(""));
            value.set_sensitive(true);
            value
        };
        Self {
            bare: sensitive(bearer.slice(BEARER.len()..)),
            bearer: sensitive(bearer),
        }
    }
}

/// By the token's text: its life is what this machine makes of it.
impl PartialEq for AccessToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.bytes() == other.0.bytes()
    }
}

impl Eq for AccessToken {}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("life", &self.0.life)
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
