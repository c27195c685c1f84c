//! The client for threads.

use core::fmt;
use std::sync::Arc;

use lp_auth_core::{AccessToken, ConsumerId, Credentials, Error, ServiceHost, ServiceName, TokenRequest};

use crate::BuildError;
use crate::blocking::driver::{self, Driver};
use crate::client::token_source;
use crate::credential_files::CredentialFiles;
use crate::machines::Machines;
use crate::place::TokenPlace;
use crate::question::{WhichHost, WhichToken};
use crate::restore::{self, NotRestored};
use crate::settings::Settings;

/// Gets access tokens from Sentinel, and keeps one at hand: [`lp_auth::Client`](crate::Client) for threads.
///
/// Made by [`ClientBuilder::build_blocking`](crate::ClientBuilder::build_blocking). Cheap to clone; clones share
/// everything. An answer comes within the patience and the time limit of one call.
///
/// ```
/// # fn main() -> Result<(), lp_auth::BuildError> {
/// # #[cfg(any(feature = "reqwest", feature = "isahc"))]
/// let lp = lp_auth::Client::builder("12345678").client_id("my-app").client_secret("hush").build_blocking()?;
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
    /// The access token: the one at hand, or a new one.
    ///
    /// Fails with what went wrong last, once the patience is over or trying again will not help.
    pub fn token(&self) -> Result<AccessToken, Error> {
        self.with_token(AccessToken::clone)
    }

    /// The access token by reference, which spares the copy: while one is at hand, this takes no lock.
    pub fn with_token<R>(&self, read: impl FnOnce(&AccessToken) -> R) -> Result<R, Error> {
        if let Some(token) = self.place.at_hand.load(driver::now()) {
            return Ok(read(&token));
        }
        let token = self
            .driver
            .ask(&mut WhichToken(&self.place), self.settings.patience)?;
        Ok(read(&token))
    }

    /// Where a service of the account lives, as the Domain API says: `faasGW`, `msgHist` and so on.
    pub fn host(&self, service: &ServiceName) -> Result<ServiceHost, Error> {
        self.driver.ask(&mut WhichHost(service), self.settings.patience)
    }

    /// Renews host, token and keys before anybody has to wait for them: to run on a thread of its own, as
    /// `std::thread::spawn(lp.keep_fresh())`. It ends with the last client and verifier that share the machines.
    pub fn keep_fresh(&self) -> impl FnOnce() + Send + use<> {
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
    /// # fn example(lp: &lp_auth::blocking::Client, text: &str, requested_at: u64, expires_at: u64) -> Result<(), Box<dyn std::error::Error>> {
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
    /// [files](crate::ClientBuilder::client_secret_file), these serve until the files change.
    pub fn set_credentials(&self, credentials: Credentials) {
        self.driver
            .change(&self.place, |source, _| source.set_credentials(credentials));
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

    /// Sets up a verifier for the tokens of this account, which shares host and keys with this client.
    ///
    /// It sends as this client does: what its builder is told of hosts, transport, pace and the like changes nothing.
    /// Shared only by [`build_blocking`](crate::VerifierBuilder::build_blocking).
    #[cfg(feature = "verify")]
    pub fn verifier(&self) -> crate::VerifierBuilder {
        crate::VerifierBuilder::sharing_blocking(Arc::clone(&self.driver), (*self.settings).clone())
    }

    pub(crate) fn from_parts(
        request: TokenRequest,
        credentials: Credentials,
        files: Option<CredentialFiles>,
        mut settings: Settings,
    ) -> Result<Self, BuildError> {
        let locator = settings.locator()?;
        let transport = settings.blocking_transport()?;
        settings.blocking_transport = Some(Arc::clone(&transport));
        let mut machines = Machines::new(locator);
        let place = machines.add_tokens(token_source(&request, credentials, &settings), files);
        let driver = Driver::new(machines, transport, settings.watcher.clone());
        Ok(Self {
            driver,
            place,
            request,
            consumer: None,
            settings: Arc::new(settings),
        })
    }

    /// Those that were set last.
    fn credentials(&self) -> Credentials {
        self.place.machine().credentials().clone()
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
