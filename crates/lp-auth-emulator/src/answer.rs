//! Requests as the endpoints see them, and their answers.

use bytes::Bytes;
use http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, PRAGMA,
};
use http::{Method, StatusCode};
use lp_auth_core::UnixTime;
use serde::Serialize;

use crate::shapes::{ErrorBody, JSON};

/// A request that was read to its end.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION)?.to_str().ok()
    }

    /// Whether the body is of this media type, with whatever parameters.
    pub(crate) fn has_media_type(&self, media_type: &str) -> bool {
        let value = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = value.and_then(|value| value.split(';').next());
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
    }

    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// What an endpoint answers when no fault is in the way.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The client that asked, where it is a known one.
    pub(crate) client_id: Option<String>,
    /// The code of an error.
    pub(crate) error: Option<&'static str>,
}

impl Answer {
    pub(crate) fn json(body: &impl Serialize) -> Self {
        Self::new(StatusCode::OK, JSON, written(body).into())
    }

    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status,
            headers,
            body,
            client_id: None,
            error: None,
        }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Not to be stored by anybody in between (RFC 6749 §5.1).
    pub(crate) fn not_to_be_stored(self) -> Self {
        self.with_header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
            .with_header(PRAGMA, HeaderValue::from_static("no-cache"))
    }
}

/// As JSON, which what the emulator says always can be.
pub(crate) fn written(body: &impl Serialize) -> Vec<u8> {
    // Room for a token: a vector that grows copies what it has.
    let mut text = Vec::with_capacity(2048);
    serde_json::to_writer(&mut text, body).expect("nothing in it is a map without text for a name");
    text
}

/// A no, before it is put into the shape that errors are to have.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            header: None,
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    pub(crate) fn method(allowed: &'static str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            format!("use the method {allowed}"),
        )
        .with_header(ALLOW, HeaderValue::from_static(allowed))
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    pub(crate) fn into_answer(self, shape: ErrorBody, now: UnixTime) -> Answer {
        let body = shape.render(self.code, &self.message, now);
        let mut headers = HeaderMap::new();
        if let Some(content_type) = shape.content_type() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.extend(self.header.map(|(name, value)| (Some(name), value)));
        Answer {
            status: self.status,
            headers,
            body: body.into(),
            client_id: None,
            error: Some(self.code),
        }
    }
}
