//! The request for a token, and what its answer means. No state: usable alone.

use core::mem::MaybeUninit;
use core::ops::Range;
use core::time::Duration;
use std::borrow::Cow;

use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request, Response};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::server_date;
use crate::{
    AccessToken, AccountId, Answer, ApiVersion, Body, Compact, ConsumerId, Credentials, Error, ErrorKind,
    Part, Purpose, Scope, ServiceHost, UnixTime, Window, json_object, malformed, success,
};

/// What every request of this project calls itself.
pub const AGENT: &str = concat!("lp-auth/", env!("CARGO_PKG_VERSION"));

/// A request for an access token: which account, which version of the API, and for whom.
///
/// It is sent in the canonical forms of LIVEPERSON.md §2: the credentials in the body, never in the URL.
///
/// ```
/// use lp_auth_core::{ApiVersion, Credentials, Region, TokenRequest};
///
/// let credentials = Credentials { client_id: "my-app".parse()?, client_secret: "hush".parse()? };
/// let request = TokenRequest::new("12345678".parse()?, ApiVersion::V1);
/// let http = request.to_http(&credentials, &Region::Us.host())?;
/// assert_eq!(http.uri(), "https://va.sentinel.liveperson.net/sentinel/api/account/12345678/app/token?v=1.0");
/// assert_eq!(http.body().as_ref(), b"client_id=my-app&client_secret=hush&grant_type=client_credentials");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequest {
    account: AccountId,
    version: ApiVersion,
    consumer: Option<ConsumerId>,
    scope: Option<Scope>,
}

impl TokenRequest {
    /// A request for the application's own token.
    pub fn new(account: AccountId, version: ApiVersion) -> Self {
        Self {
            account,
            version,
            consumer: None,
            scope: None,
        }
    }

    /// Asks for a delegated token, bound to this consumer (`state`). V2 alone has them.
    pub fn for_consumer(mut self, consumer: ConsumerId) -> Result<Self, NoDelegation> {
        if self.version != ApiVersion::V2 {
            return Err(NoDelegation);
        }
        self.consumer = Some(consumer);
        Ok(self)
    }

    /// The same request for another account.
    pub fn for_account(mut self, account: AccountId) -> Self {
        self.account = account;
        self
    }

    /// Asks for less than the application was installed with. Without this, no `scope` is sent.
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// The account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The version of the token API.
    pub fn version(&self) -> ApiVersion {
        self.version
    }

    /// The HTTP request to Sentinel at this host.
    pub fn to_http(
        &self,
        credentials: &Credentials,
        sentinel: &ServiceHost,
    ) -> Result<Request<Body>, http::Error> {
        Request::post(sentinel.uri(&self.path_and_query())?)
            .header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            )
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .body(self.form(credentials))
    }

    /// The token in Sentinel's answer, living from when the request was sent; or what went wrong.
    ///
    /// How long it lives: the shortest positive one of `expires_in` (a number or a numeric string), `exp - iat` of the
    /// token, and `exp` minus the answer's `Date`; at most 24 h; with none of them, 5 minutes. A token that has
    /// expired by the server's own clock, whose `exp` is not after its `iat`, or that is for another account, is no answer.
    pub fn read(
        &self,
        credentials: &Credentials,
        sentinel: &ServiceHost,
        answer: Answer,
    ) -> Result<AccessToken, Error> {
        let secrets = [
            credentials.client_secret.expose(),
            self.consumer.as_ref().map_or("", ConsumerId::expose),
        ];
        let reply = success(answer.outcome, &Purpose::Token, sentinel, &secrets)?;
        let (place, lifetime) = match self.judge(&reply) {
            Ok(judged) => judged,
            Err(detail) => return Err(malformed(&reply, &Purpose::Token, sentinel, detail)),
        };
        let life = Window::starting(answer.sent, lifetime);
        let token = match place {
            Place::InBody(place) => AccessToken::within(reply.into_body(), place, life),
            Place::Unescaped(token) => AccessToken::new(&token, life).ok(),
        };
        token.ok_or_else(|| {
            let error = Error::new(ErrorKind::Malformed, Purpose::Token);
            error.from_host(sentinel.to_string()).with_detail(NO_JWT)
        })
    }

    /// Where the token stands in a reply, and how long it lives; or what is wrong with it.
    fn judge(&self, reply: &Response<Body>) -> Result<(Place, Duration), &'static str> {
        let body = reply.body().as_ref();
        let fields: Fields<'_> =
            json_object(body).map_err(|_| "the body is not the JSON of a token response")?;
        if fields
            .token_type
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
        {
            return Err("`token_type` is not `Bearer`");
        }
        let token = Compact::split(&fields.access_token)
            .and_then(|token| token.check().map(|()| token))
            .map_err(|_| NO_JWT)?;
        let mut place = [MaybeUninit::uninit(); 1024];
        let decoded;
        let payload: &[u8] = if token.decoded_length(Part::Payload) <= place.len() {
            token.decode_into(Part::Payload, &mut place).map_err(|_| NO_JWT)?
        } else {
            decoded = token.decode(Part::Payload).map_err(|_| NO_JWT)?;
            &decoded
        };
        let claims: Claims<'_> = json_object(payload).map_err(|_| NO_JWT)?;
        if claims
            .aud
            .as_ref()
            .is_some_and(|audience| !audience.contains(self.account.as_str()))
        {
            return Err("the token is for another account");
        }
        let lifetime = lifetime(fields.expires_in, &claims, reply)?;
        let place = match fields.access_token {
            Cow::Borrowed(token) => {
                let start = (token.as_ptr() as usize).wrapping_sub(body.as_ptr() as usize);
                Place::InBody(start..start.saturating_add(token.len()))
            }
            Cow::Owned(token) => Place::Unescaped(token),
        };
        Ok((place, lifetime))
    }

    fn path_and_query(&self) -> String {
        let account = &self.account;
        let mut text = match self.version {
            ApiVersion::V1 => format!("/sentinel/api/account/{account}/app/token?v=1.0"),
            ApiVersion::V2 => format!("/sentinel/api/v2/account/{account}/app/token"),
        };
        if let Some(consumer) = &self.consumer {
            text.push_str("?state=");
            text.extend(form_urlencoded::byte_serialize(consumer.expose().as_bytes()));
        }
        text
    }

    fn form(&self, credentials: &Credentials) -> Body {
        let fields = [
            ("client_id", credentials.client_id.as_str()),
            ("client_secret", credentials.client_secret.expose()),
            ("grant_type", "client_credentials"),
        ];
        let scope = self.scope.as_ref().map(|scope| ("scope", scope.as_str()));
        let fields = || fields.into_iter().chain(scope);
        // Room for the longest encoding: a string that grows leaves copies of the secret behind in freed memory.
        let room = fields()
            .map(|(name, value)| name.len() + 3 * value.len() + 2)
            .sum();
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(room));
        form.extend_pairs(fields());
        form.finish().into()
    }
}

const NO_JWT: &str = "`access_token` is no JWT";

/// Where a reply's token is.
enum Place {
    InBody(Range<usize>),
    /// It was spelled with escapes.
    Unescaped(String),
}

/// The fields of a token response (RFC 6749 §5.1; LIVEPERSON.md §2).
#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    access_token: Cow<'a, str>,
    #[serde(borrow, default)]
    token_type: Option<Cow<'a, str>>,
    /// Raw, since it comes as a number, as a string, or as nonsense.
    #[serde(borrow, default)]
    expires_in: Option<&'a RawValue>,
}

/// What a client reads of its own token, whose signature is its readers' concern.
#[derive(Deserialize)]
struct Claims<'a> {
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

impl Audience<'_> {
    fn contains(&self, account: &str) -> bool {
        match self {
            Self::One(audience) => audience == account,
            Self::Several(audiences) => audiences.iter().any(|audience| audience == account),
        }
    }
}

fn lifetime(
    expires_in: Option<&RawValue>,
    claims: &Claims<'_>,
    reply: &Response<Body>,
) -> Result<Duration, &'static str> {
    const LONGEST: f64 = 86_400.0;
    const UNKNOWN: f64 = 300.0;
    let exp = claims.exp.and_then(seconds);
    let since_issue = exp.zip(claims.iat.and_then(seconds)).map(|(exp, iat)| exp - iat);
    let date = server_date(reply.headers()).map(UnixTime::as_secs);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a date that a float cannot count to the second is no date"
    )]
    let since_answer = exp.zip(date).map(|(exp, date)| exp - date as f64);
    if since_issue.is_some_and(|seconds| seconds <= 0.0) {
        return Err("the token expires before it was issued");
    }
    if since_answer.is_some_and(|seconds| seconds <= 0.0) {
        return Err("the token has already expired by the server's own clock");
    }
    let known = [expires_in.and_then(seconds), since_issue, since_answer];
    let shortest = known
        .into_iter()
        .flatten()
        .filter(|seconds| *seconds > 0.0)
        .reduce(f64::min);
    Ok(Duration::from_secs_f64(shortest.unwrap_or(UNKNOWN).min(LONGEST)))
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

/// A delegated token was asked for in V1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("delegated tokens exist in V2 alone: ask for V2, or for no consumer")]
#[non_exhaustive]
pub struct NoDelegation;
