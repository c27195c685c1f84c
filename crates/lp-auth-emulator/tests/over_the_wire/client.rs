//! An HTTP client that trusts one emulator, and a verifier of tokens; neither is this project's.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use lp_auth_emulator::Emulator;
use secrecy::ExposeSecret;
use serde_json::Value;
use ureq::http;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn of(emulator: &Emulator) -> Self {
        Self::trusting(emulator.ca_pem(), &emulator.domain_api())
    }

    pub(crate) fn trusting(ca_pem: &str, base: &str) -> Self {
        Self {
            agent: Self::config(ca_pem).new_agent(),
            base: base.to_owned(),
        }
    }

    /// One for which this name and port lead to the emulator, as DNS and the network of a container would have it.
    pub(crate) fn resolving(name: &str, port: u16, emulator: &Emulator) -> Self {
        let config = Self::config(emulator.ca_pem());
        let network = Network(emulator.address());
        Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::default(), network),
            base: format!("https://{name}:{port}"),
        }
    }

    fn config(ca_pem: &str) -> ureq::config::Config {
        let mut tls = TlsConfig::builder();
        if !ca_pem.is_empty() {
            let ca = Certificate::from_pem(ca_pem.as_bytes()).unwrap();
            tls = tls.root_certs(RootCerts::new_with_certs(&[ca]));
        }
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(20)))
            .tls_config(tls.build())
            .build()
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    /// A form, as all token requests are.
    pub(crate) fn post_form(&self, path: &str, body: &str) -> Reply {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", path, &form, body)
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.try_send(method, path, headers, body).unwrap()
    }

    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, ureq::Error> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = if body.is_empty() && method != "POST" {
            self.agent.run(request.body(()).unwrap())?
        } else {
            self.agent.run(request.body(body.to_owned()).unwrap())?
        };
        let (head, mut body) = reply.into_parts();
        Ok(Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.with_config().limit(1_000_000).read_to_vec()?,
        })
    }

    /// A token for the first application, over the canonical V2 request.
    pub(crate) fn v2_token(&self, emulator: &Emulator) -> String {
        let path = format!("/sentinel/api/v2/account/{}/app/token", emulator.account());
        self.post_form(&path, &credentials(emulator)).access_token()
    }

    /// A token for the first application, over the canonical V1 request.
    pub(crate) fn v1_token(&self, emulator: &Emulator) -> String {
        let path = format!("/sentinel/api/account/{}/app/token?v=1.0", emulator.account());
        self.post_form(&path, &credentials(emulator)).access_token()
    }
}

/// All names lead to one address.
#[derive(Debug)]
struct Network(SocketAddr);

impl Resolver for Network {
    fn resolve(
        &self,
        _: &http::Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        addresses.push(self.0);
        Ok(addresses)
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn access_token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The body of a canonical token request.
pub(crate) fn credentials(emulator: &Emulator) -> String {
    format!(
        "client_id={}&client_secret={}&grant_type=client_credentials",
        emulator.client_id(),
        emulator.client_secret().expose_secret()
    )
}

/// The claims of a token that `jsonwebtoken` takes for genuine; the key is found by `kid` in the JWK Set.
pub(crate) fn verify_v2(token: &str, jwks: &str, account: &str) -> Result<HashMap<String, Value>, String> {
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_str(jwks).unwrap();
    let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
    let kid = header.kid.ok_or("no kid")?;
    let jwk = jwks.find(&kid).ok_or("unknown kid")?;
    verify(token, &DecodingKey::from_jwk(jwk).unwrap(), account)
}

pub(crate) fn verify_v1(token: &str, pem: &str, account: &str) -> Result<HashMap<String, Value>, String> {
    verify(
        token,
        &DecodingKey::from_rsa_pem(pem.as_bytes()).unwrap(),
        account,
    )
}

fn verify(token: &str, key: &DecodingKey, account: &str) -> Result<HashMap<String, Value>, String> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = 0;
    validation.set_audience(&[account]);
    validation.set_issuer(&["Sentinel"]);
    jsonwebtoken::decode(token, key, &validation)
        .map(|data| data.claims)
        .map_err(|error| error.to_string())
}

/// The claims, unverified.
pub(crate) fn claims(token: &str) -> Value {
    jsonwebtoken::dangerous::insecure_decode::<Value>(token)
        .unwrap()
        .claims
}
