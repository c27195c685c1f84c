//! The async verifier, and the settings of both verifiers.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use lp_auth_core::{AccountId, ApiVersion};
use lp_auth_jwt::{Claims, KeySet, KeySource, Policy, PolicyBuilder, Verification, VerifyError};

use crate::BuildError;
use crate::config::config_settings;
use crate::driver::Driver;
use crate::machines::Machines;
use crate::place::KeyPlace;
use crate::question::WhichKeys;
use crate::settings::{Settings, shared_settings};

/// Says whether a token that somebody presents is genuine and for you. Cheap to clone; clones share everything.
///
/// It needs no credentials: V1 tokens are verified with a static key, V2 tokens with the keys that Sentinel publishes,
/// which are fetched when they are first needed and renewed every 10 minutes or as a new `kid` turns up.
///
/// ```no_run
/// # async fn example(presented: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use lp_auth::{Verifier, VerifyError};
///
/// let verifier = Verifier::builder("12345678").any_client().scopes(["faas.lambda.invoke"]).build()?;
/// let status = match verifier.verify(presented).await {
///     Ok(claims) => 200,
///     Err(VerifyError::Rejected(rejected)) => rejected.status().as_u16(), // 401, or 403 for a scope
///     Err(VerifyError::Unavailable(_)) => 503,
/// };
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Verifier {
    driver: Arc<Driver>,
    place: Arc<KeyPlace>,
    rules: Arc<Rules>,
}

impl Verifier {
    /// A verifier for tokens of this account.
    pub fn builder(account: impl Into<String>) -> VerifierBuilder {
        VerifierBuilder::new(Settings::new(account.into()))
    }

    /// What the token claims, if it is genuine and the policy accepts it.
    ///
    /// [`VerifyError::Rejected`] is a no for good; [`VerifyError::Unavailable`] means that the keys could not be had.
    pub async fn verify(&self, token: &str) -> Result<Claims, VerifyError> {
        self.verify_with(token, Claims::clone).await
    }

    /// The same by reference, which spares the copy of remembered claims.
    pub async fn verify_with<T>(&self, token: &str, read: impl Fn(&Claims) -> T) -> Result<T, VerifyError> {
        let mut verification = self.rules.verification(token);
        loop {
            let now = self.driver.runtime().now();
            let verdict = self
                .place
                .at_hand
                .with_window(|keys| verification.attempt_with(keys, now, &read));
            if let Some(verdict) = verdict {
                return Ok(verdict?);
            }
            let mut which = WhichKeys {
                place: &self.place,
                verification: &mut verification,
            };
            self.driver.ask(&mut which, self.rules.patience).await?;
        }
    }

    /// Renews host and keys before anybody has to wait for them. A future to spawn; it ends with the last client and
    /// verifier that share the machines.
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + use<> {
        self.driver.keep_fresh()
    }
}

/// Shows the policy.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("policy", &self.rules.policy)
            .finish_non_exhaustive()
    }
}

/// What a verifier judges by.
pub(crate) struct Rules {
    pub(crate) policy: Policy,
    v1_keys: KeySet,
    pub(crate) patience: Duration,
}

impl Rules {
    pub(crate) fn verification<'a>(&'a self, token: &'a str) -> Verification<'a> {
        Verification::new(&self.policy, Some(&self.v1_keys), token)
    }
}

/// Sets up a [`Verifier`]. Which clients' tokens to accept has no default: `.clients([..])` or `.any_client()`.
///
/// ```
/// # #[cfg(any(feature = "reqwest", feature = "isahc"))]
/// # fn main() -> Result<(), lp_auth::BuildError> {
/// use lp_auth::ApiVersion;
///
/// let verifier = lp_auth::Verifier::builder("12345678")
///     .clients(["75588e18-0213-4e33-8174-883acac7e3c4"])
///     .api_versions([ApiVersion::V1, ApiVersion::V2])
///     .build()?;
/// # Ok(()) }
/// # #[cfg(not(any(feature = "reqwest", feature = "isahc")))]
/// # fn main() {}
/// ```
#[derive(Clone)]
#[must_use]
pub struct VerifierBuilder {
    settings: Settings,
    shared: Option<Arc<Driver>>,
    #[cfg(feature = "blocking")]
    shared_blocking: Option<Arc<crate::blocking::Driver>>,
    accounts: Vec<String>,
    clients: Option<Clients>,
    scopes: Vec<String>,
    leeway: Option<Duration>,
    versions: Option<Vec<ApiVersion>>,
    v1_keys: KeySet,
    remembering: usize,
}

#[derive(Clone)]
enum Clients {
    Any,
    These(Vec<String>),
}

impl VerifierBuilder {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            shared: None,
            #[cfg(feature = "blocking")]
            shared_blocking: None,
            accounts: Vec::new(),
            clients: None,
            scopes: Vec::new(),
            leeway: None,
            versions: None,
            v1_keys: KeySet::documented_v1(),
            remembering: 0,
        }
    }

    pub(crate) fn sharing(driver: Arc<Driver>, settings: Settings) -> Self {
        Self {
            shared: Some(driver),
            ..Self::new(settings)
        }
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn sharing_blocking(driver: Arc<crate::blocking::Driver>, settings: Settings) -> Self {
        Self {
            shared_blocking: Some(driver),
            ..Self::new(settings)
        }
    }

    /// Accepts the tokens of this account too. Its keys must be those of the first account's Sentinel.
    pub fn also_account(mut self, account: impl Into<String>) -> Self {
        self.accounts.push(account.into());
        self
    }

    /// Accepts tokens of any client.
    pub fn any_client(mut self) -> Self {
        self.clients = Some(Clients::Any);
        self
    }

    /// Accepts tokens of these clients alone.
    pub fn clients<C: Into<String>>(mut self, clients: impl IntoIterator<Item = C>) -> Self {
        self.clients = Some(Clients::These(clients.into_iter().map(Into::into).collect()));
        self
    }

    /// Wants each of these scopes in a token. Default: none.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// How far this machine's clock may be off. Default: 60 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = Some(leeway);
        self
    }

    /// Which versions' tokens to accept. Default: V2 alone.
    pub fn api_versions(mut self, versions: impl IntoIterator<Item = ApiVersion>) -> Self {
        self.versions = Some(versions.into_iter().collect());
        self
    }

    /// The keys of V1 tokens. Default: the documented one; keys differ per zone (LIVEPERSON.md §4).
    pub fn v1_keys(mut self, keys: KeySet) -> Self {
        self.v1_keys = keys;
        self
    }

    /// Answers for up to so many tokens per key from memory, if they were verified before. Default: 0.
    ///
    /// A verifier that shares its machines with another shares its memory of V2 tokens, as the first one set it up.
    pub fn remembering(mut self, tokens: usize) -> Self {
        self.remembering = tokens;
        self
    }

    shared_settings!();
    config_settings!();

    /// The verifier. With reqwest, and no transport given, it is used inside a tokio runtime.
    pub fn build(mut self) -> Result<Verifier, BuildError> {
        let rules = self.rules()?;
        let driver = if let Some(driver) = self.shared.take() {
            driver
        } else {
            let machines = Machines::new(self.settings.locator()?);
            let (transport, runtime) = self.settings.transport()?;
            Driver::new(machines, transport, runtime, self.settings.watcher.clone())
        };
        let place = driver.machines().keys_or_add(|| self.key_source());
        Ok(Verifier { driver, place, rules })
    }

    /// The verifier for threads.
    #[cfg(feature = "blocking")]
    pub fn build_blocking(mut self) -> Result<crate::blocking::Verifier, BuildError> {
        let rules = self.rules()?;
        let driver = if let Some(driver) = self.shared_blocking.take() {
            driver
        } else {
            let machines = Machines::new(self.settings.locator()?);
            let transport = self.settings.blocking_transport()?;
            crate::blocking::Driver::new(machines, transport, self.settings.watcher.clone())
        };
        let place = driver.machines().keys_or_add(|| self.key_source());
        Ok(crate::blocking::Verifier::from_parts(driver, place, rules))
    }

    fn rules(&self) -> Result<Arc<Rules>, BuildError> {
        let mut accounts: Vec<AccountId> = vec![self.settings.account()?];
        for account in &self.accounts {
            accounts.push(account.parse()?);
        }
        let mut policy: PolicyBuilder =
            Policy::builder(accounts).scopes(self.scopes.iter().map(String::as_str));
        policy = match &self.clients {
            Some(Clients::Any) => policy.any_client(),
            Some(Clients::These(clients)) => policy.clients(clients.iter().map(String::as_str)),
            None => policy,
        };
        if let Some(leeway) = self.leeway {
            policy = policy.leeway(leeway);
        }
        if let Some(versions) = &self.versions {
            policy = policy.versions(versions.iter().copied());
        }
        Ok(Arc::new(Rules {
            policy: policy.build()?,
            v1_keys: self.v1_keys.clone().remembering(self.remembering),
            patience: self.settings.patience,
        }))
    }

    fn key_source(&self) -> KeySource {
        let mut pace = self.settings.pace.clone();
        // A key set may be longer than the replies that the pace was made for.
        pace.limits.max_body = pace.limits.max_body.max(256 * 1024);
        KeySource::builder()
            .pace(pace)
            .seed(self.settings.seed)
            .remembering(self.remembering)
            .build()
    }
}

/// Shows where the servers are.
impl fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
