//! Sentinel: the token endpoint in all request variants of LIVEPERSON.md §2, and the key set.

use core::time::Duration;
use std::borrow::Cow;

use http::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Answer, Asked, Refusal};
use crate::application::Application;
use crate::fault::TokenFault;
use crate::keyring::JwkMembers;
use crate::state::Snapshot;
use crate::token::{CONSUMER_ID_CLAIM, TokenDraft};
use lp_auth_core::ApiVersion;

/// A token, or the OAuth error that RFC 6749 §5.2 names.
pub(crate) fn token(
    snapshot: &Snapshot,
    account: &str,
    path: ApiVersion,
    asked: &Asked,
    fault: Option<&TokenFault>,
) -> Answer {
    let parameters = Parameters::of(asked);
    let mut answer = match Grant::judge(snapshot, account, path, asked, &parameters) {
        Ok(grant) => grant.fulfil(snapshot, fault),
        Err(refusal) => refusal.into_answer(snapshot.settings.shapes.token_error, snapshot.now),
    };
    // What came as a client id may be a secret in the wrong place, so it is noted only where it is known.
    answer.client_id = parameters
        .one("client_id")
        .ok()
        .flatten()
        .filter(|client_id| snapshot.settings.knows_client(client_id))
        .map(str::to_owned);
    answer.not_to_be_stored()
}

/// The key set (LIVEPERSON.md §4).
pub(crate) fn keys(snapshot: &Snapshot, asked: &Asked) -> Answer {
    let shapes = &snapshot.settings.shapes;
    if !matches!(asked.method, Method::GET | Method::HEAD) {
        return Refusal::method("GET").into_answer(shapes.token_error, snapshot.now);
    }
    let answer = Answer::json(&snapshot.keys.jwks(JwkMembers {
        alg: shapes.key_alg,
        key_use: shapes.key_use,
    }));
    let cache_control = shapes
        .keys_cache_control
        .as_ref()
        .and_then(|value| HeaderValue::from_str(value).ok());
    match cache_control {
        Some(value) => answer.with_header(CACHE_CONTROL, value),
        None => answer,
    }
}

/// What a request for a token amounts to, once nothing speaks against it.
struct Grant<'a> {
    application: &'a Application,
    consumer: Option<&'a str>,
    scope: Option<&'a str>,
    signer: ApiVersion,
    version: ApiVersion,
}

impl<'a> Grant<'a> {
    fn judge(
        snapshot: &'a Snapshot,
        account: &'a str,
        path: ApiVersion,
        asked: &Asked,
        parameters: &'a Parameters<'_>,
    ) -> Result<Self, Refusal> {
        let settings = &snapshot.settings;
        if asked.method != Method::POST {
            return Err(Refusal::method("POST"));
        }
        let form = asked.has_media_type("application/x-www-form-urlencoded");
        if !asked.body.is_empty() && !form {
            return Err(Refusal::bad_request(
                "the content type must be application/x-www-form-urlencoded",
            ));
        }
        let (version, signer) = match (path, parameters.one("v")?) {
            (ApiVersion::V1, None | Some("1.0")) => (ApiVersion::V1, ApiVersion::V1),
            (ApiVersion::V1, Some("2.0")) => (ApiVersion::V2, settings.shapes.legacy_v2_signer),
            (ApiVersion::V2, None | Some("2.0")) => (ApiVersion::V2, ApiVersion::V2),
            _ => return Err(Refusal::bad_request("there is no such version of the API")),
        };
        let grant_type = parameters
            .one("grant_type")?
            .ok_or_else(|| Refusal::bad_request("grant_type is missing"))?;
        if grant_type != "client_credentials" {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "grant_type must be client_credentials",
            ));
        }
        let application = authenticate(snapshot, account, asked, parameters)?;
        if !application.may_use_client_credentials() {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "unauthorized_client",
                "the application may not use the grant type client_credentials",
            ));
        }
        let scope = parameters.one("scope")?;
        if let Some(wanted) = scope {
            let granted = |name| application.scope().split(' ').any(|other| other == name);
            if !wanted.split(' ').all(granted) {
                return Err(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    "invalid_scope",
                    "the application does not have this scope",
                ));
            }
        }
        Ok(Self {
            application,
            consumer: parameters.one("state")?,
            scope,
            signer,
            version,
        })
    }

    fn fulfil(self, snapshot: &Snapshot, fault: Option<&TokenFault>) -> Answer {
        let shapes = &snapshot.settings.shapes;
        let lifetime = snapshot.settings.token_lifetime;
        let mut draft = TokenDraft::issue(
            self.version,
            self.signer,
            self.application,
            &snapshot.keys,
            snapshot.now,
            lifetime,
        );
        if let Some(scope) = self.scope {
            draft = draft.with_claim("scope", scope);
        }
        if let (Some(consumer), ApiVersion::V2) = (self.consumer, self.version) {
            draft = draft.with_claim(CONSUMER_ID_CLAIM, consumer);
        }
        let mut expires_in = match self.version {
            ApiVersion::V1 => &shapes.v1_expires_in,
            ApiVersion::V2 => &shapes.v2_expires_in,
        };
        let minute = Duration::from_secs(60);
        let access_token = match fault {
            None => match &snapshot.settings.signed {
                Some(signed) => draft.sign_once_a_second(signed, snapshot.now),
                None => draft.sign(),
            },
            Some(TokenFault::ExpiredOnArrival) => {
                draft.valid(snapshot.now - lifetime - minute, lifetime).sign()
            }
            Some(TokenFault::ExpiresIn(shape)) => {
                expires_in = shape;
                draft.sign()
            }
            Some(TokenFault::ExpiryBeforeIssue) => {
                draft.with_claim("exp", (snapshot.now - minute).as_secs()).sign()
            }
            Some(TokenFault::NotAJwt) => "this-is-no-jwt".to_owned(),
            Some(TokenFault::OtherAccount(account)) => draft.with_claim("aud", account.as_str()).sign(),
        };
        Answer::json(&TokenResponse {
            access_token: &access_token,
            expires_in: expires_in.member(lifetime),
            token_type: "Bearer",
        })
    }
}

/// RFC 6749 §5.1.
#[derive(Serialize)]
struct TokenResponse<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<Value>,
    token_type: &'static str,
}

fn authenticate<'a>(
    snapshot: &'a Snapshot,
    account: &'a str,
    asked: &Asked,
    parameters: &Parameters<'_>,
) -> Result<&'a Application, Refusal> {
    let settings = &snapshot.settings;
    let client_id = parameters.one("client_id")?;
    let client_secret = parameters.one("client_secret")?;
    let basic = asked
        .authorization()
        .and_then(|value| value.get(..6))
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic "));
    if basic && client_secret.is_some() {
        return Err(Refusal::bad_request(
            "the client authenticates in more than one way",
        ));
    }
    if basic {
        // RFC 6749 §5.2: whoever comes with this header is answered with it.
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "client_id and client_secret belong in the body: HTTP Basic authentication is not used here",
        )
        .with_header(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Sentinel\""),
        ));
    }
    let refuse = |message: &str| Refusal::new(settings.shapes.wrong_credentials, "invalid_client", message);
    let client_id = client_id.ok_or_else(|| Refusal::bad_request("client_id is missing"))?;
    let client_secret = client_secret.ok_or_else(|| Refusal::bad_request("client_secret is missing"))?;
    if !settings.knows_account(account) {
        return Err(refuse("unknown account"));
    }
    let application = settings
        .of_account(account)
        .find(|application| application.client_id() == client_id)
        .ok_or_else(|| refuse("unknown client"))?;
    if application.client_secret().expose_secret() != client_secret {
        return Err(refuse("wrong client secret"));
    }
    Ok(application)
}

/// The parameters of a token request: of its query and of its body.
struct Parameters<'a> {
    query: Vec<Parameter<'a>>,
    body: Vec<Parameter<'a>>,
}

/// A name and its value.
type Parameter<'a> = (Cow<'a, str>, Cow<'a, str>);

impl<'a> Parameters<'a> {
    fn of(asked: &'a Asked) -> Self {
        Self {
            query: form_urlencoded::parse(asked.query.as_bytes()).collect(),
            body: form_urlencoded::parse(&asked.body).collect(),
        }
    }

    /// The value of a parameter. An empty one counts as absent, and none may come twice (RFC 6749 §3.2); in the query
    /// and in the body it may, if it says the same.
    fn one(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let twice = || Refusal::bad_request(format!("{name} comes more than once"));
        match (
            only(&self.query, name).map_err(|()| twice())?,
            only(&self.body, name).map_err(|()| twice())?,
        ) {
            (Some(query), Some(body)) if query != body => Err(twice()),
            (Some(value), _) | (None, Some(value)) => Ok(Some(value)),
            (None, None) => Ok(None),
        }
    }
}

/// The value of a parameter that may come once.
fn only<'p>(parameters: &'p [Parameter<'_>], name: &str) -> Result<Option<&'p str>, ()> {
    let mut values = parameters
        .iter()
        .filter(|(other, _)| other == name)
        .map(|(_, value)| &**value);
    let value = values.next();
    match values.next() {
        Some(_) => Err(()),
        None => Ok(value.filter(|value| !value.is_empty())),
    }
}
