//! Applications: who may ask for tokens.

use core::fmt::Write;
use std::sync::Arc;

use lp_auth_core::{AccountId, AppInstallation, UnixTime};
use secrecy::SecretString;

/// An application installed for an account (LIVEPERSON.md §6): what the emulator gives tokens to.
///
/// ```
/// use lp_auth_core::AccountId;
/// use lp_auth_emulator::Application;
///
/// let account: AccountId = "le81823118".parse()?;
/// let made_up = Application::new(account.clone());
/// assert_eq!(made_up.client_id().len(), 36);
///
/// let as_in_production = Application::new(account)
///     .with_client_id("75588e18-0213-4e33-8174-883acac7e3c4")
///     .with_client_secret("s3kr1t")
///     .with_scope("msg.consumer faas.lambda.invoke");
/// assert_eq!(as_in_production.scope(), "msg.consumer faas.lambda.invoke");
/// # Ok::<(), lp_auth_core::InvalidName>(())
/// ```
#[derive(Clone, Debug)]
pub struct Application {
    account: AccountId,
    client_id: String,
    client_secret: SecretString,
    grant_types: Vec<String>,
    installation: Option<Arc<AppInstallation>>,
    permissions: Vec<String>,
    /// Its id, and when it was installed.
    record: Option<(String, UnixTime)>,
    scope: String,
}

impl Application {
    /// The scope of an application that was given none: what invoking a function takes.
    pub const DEFAULT_SCOPE: &'static str = "faas.lambda.invoke";

    /// One with a client id and a client secret made up on the spot, that may use the grant type `client_credentials`.
    pub fn new(account: AccountId) -> Self {
        Self {
            account,
            client_id: random_uuid(),
            client_secret: random_secret(),
            grant_types: vec!["client_credentials".to_owned()],
            installation: None,
            permissions: Vec::new(),
            record: None,
            scope: Self::DEFAULT_SCOPE.to_owned(),
        }
    }

    /// The one that this document asks for (LIVEPERSON.md §6), with a client id and a client secret made up on the spot.
    /// Where it is not enabled, it gets no token.
    ///
    /// ```
    /// use lp_auth_core::AppInstallation;
    /// use lp_auth_emulator::{Application, Emulator};
    ///
    /// let template = AppInstallation::builder("My First App").scope("msg.consumer").build()?;
    /// let emulator = Emulator::builder().start()?;
    /// let application = Application::installed(emulator.account().clone(), template);
    /// emulator.install(application.clone());
    /// assert_eq!(application.scope(), "msg.consumer");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn installed(account: AccountId, installation: AppInstallation) -> Self {
        let grant_types = if installation.enabled() {
            installation.grant_types().to_vec()
        } else {
            Vec::new()
        };
        let scope = installation.scopes().collect::<Vec<_>>().join(" ");
        Self {
            grant_types,
            installation: Some(Arc::new(installation)),
            scope,
            ..Self::new(account)
        }
    }

    pub(crate) fn with_account(mut self, account: AccountId) -> Self {
        self.account = account;
        self
    }

    /// With this client id, the claim `azp` of its tokens.
    pub fn with_client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// With this client secret.
    pub fn with_client_secret(mut self, client_secret: impl Into<SecretString>) -> Self {
        self.client_secret = client_secret.into();
        self
    }

    /// With these grant types. Without `client_credentials` among them it gets `unauthorized_client` (RFC 6749 §5.2).
    pub fn with_grant_types(mut self, grant_types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.grant_types = grant_types.into_iter().map(Into::into).collect();
        self
    }

    /// With these in the claim `permissions` of V2 tokens. None by default.
    pub fn with_permissions(mut self, permissions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    /// With this scope: the names separated by spaces.
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = scope.into();
        self
    }

    /// The account that it is installed for.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// Its name towards the authorization server.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Its secret.
    pub fn client_secret(&self) -> &SecretString {
        &self.client_secret
    }

    /// The names of its scopes, separated by spaces.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// The document that it was installed from, where it was.
    pub fn installation(&self) -> Option<&AppInstallation> {
        self.installation.as_deref()
    }

    #[cfg(feature = "control")]
    pub(crate) fn recorded(mut self, now: UnixTime) -> Self {
        self.record = Some((random_uuid(), now));
        self
    }

    #[cfg(feature = "control")]
    pub(crate) fn record(&self) -> Option<(String, UnixTime)> {
        self.record.clone()
    }

    pub(crate) fn is_known_as(&self, account: &AccountId, client_id: &str) -> bool {
        self.account == *account && self.client_id == client_id
    }

    #[cfg(feature = "control")]
    pub(crate) fn grant_types(&self) -> &[String] {
        &self.grant_types
    }

    pub(crate) fn may_use_client_credentials(&self) -> bool {
        self.grant_types
            .iter()
            .any(|grant_type| grant_type == "client_credentials")
    }

    pub(crate) fn permissions(&self) -> &[String] {
        &self.permissions
    }
}

/// A random UUID (RFC 9562 §5.4): the form of client ids, and of the `kid`s of V2.
pub(crate) fn random_uuid() -> String {
    let mut bytes: [u8; 16] = random_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// 26 characters of base 32, as LivePerson's client secrets are.
pub(crate) fn random_secret() -> SecretString {
    let bytes: [u8; 26] = random_bytes();
    let secret: String = bytes
        .iter()
        .map(|byte| match byte % 32 {
            letter @ 0..=25 => char::from(b'a' + letter),
            digit => char::from(b'2' + digit - 26),
        })
        .collect();
    secret.into()
}

fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness to give");
    bytes
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_is_made_up_has_the_form_of_the_real_and_is_never_the_same() {
        let account: AccountId = "1".parse().unwrap();
        let (a, b) = (Application::new(account.clone()), Application::new(account));
        assert_ne!(a.client_id(), b.client_id());
        assert_eq!(a.client_id().as_bytes()[14], b'4', "version of {}", a.client_id());
        assert!(
            b"89ab".contains(&a.client_id().as_bytes()[19]),
            "variant of {}",
            a.client_id()
        );
        let secret = a.client_secret().expose_secret();
        assert_ne!(secret, b.client_secret().expose_secret());
        assert_eq!(secret.len(), 26);
        assert!(!format!("{a:?}").contains(secret));
    }
}
