//! The request for a token, and what its answer means. No state: usable alone.

use core::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request};

use crate::token_response::{Place, TokenResponse};
use crate::{
    AccessToken, AccountId, Answer, ApiVersion, Body, ConsumerId, Credentials, Error, Purpose, Scope,
    ServiceHost, Window, malformed, success,
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
        self.prepare(credentials)?.to_http(sentinel)
    }

    /// The request with everything encoded that is the same each time, for whoever sends it again and again.
    pub fn prepare(&self, credentials: &Credentials) -> Result<PreparedTokenRequest, http::Error> {
        let headers = [
            (CONTENT_TYPE, "application/x-www-form-urlencoded"),
            (ACCEPT, "application/json"),
            (USER_AGENT, AGENT),
        ];
        let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
        Ok(PreparedTokenRequest {
            path_and_query: self.path_and_query().try_into()?,
            headers: headers.into_iter().collect(),
            form: self.form(credentials).into_bytes(),
        })
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
        let body = reply.body().as_ref();
        let response = match TokenResponse::read(body, reply.headers(), &self.account) {
            Ok(response) => response,
            Err(detail) => return Err(malformed(&reply, &Purpose::Token, sentinel, detail)),
        };
        let life = Window::starting(answer.sent, response.lifetime);
        Ok(match response.token {
            Place::InBody(place) => AccessToken::within(reply.into_body(), place, life),
            Place::Unescaped(token) => {
                let place = 0..token.len();
                AccessToken::within(token.into(), place, life)
            }
        })
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

/// A [`TokenRequest`] with its credentials, ready to be sent any number of times.
///
/// It holds the encoded secret, which all its requests share: it is overwritten when the last of them is dropped, and
/// shown by no `Debug`.
///
/// ```
/// use lp_auth_core::{ApiVersion, Credentials, Region, TokenRequest};
///
/// let credentials = Credentials { client_id: "my-app".parse()?, client_secret: "hush".parse()? };
/// let prepared = TokenRequest::new("12345678".parse()?, ApiVersion::V2).prepare(&credentials)?;
/// for region in Region::ALL {
///     let http = prepared.to_http(&region.host())?;
///     assert_eq!(http.uri().path(), "/sentinel/api/v2/account/12345678/app/token");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PreparedTokenRequest {
    path_and_query: PathAndQuery,
    headers: HeaderMap,
    form: Bytes,
}

impl PreparedTokenRequest {
    /// The HTTP request to Sentinel at this host.
    pub fn to_http(&self, sentinel: &ServiceHost) -> Result<Request<Body>, http::Error> {
        let mut request = Request::new(Body::shared(self.form.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = sentinel.uri_of(self.path_and_query.clone())?;
        request.headers_mut().clone_from(&self.headers);
        Ok(request)
    }
}

/// Shows the path alone: the query names a consumer, the form holds the secret.
impl fmt::Debug for PreparedTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedTokenRequest")
            .field("path", &self.path_and_query.path())
            .finish_non_exhaustive()
    }
}

/// A delegated token was asked for in V1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("delegated tokens exist in V2 alone: ask for V2, or for no consumer")]
#[non_exhaustive]
pub struct NoDelegation;
