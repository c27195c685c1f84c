//! Where the token stands in what was handed in.

use secrecy::zeroize::Zeroizing;
use serde_json::Value;

use crate::failure::{Exit, Failure};
use crate::plain;

/// A token, and what it was wrapped in.
pub(super) struct Found {
    pub(super) token: Zeroizing<String>,
    pub(super) form: Form,
    /// `expires_in` of a JSON reply, as it stands there.
    pub(super) expires_in: Option<Value>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Bare,
    Header,
    Reply,
}

impl Form {
    /// What it is called, where it is more than the token.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Self::Bare => None,
            Self::Header => Some("a header line"),
            Self::Reply => Some("a JSON reply"),
        }
    }
}

impl Found {
    /// Looks for it. Says what is there instead.
    pub(super) fn within(text: &str) -> Result<Self, Failure> {
        let text = text.trim_start_matches('\u{feff}').trim();
        if let Some(line) = text.lines().find_map(authorization) {
            return Self::in_header(line);
        }
        if let Some(reply) = json_of(text) {
            return Self::in_reply(reply);
        }
        if strip(text, "bearer ").is_some() {
            return Self::in_header(text);
        }
        if text.starts_with("HTTP/") {
            return Err(none(
                "the HTTP message holds neither a JSON body nor an `Authorization` header",
            ));
        }
        let token = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        Ok(Self::new(token, Form::Bare, None))
    }

    fn new(token: &str, form: Form, expires_in: Option<Value>) -> Self {
        Self {
            token: Zeroizing::new(token.to_owned()),
            form,
            expires_in,
        }
    }

    /// The value of a header `Authorization`.
    fn in_header(value: &str) -> Result<Self, Failure> {
        let value = value.trim().trim_end_matches(['"', '\'']);
        let token = strip(value, "bearer ").unwrap_or(value).trim();
        if token.is_empty() || token.eq_ignore_ascii_case("bearer") {
            return Err(none("the header line has no token behind its name"));
        }
        if strip(value, "basic ").is_some() {
            return Err(none(
                "the header line carries a name and a password (`Basic`), and no token",
            ));
        }
        Ok(Self::new(token, Form::Header, None))
    }

    fn in_reply(text: &str) -> Result<Self, Failure> {
        let reply: Value = serde_json::from_str(text).map_err(|error| {
            none(format!(
                "the JSON is malformed at line {}, column {}",
                error.line(),
                error.column()
            ))
        })?;
        match reply.get("access_token") {
            Some(Value::String(token)) => Ok(Self::new(
                token.trim(),
                Form::Reply,
                reply.get("expires_in").cloned(),
            )),
            Some(_) => Err(none("`access_token` of the JSON reply is no text")),
            None => Err(without_token(&reply)),
        }
    }
}

fn without_token(reply: &Value) -> Failure {
    let code = reply.get("error").and_then(Value::as_str);
    // What could be a token or a secret is not repeated.
    let is_code =
        |code: &&str| code.len() <= 64 && code.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
    if let Some(code) = code.filter(is_code) {
        return none(format!("the JSON reply is an error, `{}`", plain::text(code)));
    }
    if reply.get("keys").is_some() {
        return none("the JSON is a key set, and holds no token")
            .tip("to look at Sentinel's keys: lp-auth keys");
    }
    if reply.get("alg").is_some() || reply.get("exp").is_some() {
        return none("the JSON is a part of a token that was decoded already; the token itself is wanted");
    }
    none("the JSON reply has no `access_token`")
}

fn none(why: impl core::fmt::Display) -> Failure {
    Failure::new(Exit::No, format!("there is no token: {why}"))
        .tip("read is a bare token, a line `Authorization: Bearer …`, or a JSON reply with `access_token`")
}

/// What stands behind `Authorization:`, in a line as it is sent, as `curl -v` shows it, or as an argument of curl's `-H`.
fn authorization(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(['>', '<', ' ', '\t', '"', '\'']);
    strip(line, "authorization:")
}

/// The JSON object in a text that is one, or in the body of an HTTP message.
fn json_of(text: &str) -> Option<&str> {
    if text.starts_with('{') {
        return Some(text);
    }
    if !text.starts_with("HTTP/") {
        return None;
    }
    let start = text.match_indices('{').find(|(at, _)| {
        text.get(..*at)
            .is_some_and(|before| before.ends_with(['\n', '\r']))
    })?;
    text.get(start.0..)
}

fn strip<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let begin = text.get(..start.len())?;
    let rest = text.get(start.len()..)?;
    begin.eq_ignore_ascii_case(start).then_some(rest)
}
