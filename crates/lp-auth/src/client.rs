//! The async client.

use core::fmt;
use core::future::Future;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use lp_auth_core::{
    AccessToken, ApiVersion, Credentials, Error, Scope, ServiceHost, ServiceName, TokenRequest, TokenSource,
};

use crate::BuildError;
use crate::config::config_settings;
use crate::driver::Driver;
use crate::machines::{Machines, TokenPlace};
use crate::question::{WhichHost, WhichToken};
use crate::settings::{Settings, shared_settings};

/// Gets access tokens from Sentinel, and keeps one at hand. Cheap to clone; clones share everything.
///
/// Ask for the token whenever you need it, from as many tasks as you like: while it is fresh that costs a clock
/// read and no lock, and otherwise one asker renews it for all.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use lp_auth::HeaderStyle;
/// use lp_auth::http::{Request, header::AUTHORIZATION};
///
/// let lp = lp_auth::Client::builder("12345678")
///     .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
///     .client_secret(std::env::var("LP_CLIENT_SECRET")?)
///     .build()?;
///
/// let token = lp.token().await?;
/// let request = Request::post("https://example.liveperson.net/")
///     .header(AUTHORIZATION, token.authorization(HeaderStyle::Bearer));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    driver: Arc<Driver>,
    place: Arc<TokenPlace>,
    request: TokenRequest,
    settings: Arc<Settings>,
}

impl Client {
    /// A client for this account.
    pub fn builder(account: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            settings: Settings::new(account.into()),
            client_id: None,
            client_secret: None,
            version: ApiVersion::default(),
            scope: None,
        }
    }

    /// The access token: the one at hand, or a new one.
    ///
    /// Fails with what went wrong last, once the patience is over or trying again will not help.
    pub async fn token(&self) -> Result<AccessToken, Error> {
        self.with_token(AccessToken::clone).await
    }

    /// The access token by reference, which spares the copy: while one is at hand, this takes no lock.
    ///
    /// ```no_run
    /// # async fn example(lp: lp_auth::Client) -> Result<(), lp_auth::Error> {
    /// let header = lp.with_token(|token| token.authorization(lp_auth::HeaderStyle::Bare)).await?;
    /// # Ok(()) }
    /// ```
    pub async fn with_token<R>(&self, read: impl FnOnce(&AccessToken) -> R) -> Result<R, Error> {
        // The guard is gone before anything is awaited.
        if let Some(token) = self.place.at_hand.load(self.driver.runtime().now()) {
            return Ok(read(&token));
        }
        let token = self
            .driver
            .ask(&mut WhichToken(&self.place), self.settings.patience)
            .await?;
        Ok(read(&token))
    }

    /// Where a service of the account lives, as the Domain API says: `faasGW`, `msgHist` and so on.
    pub async fn host(&self, service: &ServiceName) -> Result<ServiceHost, Error> {
        self.driver
            .ask(&mut WhichHost(service), self.settings.patience)
            .await
    }

    /// Renews host, token and keys before anybody has to wait for them. A future to spawn; it ends with the last
    /// client and verifier that share the machines.
    ///
    /// ```no_run
    /// # fn example(lp: &lp_auth::Client) {
    /// // tokio::spawn(lp.keep_fresh());
    /// # let _ = lp.keep_fresh();
    /// # }
    /// ```
    pub fn keep_fresh(&self) -> impl Future<Output = ()> + Send + use<> {
        self.driver.keep_fresh()
    }

    /// An API refused this token (401): forgets it, if it is the one at hand.
    ///
    /// Says whether a retry makes sense. Obeyed at most once in 30 s, so that an API that refuses every token makes no
    /// storm of requests.
    pub fn invalidate(&self, rejected: &AccessToken) -> bool {
        self.driver
            .change(&self.place, |source, now| source.invalidate(rejected, now))
    }

    /// Puts a token at hand that was saved earlier, if it is usable. Says whether it was taken.
    ///
    /// The caller sees to it that it is of the same account, client and consumer.
    pub fn restore(&self, token: AccessToken) -> bool {
        self.driver
            .change(&self.place, |source, now| source.restore(token, now))
    }

    /// Uses other credentials from now on, and ends a rest after a refusal. Clients made by
    /// [`for_consumer`](Self::for_consumer) before keep theirs.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.driver
            .change(&self.place, |source, _| source.set_credentials(credentials));
    }

    /// A client whose tokens are bound to this consumer (delegated tokens, V2 alone). It shares host and keys.
    pub fn for_consumer(&self, consumer: &str) -> Result<Self, BuildError> {
        let request = self.request.clone().for_consumer(consumer.parse()?)?;
        let source = token_source(&request, self.credentials(), &self.settings);
        let place = self.driver.machines().add_tokens(source);
        Ok(Self {
            place,
            request,
            ..self.clone()
        })
    }

    /// A client for another account with the same credentials and settings. It shares the transport.
    pub fn for_account(&self, account: impl Into<String>) -> Result<Self, BuildError> {
        let settings = Settings {
            account: account.into(),
            ..(*self.settings).clone()
        };
        let request = self.request.clone().for_account(settings.account()?);
        Self::from_parts(request, self.credentials(), settings)
    }

    /// A verifier for the tokens of this account, which shares host and keys with this client.
    ///
    /// It sends as this client does: what its builder is told of hosts, transport, pace and the like changes nothing.
    /// Shared only by [`build`](crate::VerifierBuilder::build).
    #[cfg(feature = "verify")]
    pub fn verifier(&self) -> crate::VerifierBuilder {
        crate::VerifierBuilder::sharing(Arc::clone(&self.driver), (*self.settings).clone())
    }

    /// Those that were set last.
    fn credentials(&self) -> Credentials {
        self.place.machine().credentials().clone()
    }

    fn from_parts(
        request: TokenRequest,
        credentials: Credentials,
        mut settings: Settings,
    ) -> Result<Self, BuildError> {
        let locator = settings.locator()?;
        let (transport, runtime) = settings.transport()?;
        settings.transport = Some((Arc::clone(&transport), Arc::clone(&runtime)));
        let mut machines = Machines::new(locator);
        let place = machines.add_tokens(token_source(&request, credentials, &settings));
        let driver = Driver::new(machines, transport, runtime, settings.watcher.clone());
        Ok(Self {
            driver,
            place,
            request,
            settings: Arc::new(settings),
        })
    }
}

/// Shows the account and where its servers are.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`]. Account, client id and client secret have no default.
///
/// Nothing is checked before [`build`](Self::build), and nothing is sent before the first question.
///
/// ```
/// # fn main() -> Result<(), lp_auth::BuildError> {
/// # let _in_tokio = ();
/// let lp = lp_auth::Client::builder("12345678")
///     .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
///     .client_secret("mfrggzdfmztwq2lknnwg23tpob")
///     .api_version(lp_auth::ApiVersion::V1)
///     .region(lp_auth::Region::Emea)
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    settings: Settings,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    version: ApiVersion,
    scope: Option<Scope>,
}

impl ClientBuilder {
    /// The id of the installed application.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// The secret of the installed application.
    pub fn client_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(secret.into().into());
        self
    }

    /// The version of the token API. Default: V2; V1 is for the Connector API alone.
    pub fn api_version(mut self, version: ApiVersion) -> Self {
        self.version = version;
        self
    }

    /// Asks for less than the application was installed with. Default: no scope is sent.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    shared_settings!();
    config_settings!();

    /// The client. With reqwest, and no transport given, it is used inside a tokio runtime.
    pub fn build(self) -> Result<Client, BuildError> {
        let (request, credentials, settings) = self.into_parts()?;
        Client::from_parts(request, credentials, settings)
    }

    /// The client for threads.
    #[cfg(feature = "blocking")]
    pub fn build_blocking(self) -> Result<crate::blocking::Client, BuildError> {
        let (request, credentials, settings) = self.into_parts()?;
        crate::blocking::Client::from_parts(request, credentials, settings)
    }

    fn into_parts(self) -> Result<(TokenRequest, Credentials, Settings), BuildError> {
        let mut request = TokenRequest::new(self.settings.account()?, self.version);
        if let Some(scope) = self.scope {
            request = request.with_scope(scope);
        }
        let credentials = Credentials {
            client_id: self.client_id.ok_or(BuildError::NoClientId)?.parse()?,
            client_secret: self
                .client_secret
                .ok_or(BuildError::NoClientSecret)?
                .expose_secret()
                .parse()?,
        };
        Ok((request, credentials, self.settings))
    }
}

/// Shows neither the client secret nor the client id, as one may have been given for the other.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

pub(crate) fn token_source(
    request: &TokenRequest,
    credentials: Credentials,
    settings: &Settings,
) -> TokenSource {
    TokenSource::builder(request.clone(), credentials)
        .pace(settings.pace.clone())
        .seed(settings.seed)
        .build()
}
