//! A token for one invocation: from the cache where that is wanted, else from Sentinel.

use core::time::Duration;
use std::cell::OnceCell;
use std::ffi::OsString;

use clap::Args;
use lp_auth::{AccessToken, Client, Config, Error, ServiceHost, ServiceName, UnixTime, Window};

use crate::arguments::Common;
use crate::cache::{Entry, Lock, TokenCache};
use crate::failure::{Exit, Failure};
use crate::progress::Progress;
use crate::settings::{self, CredentialSettings, ServerSettings, Settings};
use crate::{advice, domain, runtime, warning};

/// How the token is to be had.
#[derive(Args, Debug)]
pub(crate) struct TokenSettings {
    /// Share the token with other invocations, by a file in ~/.cache/lp-auth that you alone can read
    #[arg(long)]
    cache: bool,

    /// Bind the token to this consumer (a delegated token, V2 alone)
    ///
    /// An argument shows in the process list, the variable does not. [env: LP_CONSUMER_ID]
    #[arg(long, value_name = "ID")]
    consumer: Option<String>,

    #[command(flatten)]
    credentials: CredentialSettings,
    #[command(flatten)]
    servers: ServerSettings,
}

/// What answers for the token, and for where services live.
pub(crate) struct Session {
    settings: Settings,
    /// Without the client secret, which is read only where it is needed.
    config: Config,
    consumer: Option<String>,
    cache: Option<TokenCache>,
    client: OnceCell<Client>,
    progress: Option<Progress>,
}

impl Session {
    /// After an API has refused a token, how long no other refusal leads to a new one, as the library has it.
    const OBEY_AGAIN_AFTER: Duration = Duration::from_secs(30);

    /// Says at once what is missing. Asks nobody yet.
    pub(crate) fn open(wanted: &TokenSettings, common: &Common) -> Result<Self, Failure> {
        let settings = wanted.credentials.complete(&wanted.servers)?;
        let config = settings::with_patience(settings.with_id()?);
        let consumer = wanted.consumer()?;
        // What cannot be an account is to be said before its token is looked for.
        settings::account(&config)?;
        let cache = wanted
            .cache
            .then(|| TokenCache::open(&config, consumer.as_deref()))
            .flatten();
        let progress = Some(Progress::start(common.verbose, &config));
        Ok(Self {
            settings,
            config,
            consumer,
            cache,
            client: OnceCell::new(),
            progress,
        })
    }

    /// Takes the display of what is waited for away, so that stdout and stderr are free.
    pub(crate) fn end_progress(&mut self) {
        self.progress = None;
    }

    /// Tells a line on stderr, if `-v` asks for it.
    pub(crate) fn say(&self, line: impl Into<String>) {
        if let Some(progress) = &self.progress {
            progress.say(line.into());
        }
    }

    /// The token.
    pub(crate) async fn token(&mut self) -> Result<AccessToken, Failure> {
        let Some(cache) = self.cache.take() else {
            let token = self.client()?.token().await;
            return token.map_err(|error| self.unanswered(&error));
        };
        let token = self.shared_token(&cache).await;
        self.cache = Some(cache);
        token
    }

    /// Another token in place of one that an API refused; `None` where asking again makes no sense.
    pub(crate) async fn replace(&mut self, refused: &AccessToken) -> Result<Option<AccessToken>, Failure> {
        let Some(cache) = self.cache.take() else {
            let client = self.client()?;
            if !client.invalidate(refused) {
                return Ok(None);
            }
            let token = client.token().await;
            return token.map(Some).map_err(|error| self.unanswered(&error));
        };
        let token = self.shared_replacement(&cache, refused).await;
        self.cache = Some(cache);
        token
    }

    /// Where a service lives, as the Domain API says.
    pub(crate) async fn host(&mut self, service: &ServiceName) -> Result<ServiceHost, Failure> {
        let host = self.client()?.host(service).await;
        host.map_err(|error| {
            let failure = self.unanswered(&error);
            // 401: the account itself is not known.
            let is_known = error.status().is_none_or(|status| status.as_u16() != 401);
            if failure.exit == Exit::Refused && is_known {
                return domain::suggest(failure, service);
            }
            failure
        })
    }

    /// Where the token came from: `host` or `host:port`.
    pub(crate) async fn sentinel(&mut self, token: &AccessToken) -> Result<String, Failure> {
        let cached = self.cache.as_ref().and_then(TokenCache::read);
        if let Some(entry) = cached.filter(|entry| entry.token == *token) {
            return Ok(entry.sentinel);
        }
        Ok(self.host(&ServiceName::SENTINEL).await?.to_string())
    }

    /// The settings, without the client secret.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    async fn shared_token(&mut self, cache: &TokenCache) -> Result<AccessToken, Failure> {
        let kept = cache.read();
        if let Some(entry) = kept.as_ref().filter(|entry| entry.is_fresh(runtime::now())) {
            self.say(format!(
                "access token: from the cache, good until {}",
                entry.token.expires_at()
            ));
            return Ok(entry.token.clone());
        }
        let lock = match &kept {
            // Somebody else is renewing it, and it is still good.
            Some(entry) => match cache.try_lock() {
                Some(lock) => Some(lock),
                None if self.client()?.restore(entry.token.clone()).is_ok() => {
                    return Ok(entry.token.clone());
                }
                None => self.lock(cache).await,
            },
            None => self.lock(cache).await,
        };
        // Somebody else may have renewed it meanwhile. What was wrong with it has been said.
        let kept = if lock.is_some() && kept.is_none() {
            cache.read_quietly()
        } else if lock.is_some() {
            cache.read()
        } else {
            kept
        };
        if let Some(entry) = &kept {
            if entry.is_fresh(runtime::now()) {
                return Ok(entry.token.clone());
            }
            // An ageing one serves as long as the renewal fails; one that is past its time does not.
            let _ = self.client()?.restore(entry.token.clone());
        }
        let token = self.ask_and_keep(cache, kept.as_ref(), None).await?;
        drop(lock);
        Ok(token)
    }

    async fn shared_replacement(
        &mut self,
        cache: &TokenCache,
        refused: &AccessToken,
    ) -> Result<Option<AccessToken>, Failure> {
        let lock = self.lock(cache).await;
        let now = runtime::now();
        let refused_before = match cache.read_quietly() {
            Some(entry) if entry.token != *refused && entry.is_fresh(now) => return Ok(Some(entry.token)),
            Some(entry) => entry.refused_before,
            None => None,
        };
        // An API that refuses every token makes no storm of requests, however often the command is run.
        let is_too_soon = |at| Window::starting(at, Self::OBEY_AGAIN_AFTER).contains(now);
        if refused_before.is_some_and(is_too_soon) {
            return Ok(None);
        }
        self.client()?.invalidate(refused);
        let token = self.ask_and_keep(cache, None, Some(now)).await?;
        drop(lock);
        Ok((token != *refused).then_some(token))
    }

    async fn ask_and_keep(
        &mut self,
        cache: &TokenCache,
        kept: Option<&Entry>,
        refused_before: Option<UnixTime>,
    ) -> Result<AccessToken, Failure> {
        let client = self.client()?;
        // Asked first: who renews a token that is still usable waits for one call, which is to be that for the token.
        let sentinel = client.host(&ServiceName::SENTINEL).await;
        let sentinel = match (sentinel, kept) {
            (Ok(host), _) => host.to_string(),
            (Err(_), Some(entry)) => entry.sentinel.clone(),
            (Err(error), None) => return Err(self.unanswered(&error)),
        };
        let token = client.token().await;
        let token = token.map_err(|error| self.unanswered(&error))?;
        if kept.is_none_or(|entry| entry.token != token) {
            cache.write(&Entry {
                token: token.clone(),
                sentinel,
                refused_before,
            });
        }
        Ok(token)
    }

    /// Who holds the lock asks Sentinel, for as long as the patience lasts.
    async fn lock(&self, cache: &TokenCache) -> Option<Lock> {
        let (patience, pace) = settings::pace(&self.config);
        let lock = cache.lock(patience + pace.lease()).await;
        if lock.is_none() {
            warning::print("another invocation keeps the cached token locked: going on without it");
        }
        lock
    }

    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = self.build()?;
        Ok(self.client.get_or_init(|| client))
    }

    fn build(&self) -> Result<Client, Failure> {
        let unbuildable = |error| advice::unbuildable(&error);
        let config = self.settings.with_secret(None)?;
        let (patience, pace) = settings::pace(&self.config);
        let mut builder = config
            .client()
            .map_err(|error| settings::unusable(&error))?
            .patience(patience)
            .pace(pace);
        if let Some(progress) = &self.progress {
            builder = builder.watch(progress.watcher());
        }
        let client = builder.build().map_err(unbuildable)?;
        match &self.consumer {
            Some(consumer) => client.for_consumer(consumer).map_err(unbuildable),
            None => Ok(client),
        }
    }

    fn unanswered(&mut self, error: &Error) -> Failure {
        let waited_for = self.progress.take().and_then(Progress::end);
        advice::unanswered(error, waited_for)
    }
}

impl TokenSettings {
    /// Whom the token is to be bound to. An empty variable counts as not set; an empty argument is a mistake.
    fn consumer(&self) -> Result<Option<String>, Failure> {
        if self.consumer.is_some() {
            return Ok(self.consumer.clone());
        }
        let variable = std::env::var_os("LP_CONSUMER_ID").filter(|value| !value.is_empty());
        variable
            .map(OsString::into_string)
            .transpose()
            .map_err(|_| Failure::new(Exit::Usage, "LP_CONSUMER_ID: not text"))
    }
}
