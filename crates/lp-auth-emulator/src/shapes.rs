//! What LivePerson does not publish: which of the shapes that clients have to expect the emulator shows.

use core::time::Duration;

use http::StatusCode;
use lp_auth_core::UnixTime;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use lp_auth_core::ApiVersion;

use crate::notation;

/// The shapes of replies that are not published (marked *open* in this project's notes on the protocol), each with the
/// default that the documentation suggests.
///
/// ```
/// use http::StatusCode;
/// use lp_auth_emulator::{Emulator, ErrorBody, ExpiresIn, ReplyShapes};
///
/// let mut shapes = ReplyShapes::default();
/// shapes.wrong_credentials = StatusCode::UNAUTHORIZED;
/// shapes.token_error = ErrorBody::Nested;
/// shapes.v2_expires_in = ExpiresIn::Number;
/// let emulator = Emulator::builder().shapes(shapes).start()?;
/// # drop(emulator);
/// # Ok::<(), lp_auth_emulator::EmulatorError>(())
/// ```
///
/// In JSON an object with the same names, of which each may be missing, which means its default; a name that is none is
/// refused:
///
/// ```
/// use lp_auth_emulator::{ErrorBody, ExpiresIn, ReplyShapes};
///
/// let shapes: ReplyShapes = serde_json::from_str(
///     r#"{"token_error": "nested", "v2_expires_in": "number", "wrong_credentials": 401, "unknown_service": {"status": 404}}"#,
/// )?;
/// assert_eq!((shapes.token_error, shapes.v2_expires_in), (ErrorBody::Nested, ExpiresIn::Number));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(default, deny_unknown_fields)]
pub struct ReplyShapes {
    /// The body of an answer of the Domain API. Default: what was asked for.
    pub domain_api: DomainApiBody,
    /// The body of an error of the Domain API. Default: [`ErrorBody::Flat`].
    pub domain_api_error: ErrorBody,
    /// Whether published keys have the member `alg`. Default: yes.
    pub key_alg: bool,
    /// Whether published keys have the member `use`. Default: yes.
    pub key_use: bool,
    /// The header `Cache-Control` of the key set, where it has one. Default: none.
    pub keys_cache_control: Option<String>,
    /// Which key signs tokens of the legacy path with `v=2.0`. Default: V2's.
    #[serde(with = "notation::text")]
    pub legacy_v2_signer: ApiVersion,
    /// The body of an error of the token endpoint. Default: [`ErrorBody::OAuth`].
    pub token_error: ErrorBody,
    /// What the Domain API says to a service that it does not know. Default: 400, the documented "bad path or query".
    pub unknown_service: UnknownService,
    /// `expires_in` of V1 replies. Default: absent.
    pub v1_expires_in: ExpiresIn,
    /// `expires_in` of V2 replies. Default: a string.
    pub v2_expires_in: ExpiresIn,
    /// The status of an answer to wrong credentials. Default: 400, which RFC 6749 §5.2 has for all errors and the
    /// documentation names; 401 is allowed as well.
    #[serde(with = "notation::status")]
    pub wrong_credentials: StatusCode,
}

impl Default for ReplyShapes {
    fn default() -> Self {
        Self {
            domain_api: DomainApiBody::default(),
            domain_api_error: ErrorBody::Flat,
            key_alg: true,
            key_use: true,
            keys_cache_control: None,
            legacy_v2_signer: ApiVersion::V2,
            token_error: ErrorBody::OAuth,
            unknown_service: UnknownService::default(),
            v1_expires_in: ExpiresIn::Absent,
            v2_expires_in: ExpiresIn::Text,
            wrong_credentials: StatusCode::BAD_REQUEST,
        }
    }
}

/// Which of the two bodies the Domain API answers with (LIVEPERSON.md §1: the documentation shows either under the same
/// address).
///
/// ```
/// use lp_auth_emulator::{DomainApiBody, ReplyShapes};
///
/// let mut shapes = ReplyShapes::default();
/// assert_eq!(shapes.domain_api, DomainApiBody::AsAsked);
/// shapes.domain_api = DomainApiBody::List;
/// ```
///
/// In JSON: `"as_asked"`, `"list"`, `"single"`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum DomainApiBody {
    /// The service that was asked for, or the list where all were asked for.
    #[default]
    AsAsked,
    /// Always the list of all services.
    List,
    /// Always one service: the one that was asked for, or Sentinel.
    Single,
}

/// What the Domain API says to a service that it does not know.
///
/// ```
/// use lp_auth_emulator::{ReplyShapes, UnknownService};
///
/// let mut shapes = ReplyShapes::default();
/// shapes.unknown_service = UnknownService::EmptyList;
/// ```
///
/// In JSON: `"empty_list"`, `{"status":404}`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum UnknownService {
    /// 200 with an empty list.
    EmptyList,
    /// This status, with an error body.
    #[serde(with = "notation::status")]
    Status(StatusCode),
}

impl Default for UnknownService {
    fn default() -> Self {
        Self::Status(StatusCode::BAD_REQUEST)
    }
}

/// The shapes of `expires_in` in a reply.
///
/// ```
/// use lp_auth_emulator::{ExpiresIn, ReplyShapes};
/// use serde_json::json;
///
/// let mut shapes = ReplyShapes::default();
/// shapes.v1_expires_in = ExpiresIn::Number;
/// shapes.v2_expires_in = ExpiresIn::Value(json!("an hour or so"));
/// ```
///
/// In JSON: `"absent"`, `"number"`, `"text"`, `{"value":-1}`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum ExpiresIn {
    /// It is missing.
    Absent,
    /// The token's lifetime in seconds as a JSON number, as in RFC 6749 §5.1.
    Number,
    /// The token's lifetime in seconds as a JSON string, as V2 has it.
    Text,
    /// This, whatever it is.
    Value(Value),
}

impl ExpiresIn {
    pub(crate) fn member(&self, lifetime: Duration) -> Option<Value> {
        match self {
            Self::Absent => None,
            Self::Number => Some(json!(lifetime.as_secs())),
            Self::Text => Some(json!(lifetime.as_secs().to_string())),
            Self::Value(value) => Some(value.clone()),
        }
    }
}

/// The shapes of an error's body (LIVEPERSON.md §2).
///
/// ```
/// use lp_auth_emulator::{ErrorBody, Fault};
///
/// for shape in ErrorBody::ALL {
///     let fault = Fault::status(500).with_body(shape);
///     # let _ = fault;
/// }
/// ```
///
/// In JSON: `"empty"`, `"flat"`, `"html"`, `"internal_error_code"`, `"nested"`, `"oauth"`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// None at all.
    Empty,
    /// `{"time":1503028861116,"message":"…","internalCode":6}`
    Flat,
    /// A page, as a proxy would send it.
    Html,
    /// `{"internalErrorCode":"9007"}`
    InternalErrorCode,
    /// `{"error":{"time":"…","message":"…","internalCode":5}}`
    Nested,
    /// `{"error":"invalid_client","error_description":"…"}` (RFC 6749 §5.2)
    #[serde(rename = "oauth")]
    OAuth,
}

impl ErrorBody {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Empty,
        Self::Flat,
        Self::Html,
        Self::InternalErrorCode,
        Self::Nested,
        Self::OAuth,
    ];

    pub(crate) fn content_type(self) -> Option<&'static str> {
        match self {
            Self::Empty => None,
            Self::Html => Some("text/html;charset=utf-8"),
            _ => Some(JSON),
        }
    }

    pub(crate) fn render(self, code: &str, message: &str, now: UnixTime) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Flat => {
                json!({ "time": now.as_millis(), "message": message, "internalCode": 6 }).to_string()
            }
            Self::Html => HTML.to_owned(),
            Self::InternalErrorCode => json!({ "internalErrorCode": "9007" }).to_string(),
            Self::Nested => {
                json!({ "error": { "time": now.to_string(), "message": message, "internalCode": 5 } })
                    .to_string()
            }
            Self::OAuth => json!({ "error": code, "error_description": message }).to_string(),
        }
    }
}

impl Serialize for UnknownService {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for UnknownService {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = notation::one_of(
            Value::deserialize(deserializer)?,
            "what is said to an unknown service",
        )?;
        Self::deserialize(value).map_err(notation::again)
    }
}

impl Serialize for ExpiresIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ExpiresIn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = notation::one_of(Value::deserialize(deserializer)?, "the shape of expires_in")?;
        Self::deserialize(value).map_err(notation::again)
    }
}

/// The content type of LivePerson's replies.
pub(crate) const JSON: &str = "application/json;charset=utf-8";

/// What a proxy in the way would send.
pub(crate) const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Please sign in</title></head>\
    <body><h1>Please sign in to the network</h1></body></html>\n";
