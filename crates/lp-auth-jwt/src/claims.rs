//! What a token claims. The payload is kept in one allocation, and every claim is read from it.

mod plain;
mod reader;

use core::fmt;
use core::ops::Deref;
use std::borrow::Cow;

use lp_auth_core::{ApiVersion, Part, UnixTime};
use serde::Deserialize;
use serde_json::value::RawValue;

use self::reader::{Found, Reader};
use crate::{Audience, Malformed, Scopes, json};

/// What a genuine token claims: made by a verification, and by nothing else.
///
/// A function that takes `&Claims` therefore cannot be handed what nobody verified ([`Unverified`](crate::Unverified)
/// hands out a [`ClaimsSet`]). Which account and client it is for was held against the [`Policy`](crate::Policy) of
/// that verification.
///
/// ```
/// use lp_auth_jwt::Claims;
///
/// /// Who may invoke a function, and on whose behalf.
/// fn caller(claims: &Claims) -> Option<(&str, Option<&str>)> {
///     if !claims.scopes().contains("faas.lambda.invoke") {
///         return None;
///     }
///     Some((claims.azp()?, claims.consumer_id()))
/// }
/// ```
#[derive(Clone)]
pub struct Claims {
    set: ClaimsSet,
    version: ApiVersion,
}

impl Claims {
    pub(crate) fn new(set: ClaimsSet, version: ApiVersion) -> Self {
        Self { set, version }
    }

    /// Which keys verified the token: V1's or V2's.
    pub fn version(&self) -> ApiVersion {
        self.version
    }
}

impl Deref for Claims {
    type Target = ClaimsSet;

    fn deref(&self) -> &ClaimsSet {
        &self.set
    }
}

/// As a [`ClaimsSet`] shows itself.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("version", &self.version)
            .field("set", &self.set)
            .finish()
    }
}

/// A JWT Claims Set (RFC 7519 §4): the claims that LivePerson's tokens are known to have, and the others on demand.
///
/// ```
/// use lp_auth_jwt::Unverified;
/// # let token = include_str!("../tests/vectors/specification-sample.jwt").trim();
///
/// let unverified = Unverified::decode(token)?;
/// let claims = unverified.claims();
/// assert_eq!(claims.iss(), Some("Sentinel"));
/// assert!(claims.aud().contains("le81823118"));
/// assert_eq!(claims.exp().unwrap().to_string(), "2018-04-25T08:51:10Z");
/// assert!(claims.scopes().contains("msg.consumer"));
/// # Ok::<(), lp_auth_jwt::Rejected>(())
/// ```
#[derive(Clone)]
pub struct ClaimsSet {
    /// The payload, and behind it the values that are spelled with escapes there, without them.
    text: Box<str>,
    /// Where the payload ends.
    payload: Span,
    found: Found,
}

impl ClaimsSet {
    /// Reads a payload. A known claim of another type than RFC 7519 and LivePerson give it is a fault.
    pub(crate) fn read(payload: Vec<u8>) -> Result<Self, Malformed> {
        let text = String::from_utf8(payload).map_err(|_| Malformed::new(Part::Payload, "is not UTF-8"))?;
        match plain::read(&text) {
            Some(found) => Self::assemble(text, found, ""),
            None => Self::read_strictly(text),
        }
    }

    fn read_strictly(text: String) -> Result<Self, Malformed> {
        let mut reader = Reader::new(&text);
        if json::read_object(&text, &mut reader).is_err() {
            let why = reader.fault.unwrap_or("is no JSON object");
            return Err(Malformed::new(Part::Payload, why));
        }
        let Reader { found, unescaped, .. } = reader;
        Self::assemble(text, found, &unescaped)
    }

    fn assemble(text: String, found: Found, unescaped: &str) -> Result<Self, Malformed> {
        let payload = Span::new(0, text.len()).ok_or(Malformed::new(Part::Payload, "is too long"))?;
        let text = if unescaped.is_empty() {
            text
        } else {
            text + unescaped
        };
        Ok(Self {
            text: text.into_boxed_str(),
            payload,
            found,
        })
    }

    /// `iss`, who issued the token.
    pub fn iss(&self) -> Option<&str> {
        self.at(self.found.iss)
    }

    /// `aud`, for whom: the account.
    #[inline]
    pub fn aud(&self) -> Audience<'_> {
        match self.found.aud {
            None => Audience::none(),
            Some(AudienceSpan::One(span)) => Audience::one(self.slice(span)),
            Some(AudienceSpan::Several(span)) => Audience::several(self.slice(span)),
        }
    }

    /// `azp`, the client that the token was issued to.
    pub fn azp(&self) -> Option<&str> {
        self.at(self.found.azp)
    }

    /// `scope`, what the token allows. Empty where there is none.
    pub fn scopes(&self) -> Scopes<'_> {
        Scopes::new(self.at(self.found.scope).unwrap_or_default())
    }

    /// `exp`, when it ends. A verified token has one.
    pub fn exp(&self) -> Option<UnixTime> {
        self.found.exp
    }

    /// `iat`, when it was issued.
    pub fn iat(&self) -> Option<UnixTime> {
        self.found.iat
    }

    /// `nbf`, when it begins.
    pub fn nbf(&self) -> Option<UnixTime> {
        self.found.nbf
    }

    /// `https://liveperson.com/consumer_id`, the consumer that a delegated token is bound to.
    pub fn consumer_id(&self) -> Option<&str> {
        self.at(self.found.consumer_id)
    }

    /// The strings in `permissions`, read anew from the payload each time. Empty where there are none.
    pub fn permissions(&self) -> Vec<Cow<'_, str>> {
        #[derive(Deserialize)]
        struct Permissions<'a> {
            #[serde(borrow, default)]
            permissions: Vec<&'a RawValue>,
        }
        let Ok(Permissions { permissions }) = serde_json::from_str(self.json()) else {
            return Vec::new();
        };
        permissions
            .into_iter()
            .filter_map(|value| json::text(value.get()))
            .collect()
    }

    /// Your own claims, read from the payload.
    ///
    /// ```
    /// # use lp_auth_jwt::ClaimsSet;
    /// #[derive(serde::Deserialize)]
    /// struct Mine<'a> {
    ///     region: &'a str,
    ///     tier: Option<u8>,
    /// }
    ///
    /// fn tier(claims: &ClaimsSet) -> Result<Option<u8>, lp_auth_jwt::InvalidCustomClaims> {
    ///     Ok(claims.custom::<Mine>()?.tier)
    /// }
    /// ```
    pub fn custom<'a, T: Deserialize<'a>>(&'a self) -> Result<T, InvalidCustomClaims> {
        serde_json::from_str(self.json()).map_err(|error| InvalidCustomClaims {
            column: error.column(),
        })
    }

    /// The payload as it came, a JSON object.
    pub fn json(&self) -> &str {
        self.slice(self.payload)
    }

    fn at(&self, span: Option<Span>) -> Option<&str> {
        span.map(|span| self.slice(span))
    }

    fn slice(&self, span: Span) -> &str {
        self.text
            .get(usize::from(span.start)..usize::from(span.end))
            .unwrap_or_default()
    }
}

/// Shows the claims that name accounts, clients and times. A consumer and what is not known here is left away.
impl fmt::Debug for ClaimsSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimsSet")
            .field("iss", &self.iss())
            .field("aud", &self.aud())
            .field("azp", &self.azp())
            .field("scope", &self.scopes())
            .field("exp", &self.found.exp)
            .field("iat", &self.found.iat)
            .field("nbf", &self.found.nbf)
            .finish_non_exhaustive()
    }
}

/// The claims have not the shape that was asked for ([`ClaimsSet::custom`]).
///
/// ```
/// # let token = include_str!("../tests/vectors/specification-sample.jwt").trim();
/// #[derive(Debug, serde::Deserialize)]
/// struct Mine {
///     exp: String,
/// }
///
/// let unverified = lp_auth_jwt::Unverified::decode(token)?;
/// let error = unverified.claims().custom::<Mine>().unwrap_err();
/// assert!(error.to_string().starts_with("the claims are not of the shape asked for"));
/// # Ok::<(), lp_auth_jwt::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "the claims are not of the shape asked for: near column {column} a member is missing or of another type; \
     compare the type with the payload"
)]
#[non_exhaustive]
pub struct InvalidCustomClaims {
    /// Where in the payload. What stands there is left to the caller to look at: it may name a person.
    column: usize,
}

/// From one byte of a text up to, and without, another.
#[derive(Clone, Copy)]
struct Span {
    start: u16,
    end: u16,
}

impl Span {
    fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: start.try_into().ok()?,
            end: end.try_into().ok()?,
        })
    }
}

#[derive(Clone, Copy)]
enum AudienceSpan {
    One(Span),
    Several(Span),
}
