//! JSON as a verifier reads it: every name once, at every depth, and nothing that two readers could read differently.

use core::fmt;
use std::borrow::Cow;
use std::collections::HashSet;

use lp_auth_core::UnixTime;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Takes the members of an object one by one. What it does not know it leaves to [`Unique`].
pub(crate) trait Members<'de> {
    /// Reads the value of this member, if it is a known one.
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<Known, M::Error>;

    /// Two members have the same name.
    fn duplicate(&mut self);
}

/// Whether a member was known, and so its value read.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Known {
    No,
    Yes,
}

/// Reads a JSON object, the whole text, and hands its members to `members`.
pub(crate) fn read_object<'de>(
    json: &'de str,
    members: &mut impl Members<'de>,
) -> Result<(), serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(json);
    Object(members).deserialize(&mut json)?;
    json.end()
}

struct Object<'m, H>(&'m mut H);

impl<'de, H: Members<'de>> DeserializeSeed<'de> for Object<'_, H> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, H: Members<'de>> Visitor<'de> for Object<'_, H> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut names = Names::<16>::default();
        while let Some(name) = map.next_key_seed(Text)? {
            if self.0.member(&name, &mut map)? == Known::No {
                map.next_value_seed(Unique)?;
            }
            if !names.insert(name) {
                self.0.duplicate();
                return Err(M::Error::custom("duplicate member"));
            }
        }
        Ok(())
    }
}

/// Any value in which every object has each name once. Nothing of it is kept.
pub(crate) struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        while seq.next_element_seed(Self)?.is_some() {}
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut names = Names::<8>::default();
        while let Some(name) = map.next_key_seed(Text)? {
            map.next_value_seed(Self)?;
            if !names.insert(name) {
                return Err(M::Error::custom("duplicate member"));
            }
        }
        Ok(())
    }
}

/// A string, borrowed unless it has escapes.
pub(crate) struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Cow<'de, str>, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A string, or `null` for none.
pub(crate) struct OptionalText;

impl<'de> DeserializeSeed<'de> for OptionalText {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for OptionalText {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        Text.deserialize(json).map(Some)
    }
}

/// Seconds since the epoch (RFC 7519 §2, `NumericDate`), a fraction left away.
pub(crate) struct NumericDate;

impl NumericDate {
    /// The last second of the year 9999. What claims to be later counts milliseconds, or wants to last for ever.
    pub(crate) const LAST: u64 = 253_402_300_799;
}

impl<'de> DeserializeSeed<'de> for NumericDate {
    type Value = UnixTime;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<UnixTime, D::Error> {
        json.deserialize_f64(self)
    }
}

impl Visitor<'_> for NumericDate {
    type Value = UnixTime;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds between 1970 and the year 9999")
    }

    fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<UnixTime, E> {
        if seconds > Self::LAST {
            return Err(E::custom("too far away"));
        }
        Ok(UnixTime::from_secs(seconds))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the range is checked before, and a fraction is to be left away"
    )]
    fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<UnixTime, E> {
        let seconds = seconds.floor();
        if !(0.0..=Self::LAST as f64).contains(&seconds) {
            return Err(E::custom("negative or too far away"));
        }
        Ok(UnixTime::from_secs(seconds as u64))
    }
}

/// An array of strings, looked through and not kept.
pub(crate) struct Strings;

impl<'de> Visitor<'de> for Strings {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of strings")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        while seq.next_element_seed(OneString)?.is_some() {}
        Ok(())
    }
}

impl Strings {
    /// Whether this is a JSON array of strings.
    pub(crate) fn are_in(json: &str) -> bool {
        let mut json = serde_json::Deserializer::from_str(json);
        json.deserialize_seq(Self).is_ok() && json.end().is_ok()
    }
}

struct OneString;

impl<'de> DeserializeSeed<'de> for OneString {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for OneString {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// The text of a JSON string, if it is one.
pub(crate) fn text(json: &str) -> Option<Cow<'_, str>> {
    let mut json = serde_json::Deserializer::from_str(json);
    let text = Text.deserialize(&mut json).ok()?;
    json.end().is_ok().then_some(text)
}

/// The names of an object's members so far. A few are compared one with another; of many, a set is made.
struct Names<'de, const FEW: usize> {
    few: [Option<Cow<'de, str>>; FEW],
    count: usize,
    many: HashSet<Cow<'de, str>>,
}

impl<const FEW: usize> Default for Names<'_, FEW> {
    fn default() -> Self {
        Self {
            few: [const { None }; FEW],
            count: 0,
            many: HashSet::new(),
        }
    }
}

impl<'de, const FEW: usize> Names<'de, FEW> {
    /// Says whether the name is new.
    fn insert(&mut self, name: Cow<'de, str>) -> bool {
        if self
            .few
            .iter()
            .take(self.count)
            .flatten()
            .any(|known| *known == name)
        {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(place) => {
                *place = Some(name);
                self.count += 1;
                true
            }
            None => self.many.insert(name),
        }
    }
}
