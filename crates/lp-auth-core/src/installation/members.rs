//! How the members of a JSON object are read, so that everything wrong is found at once.

use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::InvalidInstallation;
use super::problem::InstallationProblem as Problem;

/// The members of a JSON object, read one by one, with what was wrong so far.
pub(super) struct Members {
    left: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Members {
    pub(super) fn from_json(document: &[u8]) -> Result<Self, InvalidInstallation> {
        serde_json::from_slice(document).map_err(|error| {
            let problem = if error.is_data() {
                Problem::NotObject
            } else {
                Problem::NotJson {
                    line: error.line(),
                    column: error.column(),
                }
            };
            problem.into()
        })
    }

    /// What was read, unless something was wrong with it.
    pub(super) fn done<T>(self, value: T) -> Result<T, InvalidInstallation> {
        InvalidInstallation::unless_none(self.problems)?;
        Ok(value)
    }

    pub(super) fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            other => self.wrong_type(field, &other, "a string"),
        }
    }

    /// The text of a field that must be there and not be empty; what is wrong is reported.
    pub(super) fn required_text(&mut self, field: &str) -> String {
        let absent = self.left.get(field).is_none_or(Value::is_null);
        if absent {
            self.left.remove(field);
            self.report(Problem::Missing {
                field: field.to_owned(),
            });
            return String::new();
        }
        match self.text(field) {
            None => String::new(),
            Some(text) => {
                if text.trim().is_empty() {
                    self.report(Problem::Empty {
                        field: field.to_owned(),
                    });
                }
                text
            }
        }
    }

    pub(super) fn texts(&mut self, field: &str) -> Vec<String> {
        self.list(field, "a string", |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    pub(super) fn integers(&mut self, field: &str) -> Vec<i64> {
        self.list(field, "an integer", |value| {
            // JSON has one kind of number: 42.0 is an integer too, and some languages write it so.
            let whole = value
                .as_f64()
                .filter(|number| number.fract() == 0.0 && number.abs() < 9e15);
            #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
            value.as_i64().or(whole.map(|number| number as i64)).ok_or(value)
        })
    }

    pub(super) fn truth(&mut self, field: &str) -> Option<bool> {
        match self.take(field)? {
            Value::Bool(truth) => Some(truth),
            other => self.wrong_type(field, &other, "true or false"),
        }
    }

    pub(super) fn object(&mut self, field: &str) -> Map<String, Value> {
        match self.take(field) {
            None => Map::new(),
            Some(Value::Object(members)) => members,
            Some(other) => self.wrong_type(field, &other, "an object").unwrap_or_default(),
        }
    }

    pub(super) fn seconds(&mut self, field: &str) -> Option<u64> {
        let value = self.take(field)?;
        match value.as_u64() {
            Some(seconds) => Some(seconds),
            None => self.wrong_type(field, &value, "seconds since 1970 as an integer"),
        }
    }

    /// The members that nobody has asked for.
    pub(super) fn rest(&mut self) -> Map<String, Value> {
        core::mem::take(&mut self.left)
    }

    /// The value of a field that is there and not `null`.
    fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    fn list<T>(
        &mut self,
        field: &str,
        expected: &'static str,
        read: impl Fn(Value) -> Result<T, Value>,
    ) -> Vec<T> {
        let items = match self.take(field) {
            None => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.wrong_type::<()>(field, &other, "an array");
                return Vec::new();
            }
        };
        let mut list = Vec::with_capacity(items.len());
        for (place, item) in items.into_iter().enumerate() {
            match read(item) {
                Ok(item) => list.push(item),
                Err(other) => {
                    self.wrong_type::<()>(&format!("{field}[{place}]"), &other, expected);
                }
            }
        }
        list
    }

    fn wrong_type<T>(&mut self, field: &str, found: &Value, expected: &'static str) -> Option<T> {
        self.report(Problem::WrongType {
            field: field.to_owned(),
            found: match found {
                Value::Null => "null",
                Value::Bool(_) => "true or false",
                Value::Number(_) => "a number",
                Value::String(_) => "a string",
                Value::Array(_) => "an array",
                Value::Object(_) => "an object",
            },
            expected,
        });
        None
    }
}

/// The last of equal names would win unseen otherwise, here and perhaps not at LivePerson.
impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members {
                    left: Map::new(),
                    problems: Vec::new(),
                };
                while let Some((field, value)) = map.next_entry::<String, Value>()? {
                    if members.left.contains_key(&field) {
                        members.report(Problem::Duplicate { field });
                    } else {
                        members.left.insert(field, value);
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object)
    }
}
