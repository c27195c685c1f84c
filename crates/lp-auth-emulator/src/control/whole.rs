//! Whole numbers within bounds, which a refusal names.

use serde::de::{Deserialize, Deserializer};
use serde_json::Value;

use crate::notation;

/// A day in milliseconds.
pub(super) const DAY: i128 = 86_400_000;
/// A hundred years in seconds: what people mean by "for ever", and far from where times cannot be counted.
pub(super) const HUNDRED_YEARS: i128 = 3_155_760_000;

/// A whole number from `LEAST` to `MOST`. JSON has one kind of number, so that `7.0` is one too, and some languages write it
/// so.
#[derive(Clone, Copy)]
pub(super) struct Whole<const LEAST: i128, const MOST: i128>(i128);

impl<const LEAST: i128, const MOST: i128> Whole<LEAST, MOST> {
    /// As another type, which has room for the bounds.
    pub(super) fn into<T: TryFrom<i128> + Default>(self) -> T {
        T::try_from(self.0).unwrap_or_default()
    }

    fn within(number: i128) -> Option<Self> {
        (LEAST..=MOST).contains(&number).then_some(Self(number))
    }

    fn wanted() -> String {
        let length = match MOST {
            DAY => ", which is a day",
            HUNDRED_YEARS => ", which is a hundred years",
            _ => "",
        };
        format!("a whole number from {LEAST} to {MOST}{length}")
    }
}

impl<'de, const LEAST: i128, const MOST: i128> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        notation::whole(&value)
            .and_then(|number| Self::within(number.into()))
            .ok_or_else(|| notation::wrong(&value, &Self::wanted()))
    }
}

/// One that stands in an address, where all is text.
pub(super) fn in_text<'de, D, const LEAST: i128, const MOST: i128>(
    deserializer: D,
) -> Result<Option<Whole<LEAST, MOST>>, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse()
        .ok()
        .and_then(Whole::within)
        .map(Some)
        .ok_or_else(|| notation::wrong(&Value::String(text), &Whole::<LEAST, MOST>::wanted()))
}
