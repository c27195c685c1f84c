//! Installing an application: the document that asks LivePerson for a client id and a client secret.
//!
//! - this file: [`AppInstallation`], and how it is written;
//! - `builder`: how one is made ([`AppInstallationBuilder`]);
//! - `members`: how the members of a JSON object are read, so that everything wrong is found at once;
//! - `read`: which fields a document has, and what is checked;
//! - `problem`: what is wrong with one ([`InvalidInstallation`]), and what is only remarkable
//!   ([`InstallationRemark`]);
//! - `installed`: the record that LivePerson keeps ([`InstalledApp`]).

mod builder;
mod installed;
mod members;
mod problem;
mod read;

use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use builder::AppInstallationBuilder;
pub use installed::InstalledApp;
use members::Members;
pub use problem::{InstallationProblem, InstallationRemark, InvalidInstallation};

/// A request to install an application, for a person to upload in the management console or to send to the
/// account team (LIVEPERSON.md §6).
///
/// What the builder does not set is not written, and the defaults of the builder are those of an application that
/// gets its tokens by client credentials:
///
/// ```
/// use lp_auth_core::AppInstallation;
///
/// let app = AppInstallation::builder("My First App")
///     .description("This is my first App")
///     .scope("faas.lambda.invoke")
///     .build()?;
/// assert_eq!(
///     serde_json::to_string(&app)?,
///     r#"{"client_name":"My First App","description":"This is my first App","grant_types":["client_credentials"],"response_types":["token"],"scope":"faas.lambda.invoke"}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A value of this type was checked, whether it was built, read with [`from_json`](Self::from_json) (which tells
/// everything that is wrong at once) or deserialised. `null` counts as absent.
///
/// **Lengths** are counted in characters (Unicode scalar values), as JSON Schema counts them. LivePerson does not
/// say what it counts; for text without emoji and the like all the usual counts but that of bytes agree.
///
/// **Fields that this project does not know** are kept in [`other`](Self::other), written out again after the known
/// ones, and reported by [`remarks`](Self::remarks). The fields that only LivePerson writes, such as
/// `client_secret`, are refused: they belong in an [`InstalledApp`]. A field that occurs twice is refused too.
///
/// `Debug` shows of [`capabilities`](Self::capabilities) and [`other`](Self::other) only the names, since a webhook
/// may carry a secret among its headers.
#[derive(Clone, Deserialize, PartialEq, Serialize)]
#[serde(try_from = "Members")]
pub struct AppInstallation {
    client_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    grant_types: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    response_types: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    redirect_uris: Vec<String>,
    /// Scopes with one space between them.
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_uri: Option<String>,
    #[serde(skip_serializing_if = "is_true")]
    enabled: bool,
    #[serde(skip_serializing_if = "is_false")]
    quick_launch_enabled: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    enabled_for_profiles: Vec<i64>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    capabilities: Map<String, Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl AppInstallation {
    /// The scopes known to be used with client credentials (LIVEPERSON.md §6), sorted. There are others.
    pub const KNOWN_SCOPES: &'static [&'static str] = &[
        "data.services.enghist",
        "delegated.token.read.external",
        "faas.lambda.invoke",
        "msg.consumer",
        "pd.external.read",
        "thirdpartybots.customendpoint.bot",
        "users.external",
    ];

    /// An application of this name: 1 to 128 characters, not only spaces.
    pub fn builder(client_name: impl Into<String>) -> AppInstallationBuilder {
        AppInstallationBuilder::new(client_name.into())
    }

    /// Reads a document, and names everything that is wrong with it. What it leaves out is left out: the defaults
    /// of the builder are not added, but for `enabled` (true).
    ///
    /// ```
    /// use lp_auth_core::{AppInstallation, InstallationProblem};
    ///
    /// let error = AppInstallation::from_json(br#"{"scope": 7, "enabled": "yes"}"#).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`client_name` is missing: add it; `scope` is a number: write a string; \
    ///      `enabled` is a string: write true or false"
    /// );
    /// assert_eq!(error.problems().len(), 3);
    /// ```
    pub fn from_json(document: &[u8]) -> Result<Self, InvalidInstallation> {
        Members::from_json(document)?.try_into()
    }

    /// The name of the application.
    pub fn client_name(&self) -> &str {
        &self.client_name
    }

    /// The name that people see, where it is another.
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// What the application is for.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// How the application may ask for tokens.
    pub fn grant_types(&self) -> &[String] {
        &self.grant_types
    }

    /// What the authorization endpoint may answer with.
    pub fn response_types(&self) -> &[String] {
        &self.response_types
    }

    /// Where the authorization endpoint may send a user back to.
    pub fn redirect_uris(&self) -> &[String] {
        &self.redirect_uris
    }

    /// What tokens of this application grant, one scope at a time.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.scope.split_ascii_whitespace()
    }

    /// The picture of the application. LivePerson's own sample has a path here, so it need not be a whole URL.
    pub fn logo_uri(&self) -> Option<&str> {
        self.logo_uri.as_deref()
    }

    /// Where the application starts.
    pub fn entry_uri(&self) -> Option<&str> {
        self.entry_uri.as_deref()
    }

    /// Whether the application may be used at all.
    pub fn enabled(&self) -> bool {
        self.enabled
    }

    /// Whether the application stands in the quick-launch menu.
    pub fn quick_launch_enabled(&self) -> bool {
        self.quick_launch_enabled
    }

    /// The ids of the user profiles that see the application.
    pub fn enabled_for_profiles(&self) -> &[i64] {
        &self.enabled_for_profiles
    }

    /// What else the application takes part in, such as `webhooks`. Not looked into.
    pub fn capabilities(&self) -> &Map<String, Value> {
        &self.capabilities
    }

    /// The fields that this project does not know, as they were found.
    pub fn other(&self) -> &Map<String, Value> {
        &self.other
    }

    fn unchecked(client_name: String) -> Self {
        Self {
            client_name,
            display_name: None,
            description: None,
            grant_types: Vec::new(),
            response_types: Vec::new(),
            redirect_uris: Vec::new(),
            scope: String::new(),
            logo_uri: None,
            entry_uri: None,
            enabled: true,
            quick_launch_enabled: false,
            enabled_for_profiles: Vec::new(),
            capabilities: Map::new(),
            other: Map::new(),
        }
    }
}

impl fmt::Debug for AppInstallation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |fields: &Map<String, Value>| fields.keys().cloned().collect::<Vec<_>>();
        f.debug_struct("AppInstallation")
            .field("client_name", &self.client_name)
            .field("display_name", &self.display_name)
            .field("description", &self.description)
            .field("grant_types", &self.grant_types)
            .field("response_types", &self.response_types)
            .field("redirect_uris", &self.redirect_uris)
            .field("scope", &self.scope)
            .field("logo_uri", &self.logo_uri)
            .field("entry_uri", &self.entry_uri)
            .field("enabled", &self.enabled)
            .field("quick_launch_enabled", &self.quick_launch_enabled)
            .field("enabled_for_profiles", &self.enabled_for_profiles)
            .field("capabilities", &names(&self.capabilities))
            .field("other", &names(&self.other))
            .finish()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The template of LivePerson's documentation, its layout included.
    const TEMPLATE: &str = r#"{
  "client_name": "My First App",
  "description": "This is my first App",
  "grant_types": [
    "client_credentials"
  ],
  "response_types": ["token"],
  "scope": "<API Scopes>"
}"#;

    fn everything() -> AppInstallationBuilder {
        AppInstallation::builder("com.example.desk")
            .display_name("Desk")
            .description("Two\nlines, and \"quotes\"")
            .grant_types(["client_credentials", "refresh_token"])
            .response_types(["token", "code"])
            .redirect_uri("https://desk.example/callback")
            .scope("msg.consumer  users.external")
            .logo_uri("/img/desk.png")
            .entry_uri("https://desk.example/")
            .enabled(false)
            .quick_launch_enabled(true)
            .enabled_for_profiles([42, -1, i64::MAX])
            .capability(
                "webhooks",
                serde_json::json!({"headers": [{"header_value": "hush"}]}),
            )
            .other("overview", "A desk")
            .other("categories", vec!["hush"])
    }

    #[test]
    fn the_simple_case_is_the_template_of_the_documentation() {
        let app = AppInstallation::builder("My First App")
            .description("This is my first App")
            .scope("<API Scopes>")
            .build()
            .unwrap();
        let without_layout = TEMPLATE
            .replace("\n  ", "")
            .replace("  \"", "\"")
            .replace('\n', "");
        assert_eq!(
            serde_json::to_string(&app).unwrap(),
            without_layout.replace("\": ", "\":")
        );
        assert_eq!(AppInstallation::from_json(TEMPLATE.as_bytes()).unwrap(), app);
    }

    #[test]
    fn every_field_is_written_in_the_documented_order_and_read_again() {
        let app = everything().build().unwrap();
        let text = serde_json::to_string(&app).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"client_name":"com.example.desk","display_name":"Desk","#,
                r#""description":"Two\nlines, and \"quotes\"","#,
                r#""grant_types":["client_credentials","refresh_token"],"response_types":["token","code"],"#,
                r#""redirect_uris":["https://desk.example/callback"],"scope":"msg.consumer users.external","#,
                r#""logo_uri":"/img/desk.png","entry_uri":"https://desk.example/","enabled":false,"#,
                r#""quick_launch_enabled":true,"enabled_for_profiles":[42,-1,9223372036854775807],"#,
                r#""capabilities":{"webhooks":{"headers":[{"header_value":"hush"}]}},"#,
                r#""categories":["hush"],"overview":"A desk"}"#,
            )
        );
        assert_eq!(AppInstallation::from_json(text.as_bytes()).unwrap(), app);
        assert_eq!(serde_json::from_str::<AppInstallation>(&text).unwrap(), app);
        let again = serde_json::from_value::<AppInstallation>(serde_json::to_value(&app).unwrap());
        assert_eq!(again.unwrap(), app);
    }

    #[test]
    fn what_a_document_leaves_out_is_not_added() {
        let app = AppInstallation::from_json(br#"{"client_name":"a","scope":null,"enabled":null}"#).unwrap();
        assert_eq!(serde_json::to_string(&app).unwrap(), r#"{"client_name":"a"}"#);
        assert!(app.enabled());
        assert!(app.grant_types().is_empty());
    }

    #[test]
    fn debug_shows_no_value_that_is_not_looked_into() {
        let shown = format!("{:?} {:?}", everything(), everything().build().unwrap());
        assert!(
            shown.contains("webhooks") && shown.contains("categories"),
            "{shown}"
        );
        assert!(!shown.contains("hush"), "{shown}");
    }
}
