//! What is kept of a token, and under which name.

use core::fmt::Write as _;

use lp_auth::{AccessToken, Config, UnixTime, Window};
use ring::digest::{SHA256, digest};
use secrecy::zeroize::Zeroizing;
use serde_json::{Value, json};

/// A token and what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) token: AccessToken,
    /// Where it came from: `host` or `host:port`.
    pub(crate) sentinel: String,
    /// When the one before it was refused by an API, if it was.
    pub(crate) refused_before: Option<UnixTime>,
}

impl Entry {
    /// Reads what [`to_json`](Self::to_json) wrote under this name.
    pub(super) fn parse(text: &str, name: &str) -> Result<Self, &'static str> {
        let document: Value = serde_json::from_str(text).map_err(|_| "it is damaged")?;
        let member = |name: &str| document.get(name).ok_or("it is damaged");
        if member("name")?.as_str() != Some(name) {
            return Err("it is another token's");
        }
        let time = |name| {
            member(name)?
                .as_u64()
                .map(UnixTime::from_millis)
                .ok_or("it is damaged")
        };
        let life = Window::new(time("requested_at")?, time("expires_at")?);
        let token = member("access_token")?.as_str().unwrap_or_default();
        Ok(Self {
            token: AccessToken::new(token, life).map_err(|_| "it is damaged")?,
            sentinel: member("sentinel")?.as_str().ok_or("it is damaged")?.to_owned(),
            refused_before: document
                .get("refused_before")
                .and_then(Value::as_u64)
                .map(UnixTime::from_millis),
        })
    }

    pub(super) fn to_json(&self, name: &str) -> Zeroizing<String> {
        let document = json!({
            "name": name,
            "access_token": self.token.expose(),
            "requested_at": self.token.requested_at().as_millis(),
            "expires_at": self.token.expires_at().as_millis(),
            "sentinel": self.sentinel,
            "refused_before": self.refused_before.map(UnixTime::as_millis),
        });
        Zeroizing::new(document.to_string())
    }

    /// Whether nobody need think of renewing it: in the first three quarters of its life, as the library has it.
    pub(crate) fn is_fresh(&self, now: UnixTime) -> bool {
        let life = self.token.life();
        Window::starting(life.start(), life.length() / 4 * 3).contains(now)
    }
}

/// What tells tokens apart, as a name for a file. A consumer id cannot be read from it.
pub(super) fn key(config: &Config, consumer: Option<&str>) -> String {
    let region = config.region.map(|region| region.to_string());
    let version = config.api_version.unwrap_or_default().to_string();
    let ca_file = config.ca_file.as_ref().map(|path| path.display().to_string());
    let parts = [
        config.account.as_deref(),
        config.client_id.as_deref(),
        Some(&version),
        config.domain_api.as_deref(),
        config.sentinel.as_deref(),
        region.as_deref(),
        // Whom is trusted decides whose token it is.
        ca_file.as_deref(),
        consumer,
    ];
    // As JSON, so that no part can run into the next.
    let digest = digest(&SHA256, json!(parts).to_string().as_bytes());
    let hex = |mut text: String, byte: &u8| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    };
    digest.as_ref().iter().fold(String::new(), hex)
}
