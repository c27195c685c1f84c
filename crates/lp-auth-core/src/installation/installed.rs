//! The record that LivePerson keeps of an installed application.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::members::Members;
use super::problem::InstallationProblem as Problem;
use super::{AppInstallation, InvalidInstallation};
use crate::UnixTime;

/// An installed application: the document that asked for it, and the credentials that LivePerson made for it
/// (LIVEPERSON.md §6).
///
/// `Debug` does not show the secret, and this type is not `Serialize`, so that it can be written only where that
/// is meant: [`with_secret`](Self::with_secret).
///
/// ```
/// use lp_auth_core::InstalledApp;
/// use secrecy::ExposeSecret;
///
/// let app = InstalledApp::from_json(
///     br#"{"id": "17", "client_name": "My First App", "client_id": "75588e18-0213-4e33-8174-883acac7e3c4",
///          "client_secret": "hush", "client_id_issued_at": 1524642670, "client_secret_expires_at": 0}"#,
/// )?;
/// assert_eq!(app.client_id(), "75588e18-0213-4e33-8174-883acac7e3c4");
/// assert_eq!(app.client_secret().expose_secret(), "hush");
/// assert_eq!(app.client_secret_expires_at(), None);
/// assert!(!format!("{app:?}").contains("hush"));
/// # Ok::<(), lp_auth_core::InvalidInstallation>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Members")]
pub struct InstalledApp {
    id: Option<String>,
    client_id: String,
    client_secret: SecretString,
    client_id_issued_at: Option<UnixTime>,
    client_secret_expires_at: Option<UnixTime>,
    installation: AppInstallation,
}

impl InstalledApp {
    /// A record with these credentials, neither of which may be empty. It has no id, was issued at no known time and
    /// does not expire.
    pub fn new(
        installation: AppInstallation,
        client_id: impl Into<String>,
        client_secret: SecretString,
    ) -> Result<Self, InvalidInstallation> {
        let app = Self {
            id: None,
            client_id: client_id.into(),
            client_secret,
            client_id_issued_at: None,
            client_secret_expires_at: None,
            installation,
        };
        InvalidInstallation::unless_none(app.problems())?;
        Ok(app)
    }

    /// Reads a record, and names everything that is wrong with it, without showing a value.
    pub fn from_json(record: &[u8]) -> Result<Self, InvalidInstallation> {
        Members::from_json(record)?.try_into()
    }

    /// The same record with LivePerson's id for it.
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The same record with the time at which the client id was made; written in whole seconds.
    pub fn with_client_id_issued_at(mut self, time: UnixTime) -> Self {
        self.client_id_issued_at = Some(time);
        self
    }

    /// The same record with the time from which on the secret is good for nothing; written in whole seconds.
    pub fn with_client_secret_expires_at(mut self, time: UnixTime) -> Self {
        self.client_secret_expires_at = Some(time);
        self
    }

    /// LivePerson's id for the record.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// What the application calls itself when it asks for a token: a UUID at LivePerson.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What the application proves itself with.
    pub fn client_secret(&self) -> &SecretString {
        &self.client_secret
    }

    /// When the client id was made (RFC 7591 §3.2.1: seconds in the record).
    pub fn client_id_issued_at(&self) -> Option<UnixTime> {
        self.client_id_issued_at
    }

    /// From when on the secret is good for nothing; never, if `None`, which is 0 in the record (RFC 7591 §3.2.1).
    pub fn client_secret_expires_at(&self) -> Option<UnixTime> {
        self.client_secret_expires_at
    }

    /// What was asked for.
    pub fn installation(&self) -> &AppInstallation {
        &self.installation
    }

    /// The whole record for writing, **the secret included**.
    ///
    /// ```
    /// use lp_auth_core::{AppInstallation, InstalledApp};
    ///
    /// let installation = AppInstallation::builder("My First App").build()?;
    /// let app = InstalledApp::new(installation, "75588e18", "hush".into())?;
    /// assert_eq!(
    ///     serde_json::to_string(&app.with_secret())?,
    ///     r#"{"client_id":"75588e18","client_secret":"hush","client_secret_expires_at":0,"client_name":"My First App","grant_types":["client_credentials"],"response_types":["token"]}"#
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_secret(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Record<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a str>,
            client_id: &'a str,
            client_secret: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            client_id_issued_at: Option<u64>,
            client_secret_expires_at: u64,
            #[serde(flatten)]
            installation: &'a AppInstallation,
        }
        Record {
            id: self.id(),
            client_id: &self.client_id,
            client_secret: self.client_secret.expose_secret(),
            client_id_issued_at: self.client_id_issued_at.map(UnixTime::as_secs),
            client_secret_expires_at: self.client_secret_expires_at.map_or(0, UnixTime::as_secs),
            installation: &self.installation,
        }
    }

    fn problems(&self) -> Vec<Problem> {
        let fields = [
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose_secret()),
        ];
        let empty = fields.into_iter().filter(|(_, text)| text.is_empty());
        empty
            .map(|(field, _)| Problem::Empty {
                field: field.to_owned(),
            })
            .collect()
    }
}

impl TryFrom<Members> for InstalledApp {
    type Error = InvalidInstallation;

    fn try_from(mut members: Members) -> Result<Self, InvalidInstallation> {
        let app = Self {
            id: members.text("id"),
            client_id: members.required_text("client_id"),
            client_secret: members.required_text("client_secret").into(),
            client_id_issued_at: members.seconds("client_id_issued_at").map(UnixTime::from_secs),
            client_secret_expires_at: members
                .seconds("client_secret_expires_at")
                .filter(|seconds| *seconds != 0)
                .map(UnixTime::from_secs),
            installation: members.installation(),
        };
        members.done(app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"id":"17","client_id":"75588e18","client_secret":"hush","client_id_issued_at":1524642670,"client_secret_expires_at":1524646270,"client_name":"a","grant_types":["client_credentials"],"response_types":["token"],"scope":"msg.consumer","overview":"b"}"#;

    #[test]
    fn a_record_is_read_and_written_again() {
        let app: InstalledApp = serde_json::from_str(RECORD).unwrap();
        assert_eq!(app.id(), Some("17"));
        assert_eq!(
            app.client_id_issued_at(),
            Some(UnixTime::from_secs(1_524_642_670))
        );
        assert_eq!(
            app.client_secret_expires_at(),
            Some(UnixTime::from_secs(1_524_646_270))
        );
        assert_eq!(app.installation().scopes().collect::<Vec<_>>(), ["msg.consumer"]);
        assert_eq!(serde_json::to_string(&app.with_secret()).unwrap(), RECORD);

        let installation = AppInstallation::builder("a")
            .scope("msg.consumer")
            .other("overview", "b")
            .build();
        let built = InstalledApp::new(installation.unwrap(), "75588e18", "hush".into())
            .unwrap()
            .with_id("17")
            .with_client_id_issued_at(UnixTime::from_millis(1_524_642_670_999))
            .with_client_secret_expires_at(UnixTime::from_secs(1_524_646_270));
        assert_eq!(serde_json::to_string(&built.with_secret()).unwrap(), RECORD);
    }

    #[test]
    fn the_secret_is_in_neither_debug_nor_error() {
        let app = InstalledApp::from_json(RECORD.as_bytes()).unwrap();
        assert!(!format!("{app:?}").contains("hush"), "{app:?}");
        for broken in [
            RECORD.replace(r#""hush""#, r#"["hush"]"#),
            RECORD.replace(r#""id":"17""#, r#""client_secret":"hush""#),
            RECORD.replace(r#""id":"17""#, r#""id":17"#),
            RECORD.replace("1524646270", r#""hush""#),
            RECORD.replace('}', ""),
        ] {
            let error = InstalledApp::from_json(broken.as_bytes()).unwrap_err();
            let error = format!("{error} {error:?}");
            assert!(!error.contains("hush"), "{error}");
            let error = serde_json::from_str::<InstalledApp>(&broken).unwrap_err();
            assert!(!error.to_string().contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_record_without_credentials_is_refused() {
        let refusal = |record: &str| {
            InstalledApp::from_json(record.as_bytes())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refusal("{}"),
            "`client_id` is missing: add it; `client_secret` is missing: add it; `client_name` is missing: add it"
        );
        assert_eq!(
            refusal(r#"{"client_id":"","client_secret":7,"client_id_issued_at":-1,"client_name":"a"}"#),
            "`client_id` is empty: fill it in; `client_secret` is a number: write a string; \
             `client_id_issued_at` is a number: write seconds since 1970 as an integer"
        );
        let installation = AppInstallation::builder("a").build().unwrap();
        let error = InstalledApp::new(installation, "", "".into()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`client_id` is empty: fill it in; `client_secret` is empty: fill it in"
        );
    }
}
