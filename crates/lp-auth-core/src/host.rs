//! Where requests may go: hosts, and the policy that says which to trust.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use http::Uri;

/// A host that requests may be sent to: scheme, name and, rarely, a port.
///
/// There are two ways to one: the user names it ([`FromStr`]; [`Region::host`](crate::Region::host) does so for the
/// documented ones), or the Domain API does and a [`HostPolicy`] accepts it. The name is lower-case letters, digits,
/// hyphens and dots: no user info, path or trailing dot can hide in it.
///
/// ```
/// use lp_auth_core::ServiceHost;
///
/// let host: ServiceHost = "VA.sentinel.liveperson.net".parse()?;
/// assert_eq!(host.to_string(), "va.sentinel.liveperson.net");
/// assert_eq!(host.uri("/sentinel/well-known/jwks")?, "https://va.sentinel.liveperson.net/sentinel/well-known/jwks");
/// assert!("va.sentinel.liveperson.net@evil.example".parse::<ServiceHost>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServiceHost {
    name: Arc<str>,
    port: Option<u16>,
    plain_http: bool,
}

impl ServiceHost {
    /// LivePerson's Domain API: `api.liveperson.net` (LIVEPERSON.md §1).
    pub fn liveperson_domain_api() -> Self {
        Self::known("api.liveperson.net")
    }

    /// The same host over plain http, if it is a loopback address: `localhost` or `127.x.x.x`.
    ///
    /// ```
    /// use lp_auth_core::ServiceHost;
    ///
    /// let emulator = "127.0.0.1:8080".parse::<ServiceHost>()?.over_plain_http()?;
    /// assert_eq!(emulator.uri("/")?, "http://127.0.0.1:8080/");
    /// assert!("example.com".parse::<ServiceHost>()?.over_plain_http().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn over_plain_http(mut self) -> Result<Self, UntrustedHost> {
        if !self.is_loopback() {
            return Err(UntrustedHost::PlainHttpBeyondLoopback(self.to_string()));
        }
        self.plain_http = true;
        Ok(self)
    }

    /// A host of this project's own text.
    pub(crate) fn known(name: &str) -> Self {
        Self {
            name: name.into(),
            port: None,
            plain_http: false,
        }
    }

    /// The name, without the port.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port, where it is not the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// `https`, or `http` for loopback where the user allowed it.
    pub fn scheme(&self) -> &'static str {
        if self.plain_http { "http" } else { "https" }
    }

    /// Whether it is `localhost` or `127.x.x.x`.
    pub fn is_loopback(&self) -> bool {
        let is_127 = || {
            self.name
                .parse::<core::net::Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
        };
        &*self.name == "localhost" || is_127()
    }

    /// The address of a resource on this host. `path_and_query` starts with a slash.
    pub fn uri(&self, path_and_query: &str) -> Result<Uri, http::Error> {
        Uri::builder()
            .scheme(self.scheme())
            .authority(self.to_string())
            .path_and_query(path_and_query)
            .build()
    }
}

/// `name` or `name:port`.
impl FromStr for ServiceHost {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let invalid = || InvalidHost {
            text: text.chars().take(100).collect(),
        };
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(parse_port(port).ok_or_else(invalid)?)),
            None => (text, None),
        };
        if !is_host_name(name) {
            return Err(invalid());
        }
        Ok(Self {
            name: name.to_ascii_lowercase().into(),
            port,
            plain_http: false,
        })
    }
}

impl fmt::Display for ServiceHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for ServiceHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceHost({}://{self})", self.scheme())
    }
}

/// A text is not a host.
///
/// ```
/// use lp_auth_core::ServiceHost;
///
/// let error = "https://va.sentinel.liveperson.net/".parse::<ServiceHost>().unwrap_err();
/// assert!(error.to_string().contains("without scheme or path"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{text:?} is not a host: a name or a name with a port is, without scheme or path, as `va.sentinel.liveperson.net`"
)]
#[non_exhaustive]
pub struct InvalidHost {
    /// The beginning of the text.
    text: String,
}

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
        let ports = host.port.map_or(Ports::Any, Ports::This);
        self.allowed.push(Allowed {
            name: host.name,
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
            host.name
                .strip_suffix(&*self.name)
                .is_some_and(|front| front.ends_with('.'))
        } else {
            host.name == self.name
        };
        let port = match self.ports {
            Ports::Any => true,
            Ports::Default => host.port.is_none(),
            Ports::This(port) => host.port == Some(port),
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

fn parse_port(text: &str) -> Option<u16> {
    // `str::parse` takes a plus sign; a port has none.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|port| *port != 0)
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=253).contains(&name.len()) && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_in_a_host() {
        let bad = [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "a b",
            "a/b",
            "a?b",
            "a#b",
            "u@a",
            "a:",
            "a:0",
            "a:+1",
            "a:65536",
            "a:1:2",
            "[::1]",
            "https://a",
            "é",
            "a\n",
            "a\0",
            "a%2e",
            "a:80/x",
        ];
        for text in bad {
            let error = text.parse::<ServiceHost>().unwrap_err();
            assert!(error.to_string().contains("is not a host"), "{error}");
        }
        assert!(
            format!("{}.example", "a".repeat(64))
                .parse::<ServiceHost>()
                .is_err()
        );
        assert!(["a"; 127].join(".").parse::<ServiceHost>().is_ok());
        assert!(["a"; 128].join(".").parse::<ServiceHost>().is_err());
    }

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
