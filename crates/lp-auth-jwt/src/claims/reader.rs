//! Reads a payload's known claims and where they stand.

use std::borrow::Cow;

use lp_auth_core::UnixTime;
use serde::de::{Error as _, MapAccess};
use serde_json::value::RawValue;

use super::{AudienceSpan, Span};
use crate::json::{self, Known, Members, NumericDate, Strings, Text};

/// The known claims, and where they stand in the payload or behind it.
#[derive(Clone, Default)]
pub(super) struct Found {
    pub(super) iss: Option<Span>,
    pub(super) azp: Option<Span>,
    pub(super) scope: Option<Span>,
    pub(super) consumer_id: Option<Span>,
    pub(super) aud: Option<AudienceSpan>,
    pub(super) exp: Option<UnixTime>,
    pub(super) iat: Option<UnixTime>,
    pub(super) nbf: Option<UnixTime>,
}

pub(super) struct Reader<'a> {
    payload: &'a str,
    /// Values that are spelled with escapes, without them.
    pub(super) unescaped: String,
    pub(super) found: Found,
    /// What was wrong, where that is known.
    pub(super) fault: Option<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(payload: &'a str) -> Self {
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
