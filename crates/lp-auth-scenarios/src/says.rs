//! What servers say.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lp_auth_core::http::Response;
use lp_auth_core::http::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, RETRY_AFTER};
use lp_auth_core::{Body as Bytes, TransportError, TransportErrorKind};

use crate::Purpose;

/// The modulus of RFC 7517, Appendix A.1: all keys here have it, for nothing is verified.
const MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

/// What a server answers, or that it does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Says {
    /// 200 with this body.
    Body(&'static str),
    /// A token that expired an hour ago, by the server's clock.
    ExpiredOnArrival,
    /// A token for this account.
    ForAccount(&'static str),
    /// An HTML page with this status.
    Html(u16),
    /// A token of this name that lives so many seconds.
    Lives(&'static str, i64),
    /// The service lives at this host.
    LivesAt(&'static str),
    /// A token that lives so many seconds, with `expires_in` as written.
    LivesBy(&'static str, i64, &'static str),
    /// A token whose `exp - iat` is the first, and whose `exp` less the answer's `Date` is the second number of seconds.
    LivesByDate(&'static str, i64, i64),
    /// No answer came, or none that the transport lets through.
    Lost(TransportErrorKind),
    /// The set of these keys.
    Publishes(&'static str),
    /// The set of these keys, with this `Cache-Control`.
    PublishesFor(&'static str, &'static str),
    /// This status and body.
    Status(u16, &'static str),
    /// This status with `Retry-After`.
    StatusAfter(u16, &'static str),
    /// This status with a `Retry-After` date so many seconds after the server's `Date`.
    StatusUntil(u16, u64),
    /// A token that says nothing of its life, in an answer without a `Date`.
    Timeless(&'static str),
}

impl Says {
    /// The server's clock at the beginning, in seconds: hours off from ours.
    const CLOCK: i64 = 1_700_012_345;

    pub(crate) fn outcome(self, to: Purpose) -> Result<Response<Bytes>, TransportError> {
        let date = |seconds: i64| {
            let since_epoch = Duration::from_secs(seconds.try_into().unwrap());
            httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since_epoch)
        };
        let now = Self::CLOCK;
        let dated = Response::builder().header(DATE, date(now));
        let token = |text: &str| Bytes::from(format!(r#"{{"access_token":"{text}","token_type":"Bearer"}}"#));
        let reply = match self {
            Self::Body(text) => dated.body(text.as_bytes().into()),
            Self::ExpiredOnArrival => dated.body(token(&jwt("dead", now - 7200, now - 3600))),
            Self::ForAccount(account) => dated.body(token(&signed_by_nobody(&format!(
                r#"{{"jti":"foreign","aud":"{account}","iat":{now},"exp":{}}}"#,
                now + 3600
            )))),
            Self::Html(status) => {
                let page = b"<html>sign in to the network</html>".as_slice().into();
                dated.status(status).header(CONTENT_TYPE, "text/html").body(page)
            }
            Self::Lives(name, life) => dated.body(token(&jwt(name, now, now + life))),
            Self::LivesAt(host) => {
                let service = match to {
                    Purpose::TheService(name) => name,
                    _ => "sentinel",
                };
                let body = format!(r#"{{"service":"{service}","account":"12345678","baseURI":"{host}"}}"#);
                dated.body(body.into())
            }
            Self::LivesBy(name, life, expires_in) => {
                let token = jwt(name, now, now + life);
                dated.body(format!(r#"{{"access_token":"{token}","expires_in":{expires_in}}}"#).into())
            }
            Self::LivesByDate(name, life, left) => {
                dated.body(token(&jwt(name, now + left - life, now + left)))
            }
            Self::Lost(kind) => return Err(TransportError::new(kind)),
            Self::Publishes(kids) => dated.body(jwks(kids)),
            Self::PublishesFor(kids, cache) => dated.header(CACHE_CONTROL, cache).body(jwks(kids)),
            Self::Status(status, body) => dated.status(status).body(body.as_bytes().into()),
            Self::StatusAfter(status, pause) => {
                let reply = dated.status(status).header(RETRY_AFTER, pause);
                reply.body(Bytes::default())
            }
            Self::StatusUntil(status, pause) => {
                let until = date(now + i64::try_from(pause).unwrap());
                let reply = dated.status(status).header(RETRY_AFTER, until);
                reply.body(Bytes::default())
            }
            Self::Timeless(name) => {
                let claims = format!(r#"{{"jti":"{name}","aud":"12345678"}}"#);
                Response::builder().body(token(&signed_by_nobody(&claims)))
            }
        };
        Ok(reply.unwrap())
    }
}

/// A token with its name in `jti`.
pub(crate) fn jwt(name: &str, iat: i64, exp: i64) -> String {
    signed_by_nobody(&format!(
        r#"{{"jti":"{name}","aud":"12345678","iat":{iat},"exp":{exp}}}"#
    ))
}

/// The name of a token that [`jwt`] made.
pub(crate) fn name(token: &str) -> String {
    let payload = token.split('.').nth(1).unwrap();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    let after = claims.split(r#""jti":""#).nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

fn signed_by_nobody(claims: &str) -> String {
    format!("eyJhbGciOiJSUzI1NiJ9.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

fn jwks(kids: &str) -> Bytes {
    let key = |kid| format!(r#"{{"kty":"RSA","kid":"{kid}","e":"AQAB","n":"{MODULUS}"}}"#);
    let keys: Vec<String> = kids.split_whitespace().map(key).collect();
    format!(r#"{{"keys":[{}]}}"#, keys.join(",")).into()
}
