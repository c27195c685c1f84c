//! Where requests may go.

use core::cmp::Ordering;
use core::fmt;
use core::str::FromStr;

use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};

use crate::UntrustedHost;

/// A host that requests may be sent to: scheme, name and, rarely, a port.
///
/// There are two ways to one: the user names it ([`FromStr`]; [`Region::host`](crate::Region::host) does so for the
/// documented ones), or the Domain API does and a [`HostPolicy`](crate::HostPolicy) accepts it. The name is lower-case letters, digits,
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
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct ServiceHost {
    /// Name and port, shared by the addresses of all requests.
    authority: Authority,
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

    /// A host of this project's own text, which is a valid one.
    pub(crate) fn known(name: &'static str) -> Self {
        Self {
            authority: Authority::from_static(name),
            plain_http: false,
        }
    }

    /// The name, without the port.
    pub fn name(&self) -> &str {
        self.authority.host()
    }

    /// The port, where it is not the scheme's own.
    pub fn port(&self) -> Option<u16> {
        self.authority.port_u16()
    }

    /// `https`, or `http` for loopback where the user allowed it.
    pub fn scheme(&self) -> &'static str {
        if self.plain_http { "http" } else { "https" }
    }

    /// Whether it is `localhost` or `127.x.x.x`.
    pub fn is_loopback(&self) -> bool {
        let is_127 = || {
            self.name()
                .parse::<core::net::Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
        };
        self.name() == "localhost" || is_127()
    }

    /// The address of a resource on this host. `path_and_query` starts with a slash.
    pub fn uri(&self, path_and_query: &str) -> Result<Uri, http::Error> {
        self.uri_of(path_and_query.try_into()?)
    }

    /// The same for what was parsed before.
    pub(crate) fn uri_of(&self, path_and_query: PathAndQuery) -> Result<Uri, http::Error> {
        let mut parts = Parts::default();
        parts.scheme = Some(if self.plain_http {
            Scheme::HTTP
        } else {
            Scheme::HTTPS
        });
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query);
        Ok(Uri::from_parts(parts)?)
    }
}

/// `name` or `name:port`.
impl FromStr for ServiceHost {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let invalid = || {
            // What is long, or has an `@`, may hold a password or a token.
            let may_be_shown = text.chars().count() <= 100 && !text.contains('@');
            InvalidHost {
                text: may_be_shown.then(|| text.to_owned()),
            }
        };
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, Some(parse_port(port).ok_or_else(invalid)?)),
            None => (text, None),
        };
        if !is_host_name(name) {
            return Err(invalid());
        }
        let name = name.to_ascii_lowercase();
        let authority = match port {
            Some(port) => format!("{name}:{port}"),
            None => name,
        };
        Ok(Self {
            authority: authority.try_into().map_err(|_| invalid())?,
            plain_http: false,
        })
    }
}

impl fmt::Display for ServiceHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.authority.as_str())
    }
}

/// By name, then by port.
impl Ord for ServiceHost {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |host: &Self| (host.port(), host.plain_http);
        self.name()
            .cmp(other.name())
            .then_with(|| key(self).cmp(&key(other)))
    }
}

impl PartialOrd for ServiceHost {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
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
    "{} is not a host: a name or a name with a port is, without scheme or path, as `va.sentinel.liveperson.net`",
    self.shown()
)]
#[non_exhaustive]
pub struct InvalidHost {
    /// The text, unless it could hold a secret.
    text: Option<String>,
}

impl InvalidHost {
    fn shown(&self) -> String {
        self.text
            .as_ref()
            .map_or("[not shown]".to_owned(), |text| format!("{text:?}"))
    }
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
    fn a_refused_host_is_shown_unless_it_could_hold_a_secret() {
        let error = "a\nb".parse::<ServiceHost>().unwrap_err();
        assert!(
            error.to_string().starts_with(r#""a\nb" is not a host"#),
            "{error}"
        );
        let long = format!("canary/{}", "x".repeat(100));
        for text in ["me:canary@example.com", long.as_str()] {
            let error = text.parse::<ServiceHost>().unwrap_err();
            assert!(
                error.to_string().starts_with("[not shown] is not a host"),
                "{error}"
            );
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
