//! Which hosts to trust with a secret.

use std::sync::Arc;

use crate::{InvalidHost, ServiceHost};

/// Which of the hosts that the Domain API names may be sent a secret.
///
/// By default those under `.liveperson.net`, `.liveperson.com` and `.lpcloud.io`, over https, on the port of https
/// (LIVEPERSON.md §1). The user may allow others by name.
///
/// ```
/// use lp_auth_core::HostPolicy;
///
/// let policy = HostPolicy::default();
/// assert!(policy.accept("va.sentinel.liveperson.net").is_ok());
/// assert!(policy.accept("liveperson.net.evil.example").is_err());
/// assert!(policy.accept("va.sentinel.liveperson.net:8443").is_err());
///
/// let policy = policy.allow("127.0.0.1:8443")?.allow(".sentinel.test")?;
/// assert!(policy.accept("127.0.0.1:8443").is_ok());
/// assert!(policy.accept("va.sentinel.test").is_ok());
/// # Ok::<(), lp_auth_core::InvalidHost>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostPolicy {
    allowed: Vec<Allowed>,
    plain_http: bool,
}

impl HostPolicy {
    /// Trusts also `name`, `name:port`, or, starting with a dot, whatever is under a suffix.
    ///
    /// With a port, that port alone is allowed; without one, any port of that name.
    pub fn allow(mut self, name_or_suffix: &str) -> Result<Self, InvalidHost> {
        let (suffix, host) = match name_or_suffix.strip_prefix('.') {
            Some(rest) => (true, rest),
            None => (false, name_or_suffix),
        };
        let host: ServiceHost = host.parse()?;
        let ports = host.port().map_or(Ports::Any, Ports::This);
        self.allowed.push(Allowed {
            name: host.name().into(),
            suffix,
            ports,
        });
        Ok(self)
    }

    /// Uses plain http instead of https, and so accepts nothing but loopback addresses.
    ///
    /// ```
    /// use lp_auth_core::HostPolicy;
    ///
    /// let policy = HostPolicy::default().allow("127.0.0.1:8080")?.with_plain_http_on_loopback();
    /// assert_eq!(policy.accept("127.0.0.1:8080")?.scheme(), "http");
    /// assert!(policy.accept("va.sentinel.liveperson.net").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_plain_http_on_loopback(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Parses what the Domain API named, and accepts it or says why not.
    pub fn accept(&self, named: &str) -> Result<ServiceHost, UntrustedHost> {
        let host: ServiceHost = named.parse()?;
        if !self.allowed.iter().any(|allowed| allowed.covers(&host)) {
            return Err(UntrustedHost::NotAllowed(host.to_string()));
        }
        if self.plain_http {
            host.over_plain_http()
        } else {
            Ok(host)
        }
    }
}

impl Default for HostPolicy {
    fn default() -> Self {
        let suffix = |name: &str| Allowed {
            name: name.into(),
            suffix: true,
            ports: Ports::Default,
        };
        let allowed = ["liveperson.net", "liveperson.com", "lpcloud.io"]
            .map(suffix)
            .to_vec();
        Self {
            allowed,
            plain_http: false,
        }
    }
}

#[derive(Clone, Debug)]
struct Allowed {
    name: Arc<str>,
    suffix: bool,
    ports: Ports,
}

#[derive(Clone, Copy, Debug)]
enum Ports {
    Any,
    Default,
    This(u16),
}

impl Allowed {
    fn covers(&self, host: &ServiceHost) -> bool {
        let name = if self.suffix {
            host.name()
                .strip_suffix(&*self.name)
                .is_some_and(|front| front.ends_with('.'))
        } else {
            host.name() == &*self.name
        };
        let port = match self.ports {
            Ports::Any => true,
            Ports::Default => host.port().is_none(),
            Ports::This(port) => host.port() == Some(port),
        };
        name && port
    }
}

/// Why a host that was named is not used.
///
/// ```
/// use lp_auth_core::{HostPolicy, UntrustedHost};
///
/// let error = HostPolicy::default().accept("evil.example").unwrap_err();
/// assert!(matches!(error, UntrustedHost::NotAllowed(host) if host == "evil.example"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UntrustedHost {
    /// It is no host at all.
    #[error(transparent)]
    Invalid(#[from] InvalidHost),
    /// The policy does not cover it.
    #[error("the host `{0}` is not trusted: it is under none of the allowed names")]
    NotAllowed(String),
    /// Plain http is for loopback alone.
    #[error("the host `{0}` is not a loopback address, and plain http goes to nothing else")]
    PlainHttpBeyondLoopback(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_covers_what_is_under_it_and_nothing_that_merely_ends_alike() {
        let policy = HostPolicy::default();
        for good in [
            "va.sentinel.liveperson.net",
            "api.liveperson.com",
            "x.lpcloud.io",
            "A.LivePerson.NET",
        ] {
            assert!(policy.accept(good).is_ok(), "{good}");
        }
        for bad in [
            "liveperson.net",
            "evilliveperson.net",
            "liveperson.net.evil.example",
            "lpcloud.io.example",
        ] {
            assert!(
                matches!(policy.accept(bad), Err(UntrustedHost::NotAllowed(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_port_is_accepted_only_where_the_user_allowed_the_host() {
        let policy = HostPolicy::default();
        assert!(policy.accept("va.sentinel.liveperson.net:443").is_err());
        let policy = policy
            .allow("sentinel.test")
            .unwrap()
            .allow("other.test:8443")
            .unwrap();
        assert!(policy.accept("sentinel.test").is_ok() && policy.accept("sentinel.test:1").is_ok());
        assert!(policy.accept("other.test:8443").is_ok());
        assert!(policy.accept("other.test").is_err() && policy.accept("other.test:8444").is_err());
    }

    #[test]
    fn plain_http_goes_to_loopback_and_nowhere_else() {
        let policy = HostPolicy::default()
            .allow("127.0.0.1")
            .and_then(|policy| policy.allow("localhost"))
            .and_then(|policy| policy.allow("10.0.0.1"))
            .unwrap()
            .with_plain_http_on_loopback();
        assert_eq!(policy.accept("127.0.0.1:80").unwrap().scheme(), "http");
        assert_eq!(policy.accept("localhost").unwrap().scheme(), "http");
        for beyond in ["10.0.0.1", "va.sentinel.liveperson.net"] {
            assert!(
                matches!(
                    policy.accept(beyond),
                    Err(UntrustedHost::PlainHttpBeyondLoopback(_))
                ),
                "{beyond}"
            );
        }
        assert!(
            !"127.0.0.1.evil.example"
                .parse::<ServiceHost>()
                .unwrap()
                .is_loopback()
        );
        assert!(
            !"localhost.evil.example"
                .parse::<ServiceHost>()
                .unwrap()
                .is_loopback()
        );
    }
}
