//! What is wrong with an installation document, and what is only remarkable.

use std::sync::Arc;

use super::AppInstallation;

/// An installation document that cannot be taken: everything that is wrong with it.
///
/// ```
/// use lp_auth_core::{AppInstallation, InstallationProblem};
///
/// let error = AppInstallation::builder(" ").logo_uri("x".repeat(1025)).build().unwrap_err();
/// assert!(matches!(
///     error.problems(),
///     [
///         InstallationProblem::Empty { .. },
///         InstallationProblem::TooLong { length: 1025, limit: 1024, .. },
///     ]
/// ));
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", in_one_line(.problems))]
pub struct InvalidInstallation {
    problems: Arc<[InstallationProblem]>,
}

impl InvalidInstallation {
    pub(super) fn unless_none(problems: Vec<InstallationProblem>) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        Err(Self {
            problems: problems.into(),
        })
    }

    /// At least one.
    pub fn problems(&self) -> &[InstallationProblem] {
        &self.problems
    }
}

impl From<InstallationProblem> for InvalidInstallation {
    fn from(problem: InstallationProblem) -> Self {
        Self {
            problems: Arc::new([problem]),
        }
    }
}

/// One thing that is wrong with an installation document. Its text names the field and what to do, and shows no
/// value but that of a scope. See [`InvalidInstallation`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallationProblem {
    /// A field that occurs twice.
    #[error("`{}` occurs twice: keep one of the two", shown(.field))]
    Duplicate {
        /// Its name.
        field: String,
    },
    /// A required text of no characters, or of spaces only.
    #[error("`{field}` is empty: fill it in")]
    Empty {
        /// The field's name.
        field: String,
    },
    /// A required field that is not there.
    #[error("`{field}` is missing: add it")]
    Missing {
        /// Its name.
        field: String,
    },
    /// Not JSON at all.
    #[error("not a JSON document: see line {line}, column {column}")]
    NotJson {
        /// Where reading stopped, counted from 1.
        line: usize,
        /// Where reading stopped, counted from 1; 0 is the end of the line before.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("not a JSON object: write the fields between {{ and }}")]
    NotObject,
    /// A scope with a character that no scope may have (RFC 6749 §3.3).
    #[error(
        "`scope` holds {:?}: write printable ASCII without quotation marks and backslashes",
        shown(.scope)
    )]
    Scope {
        /// The scope.
        scope: String,
    },
    /// A field that only LivePerson writes, into the record of an installed application.
    #[error("`{field}` is for LivePerson to write, once the application is installed: take it out")]
    Stored {
        /// Its name.
        field: String,
    },
    /// A text with too many characters.
    #[error("`{field}` has {length} characters, and {limit} are allowed: shorten it by {}", .length.saturating_sub(*.limit))]
    TooLong {
        /// The field's name.
        field: String,
        /// How many characters it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A value of the wrong JSON type.
    #[error("`{field}` is {found}: write {expected}")]
    WrongType {
        /// The field's name, with the place in an array where it is one, as `grant_types[0]`.
        field: String,
        /// What is there.
        found: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

/// Something in an installation document that is allowed and perhaps not meant.
///
/// ```
/// use lp_auth_core::{AppInstallation, InstallationRemark};
///
/// let app = AppInstallation::from_json(
///     br#"{"client_name": "a", "grant_types": ["client_credentials"], "response_types": ["token"],
///          "scope": "msg.consumers", "descripton": "a"}"#,
/// )?;
/// let remarks: Vec<_> = app.remarks().iter().map(ToString::to_string).collect();
/// assert_eq!(
///     remarks,
///     [
///         "the scope \"msg.consumers\" is not among those known here: check how it is spelt",
///         "the field `descripton` is not known here and was kept as it is: check how it is spelt",
///     ]
/// );
/// # Ok::<(), lp_auth_core::InvalidInstallation>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallationRemark {
    /// `enabled` is false.
    #[error("`enabled` is false: the application will get no token until that changes")]
    Disabled,
    /// `grant_types` lacks `client_credentials`.
    #[error("`grant_types` lacks \"client_credentials\": the application will get no token by itself")]
    NoClientCredentials,
    /// `response_types` lacks `token`, which LivePerson's template for client credentials has.
    #[error("`response_types` lacks \"token\", which LivePerson's template for client credentials has")]
    NoTokenResponse,
    /// `quick_launch_enabled` is true, but the menu shows only what has an `entry_uri` and `enabled_for_profiles`.
    #[error("`quick_launch_enabled` shows nothing without `entry_uri` and `enabled_for_profiles`: add them")]
    QuickLaunchIncomplete,
    /// A field that this project does not know. It was kept.
    #[error(
        "the field `{}` is not known here and was kept as it is: check how it is spelt",
        shown(.field)
    )]
    UnknownField {
        /// Its name.
        field: String,
    },
    /// A scope that is not among [`AppInstallation::KNOWN_SCOPES`].
    #[error("the scope {:?} is not among those known here: check how it is spelt", shown(.scope))]
    UnknownScope {
        /// The scope.
        scope: String,
    },
}

impl AppInstallation {
    /// What is allowed and perhaps not meant, for a person who checks a document. Empty when there is nothing to
    /// say.
    pub fn remarks(&self) -> Vec<InstallationRemark> {
        use InstallationRemark as Remark;
        let lacks = |list: &[String], item: &str| !list.iter().any(|one| one == item);
        let mut remarks = Vec::new();
        if !self.enabled {
            remarks.push(Remark::Disabled);
        }
        if lacks(&self.grant_types, "client_credentials") {
            remarks.push(Remark::NoClientCredentials);
        }
        if lacks(&self.response_types, "token") {
            remarks.push(Remark::NoTokenResponse);
        }
        let launchable = self.entry_uri.as_deref().is_some_and(|uri| !uri.is_empty())
            && !self.enabled_for_profiles.is_empty();
        if self.quick_launch_enabled && !launchable {
            remarks.push(Remark::QuickLaunchIncomplete);
        }
        let unknown = self.scopes().filter(|scope| !Self::KNOWN_SCOPES.contains(scope));
        remarks.extend(unknown.map(|scope| Remark::UnknownScope {
            scope: scope.to_owned(),
        }));
        remarks.extend(
            self.other
                .keys()
                .map(|field| Remark::UnknownField { field: field.clone() }),
        );
        remarks
    }
}

fn in_one_line(problems: &[InstallationProblem]) -> String {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// The beginning of a name from outside, without control characters.
fn shown(name: &str) -> String {
    const LONGEST: usize = 64;
    name.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remarks(document: &str) -> Vec<InstallationRemark> {
        AppInstallation::from_json(document.as_bytes()).unwrap().remarks()
    }

    #[test]
    fn an_application_for_client_credentials_with_known_scopes_draws_no_remark() {
        let mut app = AppInstallation::builder("a");
        for scope in AppInstallation::KNOWN_SCOPES.iter().take(5) {
            app = app.scope(scope);
        }
        assert_eq!(app.build().unwrap().remarks(), []);
        assert!(AppInstallation::KNOWN_SCOPES.is_sorted());
    }

    #[test]
    fn what_keeps_an_application_from_its_tokens_is_remarked() {
        use InstallationRemark as Remark;
        assert_eq!(
            remarks(r#"{"client_name":"a","enabled":false}"#),
            [
                Remark::Disabled,
                Remark::NoClientCredentials,
                Remark::NoTokenResponse
            ]
        );
    }

    #[test]
    fn a_quick_launch_entry_without_an_address_or_profiles_is_remarked() {
        let app = AppInstallation::builder("a").quick_launch_enabled(true);
        let incomplete = [InstallationRemark::QuickLaunchIncomplete];
        assert_eq!(app.clone().build().unwrap().remarks(), incomplete);
        let app = app.entry_uri("https://desk.example/");
        assert_eq!(app.clone().build().unwrap().remarks(), incomplete);
        assert_eq!(app.enabled_for_profiles([42]).build().unwrap().remarks(), []);
    }

    #[test]
    fn names_from_outside_are_shown_cut_short_and_without_control_characters() {
        let long = InstallationRemark::UnknownField {
            field: format!("\u{1b}[31m{}", "é".repeat(5000)),
        };
        let text = long.to_string();
        assert!(text.chars().count() < 160 && !text.contains('\u{1b}'), "{text}");
    }
}
