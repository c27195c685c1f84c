//! The request for Sentinel's key set, and what its answer means. No state: usable alone.

use core::time::Duration;

use lp_auth_core::http::header::{ACCEPT, AGE, CACHE_CONTROL, USER_AGENT};
use lp_auth_core::http::{self, HeaderMap, HeaderValue, Request};
use lp_auth_core::{AGENT, Answer, Body, Error, Purpose, ServiceHost, malformed, success};

use crate::{InvalidKeySet, KeySet};

/// A request for the keys that sign V2 tokens (SPECIFICATION.md, step 3).
///
/// ```
/// use lp_auth_core::Region;
/// use lp_auth_jwt::JwksRequest;
///
/// let http = JwksRequest.to_http(&Region::Us.host())?;
/// assert_eq!(http.uri(), "https://va.sentinel.liveperson.net/sentinel/well-known/jwks");
/// # Ok::<(), lp_auth_core::http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "there is one such request, and nothing to choose about it"
)]
pub struct JwksRequest;

impl JwksRequest {
    /// The HTTP request to Sentinel at this host. There is no dot before `well-known`.
    pub fn to_http(self, sentinel: &ServiceHost) -> Result<Request<Body>, http::Error> {
        Request::get(sentinel.uri("/sentinel/well-known/jwks")?)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .body(Body::default())
    }

    /// The keys in Sentinel's answer, or what went wrong. A set without a usable key is no answer.
    pub fn read(self, sentinel: &ServiceHost, answer: Answer) -> Result<PublishedKeys, Error> {
        let host = sentinel.to_string();
        let reply = success(answer.outcome, &Purpose::Keys, &host, &[])?;
        let keys = KeySet::from_jwks(reply.body().as_ref()).map_err(|why| match why {
            InvalidKeySet::NoUsableKey { .. } => {
                malformed(&reply, &Purpose::Keys, &host, "no key that can be used")
                    .with_detail(why.to_string())
                    .with_advice("check that this is LivePerson's Sentinel, and look at its key set")
            }
            _ => malformed(&reply, &Purpose::Keys, &host, "the body is no JWK Set"),
        })?;
        Ok(PublishedKeys {
            keys,
            max_age: max_age(reply.headers()),
        })
    }
}

/// A key set as Sentinel published it. See [`JwksRequest::read`].
///
/// ```
/// use lp_auth_core::{Answer, Error, ServiceHost};
/// use lp_auth_jwt::{JwksRequest, KeySet};
///
/// fn keys(sentinel: &ServiceHost, answer: Answer) -> Result<KeySet, Error> {
///     Ok(JwksRequest.read(sentinel, answer)?.keys)
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PublishedKeys {
    /// The keys, and what was skipped.
    pub keys: KeySet,
    /// How long the server says that it may be kept: `Cache-Control: max-age` less `Age` (RFC 9111 §4.2). Zero for
    /// `no-store` and `no-cache`; none where the server says nothing.
    pub max_age: Option<Duration>,
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = || {
        headers
            .get_all(CACHE_CONTROL)
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
    };
    let is = |directive: &str, name: &str| directive.eq_ignore_ascii_case(name);
    if directives().any(|directive| is(directive, "no-store") || is(directive, "no-cache")) {
        return Some(Duration::ZERO);
    }
    let age = headers.get(AGE).and_then(|value| seconds(value.to_str().ok()?));
    directives()
        .filter_map(|directive| directive.split_once('='))
        .find(|(name, _)| is(name.trim(), "max-age"))
        .and_then(|(_, value)| seconds(value))
        .map(|max_age| max_age.saturating_sub(age.unwrap_or_default()))
}

/// Whole seconds, bare or in quotes. A number beyond all measure is a large one (RFC 9111 §1.2.2).
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::from_secs(text.parse().unwrap_or(u32::MAX.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_to_keep_a_set_is_read_from_its_cache_headers() {
        let read = |control: &[&str], age: Option<&str>| {
            let mut headers = HeaderMap::new();
            for value in control {
                headers.append(CACHE_CONTROL, value.parse().unwrap());
            }
            if let Some(age) = age {
                headers.insert(AGE, age.parse().unwrap());
            }
            max_age(&headers).map(|age| age.as_secs())
        };
        assert_eq!(read(&[], None), None);
        assert_eq!(read(&["public"], None), None);
        assert_eq!(read(&["public, Max-Age=300"], None), Some(300));
        assert_eq!(read(&["public", "max-age=\"300\""], None), Some(300));
        assert_eq!(read(&["max-age=300"], Some("100")), Some(200));
        assert_eq!(read(&["max-age=300"], Some("400")), Some(0));
        assert_eq!(read(&["max-age=300, no-cache"], None), Some(0));
        assert_eq!(read(&["no-store"], None), Some(0));
        assert_eq!(read(&["s-maxage=300"], None), None);
        assert_eq!(
            read(&["max-age=99999999999999999999"], None),
            Some(u32::MAX.into())
        );
        for nonsense in ["max-age", "max-age=", "max-age=-1", "max-age=soon", "max-age=1.5"] {
            assert_eq!(read(&[nonsense], None), None, "{nonsense}");
        }
    }
}
