//! What the Domain API answers.

use serde::Deserialize;
use serde_json::Value;

use lp_auth_core::{ServiceName, json_object};

/// The hosts that the Domain API named, as it named them: nothing is trusted yet.
///
/// Either body is read from either request, since the documentation prints one under the other's URL.
///
/// ```
/// use lp_auth_core::ServiceName;
/// use lp_auth_domain::BaseUris;
///
/// let one = br#"{"service":"sentinel","account":"12345678","baseURI":"va.sentinel.liveperson.net"}"#;
/// let hosts = BaseUris::parse(one)?;
/// assert_eq!(hosts.base_uri(&ServiceName::SENTINEL), Some("va.sentinel.liveperson.net"));
///
/// let all = br#"{"baseURIs":[{"baseURI":"x.faas.liveperson.net","service":"faasGW","account":"12345678"}]}"#;
/// let hosts = BaseUris::parse(all)?;
/// assert_eq!(hosts.base_uri(&"faasGW".parse()?), Some("x.faas.liveperson.net"));
/// assert_eq!(hosts.base_uri(&ServiceName::SENTINEL), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUris {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
struct Entry {
    service: String,
    #[serde(rename = "baseURI")]
    base_uri: String,
}

impl BaseUris {
    /// Reads either body. In the list, an entry that is none is passed over: the others still count.
    pub fn parse(body: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Answer {
            All {
                #[serde(rename = "baseURIs")]
                base_uris: Vec<Value>,
            },
            One(Entry),
        }
        let entries = match json_object(body)? {
            Answer::All { base_uris } => base_uris
                .into_iter()
                // An array would be read as an entry, too.
                .filter(Value::is_object)
                .filter_map(|entry| serde_json::from_value(entry).ok())
                .collect(),
            Answer::One(entry) => vec![entry],
        };
        Ok(Self { entries })
    }

    /// What was named for this service; the first, if it was named several times.
    pub fn base_uri(&self, service: &ServiceName) -> Option<&str> {
        self.iter()
            .find(|(name, _)| *name == service.as_str())
            .map(|(_, base_uri)| base_uri)
    }

    /// All services with what was named for them, in the order of the answer.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries
            .iter()
            .map(|entry| (entry.service.as_str(), entry.base_uri.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_fields_and_unknown_ones_make_no_difference() {
        let body = br#"{"x":1,"baseURI":"a.liveperson.net","account":7,"service":"sentinel"}"#;
        assert_eq!(
            BaseUris::parse(body).unwrap().base_uri(&ServiceName::SENTINEL),
            Some("a.liveperson.net")
        );
    }

    #[test]
    fn a_broken_entry_costs_no_other_entry() {
        let body =
            br#"{"baseURIs":[7,{"service":"idp"},["sentinel","b.liveperson.net"],{"service":"sentinel","baseURI":"a.liveperson.net"}]}"#;
        assert_eq!(
            BaseUris::parse(body).unwrap().iter().collect::<Vec<_>>(),
            [("sentinel", "a.liveperson.net")]
        );
    }

    #[test]
    fn what_is_neither_body_is_an_error() {
        for body in [
            "",
            "null",
            "[]",
            r#"["sentinel","a.liveperson.net"]"#,
            r#"[[{"service":"sentinel","baseURI":"a.liveperson.net"}]]"#,
            "{}",
            "<html>",
            r#"{"service":"sentinel"}"#,
            r#"{"baseURIs":7}"#,
        ] {
            assert!(BaseUris::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
