//! Which proxy of the environment requests go through.

use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use lp_auth::ServiceHost;
use lp_auth::http::HeaderValue;

use super::cause::Cause;
use super::finding::{Finding, Server, Step};

/// The variables that name a proxy for https, the strongest first.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// A proxy in the way.
pub(super) struct Proxy {
    intercept: Intercept,
}

impl Proxy {
    /// Without the name and the password that may belong to it.
    pub(super) fn address(&self) -> String {
        let uri = self.intercept.uri();
        let port = self.port();
        format!("{}://{}:{port}", uri.scheme_str().unwrap_or("http"), self.host())
    }

    pub(super) fn host(&self) -> &str {
        self.intercept.uri().host().unwrap_or_default()
    }

    pub(super) fn port(&self) -> u16 {
        let uri = self.intercept.uri();
        let default = match uri.scheme_str() {
            Some("https") => 443,
            Some(scheme) if scheme.starts_with("socks") => 1080,
            _ => 80,
        };
        uri.port_u16().unwrap_or(default)
    }

    /// Whether a tunnel through it can be asked for in plain HTTP.
    pub(super) fn speaks_http(&self) -> bool {
        self.intercept
            .uri()
            .scheme_str()
            .is_none_or(|scheme| scheme == "http")
    }

    /// The value of `Proxy-Authorization`, where there is a name and a password.
    pub(super) fn authorization(&self) -> Option<&[u8]> {
        self.intercept.basic_auth().map(HeaderValue::as_bytes)
    }
}

/// Looks at the environment as reqwest does; where isahc differs, that is said.
pub(super) fn check(server: Server, host: &ServiceHost) -> (Finding, Option<Proxy>) {
    let step = Step::Proxy(server);
    if host.scheme() == "http" {
        return (Finding::ok(step, "none: plain http goes past every proxy"), None);
    }
    let set: Vec<(&str, String)> = VARIABLES.into_iter().filter_map(variable).collect();
    let names: Vec<&str> = set.iter().map(|(name, _)| *name).collect();
    let proxy = host
        .uri("/")
        .ok()
        .and_then(|uri| Matcher::from_env().intercept(&uri))
        .map(|intercept| Proxy { intercept });
    let no_proxy = ["NO_PROXY", "no_proxy"].into_iter().find_map(variable);
    let Some(proxy) = proxy else {
        let finding = match (set.first(), no_proxy) {
            (None, _) => Finding::ok(step, "none: no variable names one"),
            (Some(_), Some((name, list))) if covers(&list, host.name()) => {
                Finding::ok(step, format!("none: {name} has the host"))
            }
            (Some((name, _)), _) => Finding::warning(
                step,
                Cause::ProxyIgnored,
                format!("none: {name} cannot be understood"),
            ),
        };
        return (finding.with("variables", names), None);
    };
    let name = set.first().map_or("the environment", |(name, _)| *name);
    let summary = format!("{}, from {name}", proxy.address());
    let both = |one, other| variable(one).zip(variable(other));
    let differ = [
        ("HTTPS_PROXY", "https_proxy"),
        ("ALL_PROXY", "all_proxy"),
        ("NO_PROXY", "no_proxy"),
    ]
    .into_iter()
    .find(|(one, other)| both(one, other).is_some_and(|((_, one), (_, other))| one != other));
    let finding = match differ {
        Some((one, other)) => Finding::warning(
            step,
            Cause::ProxyAmbiguous,
            format!(
                "{summary}; {one} and {other} say different things: reqwest takes the first, isahc the second"
            ),
        ),
        None => Finding::ok(step, summary),
    };
    let finding = finding.with("variables", names).with("proxy", proxy.address());
    (finding, Some(proxy))
}

fn variable(name: &'static str) -> Option<(&'static str, String)> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
    Some((name, value))
}

/// Whether `NO_PROXY` is why there is none. Asked of the same rules, with a proxy that is known to be good.
fn covers(list: &str, host: &str) -> bool {
    let matcher = Matcher::builder().https("http://127.0.0.1:1").no(list).build();
    let uri = format!("https://{host}/").parse::<lp_auth::http::Uri>();
    uri.is_ok_and(|uri| matcher.intercept(&uri).is_none())
}
