//! What a client and a verifier have in common: the account, where its servers are, and how to reach them.

use core::fmt;
use core::hash::BuildHasher as _;
use core::time::Duration;
use std::hash::RandomState;
use std::sync::Arc;

#[cfg(feature = "blocking")]
use lp_auth_core::BlockingTransport;
use lp_auth_core::{
    AccountId, FixedHost, HostPolicy, InvalidConsumerId, InvalidCredential, InvalidHost, InvalidName, Locate,
    Pace, Region, ServiceHost, UntrustedHost,
};
use lp_auth_domain::DomainLookup;

use crate::progress::Watcher;
use crate::stack::{self, Sending, Stack};

/// How long an asker goes on trying, by default.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What the builders gather: as it was given, parsed by [`Settings::parse`].
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) account: String,
    pub(crate) domain_api: Option<String>,
    pub(crate) sentinel: Option<String>,
    pub(crate) region: Option<Region>,
    pub(crate) trusted_hosts: Vec<String>,
    pub(crate) plain_http: bool,
    pub(crate) ca_pem: Option<Vec<u8>>,
    pub(crate) stack: Option<Stack>,
    pub(crate) transport: Option<Sending>,
    #[cfg(feature = "blocking")]
    pub(crate) blocking_transport: Option<Arc<dyn BlockingTransport>>,
    pub(crate) patience: Duration,
    pub(crate) pace: Pace,
    pub(crate) seed: u64,
    pub(crate) watcher: Watcher,
}

impl Settings {
    pub(crate) fn new(account: String) -> Self {
        Self {
            account,
            domain_api: None,
            sentinel: None,
            region: None,
            trusted_hosts: Vec::new(),
            plain_http: false,
            ca_pem: None,
            stack: None,
            transport: None,
            #[cfg(feature = "blocking")]
            blocking_transport: None,
            patience: PATIENCE,
            pace: Pace::default(),
            // Each process its own, so that those started together do not renew in step.
            seed: RandomState::new().hash_one(0),
            watcher: Watcher::default(),
        }
    }

    pub(crate) fn account(&self) -> Result<AccountId, BuildError> {
        Ok(self.account.parse()?)
    }

    /// The machine that knows where Sentinel is.
    pub(crate) fn locator(&self) -> Result<Box<dyn Locate + Send>, BuildError> {
        let named = |host: &str| -> Result<ServiceHost, BuildError> {
            let host: ServiceHost = host.parse()?;
            if self.plain_http {
                Ok(host.over_plain_http()?)
            } else {
                Ok(host)
            }
        };
        let hosts = [
            self.domain_api.is_some(),
            self.sentinel.is_some(),
            self.region.is_some(),
        ];
        if hosts.into_iter().filter(|is_set| *is_set).count() > 1 {
            return Err(BuildError::TwoHosts);
        }
        let mut policy = HostPolicy::default();
        for host in &self.trusted_hosts {
            policy = policy.allow(host)?;
        }
        if let Some(sentinel) = &self.sentinel {
            return Ok(Box::new(FixedHost::new(named(sentinel)?)));
        }
        if let Some(region) = self.region {
            return Ok(Box::new(FixedHost::new(named(region.host().name())?)));
        }
        if self.plain_http {
            policy = policy.with_plain_http_on_loopback();
        }
        let api = match &self.domain_api {
            Some(url) => named(self.without_scheme(url)?)?,
            None => named(DomainLookup::default_api().name())?,
        };
        let domain = DomainLookup::builder(self.account()?)
            .api(api)
            .policy(policy)
            .pace(self.pace.clone())
            .seed(self.seed)
            .build();
        Ok(Box::new(domain))
    }

    /// The transport and its runtime: those given, or those of the stack that is compiled in.
    pub(crate) fn transport(&self) -> Result<Sending, BuildError> {
        match &self.transport {
            Some(given) => Ok(given.clone()),
            None => stack::transport(self.stack, self.ca_pem.as_deref()),
        }
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn blocking_transport(&self) -> Result<Arc<dyn BlockingTransport>, BuildError> {
        match &self.blocking_transport {
            Some(given) => Ok(Arc::clone(given)),
            None => stack::blocking_transport(self.stack, self.ca_pem.as_deref()),
        }
    }

    /// `https://host`, `host`, or `http://host` where plain http is allowed.
    fn without_scheme<'a>(&self, url: &'a str) -> Result<&'a str, BuildError> {
        let host = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(host), _) if !self.plain_http => host,
            (_, Some(host)) if self.plain_http => host,
            (None, None) => url,
            _ => {
                return Err(BuildError::Scheme {
                    // What stands before an @ is a password, as a rule.
                    url: if url.contains('@') {
                        "[not shown]".to_owned()
                    } else {
                        url.to_owned()
                    },
                    plain_http: self.plain_http,
                });
            }
        };
        Ok(host.strip_suffix('/').unwrap_or(host))
    }
}

/// Expands, in the `impl` of a builder with a field `settings`, to the methods that all builders share.
macro_rules! shared_settings {
    () => {
        /// Where the Domain API lives: a host or an `https` URL without a path. Default: `https://api.liveperson.net`.
        ///
        /// This, [`sentinel`](Self::sentinel) and [`region`](Self::region) exclude each other.
        pub fn domain_api(mut self, url: impl Into<String>) -> Self {
            self.settings.domain_api = Some(url.into());
            self
        }

        /// Sentinel's host, so that the Domain API is not asked. It is trusted, since it is named here.
        pub fn sentinel(mut self, host: impl Into<String>) -> Self {
            self.settings.sentinel = Some(host.into());
            self
        }

        /// Uses the documented Sentinel host of a region, so that the Domain API is not asked.
        pub fn region(mut self, region: lp_auth_core::Region) -> Self {
            self.settings.region = Some(region);
            self
        }

        /// Trusts also this host, or, starting with a dot, whatever is under a suffix, when the Domain API names it.
        ///
        /// Default: what is under `.liveperson.net`, `.liveperson.com` and `.lpcloud.io`.
        pub fn trusted_host(mut self, name_or_suffix: impl Into<String>) -> Self {
            self.settings.trusted_hosts.push(name_or_suffix.into());
            self
        }

        /// Uses http instead of https, for an emulator: only loopback addresses are then accepted. Default: off.
        pub fn plain_http_on_loopback(mut self, allowed: bool) -> Self {
            self.settings.plain_http = allowed;
            self
        }

        /// Trusts the certificate authorities in this PEM text, and no others. Default: those of the operating system.
        ///
        /// For the transport that is made at `build`; one that is given has its own.
        pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
            self.settings.ca_pem = Some(pem.into());
            self
        }

        /// Which HTTP stack to send with, of those compiled in. Default: reqwest, else isahc.
        pub fn stack(mut self, stack: crate::Stack) -> Self {
            self.settings.stack = Some(stack);
            self
        }

        /// Sends with this transport, and waits with this runtime.
        pub fn transport(
            mut self,
            transport: impl lp_auth_core::Transport + 'static,
            runtime: impl lp_auth_core::Runtime + 'static,
        ) -> Self {
            self.settings.transport = Some((std::sync::Arc::new(transport), std::sync::Arc::new(runtime)));
            self
        }

        /// Sends with this transport, where threads wait.
        #[cfg(feature = "blocking")]
        pub fn blocking_transport(
            mut self,
            transport: impl lp_auth_core::BlockingTransport + 'static,
        ) -> Self {
            self.settings.blocking_transport = Some(std::sync::Arc::new(transport));
            self
        }

        /// How long an asker waits at most: for an answer, and through the rests after transient failures. Default: 30 s.
        ///
        /// A rest that would outlast it is not slept through: its failure comes back at once. Where it ends while a call
        /// is out, the asker gets [`OutOfPatience`](lp_auth_core::ErrorKind::OutOfPatience), or the failure before that
        /// call; the call goes on for the others. A thread that makes a call itself waits for its end, so that there an
        /// answer comes within the patience and the time limit of one call.
        ///
        /// Zero means one try: no rest is slept through, and the calls that it takes (a lookup and the call itself) are
        /// waited for as long as their [limit of time](lp_auth_core::Limits::timeout) lets them.
        ///
        /// An async asker that is dropped loses nothing and holds nobody up, so a time limit of your own around an
        /// asker is as good.
        pub fn patience(mut self, patience: core::time::Duration) -> Self {
            self.settings.patience = patience;
            self
        }

        /// The limits of calls, and the rests after failures. Default: [`Pace::default`](lp_auth_core::Pace::default).
        pub fn pace(mut self, pace: lp_auth_core::Pace) -> Self {
            self.settings.pace = pace;
            self
        }

        /// Decides the jitter of renewals and rests. Default: random.
        pub fn seed(mut self, seed: u64) -> Self {
            self.settings.seed = seed;
            self
        }

        /// Is told of each call and each rest. It must not block.
        pub fn watch(mut self, watch: impl Fn(&crate::Progress) + Send + Sync + 'static) -> Self {
            self.settings.watcher = crate::progress::Watcher::new(watch);
            self
        }
    };
}
pub(crate) use shared_settings;

/// Shows where the servers are, and nothing else.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("account", &self.account)
            .field("domain_api", &self.domain_api)
            .field("sentinel", &self.sentinel)
            .field("region", &self.region)
            .field("trusted_hosts", &self.trusted_hosts)
            .field("plain_http", &self.plain_http)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// Why a client or a verifier cannot be built from its settings.
///
/// ```
/// let error = lp_auth::Client::builder("12345678").client_secret("hush").build().unwrap_err();
/// assert_eq!(error.to_string(), "no client id is set: give the one that came with the installed application");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The client id or the client secret cannot be one.
    #[error(transparent)]
    Credential(#[from] InvalidCredential),
    /// The consumer id cannot be one.
    #[error(transparent)]
    Consumer(#[from] InvalidConsumerId),
    /// The file of the client id or of the client secret cannot be read.
    #[error(transparent)]
    File(#[from] crate::ConfigError),
    /// A text is not a host.
    #[error(transparent)]
    Host(#[from] InvalidHost),
    /// The account id cannot be one.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// No client id.
    #[error("no client id is set: give the one that came with the installed application")]
    NoClientId,
    /// No client secret.
    #[error("no client secret is set: give the one that came with the installed application")]
    NoClientSecret,
    /// No HTTP stack is compiled in, and no transport was given.
    #[error("there is nothing to send with: enable the feature `reqwest` or `isahc`, or give a transport")]
    NoTransport,
    /// Plain http was asked for beyond loopback.
    #[error(transparent)]
    PlainHttp(#[from] UntrustedHost),
    /// The policy of a verifier is incomplete or contradicts itself.
    #[cfg(feature = "verify")]
    #[error(transparent)]
    Policy(#[from] lp_auth_jwt::InvalidPolicy),
    /// What was asked for does not go together.
    #[error(transparent)]
    Request(#[from] lp_auth_core::NoDelegation),
    /// The scheme of a URL does not fit the setting for plain http.
    #[error("`{url}` does not go with plain http switched {}: use `{}://`", if *.plain_http { "on" } else { "off" }, if *.plain_http { "http" } else { "https" })]
    Scheme {
        /// The URL, unless it holds a user name or a password.
        url: String,
        /// Whether plain http is switched on.
        plain_http: bool,
    },
    /// The HTTP stack could not be set up.
    #[error("the HTTP stack could not be set up: {0}")]
    Stack(#[source] Arc<dyn core::error::Error + Send + Sync>),
    /// More than one of Domain API, Sentinel's host and region was named.
    #[error("Domain API, Sentinel's host and region each say where Sentinel is: set one of them")]
    TwoHosts,
}
