//! Which fields an installation document has, and what is checked.

use super::members::Members;
use super::problem::InstallationProblem as Problem;
use super::{AppInstallation, InvalidInstallation};

/// The fields that have a length, and how many characters they may have (LIVEPERSON.md §6).
const CLIENT_NAME: (&str, usize) = ("client_name", 128);
const DISPLAY_NAME: (&str, usize) = ("display_name", 128);
const DESCRIPTION: (&str, usize) = ("description", 256);
const SCOPE: (&str, usize) = ("scope", 128);
const LOGO_URI: (&str, usize) = ("logo_uri", 1024);
const ENTRY_URI: (&str, usize) = ("entry_uri", 1024);

const KNOWN: [&str; 13] = [
    CLIENT_NAME.0,
    DISPLAY_NAME.0,
    DESCRIPTION.0,
    "grant_types",
    "response_types",
    "redirect_uris",
    SCOPE.0,
    LOGO_URI.0,
    ENTRY_URI.0,
    "enabled",
    "quick_launch_enabled",
    "enabled_for_profiles",
    "capabilities",
];

/// The fields of the record that LivePerson keeps, beyond those of the document.
const STORED: [&str; 5] = [
    "id",
    "client_id",
    "client_secret",
    "client_id_issued_at",
    "client_secret_expires_at",
];

impl Members {
    /// The fields of an installation; whatever is left is kept as it is.
    pub(super) fn installation(&mut self) -> AppInstallation {
        let mut app = AppInstallation::unchecked(self.required_text(CLIENT_NAME.0));
        app.display_name = self.text(DISPLAY_NAME.0);
        app.description = self.text(DESCRIPTION.0);
        app.grant_types = self.texts("grant_types");
        app.response_types = self.texts("response_types");
        app.redirect_uris = self.texts("redirect_uris");
        let scope = self.text(SCOPE.0).unwrap_or_default();
        app.scope = scope.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        app.logo_uri = self.text(LOGO_URI.0);
        app.entry_uri = self.text(ENTRY_URI.0);
        app.enabled = self.truth("enabled").unwrap_or(true);
        app.quick_launch_enabled = self.truth("quick_launch_enabled").unwrap_or(false);
        app.enabled_for_profiles = self.integers("enabled_for_profiles");
        app.capabilities = self.object("capabilities");
        app.other = self.rest();
        for problem in app.problems_but_no_name() {
            self.report(problem);
        }
        app
    }
}

impl TryFrom<Members> for AppInstallation {
    type Error = InvalidInstallation;

    fn try_from(mut members: Members) -> Result<Self, InvalidInstallation> {
        let app = members.installation();
        members.done(app)
    }
}

impl AppInstallation {
    /// What is wrong with the values, in the order of the fields.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems_but_no_name();
        if self.client_name.trim().is_empty() {
            problems.insert(
                0,
                Problem::Empty {
                    field: CLIENT_NAME.0.to_owned(),
                },
            );
        }
        problems
    }

    /// The same without what [`Members::required_text`] reports.
    fn problems_but_no_name(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for ((field, limit), text) in [
            (CLIENT_NAME, Some(&self.client_name)),
            (DISPLAY_NAME, self.display_name.as_ref()),
            (DESCRIPTION, self.description.as_ref()),
            (SCOPE, Some(&self.scope)),
            (LOGO_URI, self.logo_uri.as_ref()),
            (ENTRY_URI, self.entry_uri.as_ref()),
        ] {
            let length = text.map_or(0, |text| text.chars().count());
            if length > limit {
                problems.push(Problem::TooLong {
                    field: field.to_owned(),
                    length,
                    limit,
                });
            }
        }
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let refused = self.scopes().filter(|scope| !scope.bytes().all(allowed));
        problems.extend(refused.map(|scope| Problem::Scope {
            scope: scope.to_owned(),
        }));
        for field in self.other.keys() {
            if KNOWN.contains(&field.as_str()) {
                problems.push(Problem::Duplicate { field: field.clone() });
            } else if STORED.contains(&field.as_str()) {
                problems.push(Problem::Stored { field: field.clone() });
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    fn refusal(document: &str) -> String {
        let error = AppInstallation::from_json(document.as_bytes()).unwrap_err();
        if !matches!(error.problems(), [Problem::NotJson { .. } | Problem::NotObject]) {
            let through_serde = serde_json::from_str::<AppInstallation>(document).unwrap_err();
            assert!(through_serde.to_string().starts_with(&error.to_string()));
        }
        error.to_string()
    }

    #[test]
    fn a_number_without_a_fraction_is_an_integer_however_it_is_written() {
        let app = AppInstallation::from_json(br#"{"client_name":"a","enabled_for_profiles":[42.0,-1e3,7]}"#);
        assert_eq!(app.unwrap().enabled_for_profiles(), [42, -1000, 7]);
    }

    #[test]
    fn every_length_is_allowed_up_to_its_limit_and_counted_in_characters() {
        for (field, limit) in [CLIENT_NAME, DISPLAY_NAME, DESCRIPTION, LOGO_URI, ENTRY_URI, SCOPE] {
            let character = if field == SCOPE.0 { "x" } else { "é" };
            let document = |length| {
                let mut members = Map::new();
                members.insert("client_name".to_owned(), "a".into());
                members.insert(field.to_owned(), character.repeat(length).into());
                Value::Object(members).to_string()
            };
            assert!(
                AppInstallation::from_json(document(limit).as_bytes()).is_ok(),
                "{field}"
            );
            let over = limit + 7;
            assert_eq!(
                refusal(&document(over)),
                format!("`{field}` has {over} characters, and {limit} are allowed: shorten it by 7")
            );
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_is_named_with_what_belongs_there_and_is_not_shown() {
        for (members, text) in [
            (
                r#""client_name":{"hush":1}"#,
                "`client_name` is an object: write a string",
            ),
            (
                r#""client_name":"a","grant_types":"hush""#,
                "`grant_types` is a string: write an array",
            ),
            (
                r#""client_name":"a","redirect_uris":["hush",7]"#,
                "`redirect_uris[1]` is a number: write a string",
            ),
            (
                r#""client_name":"a","enabled":"hush""#,
                "`enabled` is a string: write true or false",
            ),
            (
                r#""client_name":"a","enabled_for_profiles":[1.5]"#,
                "`enabled_for_profiles[0]` is a number: write an integer",
            ),
            (
                r#""client_name":"a","enabled_for_profiles":[null]"#,
                "`enabled_for_profiles[0]` is null: write an integer",
            ),
            (
                r#""client_name":"a","capabilities":["hush"]"#,
                "`capabilities` is an array: write an object",
            ),
            (
                r#""client_name":"a","logo_uri":true"#,
                "`logo_uri` is true or false: write a string",
            ),
        ] {
            assert_eq!(refusal(&format!("{{{members}}}")), text);
        }
    }

    #[test]
    fn a_name_is_required_and_not_only_spaces() {
        assert_eq!(refusal("{}"), "`client_name` is missing: add it");
        assert_eq!(
            refusal(r#"{"client_name":null}"#),
            "`client_name` is missing: add it"
        );
        for blank in ["", " \t"] {
            let error = AppInstallation::builder(blank).build().unwrap_err();
            assert_eq!(error.to_string(), "`client_name` is empty: fill it in");
        }
        assert_eq!(
            refusal(r#"{"client_name":" "}"#),
            "`client_name` is empty: fill it in"
        );
        assert_eq!(
            refusal(r#"{"client_name":""}"#),
            "`client_name` is empty: fill it in"
        );
    }

    #[test]
    fn what_only_liveperson_writes_is_refused_and_not_shown() {
        for field in STORED {
            assert_eq!(
                refusal(&format!(r#"{{"client_name":"a","{field}":"hush"}}"#)),
                format!(
                    "`{field}` is for LivePerson to write, once the application is installed: take it out"
                )
            );
        }
    }

    #[test]
    fn no_field_occurs_twice() {
        assert_eq!(
            refusal(r#"{"client_name":"a","x":1,"x":2}"#),
            "`x` occurs twice: keep one of the two"
        );
        let error = AppInstallation::builder("a")
            .other("scope", "b")
            .build()
            .unwrap_err();
        assert_eq!(error.to_string(), "`scope` occurs twice: keep one of the two");
    }

    #[test]
    fn a_scope_has_only_characters_that_a_scope_may_have() {
        for (scope, shown) in [("a é", r#""é""#), ("a\\b", r#""a\\b""#), ("\"", r#""\"""#)] {
            let error = AppInstallation::builder("a").scope(scope).build().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "`scope` holds {shown}: write printable ASCII without quotation marks and backslashes"
                )
            );
        }
    }

    #[test]
    fn a_document_that_is_no_json_object_is_refused_with_the_place() {
        assert_eq!(
            refusal("{\n  \"client_name\": \"a\",\n}"),
            "not a JSON document: see line 3, column 1"
        );
        assert_eq!(refusal(""), "not a JSON document: see line 1, column 0");
        assert_eq!(
            refusal(r#"{"client_name":"a"} x"#),
            "not a JSON document: see line 1, column 21"
        );
        for other in ["[]", "\"hush\"", "null", "7"] {
            assert_eq!(
                refusal(other),
                "not a JSON object: write the fields between { and }"
            );
        }
        assert!(AppInstallation::from_json(b"\xff\xfe{}").is_err());
    }
}
