//! How an installation document is made.

use serde_json::Value;

use super::{AppInstallation, InvalidInstallation};

/// Builds an [`AppInstallation`]. See [`AppInstallation::builder`].
///
/// ```
/// use lp_auth_core::AppInstallation;
///
/// let app = AppInstallation::builder("com.example.desk")
///     .display_name("Desk")
///     .scope("msg.consumer")
///     .scope("users.external")
///     .build()?;
/// assert_eq!(app.scopes().collect::<Vec<_>>(), ["msg.consumer", "users.external"]);
///
/// let error = AppInstallation::builder("x".repeat(130)).build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "`client_name` has 130 characters, and 128 are allowed: shorten it by 2"
/// );
/// # Ok::<(), lp_auth_core::InvalidInstallation>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct AppInstallationBuilder {
    draft: AppInstallation,
}

impl AppInstallationBuilder {
    pub(super) fn new(client_name: String) -> Self {
        Self {
            draft: AppInstallation {
                grant_types: vec!["client_credentials".to_owned()],
                response_types: vec!["token".to_owned()],
                ..AppInstallation::unchecked(client_name)
            },
        }
    }

    /// The name that people see, at most 128 characters. Default: none, and people see the client name.
    pub fn display_name(mut self, name: impl Into<String>) -> Self {
        self.draft.display_name = Some(name.into());
        self
    }

    /// What the application is for, at most 256 characters. Default: none.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.draft.description = Some(description.into());
        self
    }

    /// How the application may ask for tokens. Default: `client_credentials`.
    pub fn grant_types<T: Into<String>>(mut self, grant_types: impl IntoIterator<Item = T>) -> Self {
        self.draft.grant_types = grant_types.into_iter().map(Into::into).collect();
        self
    }

    /// What the authorization endpoint may answer with. Default: `token`.
    pub fn response_types<T: Into<String>>(mut self, response_types: impl IntoIterator<Item = T>) -> Self {
        self.draft.response_types = response_types.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an address that the authorization endpoint may send a user back to. Default: none; client credentials
    /// need none.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.draft.redirect_uris.push(uri.into());
        self
    }

    /// Adds a scope, or several with spaces between them; together at most 128 characters, one space between any
    /// two included. Default: none. See [`AppInstallation::KNOWN_SCOPES`].
    pub fn scope(mut self, scope: impl AsRef<str>) -> Self {
        for scope in scope.as_ref().split_ascii_whitespace() {
            if !self.draft.scope.is_empty() {
                self.draft.scope.push(' ');
            }
            self.draft.scope.push_str(scope);
        }
        self
    }

    /// The picture of the application, at most 1024 characters. Default: none.
    pub fn logo_uri(mut self, uri: impl Into<String>) -> Self {
        self.draft.logo_uri = Some(uri.into());
        self
    }

    /// Where the application starts, at most 1024 characters. Default: none.
    pub fn entry_uri(mut self, uri: impl Into<String>) -> Self {
        self.draft.entry_uri = Some(uri.into());
        self
    }

    /// Whether the application may be used at all. Default: true.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.draft.enabled = enabled;
        self
    }

    /// Whether the application stands in the quick-launch menu. Default: false.
    pub fn quick_launch_enabled(mut self, enabled: bool) -> Self {
        self.draft.quick_launch_enabled = enabled;
        self
    }

    /// The ids of the user profiles that see the application. Default: none are named.
    pub fn enabled_for_profiles(mut self, profiles: impl IntoIterator<Item = i64>) -> Self {
        self.draft.enabled_for_profiles = profiles.into_iter().collect();
        self
    }

    /// Sets one of the capabilities, such as `webhooks`. Default: none.
    pub fn capability(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.draft.capabilities.insert(name.into(), value.into());
        self
    }

    /// Sets a field that this project does not know. Default: none.
    pub fn other(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.draft.other.insert(name.into(), value.into());
        self
    }

    /// Checks it all, and names everything that is wrong.
    pub fn build(self) -> Result<AppInstallation, InvalidInstallation> {
        let problems = self.draft.problems();
        InvalidInstallation::unless_none(problems)?;
        Ok(self.draft)
    }
}
