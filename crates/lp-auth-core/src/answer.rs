//! What a server's answer amounts to before its body is read: success, or which kind of no.

use core::fmt;
use core::time::Duration;
use std::time::SystemTime;

use http::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;

use crate::{Body, Error, ErrorKind, Purpose, TransportError, UnixTime, json_object};

/// Lets a `200` through, and makes an error of everything else.
///
/// The error holds the status, what the server said (LIVEPERSON.md §2 lists the shapes), and the pause that it asked
/// for. `secrets` are struck from the server's words, as are things that look like a token.
///
/// ```
/// use lp_auth_core::{Body, ErrorKind, Purpose, success};
///
/// let reply = http::Response::builder()
///     .status(400)
///     .body(Body::from(br#"{"error":"invalid_client","error_description":"who are you?"}"#.as_slice()))?;
/// let error = success(Ok(reply), &Purpose::Token, "va.sentinel.liveperson.net", &[]).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Refused);
/// assert_eq!(error.server_code(), Some("invalid_client"));
/// assert_eq!(error.server_message(), Some("who are you?"));
/// # Ok::<(), http::Error>(())
/// ```
pub fn success(
    outcome: Result<Response<Body>, TransportError>,
    purpose: &Purpose,
    host: &(impl fmt::Display + ?Sized),
    secrets: &[&str],
) -> Result<Response<Body>, Error> {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) => return Err(Error::from_transport(error, purpose.clone()).from_host(host.to_string())),
    };
    let status = reply.status();
    if status == StatusCode::OK {
        return Ok(reply);
    }
    let mut error = Error::new(kind_of(status), purpose.clone())
        .from_host(host.to_string())
        .with_status(status);
    let said = ServerWords::read(reply.body().as_ref());
    if let Some(code) = said.code {
        error = error.with_server_code(tidy(&code, secrets));
    }
    if let Some(message) = said.message {
        error = error.with_server_message(tidy(&message, secrets));
    }
    if let Some(pause) = retry_after(reply.headers()) {
        error = error.with_retry_after(pause);
    }
    if status.is_redirection() {
        error = error.with_detail("a redirect, which is not followed");
    }
    Err(error)
}

/// The error for a `200` whose body is not what was asked for, saying what it looks like instead.
pub fn malformed(
    reply: &Response<Body>,
    purpose: &Purpose,
    host: &(impl fmt::Display + ?Sized),
    detail: &'static str,
) -> Error {
    let body = reply.body().as_ref();
    let looks_like = if body.trim_ascii().is_empty() {
        "the body is empty"
    } else if is_html(reply.headers(), body) {
        "the body is an HTML page"
    } else {
        detail
    };
    Error::new(ErrorKind::Malformed, purpose.clone())
        .from_host(host.to_string())
        .with_status(reply.status())
        .with_detail(looks_like)
}

/// The server's clock when it answered, from the `Date` header.
pub(crate) fn server_date(headers: &HeaderMap) -> Option<UnixTime> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        408 | 425 => ErrorKind::NoAnswer,
        429 => ErrorKind::Throttled,
        400..=499 => ErrorKind::Refused,
        500..=599 => ErrorKind::ServerFault,
        _ => ErrorKind::Malformed,
    }
}

/// Seconds, or the time from the server's `Date` to an HTTP date; anything else counts as absent (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(http_date(value)?.since(server_date(headers)?))
}

fn http_date(text: &str) -> Option<UnixTime> {
    httpdate::parse_http_date(text)
        .ok()
        .map(|time: SystemTime| time.into())
}

fn is_html(headers: &HeaderMap, body: &[u8]) -> bool {
    let declared = headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    declared || body.trim_ascii_start().starts_with(b"<")
}

/// What a server says about an error, in any of the shapes that were seen.
#[derive(Default)]
struct ServerWords {
    code: Option<String>,
    message: Option<String>,
}

impl ServerWords {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Shape {
            error: Option<ErrorMember>,
            error_description: Option<String>,
            #[serde(flatten)]
            record: Record,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum ErrorMember {
            Code(String),
            Record(serde_json::Map<String, serde_json::Value>),
        }
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Record {
            message: Option<String>,
            internal_code: Option<serde_json::Value>,
            internal_error_code: Option<serde_json::Value>,
        }
        impl From<Record> for ServerWords {
            fn from(record: Record) -> Self {
                let code = record
                    .internal_code
                    .or(record.internal_error_code)
                    .map(|code| match code {
                        serde_json::Value::String(code) => code,
                        other => other.to_string(),
                    });
                Self {
                    code: code.map(|code| format!("internal code {code}")),
                    message: record.message,
                }
            }
        }

        let Ok(shape) = json_object::<Shape>(body) else {
            return Self::default();
        };
        match shape.error {
            Some(ErrorMember::Code(code)) => Self {
                code: Some(code),
                message: shape.error_description,
            },
            Some(ErrorMember::Record(members)) => serde_json::from_value::<Record>(members.into())
                .unwrap_or_default()
                .into(),
            None => shape.record.into(),
        }
    }
}

/// One line of at most 200 characters, without control characters, secrets, or what looks like a token.
fn tidy(words: &str, secrets: &[&str]) -> String {
    const LONGEST: usize = 200;
    const STRUCK: &str = "[redacted]";
    let mut words = words.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        words = words.replace(secret, STRUCK);
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        words = words.replace(&encoded, STRUCK);
    }
    let belongs_to_a_token = |c: char| c.is_ascii_alphanumeric() || "-_.=".contains(c);
    // `eyJ` is how every base64url-encoded JSON object begins.
    while let Some(start) = words.find("eyJ") {
        let rest = &words[start..];
        let length = rest.find(|c| !belongs_to_a_token(c)).unwrap_or(rest.len());
        words.replace_range(start..start + length, STRUCK);
    }
    let mut line: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect();
    if words.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Error {
        let reply = Response::builder()
            .status(400)
            .body(Body::from(body.as_bytes()))
            .unwrap();
        success(Ok(reply), &Purpose::Token, "sentinel.test", &["hu sh"]).unwrap_err()
    }

    #[test]
    fn every_shape_of_error_body_is_read() {
        let read = |body| {
            let error = refused(body);
            (
                error.server_code().map(str::to_owned),
                error.server_message().map(str::to_owned),
            )
        };
        let both = |code: &str, message: &str| (Some(code.to_owned()), Some(message.to_owned()));
        assert_eq!(
            read(r#"{"error":"invalid_client","error_description":"no"}"#),
            both("invalid_client", "no")
        );
        assert_eq!(
            read(r#"{"error":{"time":"now","message":"no","internalCode":5}}"#),
            both("internal code 5", "no")
        );
        assert_eq!(
            read(r#"{"time":1503028861116,"message":"no","internalCode":6}"#),
            both("internal code 6", "no")
        );
        assert_eq!(
            read(r#"{"internalErrorCode":"9007"}"#),
            (Some("internal code 9007".into()), None)
        );
        for body in [
            "",
            "<html>",
            "null",
            "[]",
            "7",
            r#"{"error":7}"#,
            r#"["no",5]"#,
            r#"{"error":["no",5]}"#,
            r#"{"error":{"message":7}}"#,
            "{\"error\":\"\u{0}",
            "\u{feff}{}",
        ] {
            assert_eq!(read(body), (None, None), "{body}");
        }
    }

    #[test]
    fn secrets_and_tokens_are_struck_from_the_servers_words() {
        let error =
            refused(r#"{"error":"hu sh","error_description":"hu sh hu+sh eyJhbGciOi.eyJhIjox.c2ln!"}"#);
        assert_eq!(error.server_code(), Some("[redacted]"));
        assert_eq!(error.server_message(), Some("[redacted] [redacted] [redacted]!"));
    }

    #[test]
    fn the_servers_words_are_one_line_of_bounded_length() {
        let error = refused(&format!(
            r#"{{"message":"a\nb\u001b[31m{}"}}"#,
            "é".repeat(10_000)
        ));
        let message = error.server_message().unwrap();
        assert!(message.starts_with("a b [31mé"), "{message}");
        assert_eq!(message.chars().count(), 201);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date_against_the_servers_own_clock() {
        let pause = |value: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            retry_after(&headers)
        };
        let date = Some("Mon, 04 Nov 2019 16:00:47 GMT");
        assert_eq!(pause("7", None), Some(Duration::from_secs(7)));
        assert_eq!(
            pause("Mon, 04 Nov 2019 16:00:50 GMT", date),
            Some(Duration::from_secs(3))
        );
        assert_eq!(pause("Mon, 04 Nov 2019 16:00:40 GMT", date), Some(Duration::ZERO));
        for nonsense in ["soon", "-1", "1.5", "", "99999999999999999999999"] {
            assert_eq!(pause(nonsense, date), None, "{nonsense}");
        }
    }
}
