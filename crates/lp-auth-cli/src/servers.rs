//! Where the settings lead: the host to ask first, which hosts are trusted, and what to send with.

use std::path::Path;
use std::sync::Arc;

use lp_auth::{AccountId, BuildError, Config, ConfigError, Pace, ServiceHost, Stack};
use lp_auth_core::{FixedHost, HostPolicy, Locate, Transport};
use lp_auth_domain::DomainLookup;
use lp_auth_isahc::IsahcTransport;
use lp_auth_reqwest::ReqwestTransport;

use crate::failure::{Exit, Failure};
use crate::settings::{ACCOUNT, not_set};
use crate::{advice, settings};

/// LivePerson's servers, as the settings have them.
pub(crate) struct Servers {
    pub(crate) place: Place,
    pub(crate) policy: HostPolicy,
    /// The certificate authorities that are trusted instead of the system's, in PEM.
    pub(crate) ca_pem: Option<Vec<u8>>,
    stack: Stack,
}

/// Who says where Sentinel is.
pub(crate) enum Place {
    DomainApi(ServiceHost),
    /// The settings themselves.
    Sentinel(ServiceHost),
}

impl Servers {
    pub(crate) fn of(config: &Config) -> Result<Self, Failure> {
        let unbuildable = |error: BuildError| advice::unbuildable(&error);
        let plain_http = config.plain_http_loopback.unwrap_or_default();
        let mut policy = HostPolicy::default();
        for host in &config.trusted_hosts {
            policy = policy.allow(host).map_err(|error| unbuildable(error.into()))?;
        }
        if plain_http {
            policy = policy.with_plain_http_on_loopback();
        }
        Ok(Self {
            place: place(config, plain_http).map_err(|problem| match problem {
                Problem::Build(error) => unbuildable(error),
                Problem::Config(error) => settings::unusable(&error),
            })?,
            policy,
            ca_pem: config.ca_file.as_deref().map(ca_pem).transpose()?,
            stack: config.transport.unwrap_or(Stack::Reqwest),
        })
    }

    /// Who answers the question where a service lives.
    pub(crate) fn locator(&self, account: &AccountId, pace: Pace) -> Box<dyn Locate> {
        match &self.place {
            Place::Sentinel(host) => Box::new(FixedHost::new(host.clone())),
            Place::DomainApi(host) => Box::new(
                DomainLookup::builder(account.clone())
                    .api(host.clone())
                    .policy(self.policy.clone())
                    .pace(pace)
                    .build(),
            ),
        }
    }

    /// What to send with.
    pub(crate) fn transport(&self) -> Result<Arc<dyn Transport>, Failure> {
        let pem = self.ca_pem.as_deref();
        match self.stack {
            Stack::Isahc => transport(match pem {
                Some(pem) => IsahcTransport::with_ca_pem(pem),
                None => IsahcTransport::new(),
            }),
            _ => transport(match pem {
                Some(pem) => ReqwestTransport::with_ca_pem(pem),
                None => ReqwestTransport::new(),
            }),
        }
    }
}

/// The account, which most questions are about.
pub(crate) fn account(config: &Config) -> Result<AccountId, Failure> {
    let text = config.account.as_deref().ok_or_else(|| not_set(&[ACCOUNT]))?;
    text.parse()
        .map_err(|error| advice::unbuildable(&BuildError::Name(error)))
}

enum Problem {
    Build(BuildError),
    Config(ConfigError),
}

impl<E: Into<BuildError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Build(error.into())
    }
}

fn place(config: &Config, plain_http: bool) -> Result<Place, Problem> {
    let host = |text: &str| -> Result<ServiceHost, Problem> {
        let host: ServiceHost = text.parse()?;
        if plain_http {
            return Ok(host.over_plain_http()?);
        }
        Ok(host)
    };
    match (&config.domain_api, &config.sentinel, config.region) {
        (None, None, None) => Ok(Place::DomainApi(host(DomainLookup::default_api().name())?)),
        (None, Some(sentinel), None) => Ok(Place::Sentinel(host(sentinel)?)),
        (None, None, Some(region)) => Ok(Place::Sentinel(host(region.host().name())?)),
        (Some(url), None, None) => Ok(Place::DomainApi(host(without_scheme(url, plain_http)?)?)),
        _ => Err(Problem::Config(ConfigError::TwoHosts)),
    }
}

fn without_scheme(url: &str, plain_http: bool) -> Result<&str, BuildError> {
    let scheme = if plain_http { "http://" } else { "https://" };
    let host = match url.strip_prefix(scheme) {
        Some(host) => host,
        None if url.contains("://") => {
            return Err(BuildError::Scheme {
                // What stands before an @ is a password, as a rule.
                url: if url.contains('@') {
                    "[not shown]".to_owned()
                } else {
                    url.to_owned()
                },
                plain_http,
            });
        }
        None => url,
    };
    Ok(host.strip_suffix('/').unwrap_or(host))
}

fn ca_pem(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|source| {
        let error = ConfigError::File {
            what: "certificate authority",
            path: path.to_owned(),
            source: Arc::new(source),
        };
        Failure::new(Exit::Usage, error.to_string()).tip("check --ca-file (LP_CA_FILE)")
    })
}

fn transport<T, E>(built: Result<T, E>) -> Result<Arc<dyn Transport>, Failure>
where
    T: Transport + 'static,
    E: core::error::Error + Send + Sync + 'static,
{
    match built {
        Ok(transport) => Ok(Arc::new(transport)),
        Err(error) => Err(advice::unbuildable(&BuildError::Stack(Arc::new(error)))),
    }
}
