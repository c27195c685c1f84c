//! The two requests that the Domain API knows.

use lp_auth_core::http::header::{ACCEPT, HeaderValue, USER_AGENT};
use lp_auth_core::http::{Error, Request};
use lp_auth_core::{AGENT, AccountId, Body, ServiceHost, ServiceName};

/// A question to the Domain API: where one service of an account lives, or where all of them do.
///
/// ```
/// use lp_auth_core::{AccountId, ServiceName};
/// use lp_auth_domain::{DomainLookup, DomainRequest};
///
/// let account: AccountId = "12345678".parse()?;
/// let request = DomainRequest::One(ServiceName::SENTINEL).to_http(&account, &DomainLookup::default_api())?;
/// assert_eq!(
///     request.uri(),
///     "https://api.liveperson.net/api/account/12345678/service/sentinel/baseURI.json?version=1.0",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DomainRequest {
    /// All services of the account.
    All,
    /// This service.
    One(ServiceName),
}

impl DomainRequest {
    /// The HTTP request to the Domain API at this host.
    pub fn to_http(&self, account: &AccountId, api: &ServiceHost) -> Result<Request<Body>, Error> {
        let path = match self {
            Self::All => format!("/api/account/{account}/service/baseURI.json?version=1.0"),
            Self::One(service) => {
                format!("/api/account/{account}/service/{service}/baseURI.json?version=1.0")
            }
        };
        Request::get(api.uri(&path)?)
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .body(Body::default())
    }
}
