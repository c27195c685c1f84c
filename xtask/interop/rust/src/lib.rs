//! What the checks of Rust clients share: the settings, and whether a token is genuine by the crate `jsonwebtoken`.
#![forbid(unsafe_code)]

use std::env;
use std::error::Error;
use std::fs;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use oauth2::url::Url;
use reqwest::blocking::Client;
use serde_json::{Map, Value};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The settings, as the emulator's `env` file has them.
pub struct Settings {
    pub account: String,
    pub client_id: String,
    pub client_secret: String,
    /// What the Domain API says.
    pub sentinel: String,
    pub http: Client,
}

impl Settings {
    pub fn read() -> Result<Self> {
        let authority = fs::read(env::var("LP_CA_FILE")?)?;
        let http = Client::builder()
            .add_root_certificate(reqwest::Certificate::from_pem(&authority)?)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let account = env::var("LP_ACCOUNT_ID")?;
        let lookup = format!(
            "{}/api/account/{account}/service/sentinel/baseURI.json?version=1.0",
            env::var("LP_DOMAIN_API")?
        );
        let reply: Value = http.get(lookup).send()?.error_for_status()?.json()?;
        Ok(Self {
            client_id: env::var("LP_CLIENT_ID")?,
            client_secret: fs::read_to_string(env::var("LP_CLIENT_SECRET_FILE")?)?
                .trim()
                .to_owned(),
            sentinel: reply["baseURI"].as_str().ok_or("no baseURI")?.to_owned(),
            account,
            http,
        })
    }

    /// An address of Sentinel's, with `{account}` filled in.
    pub fn url(&self, path: &str) -> Result<Url> {
        let path = path.replace("{account}", &self.account);
        Ok(Url::parse(&format!("https://{}{path}", self.sentinel))?)
    }

    /// The claims of a V2 token, verified with Sentinel's key set.
    pub fn verify_v2(&self, token: &str) -> Result<Map<String, Value>> {
        let set: JwkSet = self
            .http
            .get(self.url("/sentinel/well-known/jwks")?)
            .send()?
            .json()?;
        let kid = decode_header(token)?.kid.ok_or("the token has no kid")?;
        let key = set.find(&kid).ok_or("the key set has no such kid")?;
        self.verify(token, &DecodingKey::from_jwk(key)?)
    }

    /// The claims of a V1 token, verified with the static key.
    pub fn verify_v1(&self, token: &str) -> Result<Map<String, Value>> {
        let pem = fs::read(env::var("LP_V1_KEYS")?)?;
        self.verify(token, &DecodingKey::from_rsa_pem(&pem)?)
    }

    fn verify(&self, token: &str, key: &DecodingKey) -> Result<Map<String, Value>> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&["Sentinel"]);
        validation.set_audience(&[&self.account]);
        let claims = decode::<Map<String, Value>>(token, key, &validation)?.claims;
        if claims["azp"] != *self.client_id {
            return Err("the token is another client's".into());
        }
        Ok(claims)
    }
}

/// The version of one of the crates that are tried, as the lock file has it.
pub fn version(name: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let package = format!("name = \"{name}\"\nversion = \"");
    let found = lock
        .split_once(&package)
        .and_then(|(_, rest)| rest.split_once('"'));
    found.map_or("unknown", |(version, _)| version).to_owned()
}
