//! Tokens: the claims, the signature, and drafts of tokens that no honest server would issue.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lp_auth_core::{ApiVersion, UnixTime};
use serde_json::{Map, Value, json};

use crate::answer::written;
use crate::application::Application;
use crate::keyring::{KeyRing, V1_KEY_ID};
use crate::keys::SigningKey;
use crate::signed::SignedNow;

/// The claim that binds a delegated token to a consumer (LIVEPERSON.md §3).
pub(crate) const CONSUMER_ID_CLAIM: &str = "https://liveperson.com/consumer_id";

/// A token before it is signed: as the emulator would issue it now, until it is changed.
///
/// Made by [`Emulator::draft`](crate::Emulator::draft). For tests of those who verify tokens: whatever the draft says is
/// signed with the emulator's key, or with a key that is not the emulator's.
///
/// ```
/// use lp_auth_core::ApiVersion;
/// use lp_auth_emulator::{Emulator, TokenDraft};
/// use serde_json::json;
///
/// let emulator = Emulator::builder().start()?;
/// let genuine = emulator.draft(ApiVersion::V2).sign();
/// let for_somebody_else = emulator.draft(ApiVersion::V2).with_claim("aud", json!("87654321")).sign();
/// let that_never_expires = emulator.draft(ApiVersion::V2).without_claim("exp").sign();
/// let forged = emulator.draft(ApiVersion::V2).signed_by_a_stranger().sign();
/// let tampered = TokenDraft::tampered(&genuine);
/// # assert_ne!(genuine, tampered);
/// # assert_ne!(for_somebody_else, that_never_expires);
/// # assert_ne!(genuine, forged);
/// # Ok::<(), lp_auth_emulator::EmulatorError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct TokenDraft {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    key: Arc<SigningKey>,
}

impl TokenDraft {
    /// With this claim, in place of any of the same name.
    pub fn with_claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without this claim.
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// With this member of the header, in place of any of the same name. The signature stays RS256, whatever `alg` says.
    pub fn with_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Without this member of the header.
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Issued at this time and good for so long.
    pub fn valid(mut self, from: UnixTime, lifetime: Duration) -> Self {
        self.claims.insert("iat".to_owned(), json!(from.as_secs()));
        self.claims
            .insert("exp".to_owned(), json!((from + lifetime).as_secs()));
        self
    }

    /// Signed with a key that no emulator of this process publishes. The `kid` stays as it is.
    pub fn signed_by_a_stranger(mut self) -> Self {
        self.key = SigningKey::foreign();
        self
    }

    /// The claims as they stand.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The token: a JWS in compact serialisation (RFC 7515 §7.1), signed with RS256.
    pub fn sign(self) -> String {
        let key = Arc::clone(&self.key);
        signed(self.signing_input(), &key)
    }

    /// The same, unless it was signed within this second before: then it is that token.
    pub(crate) fn sign_once_a_second(self, known: &SignedNow, now: UnixTime) -> String {
        let key = Arc::clone(&self.key);
        known.token(now, self.signing_input(), |input| signed(input.to_owned(), &key))
    }

    /// Header and payload (RFC 7515 §5.1, step 5).
    fn signing_input(self) -> String {
        // Room for the signature behind it.
        let mut input = String::with_capacity(2048);
        URL_SAFE_NO_PAD.encode_string(written(&self.header), &mut input);
        input.push('.');
        URL_SAFE_NO_PAD.encode_string(written(&self.claims), &mut input);
        input
    }

    /// The same token with its claims changed and its signature left: `azp` is somebody else's.
    ///
    /// What is no token comes back unchanged.
    pub fn tampered(token: &str) -> String {
        let changed = || {
            let (head, signature) = token.rsplit_once('.')?;
            let (header, payload) = head.split_once('.')?;
            let mut claims: Map<String, Value> =
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
            claims.insert("azp".to_owned(), json!("somebody-else"));
            let payload = URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string());
            Some(format!("{header}.{payload}.{signature}"))
        };
        changed().unwrap_or_else(|| token.to_owned())
    }

    /// What is issued to `application` at `now` (LIVEPERSON.md §3).
    pub(crate) fn issue(
        version: ApiVersion,
        signer: ApiVersion,
        application: &Application,
        keys: &KeyRing,
        now: UnixTime,
        lifetime: Duration,
    ) -> Self {
        let (key, key_id) = match (signer, keys.v2_signer()) {
            (ApiVersion::V2, Some(published)) => (Arc::clone(&published.key), &*published.id),
            _ => (Arc::clone(keys.v1()), V1_KEY_ID),
        };
        let mut draft = Self {
            header: members([
                ("kid", json!(key_id)),
                ("typ", json!("JWT")),
                ("alg", json!("RS256")),
            ]),
            claims: members([
                ("aud", json!(application.account().as_str())),
                ("azp", json!(application.client_id())),
                ("scope", json!(application.scope())),
                ("iss", json!("Sentinel")),
            ]),
            key,
        }
        .valid(now, lifetime);
        if version == ApiVersion::V2 {
            draft = draft.with_claim("permissions", application.permissions());
        }
        draft
    }
}

impl fmt::Debug for TokenDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenDraft")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

fn signed(input: String, key: &SigningKey) -> String {
    let signature = key.sign(input.as_bytes());
    let mut token = input;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
