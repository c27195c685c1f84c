//! Which genuine tokens are acceptable.

use core::time::Duration;

use lp_auth_core::{AccountId, ApiVersion, Part, UnixTime};

use crate::{ClaimsSet, Malformed, Rejected};

/// What a token must claim to be accepted: for which accounts, issued to which clients, with which scopes.
///
/// Issuer (`Sentinel`) and algorithm (RS256) are not to be chosen. [`verify`](Self::verify) holds a token against it.
///
/// ```
/// use lp_auth_core::ApiVersion;
/// use lp_auth_jwt::Policy;
///
/// let policy = Policy::builder(["12345678".parse()?])
///     .clients(["75588e18-0213-4e33-8174-883acac7e3c4"])
///     .scopes(["faas.lambda.invoke"])
///     .versions([ApiVersion::V1, ApiVersion::V2])
///     .build()?;
/// assert!(policy.accepts(ApiVersion::V1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    /// In order, for a search by halves.
    accounts: Vec<AccountId>,
    clients: Clients,
    scopes: Vec<Box<str>>,
    leeway: Duration,
    v1: bool,
    v2: bool,
}

#[derive(Clone, Debug)]
enum Clients {
    Any,
    /// In order.
    These(Vec<Box<str>>),
}

impl Policy {
    /// What `iss` says in every token of Sentinel (LIVEPERSON.md §3).
    pub const ISSUER: &str = "Sentinel";

    /// A policy for tokens of these accounts. Say next which clients to accept.
    pub fn builder(accounts: impl IntoIterator<Item = AccountId>) -> PolicyBuilder {
        PolicyBuilder {
            accounts: accounts.into_iter().collect(),
            clients: None,
            scopes: Vec::new(),
            leeway: Duration::from_secs(60),
            versions: vec![ApiVersion::default()],
        }
    }

    /// Whether tokens of this version are acceptable.
    pub fn accepts(&self, version: ApiVersion) -> bool {
        match version {
            ApiVersion::V1 => self.v1,
            ApiVersion::V2 => self.v2,
        }
    }

    /// Which of the policy's accounts a token is for, where there are several.
    pub fn account_of(&self, claims: &ClaimsSet) -> Option<&AccountId> {
        let known = |audience: &str| {
            // Most policies have one.
            if let [account] = self.accounts.as_slice() {
                return (account.as_str() == audience).then_some(account);
            }
            let found = self
                .accounts
                .binary_search_by(|account| account.as_str().cmp(audience));
            self.accounts.get(found.ok()?)
        };
        let mut audience = claims.aud();
        match audience.as_one() {
            Some(one) => known(one),
            None => audience.find_map(|one| known(&one)),
        }
    }

    /// Everything that is asked of a genuine token, at this time. A missing scope is found last: then all else is well.
    pub(crate) fn check(&self, claims: &ClaimsSet, now: UnixTime) -> Result<(), Rejected> {
        if claims.iss() != Some(Self::ISSUER) {
            return Err(Rejected::Issuer);
        }
        if self.account_of(claims).is_none() {
            return Err(Rejected::Audience);
        }
        if let Clients::These(clients) = &self.clients {
            let is_this = |azp: &str| clients.binary_search_by(|client| (**client).cmp(azp)).is_ok();
            if !claims.azp().is_some_and(is_this) {
                return Err(Rejected::Client);
            }
        }
        let Some(exp) = claims.exp() else {
            return Err(Malformed::new(Part::Payload, "has no `exp`").into());
        };
        if now >= exp + self.leeway {
            return Err(Rejected::Expired { at: exp });
        }
        if let Some(from) = claims
            .nbf()
            .max(claims.iat())
            .filter(|from| now + self.leeway < *from)
        {
            return Err(Rejected::NotYetValid { from });
        }
        match self.scopes.iter().find(|scope| !claims.scopes().contains(scope)) {
            Some(missing) => Err(Rejected::Scope {
                missing: missing.clone(),
            }),
            None => Ok(()),
        }
    }
}

/// Puts a [`Policy`] together. See there for an example.
///
/// ```
/// use lp_auth_jwt::{InvalidPolicy, Policy};
///
/// let undecided = Policy::builder(["12345678".parse()?]).build();
/// assert_eq!(undecided.unwrap_err(), InvalidPolicy::ClientsUndecided);
/// # Ok::<(), lp_auth_core::InvalidName>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct PolicyBuilder {
    accounts: Vec<AccountId>,
    clients: Option<Clients>,
    scopes: Vec<Box<str>>,
    leeway: Duration,
    versions: Vec<ApiVersion>,
}

impl PolicyBuilder {
    /// Accepts tokens that were issued to any of the account's applications.
    pub fn any_client(mut self) -> Self {
        self.clients = Some(Clients::Any);
        self
    }

    /// Accepts tokens that were issued to these applications alone (`azp`, the client id).
    pub fn clients<C: Into<Box<str>>>(mut self, clients: impl IntoIterator<Item = C>) -> Self {
        self.clients = Some(Clients::These(clients.into_iter().map(Into::into).collect()));
        self
    }

    /// Asks for every one of these scopes. Default: none.
    pub fn scopes<S: Into<Box<str>>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// How far clocks may be apart, for `exp`, `nbf` and `iat`. Default: 60 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Accepts tokens of these versions: V1's keys, V2's keys, or both. Default: V2.
    pub fn versions(mut self, versions: impl IntoIterator<Item = ApiVersion>) -> Self {
        self.versions = versions.into_iter().collect();
        self
    }

    /// The policy. Fails where something that has no safe default was left open.
    pub fn build(mut self) -> Result<Policy, InvalidPolicy> {
        if self.accounts.is_empty() {
            return Err(InvalidPolicy::NoAccount);
        }
        let mut clients = self.clients.ok_or(InvalidPolicy::ClientsUndecided)?;
        if let Clients::These(these) = &mut clients {
            if these.is_empty() {
                return Err(InvalidPolicy::NoClient);
            }
            these.sort_unstable();
        }
        if self.versions.is_empty() {
            return Err(InvalidPolicy::NoVersion);
        }
        self.accounts.sort_unstable();
        Ok(Policy {
            accounts: self.accounts,
            clients,
            scopes: self.scopes,
            leeway: self.leeway,
            v1: self.versions.contains(&ApiVersion::V1),
            v2: self.versions.contains(&ApiVersion::V2),
        })
    }
}

/// Why a policy does not build. See [`PolicyBuilder`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPolicy {
    /// Neither [`PolicyBuilder::clients`] nor [`PolicyBuilder::any_client`] was called.
    #[error("say which clients' tokens to accept: `.clients([..])`, or `.any_client()`")]
    ClientsUndecided,
    /// The set of accounts is empty.
    #[error("name at least one account whose tokens to accept")]
    NoAccount,
    /// [`PolicyBuilder::clients`] was given none.
    #[error("name at least one client whose tokens to accept, or say `.any_client()`")]
    NoClient,
    /// [`PolicyBuilder::versions`] was given none.
    #[error("name at least one version of the API whose tokens to accept")]
    NoVersion,
}
