//! APIs that want a token (LIVEPERSON.md §5), and look at it closely.

use core::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Asked, Refusal};
use crate::shapes::ErrorBody;
use crate::state::Snapshot;

/// How a token is to be presented.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Style {
    Bare,
    Bearer,
}

/// LivePerson Functions: answers with the payload that it was given.
pub(crate) fn invoke(snapshot: &Snapshot, account: &str, asked: &Asked) -> Answer {
    guarded(snapshot, account, Style::Bearer, asked, |_| {
        let body = if asked.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&asked.body).map_err(|_| Refusal::bad_request("the body is not JSON"))?
        };
        let payload = body.get("payload").cloned().unwrap_or(Value::Null);
        Ok(json!({ "result": payload, "logs": [] }))
    })
}

/// An API of the messaging kind: answers with who is asking.
pub(crate) fn conversation(snapshot: &Snapshot, account: &str, asked: &Asked) -> Answer {
    guarded(snapshot, account, Style::Bare, asked, |claims| {
        Ok(json!({ "account": account, "client": claims.get("azp") }))
    })
}

fn guarded(
    snapshot: &Snapshot,
    account: &str,
    style: Style,
    asked: &Asked,
    answer: impl FnOnce(&Map<String, Value>) -> Result<Value, Refusal>,
) -> Answer {
    let answered = || {
        if asked.method != Method::POST {
            return Err(Refusal::method("POST"));
        }
        let token = presented(asked, style)?;
        let claims = verify(snapshot, account, token)
            .map_err(|why| challenge(StatusCode::UNAUTHORIZED, "invalid_token", why))?;
        authorize(snapshot, &claims)?;
        let mut answer = Answer::json(&answer(&claims)?);
        answer.client_id = claims.get("azp").and_then(Value::as_str).map(str::to_owned);
        Ok(answer)
    };
    answered().unwrap_or_else(|refusal| refusal.into_answer(ErrorBody::Flat, snapshot.now))
}

fn presented(asked: &Asked, style: Style) -> Result<&str, Refusal> {
    let header = asked.authorization().ok_or_else(|| {
        // RFC 6750 §3.1: no error code where no token was presented.
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "the header Authorization is missing",
        )
        .with_header(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"emulator\""),
        )
    })?;
    let (scheme, rest) = header.split_once(' ').unwrap_or(("", header));
    match (style, scheme) {
        (Style::Bare, "") => Ok(header),
        (Style::Bearer, scheme) if scheme.eq_ignore_ascii_case("bearer") => Ok(rest.trim_start()),
        (Style::Bare, _) => Err(challenge(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "this API wants the token alone in Authorization, without Bearer",
        )),
        (Style::Bearer, _) => Err(challenge(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "this API wants Authorization: Bearer and the token",
        )),
    }
}

/// The claims of a token that is genuine, in time, and for this account.
fn verify(snapshot: &Snapshot, account: &str, token: &str) -> Result<Map<String, Value>, &'static str> {
    let (signed, signature) = token.rsplit_once('.').ok_or("the token is no JWT")?;
    let (header, payload) = signed.split_once('.').ok_or("the token is no JWT")?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "the token is no JWT");
    let object = |part: &str| -> Result<Map<String, Value>, &'static str> {
        serde_json::from_slice(&decode(part)?).map_err(|_| "the token is no JWT")
    };
    let header = object(header)?;
    if header.get("alg") != Some(&json!("RS256")) {
        return Err("the token is not signed with RS256");
    }
    let key = header
        .get("kid")
        .and_then(Value::as_str)
        .and_then(|id| snapshot.keys.find(id))
        .ok_or("the key that the token names is not known")?;
    if !key.verifies(signed.as_bytes(), &decode(signature)?) {
        return Err("the signature of the token is wrong");
    }
    let claims = object(payload)?;
    if claims.get("iss") != Some(&json!("Sentinel")) {
        return Err("the token is not from Sentinel");
    }
    let for_account = |audience: &Value| audience.as_str() == Some(account);
    let meant = match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.iter().any(for_account),
        Some(audience) => for_account(audience),
        None => false,
    };
    if !meant {
        return Err("the token is for another account");
    }
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let seconds = Duration::from_millis(snapshot.now.as_millis()).as_secs_f64();
    if time("exp").is_none_or(|expiry| expiry <= seconds) {
        return Err("the token has expired");
    }
    if time("nbf").is_some_and(|start| start > seconds + 60.0) {
        return Err("the token is not valid yet");
    }
    Ok(claims)
}

fn authorize(snapshot: &Snapshot, claims: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(required) = snapshot.settings.required_scope.as_deref() else {
        return Ok(());
    };
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    let has = |name| scope.split(' ').any(|other| other == name);
    if required.split(' ').all(has) {
        return Ok(());
    }
    Err(challenge(
        StatusCode::FORBIDDEN,
        "insufficient_scope",
        "the token lacks the scope that this API asks for",
    ))
}

/// RFC 6750 §3.
fn challenge(status: StatusCode, code: &'static str, message: &'static str) -> Refusal {
    let value = format!("Bearer realm=\"emulator\", error=\"{code}\", error_description=\"{message}\"");
    let refusal = Refusal::new(status, code, message);
    match HeaderValue::from_str(&value) {
        Ok(value) => refusal.with_header(WWW_AUTHENTICATE, value),
        Err(_) => refusal,
    }
}
