//! The async client.

mod builder;

use core::fmt;
use core::future::Future;
use std::sync::Arc;

use lp_auth_core::{
    AccessToken, ConsumerId, Credentials, Error, ServiceHost, ServiceName, TokenRequest, TokenSource,
};

pub use self::builder::ClientBuilder;
use crate::BuildError;
use crate::credential_files::CredentialFiles;
use crate::driver::Driver;
use crate::machines::Machines;
use crate::place::TokenPlace;
use crate::question::{WhichHost, WhichToken};
use crate::restore::{self, NotRestored};
use crate::settings::Settings;

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
    consumer: Option<ConsumerId>,
    settings: Arc<Settings>,
}

impl Client {
    /// A client for this account.
    pub fn builder(account: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(account.into())
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

    /// Puts a token at hand that was saved earlier: true, or false where one that lives as long is at hand already.
    ///
    /// Fails where it is not usable now, and where its claims name another account, client or consumer. Saved are
    /// [`AccessToken::expose`] and [`AccessToken::life`], where nobody else can read them.
    ///
    /// ```no_run
    /// # fn example(lp: &lp_auth::Client, text: &str, requested_at: u64, expires_at: u64) -> Result<(), Box<dyn std::error::Error>> {
    /// use lp_auth::{AccessToken, UnixTime, Window};
    ///
    /// let life = Window::new(UnixTime::from_millis(requested_at), UnixTime::from_millis(expires_at));
    /// lp.restore(AccessToken::new(text, life)?)?;
    /// # Ok(()) }
    /// ```
    pub fn restore(&self, token: AccessToken) -> Result<bool, NotRestored> {
        self.driver.change(&self.place, |source, now| {
            restore::restore(source, token, self.consumer.as_ref(), now)
        })
    }

    /// Uses other credentials from now on, and ends a rest after a refusal. Clients made by
    /// [`for_consumer`](Self::for_consumer) before keep theirs.
    ///
    /// The token at hand stays, unless the client id is another one. Where the credentials come from
    /// [files](ClientBuilder::client_secret_file), these serve until the files change.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.driver.set_credentials(&self.place, credentials);
    }

    /// A client whose tokens are bound to this consumer (delegated tokens, V2 alone). It shares host and keys.
    pub fn for_consumer(&self, consumer: &str) -> Result<Self, BuildError> {
        let consumer: ConsumerId = consumer.parse()?;
        let request = self.request.clone().for_consumer(consumer.clone())?;
        let source = token_source(&request, self.credentials(), &self.settings);
        let place = self.driver.machines().add_tokens(source, self.place.files());
        Ok(Self {
            place,
            request,
            consumer: Some(consumer),
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
        Ok(Self {
            consumer: self.consumer.clone(),
            ..Self::from_parts(request, self.credentials(), self.place.files(), settings)?
        })
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
        files: Option<CredentialFiles>,
        mut settings: Settings,
    ) -> Result<Self, BuildError> {
        let locator = settings.locator()?;
        let (transport, runtime) = settings.transport()?;
        settings.transport = Some((Arc::clone(&transport), Arc::clone(&runtime)));
        let mut machines = Machines::new(locator);
        let place = machines.add_tokens(token_source(&request, credentials, &settings), files);
        let driver = Driver::new(machines, transport, runtime, settings.watcher.clone());
        Ok(Self {
            driver,
            place,
            request,
            consumer: None,
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
