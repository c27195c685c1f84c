//! What can go wrong on purpose.

use core::time::Duration;
use std::collections::VecDeque;

use bytes::Bytes;
use http::StatusCode;
use lp_auth_core::AccountId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::notation;
use crate::shapes::{ErrorBody, ExpiresIn};

/// The endpoints that requests are counted by and faults are set for.
///
/// ```
/// use lp_auth_emulator::{Emulator, Endpoint};
///
/// let emulator = Emulator::builder().start()?;
/// assert!(Endpoint::ALL.iter().all(|endpoint| emulator.request_count(*endpoint) == 0));
/// # Ok::<(), lp_auth_emulator::EmulatorError>(())
/// ```
///
/// In JSON: `"api"`, `"domain_api"`, `"keys"`, `"token"`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// An API that wants a token: `…/lambdas/{uuid}/invoke` and `…/messaging/consumer/conversation`.
    Api,
    /// Where services live: `…/baseURI.json`.
    DomainApi,
    /// The key set: `/sentinel/well-known/jwks`.
    Keys,
    /// Where tokens are issued: `…/app/token`.
    Token,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Api, Self::DomainApi, Self::Keys, Self::Token];

    /// Its name, as JSON has it: `domain_api`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::DomainApi => "domain_api",
            Self::Keys => "keys",
            Self::Token => "token",
        }
    }
}

/// What an endpoint does instead of answering well.
///
/// Set by [`Emulator::fault`](crate::Emulator::fault). For a connection that is refused, see
/// [`Emulator::refused_address`](crate::Emulator::refused_address); for one that TLS cannot trust,
/// [`ServerCertificate`](crate::ServerCertificate).
///
/// ```
/// use lp_auth_emulator::{Emulator, Endpoint, Fault, RetryAfter, TokenFault};
///
/// let emulator = Emulator::builder().start()?;
/// // 503 twice, then well:
/// emulator.fault_times(Endpoint::Token, Fault::status(503), 2)?;
/// // Throttled until further notice, with a word on how long:
/// emulator.fault(Endpoint::Keys, Fault::status(429).with_retry_after(RetryAfter::Seconds(7)))?;
/// // An answer that is well, but for its content:
/// emulator.fault(Endpoint::Token, Fault::Token(TokenFault::NotAJwt))?;
/// emulator.clear_faults();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In JSON a fault is its name in snake case, or an object with what it takes:
///
/// ```
/// use lp_auth_emulator::{Fault, RetryAfter};
///
/// let read = |json: &str| serde_json::from_str::<Fault>(json);
/// assert_eq!(read(r#""stall_before""#)?, Fault::StallBefore);
/// let throttled = Fault::status(429).with_retry_after(RetryAfter::Seconds(7));
/// assert_eq!(read(r#"{"status": 429, "retry_after": 7}"#)?, throttled);
/// for json in [
///     r#"{"status": 503, "error_body": "html", "retry_after": {"date_in_seconds": 60}}"#,
///     r#"{"drip": {"pause_ms": 20}}"#,
///     r#"{"redirect": {"status": 307, "to": "https://127.0.0.1:1234"}}"#,
///     r#"{"body": "{\"access_token\":7}"}"#,
///     r#"{"token": "not_a_jwt"}"#,
///     r#"{"token": {"expires_in": {"value": -1}}}"#,
///     r#"{"token": {"other_account": "87654321"}}"#,
/// ] {
///     read(json)?;
/// }
/// assert!(read(r#""stall""#).unwrap_err().to_string().contains("unknown variant `stall`, expected one of"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(remote = "Self", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// 200 and these bytes, declared as JSON.
    #[serde(with = "notation::bytes")]
    Body(Bytes),
    /// The connection is closed (TCP FIN, and without a goodbye of TLS), and nothing was answered.
    CloseBefore,
    /// The connection is closed (TCP FIN, and without a goodbye of TLS) after half of the body.
    CloseWithin,
    /// The right answer, whose body comes byte by byte.
    Drip {
        /// How long each byte is waited for. In JSON `pause_ms`, at most a day.
        #[serde(rename = "pause_ms", with = "notation::milliseconds")]
        pause: Duration,
    },
    /// 200 without a body.
    EmptyBody,
    /// 200 and 200 MiB of spaces, which are 200 KiB compressed with gzip, before the right answer's body.
    GzipBomb,
    /// 200 and a page, as from a proxy that wants people to sign in.
    Html,
    /// 200 and 200 MiB of spaces before the right answer's body, without saying beforehand how long it is.
    HugeBody,
    /// The right answer with two bytes in it that are not UTF-8.
    InvalidUtf8,
    /// A redirect: the path and query that were asked for, elsewhere.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        #[serde(with = "notation::status")]
        status: StatusCode,
        /// Scheme, host and port, as `https://127.0.0.1:1234`.
        #[serde(with = "notation::location")]
        to: String,
    },
    /// The connection is reset (TCP RST), and nothing was answered.
    ResetBefore,
    /// The connection is reset (TCP RST) after half of the body.
    ResetWithin,
    /// Nothing is answered, and the connection stays open.
    StallBefore,
    /// Half of the body comes, then nothing, and the connection stays open.
    StallWithin,
    /// An error.
    Status {
        /// The status. In JSON from 200 on: hyper sends no final answer below.
        #[serde(with = "notation::status")]
        status: StatusCode,
        /// What stands in the body. In JSON `error_body`, and [`ErrorBody::OAuth`] where it is missing.
        #[serde(rename = "error_body", default = "oauth")]
        body: ErrorBody,
        /// The header `Retry-After`, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
    },
    /// An answer that is well but for its content.
    Token(TokenFault),
    /// The first half of the right answer's JSON, as if it were the whole.
    TruncatedJson,
    /// The right answer, declared as `text/plain`.
    WrongContentType,
}

impl Fault {
    /// This status with an OAuth error body. What is no status (100 to 999) becomes 500.
    pub fn status(status: u16) -> Self {
        Self::Status {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            body: ErrorBody::OAuth,
            retry_after: None,
        }
    }

    /// The same with another error body. Faults that are no [`Fault::Status`] stay as they are.
    pub fn with_body(mut self, shape: ErrorBody) -> Self {
        if let Self::Status { body, .. } = &mut self {
            *body = shape;
        }
        self
    }

    /// The same with the header `Retry-After`. Faults that are no [`Fault::Status`] stay as they are.
    pub fn with_retry_after(mut self, pause: RetryAfter) -> Self {
        if let Self::Status { retry_after, .. } = &mut self {
            *retry_after = Some(pause);
        }
        self
    }

    /// Its name, as JSON has it: `stall_before`, `status`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Body(_) => "body",
            Self::CloseBefore => "close_before",
            Self::CloseWithin => "close_within",
            Self::Drip { .. } => "drip",
            Self::EmptyBody => "empty_body",
            Self::GzipBomb => "gzip_bomb",
            Self::Html => "html",
            Self::HugeBody => "huge_body",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::Redirect { .. } => "redirect",
            Self::ResetBefore => "reset_before",
            Self::ResetWithin => "reset_within",
            Self::StallBefore => "stall_before",
            Self::StallWithin => "stall_within",
            Self::Status { .. } => "status",
            Self::Token(_) => "token",
            Self::TruncatedJson => "truncated_json",
            Self::WrongContentType => "wrong_content_type",
        }
    }

    /// Whether it makes sense at this endpoint: [`Fault::Token`] does where tokens are issued, the others everywhere.
    pub fn applies_to(&self, endpoint: Endpoint) -> bool {
        endpoint == Endpoint::Token || !matches!(self, Self::Token(_))
    }
}

/// What can be wrong with the content of a token reply.
///
/// ```
/// use lp_auth_emulator::{Emulator, Endpoint, ExpiresIn, Fault, TokenFault};
/// use serde_json::json;
///
/// let emulator = Emulator::builder().start()?;
/// let negative = TokenFault::ExpiresIn(ExpiresIn::Value(json!(-1)));
/// emulator.fault(Endpoint::Token, Fault::Token(negative))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In JSON: `"not_a_jwt"`, or `{"other_account":"87654321"}`; see [`Fault`].
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[non_exhaustive]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum TokenFault {
    /// A token that ran out a minute before it was issued: `iat` and `exp` both lie in the past.
    ExpiredOnArrival,
    /// `expires_in` of this shape, whatever the token says.
    ExpiresIn(ExpiresIn),
    /// A token whose `exp` is a minute before its `iat`, which is now.
    ExpiryBeforeIssue,
    /// An `access_token` that is an opaque string.
    NotAJwt,
    /// A token for this account, properly signed.
    #[serde(with = "notation::text")]
    OtherAccount(AccountId),
}

/// The header `Retry-After` (RFC 9110 §10.2.3).
///
/// ```
/// use std::time::Duration;
/// use lp_auth_emulator::{Fault, RetryAfter};
///
/// let in_a_minute = Fault::status(503).with_retry_after(RetryAfter::Date(Duration::from_secs(60)));
/// let nonsense = Fault::status(429).with_retry_after(RetryAfter::Text("soon".to_owned()));
/// # assert_ne!(in_a_minute, nonsense);
/// ```
///
/// In JSON: seconds are a number, a text is a text (so `"2"` and `2` make the same header), and a date is
/// `{"date_in_seconds":60}`.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// The date that the emulator's clock will show after this time.
    Date(Duration),
    /// So many seconds.
    Seconds(u64),
    /// This text, whatever it is. What cannot stand in a header is left out.
    Text(String),
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value =
            Self::serialize(self, serde_json::value::Serializer).map_err(serde::ser::Error::custom)?;
        match (self, value) {
            // {"status":503} says enough.
            (Self::Status { .. }, Value::Object(mut members)) => {
                members.remove("status").unwrap_or_default().serialize(serializer)
            }
            (_, value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let value = match value {
            Value::Object(members) if members.contains_key("status") => json!({ "status": members }),
            other => notation::one_of(other, "a fault")?,
        };
        Self::deserialize(value).map_err(notation::again)
    }
}

impl Serialize for TokenFault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for TokenFault {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = notation::one_of(Value::deserialize(deserializer)?, "a token fault")?;
        Self::deserialize(value).map_err(notation::again)
    }
}

impl Serialize for RetryAfter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Date(length) => {
                let seconds = notation::number(length.as_secs_f64());
                json!({ "date_in_seconds": seconds }).serialize(serializer)
            }
            Self::Seconds(seconds) => serializer.serialize_u64(*seconds),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for RetryAfter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const A_HUNDRED_YEARS: f64 = 3_155_760_000.0;
        let value = Value::deserialize(deserializer)?;
        let read = match &value {
            Value::Number(number) => {
                let whole = || notation::whole(&value).and_then(|seconds| u64::try_from(seconds).ok());
                number.as_u64().or_else(whole).map(Self::Seconds)
            }
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Object(members) if members.len() == 1 => members
                .get("date_in_seconds")
                .and_then(|value| notation::length(value, A_HUNDRED_YEARS))
                .map(|seconds| Self::Date(Duration::from_secs_f64(seconds))),
            _ => None,
        };
        let wanted = "whole seconds, a text, or {\"date_in_seconds\": 60} of at most 3155760000";
        read.ok_or_else(|| notation::wrong(&value, wanted))
    }
}

fn oauth() -> ErrorBody {
    ErrorBody::OAuth
}

/// The fault makes no sense at the endpoint.
///
/// ```
/// use lp_auth_emulator::{Emulator, Endpoint, Fault, TokenFault};
///
/// let emulator = Emulator::builder().start()?;
/// let error = emulator.fault(Endpoint::Keys, Fault::Token(TokenFault::NotAJwt)).unwrap_err();
/// assert_eq!(error.to_string(), "no tokens are issued at the endpoint Keys: set this fault for Token");
/// # Ok::<(), lp_auth_emulator::EmulatorError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no tokens are issued at the endpoint {endpoint:?}: set this fault for Token")]
pub struct FaultDoesNotApply {
    endpoint: Endpoint,
}

/// The faults in force.
#[derive(Default)]
pub(crate) struct FaultPlan {
    /// One for each of the next requests, in order.
    counted: VecDeque<(Endpoint, Fault, u32)>,
    lasting: Vec<(Endpoint, Fault)>,
}

impl FaultPlan {
    /// Those in force, the counted ones first: where, what, and how many times still, if not until cleared.
    #[cfg(feature = "control")]
    pub(crate) fn list(&self) -> impl Iterator<Item = (Endpoint, &Fault, Option<u32>)> {
        let counted = self
            .counted
            .iter()
            .map(|(endpoint, fault, times)| (*endpoint, fault, Some(*times)));
        let lasting = self
            .lasting
            .iter()
            .map(|(endpoint, fault)| (*endpoint, fault, None));
        counted.chain(lasting)
    }

    /// All is well again at this endpoint.
    #[cfg(feature = "control")]
    pub(crate) fn clear(&mut self, endpoint: Endpoint) {
        self.counted.retain(|(other, ..)| *other != endpoint);
        self.lasting.retain(|(other, _)| *other != endpoint);
    }

    pub(crate) fn set(&mut self, endpoint: Endpoint, fault: Fault) -> Result<(), FaultDoesNotApply> {
        check(endpoint, &fault)?;
        self.lasting.retain(|(other, _)| *other != endpoint);
        self.lasting.push((endpoint, fault));
        Ok(())
    }

    pub(crate) fn append(
        &mut self,
        endpoint: Endpoint,
        fault: Fault,
        times: u32,
    ) -> Result<(), FaultDoesNotApply> {
        check(endpoint, &fault)?;
        if times > 0 {
            self.counted.push_back((endpoint, fault, times));
        }
        Ok(())
    }

    /// The fault for a request that has just come.
    pub(crate) fn next(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let counted = self.counted.iter().position(|(other, _, _)| *other == endpoint);
        if let Some(index) = counted {
            let (_, fault, times) = self.counted.get_mut(index)?;
            let fault = fault.clone();
            *times -= 1;
            if *times == 0 {
                self.counted.remove(index);
            }
            return Some(fault);
        }
        let (_, fault) = self.lasting.iter().find(|(other, _)| *other == endpoint)?;
        Some(fault.clone())
    }
}

fn check(endpoint: Endpoint, fault: &Fault) -> Result<(), FaultDoesNotApply> {
    if fault.applies_to(endpoint) {
        return Ok(());
    }
    Err(FaultDoesNotApply { endpoint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_faults_come_first_and_in_order_and_then_the_lasting_one() {
        let mut plan = FaultPlan::default();
        plan.set(Endpoint::Token, Fault::Html).unwrap();
        plan.append(Endpoint::Token, Fault::EmptyBody, 2).unwrap();
        plan.append(Endpoint::Keys, Fault::ResetBefore, 1).unwrap();
        plan.append(Endpoint::Token, Fault::TruncatedJson, 1).unwrap();
        plan.append(Endpoint::Token, Fault::StallBefore, 0).unwrap();

        let mut next = || plan.next(Endpoint::Token);
        assert_eq!(next(), Some(Fault::EmptyBody));
        assert_eq!(next(), Some(Fault::EmptyBody));
        assert_eq!(next(), Some(Fault::TruncatedJson));
        assert_eq!(next(), Some(Fault::Html));
        assert_eq!(next(), Some(Fault::Html));
        assert_eq!(plan.next(Endpoint::Keys), Some(Fault::ResetBefore));
        assert_eq!(plan.next(Endpoint::Keys), None);
        assert_eq!(plan.next(Endpoint::DomainApi), None);
    }

    #[test]
    fn a_lasting_fault_replaces_the_one_before_it() {
        let mut plan = FaultPlan::default();
        plan.set(Endpoint::Api, Fault::Html).unwrap();
        plan.set(Endpoint::Api, Fault::EmptyBody).unwrap();
        assert_eq!(plan.next(Endpoint::Api), Some(Fault::EmptyBody));
    }
}
