//! How faults and shapes are written as JSON: the small values. Each type's own form stands beside the type.

use core::time::Duration;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::{Number, Value, json};

/// A status that a final answer can have: 200 to 999. Those below are for answers before the answer (RFC 9110 §15.2).
pub(crate) mod status {
    use http::StatusCode;

    use super::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
        let value = super::Value::deserialize(deserializer)?;
        super::whole(&value)
            .filter(|status| (200..=999).contains(status))
            .and_then(|status| u16::try_from(status).ok())
            .and_then(|status| StatusCode::from_u16(status).ok())
            .ok_or_else(|| super::wrong(&value, "a status from 200 to 999, as 503"))
    }
}

/// A length of time as a number of milliseconds.
pub(crate) mod milliseconds {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        super::number(length.as_secs_f64() * 1000.0).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let value = super::Value::deserialize(deserializer)?;
        super::length(&value, 86_400_000.0)
            .map(|milliseconds| Duration::from_secs_f64(milliseconds / 1000.0))
            .ok_or_else(|| super::wrong(&value, "milliseconds from 0 to 86400000, which is a day"))
    }
}

/// Bytes: a text where they are UTF-8, else `{"base64":"…"}`.
pub(crate) mod bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;

    use super::{Deserialize, Deserializer, Serialize, Serializer, Value, json};

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(bytes) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => json!({ "base64": STANDARD.encode(bytes) }).serialize(serializer),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let bytes = match &value {
            Value::String(text) => Some(text.clone().into()),
            Value::Object(members) if members.len() == 1 => members
                .get("base64")
                .and_then(Value::as_str)
                .and_then(|text| STANDARD.decode(text).ok())
                .map(Bytes::from),
            _ => None,
        };
        bytes.ok_or_else(|| super::wrong(&value, "a text, or {\"base64\": …} for bytes that are none"))
    }
}

/// What can be read from a text, as an account id.
pub(crate) mod text {
    use core::fmt::Display;
    use core::str::FromStr;

    use super::{Deserialize, Deserializer, Serializer};
    use serde::de::Error as _;

    pub(crate) fn serialize<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// Scheme, host and port, and perhaps the beginning of a path: what a redirect leads to.
pub(crate) mod location {
    use http::Uri;

    use super::{Deserialize, Deserializer, Serializer, Value};

    pub(crate) fn serialize<S: Serializer>(location: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(location)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let is_one = |text: &&str| {
            text.len() <= 2000
                && text.parse::<Uri>().is_ok_and(|uri| {
                    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
                })
        };
        value
            .as_str()
            .filter(is_one)
            .map(str::to_owned)
            .ok_or_else(|| super::wrong(&value, "scheme, host and port, as \"https://127.0.0.1:1234\""))
    }
}

/// The whole number that this is, with or without a fraction of nothing.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    let of_float = |number: f64| {
        let is_whole = number.fract() == 0.0 && number.abs() < EXACT;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
        is_whole.then_some(number as i64)
    };
    value.as_i64().or_else(|| value.as_f64().and_then(of_float))
}

/// Below 2^53 a floating point number has each integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number of at least 0 and at most `most`.
pub(crate) fn length(value: &Value, most: f64) -> Option<f64> {
    value.as_f64().filter(|length| (0.0..=most).contains(length))
}

/// Without a fraction where there is none, so that `2` is written as it was read.
pub(crate) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// Says what is wanted in a place, and what kind of thing stands there. It does not show a text that may be long.
pub(crate) fn wrong<E: serde::de::Error>(found: &Value, wanted: &str) -> E {
    let found = match found {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
        Value::String(_) => "a long text".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    E::custom(format_args!("wanted is {wanted}, not {found}"))
}

/// A name, or an object with one member: what a value is that says which of several things it is.
pub(crate) fn one_of<E: serde::de::Error>(value: Value, what: &str) -> Result<Value, E> {
    match &value {
        Value::String(_) => Ok(value),
        Value::Object(members) if members.len() == 1 => Ok(value),
        Value::Object(members) => Err(E::custom(format_args!(
            "{what} is a name, or an object with one member; this one has {}",
            members.len()
        ))),
        _ => Err(wrong(
            &value,
            &format!("{what}, a name or an object with one member"),
        )),
    }
}

/// The message of an error in a value that was taken apart before.
pub(crate) fn again<E: serde::de::Error>(error: serde_json::Error) -> E {
    E::custom(error)
}
