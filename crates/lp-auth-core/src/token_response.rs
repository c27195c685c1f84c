//! What stands in Sentinel's answer to a request for a token: where the token is, and how long it lives.
//!
//! Answers as Sentinel spells them are read in one pass; whatever is spelled otherwise is left to the reader that knows
//! all of JSON.

use core::mem::MaybeUninit;
use core::ops::Range;
use core::time::Duration;
use std::borrow::Cow;

use http::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::server_date;
use crate::{AccountId, Compact, Part, PlainJson, UnixTime, json_object};

/// A token response (RFC 6749 §5.1; LIVEPERSON.md §2) whose token is for the account that it was asked for.
pub(crate) struct TokenResponse {
    pub(crate) token: Place,
    pub(crate) lifetime: Duration,
}

/// Where a reply's token is.
pub(crate) enum Place {
    InBody(Range<usize>),
    /// It was spelled with escapes.
    Unescaped(String),
}

const NO_JWT: &str = "`access_token` is no JWT";

impl TokenResponse {
    /// What the body of a success says, or what is wrong with it.
    pub(crate) fn read(body: &[u8], headers: &HeaderMap, account: &AccountId) -> Result<Self, &'static str> {
        if let Some(fields) = Fields::read_plainly(body) {
            // What is wrong with an answer, the thorough reader says.
            if let Ok(response) = Self::judge(body, fields, headers, account) {
                return Ok(response);
            }
        }
        Self::judge(body, Fields::read(body)?, headers, account)
    }

    fn judge(
        body: &[u8],
        fields: Fields<'_>,
        headers: &HeaderMap,
        account: &AccountId,
    ) -> Result<Self, &'static str> {
        // The payload is looked at when it is decoded.
        let token = Compact::split_at_two_dots(&fields.access_token)
            .and_then(|token| token.check_part(Part::Header).map(|()| token))
            .and_then(|token| token.check_part(Part::Signature).map(|()| token))
            .map_err(|_| NO_JWT)?;
        let mut place = [MaybeUninit::uninit(); 1024];
        let decoded;
        let payload: &[u8] = if token.decoded_length(Part::Payload) <= place.len() {
            token.decode_into(Part::Payload, &mut place).map_err(|_| NO_JWT)?
        } else {
            decoded = token.decode(Part::Payload).map_err(|_| NO_JWT)?;
            &decoded
        };
        let claims = match Claims::read_plainly(payload, account) {
            Some(claims) => claims,
            None => Claims::read(payload, account)?,
        };
        if !claims.is_for_account {
            return Err("the token is for another account");
        }
        let lifetime = lifetime(fields.expires_in, &claims, headers)?;
        let token = match fields.access_token {
            Cow::Borrowed(token) => {
                let start = (token.as_ptr() as usize).wrapping_sub(body.as_ptr() as usize);
                Place::InBody(start..start.saturating_add(token.len()))
            }
            Cow::Owned(token) => Place::Unescaped(token),
        };
        Ok(Self { token, lifetime })
    }
}

/// The fields of a response for a bearer token.
struct Fields<'a> {
    access_token: Cow<'a, str>,
    /// Seconds.
    expires_in: Option<f64>,
}

impl<'a> Fields<'a> {
    fn read_plainly(body: &'a [u8]) -> Option<Self> {
        let body = core::str::from_utf8(body).ok()?;
        let mut json = PlainJson::object(body)?;
        let (mut access_token, mut token_type, mut expires_in) = (None, None, None);
        loop {
            // LivePerson's documentation shows a blank around each member, and one before its value.
            json.skip(" ");
            if json.skip(r#""access_token":"#) {
                json.skip(" ");
                json.skip("\"").then_some(())?;
                once(&mut access_token, json.string()?)?;
            } else if json.skip(r#""token_type":"#) {
                json.skip(" ");
                json.skip(r#""Bearer""#).then_some(())?;
                once(&mut token_type, ())?;
            } else if json.skip(r#""expires_in":"#) {
                json.skip(" ");
                let is_text = json.skip("\"");
                once(&mut expires_in, json.whole_number()?)?;
                (!is_text || json.skip("\"")).then_some(())?;
            } else {
                return None;
            }
            json.skip(" ");
            if json.is_at_its_end() {
                break;
            }
            json.skip(",").then_some(())?;
        }
        Some(Self {
            access_token: Cow::Borrowed(body.get(access_token?)?),
            expires_in: expires_in.map(to_float),
        })
    }

    fn read(body: &'a [u8]) -> Result<Self, &'static str> {
        #[derive(Deserialize)]
        struct Spelled<'a> {
            #[serde(borrow)]
            access_token: Cow<'a, str>,
            #[serde(borrow, default)]
            token_type: Option<Cow<'a, str>>,
            /// Raw, since it comes as a number, as a string, or as nonsense.
            #[serde(borrow, default)]
            expires_in: Option<&'a RawValue>,
        }
        let spelled: Spelled<'_> =
            json_object(body).map_err(|_| "the body is not the JSON of a token response")?;
        let is_bearer = |kind: &Cow<'_, str>| kind.eq_ignore_ascii_case("bearer");
        if !spelled.token_type.as_ref().is_none_or(is_bearer) {
            return Err("`token_type` is not `Bearer`");
        }
        Ok(Self {
            access_token: spelled.access_token,
            expires_in: spelled.expires_in.and_then(seconds),
        })
    }
}

/// What a client reads of its own token, whose signature is its readers' concern.
struct Claims {
    /// Seconds since the epoch.
    exp: Option<f64>,
    /// Seconds since the epoch.
    iat: Option<f64>,
    /// Also where it says nothing of accounts.
    is_for_account: bool,
}

impl Claims {
    fn read_plainly(payload: &[u8], account: &AccountId) -> Option<Self> {
        let payload = core::str::from_utf8(payload).ok()?;
        let mut json = PlainJson::object(payload)?;
        let (mut exp, mut iat, mut aud) = (None, None, None);
        loop {
            if json.skip(r#""exp":"#) {
                once(&mut exp, json.whole_number()?)?;
            } else if json.skip(r#""iat":"#) {
                once(&mut iat, json.whole_number()?)?;
            } else if json.skip(r#""aud":"#) {
                json.skip("\"").then_some(())?;
                once(&mut aud, json.string()?)?;
            } else {
                json.member()?;
            }
            if json.is_at_its_end() {
                break;
            }
            json.skip(",").then_some(())?;
        }
        let is_account = |place| payload.get(place) == Some(account.as_str());
        Some(Self {
            exp: exp.map(to_float),
            iat: iat.map(to_float),
            is_for_account: aud.is_none_or(is_account),
        })
    }

    fn read(payload: &[u8], account: &AccountId) -> Result<Self, &'static str> {
        #[derive(Deserialize)]
        struct Spelled<'a> {
            #[serde(borrow, default)]
            exp: Option<&'a RawValue>,
            #[serde(borrow, default)]
            iat: Option<&'a RawValue>,
            #[serde(borrow, default)]
            aud: Option<Audience<'a>>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Audience<'a> {
            #[serde(borrow)]
            One(Cow<'a, str>),
            #[serde(borrow)]
            Several(Vec<Cow<'a, str>>),
        }
        let spelled: Spelled<'_> = json_object(payload).map_err(|_| NO_JWT)?;
        let is_for_account = match &spelled.aud {
            None => true,
            Some(Audience::One(audience)) => audience == account.as_str(),
            Some(Audience::Several(audiences)) => {
                audiences.iter().any(|audience| audience == account.as_str())
            }
        };
        Ok(Self {
            exp: spelled.exp.and_then(seconds),
            iat: spelled.iat.and_then(seconds),
            is_for_account,
        })
    }
}

/// Takes a value in, unless there is one already.
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

fn lifetime(expires_in: Option<f64>, claims: &Claims, headers: &HeaderMap) -> Result<Duration, &'static str> {
    const LONGEST: f64 = 86_400.0;
    const UNKNOWN: f64 = 300.0;
    let since_issue = claims.exp.zip(claims.iat).map(|(exp, iat)| exp - iat);
    let date = server_date(headers).map(UnixTime::as_secs);
    let since_answer = claims.exp.zip(date).map(|(exp, date)| exp - to_float(date));
    if since_issue.is_some_and(|seconds| seconds <= 0.0) {
        return Err("the token expires before it was issued");
    }
    if since_answer.is_some_and(|seconds| seconds <= 0.0) {
        return Err("the token has already expired by the server's own clock");
    }
    let known = [expires_in, since_issue, since_answer];
    let shortest = known
        .into_iter()
        .flatten()
        .filter(|seconds| *seconds > 0.0)
        .reduce(f64::min);
    Ok(Duration::from_secs_f64(shortest.unwrap_or(UNKNOWN).min(LONGEST)))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a time that a float cannot count to the second is none"
)]
fn to_float(seconds: u64) -> f64 {
    seconds as f64
}

/// A finite number, bare or in quotes.
fn seconds(value: &RawValue) -> Option<f64> {
    let text = value.get();
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    text.trim()
        .parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODIES: &[&str] = &[
        r#"{"access_token":"a.b.c","token_type":"Bearer"}"#,
        r#"{ "access_token": "a.b.c", "token_type": "Bearer" }"#,
        r#"{"expires_in":3600,"access_token":"a.b.c"}"#,
        r#"{"access_token":"a.b.c","expires_in":"3600"}"#,
        r#"{"access_token":"","expires_in":999999999999}"#,
    ];

    const PAYLOADS: &[&str] = &[
        r#"{"aud":"7","azp":"x","scope":"a b","iss":"Sentinel","exp":1524646270,"iat":1524642670}"#,
        r#"{"aud":"8","jti":"1","permissions":["a","b"],"nbf":5,"exp":5}"#,
        r#"{"x":"exp","aud":"7 "}"#,
    ];

    fn account() -> AccountId {
        "7".parse().unwrap()
    }

    fn fields(fields: &Fields<'_>) -> (String, Option<u64>) {
        (
            fields.access_token.to_string(),
            fields.expires_in.map(f64::to_bits),
        )
    }

    fn claims(claims: &Claims) -> (Option<u64>, Option<u64>, bool) {
        let bits = |seconds: Option<f64>| seconds.map(f64::to_bits);
        (bits(claims.exp), bits(claims.iat), claims.is_for_account)
    }

    /// Says whether the body was a plain one, and checks that then both readers say the same.
    fn body_is_plain(body: &[u8]) -> bool {
        let Some(plain) = Fields::read_plainly(body) else {
            return false;
        };
        let thorough = Fields::read(body).map(|read| fields(&read));
        assert_eq!(thorough, Ok(fields(&plain)), "{}", String::from_utf8_lossy(body));
        true
    }

    /// The same of a payload.
    fn payload_is_plain(payload: &[u8]) -> bool {
        let Some(plain) = Claims::read_plainly(payload, &account()) else {
            return false;
        };
        let thorough = Claims::read(payload, &account()).map(|read| claims(&read));
        assert_eq!(
            thorough,
            Ok(claims(&plain)),
            "{}",
            String::from_utf8_lossy(payload)
        );
        true
    }

    #[test]
    fn what_sentinel_writes_is_plain() {
        for body in BODIES {
            assert!(body_is_plain(body.as_bytes()), "{body}");
        }
        for payload in PAYLOADS {
            assert!(payload_is_plain(payload.as_bytes()), "{payload}");
        }
    }

    #[test]
    fn what_is_spelled_otherwise_is_left_to_the_thorough_reader() {
        for body in [
            "",
            "{}",
            r#"{"token_type":"Bearer"}"#,
            r#"{"access_token":"a","access_token":"a"}"#,
            r#"{"access_token":"a","token_type":"bearer"}"#,
            r#"{"access_token":"a","token_type":"Bearer","token_type":"Bearer"}"#,
            r#"{"access_token":"a","expires_in":"3600}"#,
            r#"{"access_token":"a","expires_in":3600"}"#,
            r#"{"access_token":"a","expires_in":0}"#,
            r#"{"access_token":"a","expires_in":null}"#,
            r#"{"access_token":"a\u0062"}"#,
            r#"{"access_token":"a","scope":"b"}"#,
            "{\"access_token\":\"a\"}\n",
        ] {
            assert!(!body_is_plain(body.as_bytes()), "{body}");
        }
        for payload in [
            r#"{"aud":["7"]}"#,
            r#"{"aud":null}"#,
            r#"{"aud":"7","aud":"7"}"#,
            r#"{"exp":"1524646270"}"#,
            r#"{"exp":1524646270.5}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":1,"exp":1}"#,
            r#"{"iat":1e9}"#,
            r#"{"\u0065xp":1}"#,
            r#"{"x":{"exp":1}}"#,
            r#"{"x":true}"#,
        ] {
            assert!(!payload_is_plain(payload.as_bytes()), "{payload}");
        }
    }

    #[test]
    fn both_readers_agree_on_whatever_has_one_byte_changed() {
        type IsPlain = fn(&[u8]) -> bool;
        let mut plain = 0;
        for (texts, is_plain) in [
            (BODIES, body_is_plain as IsPlain),
            (PAYLOADS, payload_is_plain as IsPlain),
        ] {
            for text in texts {
                for place in 0..text.len() {
                    for byte in 0..=u8::MAX {
                        let mut changed = text.as_bytes().to_vec();
                        changed[place] = byte;
                        plain += usize::from(is_plain(&changed));
                    }
                }
            }
        }
        assert!(plain > 1000, "{plain}");
    }
}
