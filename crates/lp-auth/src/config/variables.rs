//! What environment variables can hold.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use super::ConfigError;

/// A source of variables, and how their values are read.
pub(super) struct Variables<F>(pub(super) F);

impl<F: Fn(&str) -> Option<OsString>> Variables<F> {
    pub(super) fn text(&self, variable: &'static str) -> Result<Option<String>, ConfigError> {
        let not_text = |_| ConfigError::Variable {
            variable,
            problem: "not text".to_owned(),
        };
        self.value(variable)
            .map(OsString::into_string)
            .transpose()
            .map_err(not_text)
    }

    pub(super) fn path(&self, variable: &'static str) -> Option<PathBuf> {
        self.value(variable).map(PathBuf::from)
    }

    pub(super) fn list(&self, variable: &'static str) -> Result<Vec<String>, ConfigError> {
        let text = self.text(variable)?.unwrap_or_default();
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        Ok(items.map(str::to_owned).collect())
    }

    pub(super) fn parsed<T>(&self, variable: &'static str) -> Result<Option<T>, ConfigError>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let wrong = |error: T::Err| ConfigError::Variable {
            variable,
            problem: error.to_string(),
        };
        let text = self.text(variable)?;
        text.map(|text| text.trim().parse().map_err(wrong)).transpose()
    }

    fn value(&self, variable: &'static str) -> Option<OsString> {
        (self.0)(variable).filter(|value| !value.is_empty())
    }
}

/// `true` or `false`, as people write them.
pub(super) struct Switch(pub(super) bool);

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(Self(true)),
            "0" | "false" | "no" | "off" => Ok(Self(false)),
            _ => Err("neither `true` nor `false`"),
        }
    }
}

/// A length of time in seconds, as `10` or `2.5`.
pub(super) struct Seconds(pub(super) Duration);

impl Seconds {
    const PROBLEM: &str = "not a number of seconds, as `10` or `2.5`";

    pub(super) fn new(seconds: f64) -> Result<Self, &'static str> {
        let length = Duration::try_from_secs_f64(seconds).map_err(|_| Self::PROBLEM)?;
        Ok(Self(length))
    }
}

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text.parse().map_err(|_| Self::PROBLEM)?)
    }
}
