//! What a token claims. The payload is kept in one allocation, and every claim is read from it.

use core::fmt;
use core::ops::Deref;
use std::borrow::Cow;

use lp_auth_core::{ApiVersion, Part, UnixTime};
use serde::Deserialize;
use serde::de::{Error as _, MapAccess};
use serde_json::value::RawValue;

use crate::json::{self, Known, Members, NumericDate, Strings, Text};
use crate::{Audience, Malformed, Scopes};

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
    iss: Option<Span>,
    azp: Option<Span>,
    scope: Option<Span>,
    consumer_id: Option<Span>,
    aud: Option<AudienceSpan>,
    exp: Option<UnixTime>,
    iat: Option<UnixTime>,
    nbf: Option<UnixTime>,
}

impl ClaimsSet {
    /// Reads a payload. A known claim of another type than RFC 7519 and LivePerson give it is a fault.
    pub(crate) fn read(payload: Vec<u8>) -> Result<Self, Malformed> {
        let malformed = |why| Malformed::new(Part::Payload, why);
        let text = String::from_utf8(payload).map_err(|_| malformed("is not UTF-8"))?;
        let mut reader = Reader::new(&text);
        if json::read_object(&text, &mut reader).is_err() {
            return Err(malformed(reader.fault.unwrap_or("is no JSON object")));
        }
        let Found {
            iss,
            azp,
            scope,
            consumer_id,
            aud,
            exp,
            iat,
            nbf,
        } = reader.found;
        let unescaped = reader.unescaped;
        let payload = Span::new(0, text.len()).ok_or_else(|| malformed("is too long"))?;
        let text = if unescaped.is_empty() {
            text
        } else {
            text + &unescaped
        };
        Ok(Self {
            text: text.into_boxed_str(),
            payload,
            iss,
            azp,
            scope,
            consumer_id,
            aud,
            exp,
            iat,
            nbf,
        })
    }

    /// `iss`, who issued the token.
    pub fn iss(&self) -> Option<&str> {
        self.at(self.iss)
    }

    /// `aud`, for whom: the account.
    pub fn aud(&self) -> Audience<'_> {
        match self.aud {
            None => Audience::none(),
            Some(AudienceSpan::One(span)) => Audience::one(self.slice(span)),
            Some(AudienceSpan::Several(span)) => Audience::several(self.slice(span)),
        }
    }

    /// `azp`, the client that the token was issued to.
    pub fn azp(&self) -> Option<&str> {
        self.at(self.azp)
    }

    /// `scope`, what the token allows. Empty where there is none.
    pub fn scopes(&self) -> Scopes<'_> {
        Scopes::new(self.at(self.scope).unwrap_or_default())
    }

    /// `exp`, when it ends. A verified token has one.
    pub fn exp(&self) -> Option<UnixTime> {
        self.exp
    }

    /// `iat`, when it was issued.
    pub fn iat(&self) -> Option<UnixTime> {
        self.iat
    }

    /// `nbf`, when it begins.
    pub fn nbf(&self) -> Option<UnixTime> {
        self.nbf
    }

    /// `https://liveperson.com/consumer_id`, the consumer that a delegated token is bound to.
    pub fn consumer_id(&self) -> Option<&str> {
        self.at(self.consumer_id)
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
            .field("exp", &self.exp)
            .field("iat", &self.iat)
            .field("nbf", &self.nbf)
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

#[derive(Default)]
struct Found {
    iss: Option<Span>,
    azp: Option<Span>,
    scope: Option<Span>,
    consumer_id: Option<Span>,
    aud: Option<AudienceSpan>,
    exp: Option<UnixTime>,
    iat: Option<UnixTime>,
    nbf: Option<UnixTime>,
}

struct Reader<'a> {
    payload: &'a str,
    unescaped: String,
    found: Found,
    fault: Option<&'static str>,
}

impl<'a> Reader<'a> {
    fn new(payload: &'a str) -> Self {
        Self {
            payload,
            unescaped: String::new(),
            found: Found::default(),
            fault: None,
        }
    }

    /// Where this text stands: in the payload, or, if it was spelled with escapes, behind it.
    fn span<E: serde::de::Error>(&mut self, text: Cow<'_, str>) -> Result<Span, E> {
        let length = text.len();
        let start = match text {
            Cow::Borrowed(text) => (text.as_ptr() as usize).wrapping_sub(self.payload.as_ptr() as usize),
            Cow::Owned(text) => {
                let start = self.payload.len() + self.unescaped.len();
                self.unescaped.push_str(&text);
                start
            }
        };
        Span::new(start, start.saturating_add(length)).ok_or_else(|| E::custom("too long"))
    }

    fn text<'de, M: MapAccess<'de>>(&mut self, map: &mut M) -> Result<Option<Span>, M::Error> {
        let text = map.next_value_seed(Text)?;
        self.span(text).map(Some)
    }

    fn audience<'de, M: MapAccess<'de>>(&mut self, map: &mut M) -> Result<Option<AudienceSpan>, M::Error> {
        let raw = map.next_value::<&'de RawValue>()?.get();
        if let Some(text) = json::text(raw) {
            return Ok(Some(AudienceSpan::One(self.span(text)?)));
        }
        if Strings::are_in(raw) {
            return Ok(Some(AudienceSpan::Several(self.span(Cow::Borrowed(raw))?)));
        }
        Err(M::Error::custom("neither a string nor an array of strings"))
    }
}

impl<'de> Members<'de> for Reader<'_> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<Known, M::Error> {
        self.fault = Some(match name {
            "iss" => "has an `iss` that is no string",
            "aud" => "has an `aud` that is neither a string nor an array of strings",
            "azp" => "has an `azp` that is no string",
            "scope" => "has a `scope` that is no string",
            "exp" => "has an `exp` that is no NumericDate",
            "iat" => "has an `iat` that is no NumericDate",
            "nbf" => "has an `nbf` that is no NumericDate",
            "https://liveperson.com/consumer_id" => "has a consumer id that is no string",
            _ => return Ok(Known::No),
        });
        match name {
            "iss" => self.found.iss = self.text(map)?,
            "aud" => self.found.aud = self.audience(map)?,
            "azp" => self.found.azp = self.text(map)?,
            "scope" => self.found.scope = self.text(map)?,
            "exp" => self.found.exp = Some(map.next_value_seed(NumericDate)?),
            "iat" => self.found.iat = Some(map.next_value_seed(NumericDate)?),
            "nbf" => self.found.nbf = Some(map.next_value_seed(NumericDate)?),
            _ => self.found.consumer_id = self.text(map)?,
        }
        self.fault = None;
        Ok(Known::Yes)
    }

    fn duplicate(&mut self) {
        self.fault = Some("has two members of the same name");
    }
}
