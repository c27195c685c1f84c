//! JSON that must be an object.

use core::fmt;
use core::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

/// Reads a JSON object, the whole text, as a struct.
///
/// Every answer in this project is an object (RFC 6749 §5.1, RFC 7517 §5, LIVEPERSON.md §1), and so are the claims of a
/// token (RFC 7519 §7.2). Serde alone would take an array for one too, its values for fields by their places. Objects
/// within the object are read as serde reads them.
///
/// Fails where the text is no JSON, no object, or not of this type.
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct Motto<'a> {
///     motto: &'a str,
/// }
///
/// let read = |json: &'static str| lp_auth_core::json_object::<Motto<'_>>(json.as_bytes());
/// assert_eq!(read(r#"{"motto":"Per aspera"}"#)?.motto, "Per aspera");
/// assert!(read(r#"["Per aspera"]"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn json_object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    let mut json = serde_json::Deserializer::from_slice(json);
    let value = Object(PhantomData).deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Object<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}
