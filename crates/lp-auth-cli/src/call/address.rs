//! Where a request goes: to a service of the account, or to a URL; and never with the token to a host that is not trusted.

use http::Uri;
use http::uri::{Authority, Scheme};
use lp_auth::{Config, ServiceHost, ServiceName};
use lp_auth_core::{HostPolicy, UntrustedHost};

use crate::failure::{Exit, Failure};
use crate::session::Session;
use crate::{advice, settings};

/// A place for a request.
#[derive(Debug)]
pub(crate) enum Address {
    /// On this host, which is trusted.
    Host { host: ServiceHost, path: String },
    /// Where this service lives.
    Service { service: ServiceName, path: String },
}

impl Address {
    /// `SERVICE/PATH`, or a URL. `{account}` in path or query becomes the account id.
    pub(crate) fn parse(text: &str, config: &Config) -> Result<Self, Failure> {
        let account = settings::account(config)?;
        let path = |path: &str| path.replace("{account}", account.as_str());
        // It may stand in a query, too.
        let is_url = text
            .split_once("://")
            .is_some_and(|(scheme, _)| scheme.chars().all(|letter| letter.is_ascii_alphanumeric()));
        if is_url {
            return Self::of_url(text, config, path);
        }
        let Some((service, rest)) = text.split_once('/') else {
            return Err(unusable("a service and a path are wanted, or a URL"));
        };
        let service = service.parse().map_err(|_| {
            let failure = unusable("what stands before the first / is no service");
            if service.contains('.') {
                failure.tip("for a host, begin with https://")
            } else {
                failure
            }
        })?;
        Self::checked(Self::Service {
            service,
            path: path(&format!("/{rest}")),
        })
    }

    /// The path of a service of the account.
    pub(crate) fn of_service(service: ServiceName, path: String) -> Result<Self, Failure> {
        Self::checked(Self::Service { service, path })
    }

    /// The URL, for a service after asking where it lives.
    pub(crate) async fn resolve(&self, session: &mut Session) -> Result<Uri, Failure> {
        let (host, path) = match self {
            Self::Host { host, path } => (host.clone(), path),
            Self::Service { service, path } => (session.host(service).await?, path),
        };
        host.uri(path).map_err(|_| unusable("the path is none"))
    }

    fn of_url(text: &str, config: &Config, path: impl Fn(&str) -> String) -> Result<Self, Failure> {
        let plain_http = config.plain_http_loopback.unwrap_or_default();
        // Braces do not stand in a URL, and what follows # is not sent.
        let text = path(text.split('#').next().unwrap_or_default());
        let uri: Uri = text.parse().map_err(|_| no_url(&text))?;
        match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS && !plain_http => {}
            Some(scheme) if *scheme == Scheme::HTTP && plain_http => {}
            Some(scheme) if *scheme == Scheme::HTTP => {
                return Err(unusable("the token goes over https alone").tip(
                    "for a server on loopback that has no TLS: --plain-http-loopback, or LP_PLAIN_HTTP_LOOPBACK=true",
                ));
            }
            Some(scheme) if *scheme == Scheme::HTTPS => {
                return Err(
                    unusable("plain http is switched on, and the URL begins with https://")
                        .tip(advice::NO_PLAIN_HTTP),
                );
            }
            _ => return Err(unusable("a URL begins with https://")),
        }
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let mut policy = HostPolicy::default();
        for host in &config.trusted_hosts {
            policy = policy
                .allow(host)
                .map_err(|error| advice::unbuildable(&error.into()))?;
        }
        if plain_http {
            policy = policy.with_plain_http_on_loopback();
        }
        // The port of https itself says nothing.
        let host = policy
            .accept(authority.strip_suffix(":443").unwrap_or(authority))
            .map_err(|error| {
                let failure = Failure::new(Exit::Usage, format!("the token is not sent there: {error}"));
                match way_out(&error, authority) {
                    Some(tip) => failure.tip(tip),
                    None => failure,
                }
            })?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        Self::checked(Self::Host { host, path })
    }

    /// The path can be sent as it is.
    fn checked(self) -> Result<Self, Failure> {
        let (Self::Host { path, .. } | Self::Service { path, .. }) = &self;
        let is_one = path
            .parse::<Uri>()
            .is_ok_and(|uri| uri.path_and_query().is_some())
            && !path.contains(['{', '}', '#', '\\', '"']);
        if is_one {
            return Ok(self);
        }
        Err(
            unusable("the path cannot be sent as it is: blanks, braces and the like are written as %20, %7B")
                .tip("{account} stands for the account id, and nothing else stands in braces"),
        )
    }
}

/// What to do about a host that the policy does not take.
fn way_out(why: &UntrustedHost, authority: &str) -> Option<&'static str> {
    let name = authority.rsplit_once(':').map_or(authority, |(name, _)| name);
    match why {
        UntrustedHost::NotAllowed(_) => {
            Some("if that host is yours, allow it: --trusted-host NAME, or LP_TRUSTED_HOSTS=NAME")
        }
        UntrustedHost::PlainHttpBeyondLoopback(_) => Some(advice::NO_PLAIN_HTTP),
        UntrustedHost::Invalid(_) if authority.contains('@') => {
            Some("leave out what stands before the @: the token takes the place of name and password")
        }
        UntrustedHost::Invalid(_) if authority.starts_with('[') => {
            Some("an IPv6 address is not taken: use a name, or an IPv4 address")
        }
        UntrustedHost::Invalid(_) if name.ends_with('.') => Some("leave out the dot at the end of the host"),
        _ => None,
    }
}

/// What keeps it from being a URL.
fn no_url(text: &str) -> Failure {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    if !["http", "https"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known))
    {
        return unusable("a URL begins with https://");
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if !authority.is_ascii() {
        return unusable("the host is not written in ASCII: such a name begins with xn--");
    }
    if authority.is_empty() || authority.parse::<Authority>().is_err() {
        return unusable("what stands after :// is no host, and no host with a port");
    }
    unusable("it is no URL: blanks and the like are written as %20")
}

/// What is wrong with the address. It is not repeated: a query may hold anything.
fn unusable(problem: &str) -> Failure {
    Failure::new(Exit::Usage, format!("the address cannot be used: {problem}"))
        .tip("as faasGW/api/account/{account}/…, or https://HOST/PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(hosts: &[&str]) -> Config {
        let mut config = Config::default();
        config.account = Some("12345678".to_owned());
        config.trusted_hosts = hosts.iter().map(ToString::to_string).collect();
        config
    }

    fn shown(text: &str, config: &Config) -> Option<String> {
        match Address::parse(text, config).ok()? {
            Address::Host { host, path } => Some(format!("{}://{host}{path}", host.scheme())),
            Address::Service { service, path } => Some(format!("{service} {path}")),
        }
    }

    #[test]
    fn a_service_and_a_path_or_a_url_of_a_trusted_host_is_an_address() {
        let config = config(&["mine.example"]);
        for (text, expected) in [
            ("faasGW/api/x?v=1", "faasGW /api/x?v=1"),
            ("faasGW/", "faasGW /"),
            ("faasGW/a?to=https://b/", "faasGW /a?to=https://b/"),
            (
                "msgHist/a/{account}?b={account}",
                "msgHist /a/12345678?b=12345678",
            ),
            (
                "https://va.x.liveperson.net/a/{account}",
                "https://va.x.liveperson.net/a/12345678",
            ),
            (
                "https://VA.x.LivePerson.net:443?q",
                "https://va.x.liveperson.net/?q",
            ),
            ("https://va.x.liveperson.net", "https://va.x.liveperson.net/"),
            ("HTTPS://mine.example:8443/a#part", "https://mine.example:8443/a"),
        ] {
            assert_eq!(shown(text, &config).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_token_goes_to_no_other_host_and_over_nothing_but_https() {
        let config = config(&["mine.example"]);
        for text in [
            "https://evil.example/",
            "https://va.x.liveperson.net.evil.example/",
            "https://va.x.liveperson.net@evil.example/",
            "https://user:pass@va.x.liveperson.net/",
            "https://evil.example\\@va.x.liveperson.net/",
            "https://evil.example#@va.x.liveperson.net/",
            "https://evil.example?@va.x.liveperson.net/",
            "https://va.x.liveperson.net:8443/",
            "https://va.x.liveperson.net./",
            "https://[::1]/",
            "https:///path",
            "http://va.x.liveperson.net/",
            "http://127.0.0.1/",
            "ftp://va.x.liveperson.net/",
            "://va.x.liveperson.net/",
            "va.x.liveperson.net/path",
            "evil.example/path",
            "evil.example:443/path",
            "//evil.example/path",
            "@evil.example/",
            "faasGW",
            "faasGW/a b",
            "faasGW/{other}",
            "faasGW/a#b",
            "",
        ] {
            assert_eq!(shown(text, &config), None, "{text}");
        }
    }

    #[test]
    fn plain_http_goes_to_loopback_alone() {
        let mut config = config(&["127.0.0.1", "mine.example"]);
        config.plain_http_loopback = Some(true);
        assert_eq!(
            shown("http://127.0.0.1:8080/a", &config).as_deref(),
            Some("http://127.0.0.1:8080/a")
        );
        for text in [
            "http://mine.example/",
            "https://127.0.0.1/",
            "http://x.liveperson.net/",
        ] {
            assert_eq!(shown(text, &config), None, "{text}");
        }
    }
}
