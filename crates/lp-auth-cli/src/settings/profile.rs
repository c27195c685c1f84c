//! A profile of the config file: the settings under one name.

use core::fmt;
use core::ops::Range;
use core::str::FromStr;
use core::time::Duration;
use std::path::{Path, PathBuf};

use lp_auth::Config;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::config_file::{Document, named};
use super::secret::SecretCommand;
use crate::failure::Failure;
use crate::{directories, similar};

/// What can be set in a profile.
pub(super) const SETTINGS: [&str; 17] = [
    "account",
    "allow_shared_secret_file",
    "api_version",
    "ca_file",
    "client_id",
    "client_id_file",
    "client_secret",
    "client_secret_command",
    "client_secret_file",
    "domain_api",
    "patience",
    "plain_http_loopback",
    "region",
    "sentinel",
    "transport",
    "trusted_hosts",
    "v1_keys",
];

/// What a profile sets.
#[derive(Debug, Default)]
pub(super) struct Profile {
    pub(super) config: Config,
    pub(super) secret_command: Option<SecretCommand>,
    pub(super) allow_shared_secret_file: Option<bool>,
}

/// Reads the table of the profile `name`.
pub(super) fn read(document: Document<'_>, table: &DeTable<'_>, name: &str) -> Result<Profile, Failure> {
    let mut profile = Profile::default();
    let config = &mut profile.config;
    for (key, value) in table {
        let setting = key.get_ref().as_ref();
        let value = Value {
            document,
            setting,
            found: value,
        };
        match setting {
            "account" => config.account = Some(value.text()?.to_owned()),
            "allow_shared_secret_file" => profile.allow_shared_secret_file = Some(value.switch()?),
            "api_version" => config.api_version = Some(value.parsed()?),
            "ca_file" => config.ca_file = Some(value.path()?),
            "client_id" => config.client_id = Some(value.text()?.to_owned()),
            "client_id_file" => config.client_id_file = Some(value.path()?),
            "client_secret" => config.client_secret = Some(value.text()?.into()),
            "client_secret_command" => profile.secret_command = Some(value.command()?),
            "client_secret_file" => config.client_secret_file = Some(value.path()?),
            "domain_api" => config.domain_api = Some(value.text()?.to_owned()),
            "patience" => config.patience = Some(value.seconds()?),
            "plain_http_loopback" => config.plain_http_loopback = Some(value.switch()?),
            "region" => config.region = Some(value.parsed()?),
            "sentinel" => config.sentinel = Some(value.text()?.to_owned()),
            "transport" => config.transport = Some(value.parsed()?),
            "trusted_hosts" => config.trusted_hosts = value.texts()?,
            "v1_keys" => config.v1_keys = Some(value.path()?),
            _ => return Err(unknown(document, key.span(), setting)),
        }
    }
    for group in [
        &["client_id", "client_id_file"][..],
        &["client_secret", "client_secret_file", "client_secret_command"],
        &["domain_api", "sentinel", "region"],
    ] {
        let mut set = table
            .keys()
            .filter(|key| group.contains(&key.get_ref().as_ref()))
            .collect::<Vec<_>>();
        set.sort_by_key(|key| key.span().start);
        if let [one, other, ..] = set.as_slice() {
            let message = format!(
                "in the profile {} both `{}` and `{}` are set: leave one out",
                named(name),
                one.get_ref(),
                other.get_ref()
            );
            return Err(document.wrong(other.span(), &message));
        }
    }
    Ok(profile)
}

fn unknown(document: Document<'_>, span: Range<usize>, setting: &str) -> Failure {
    let failure = document.wrong(span, &format!("the setting {} is not known", named(setting)));
    match similar::nearest(setting, SETTINGS) {
        Some(meant) => failure.tip(format!("is `{meant}` meant?")),
        None => failure.tip(format!("known are: {}", SETTINGS.join(", "))),
    }
}

/// The value of a setting, and where it stands. What it is stands in no message: it may be a secret.
struct Value<'a> {
    document: Document<'a>,
    setting: &'a str,
    found: &'a Spanned<DeValue<'a>>,
}

impl Value<'_> {
    fn text(&self) -> Result<&str, Failure> {
        let DeValue::String(text) = self.found.get_ref() else {
            return Err(self.wrong_type("a text"));
        };
        if text.is_empty() {
            return Err(self.wrong("is empty: leave it out"));
        }
        Ok(text)
    }

    fn texts(&self) -> Result<Vec<String>, Failure> {
        let DeValue::Array(items) = self.found.get_ref() else {
            return Err(self.wrong_type("a list of texts, as [\"one\", \"two\"]"));
        };
        let text = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.wrong_type("a list of texts alone")),
        };
        items.iter().map(text).collect()
    }

    fn switch(&self) -> Result<bool, Failure> {
        match self.found.get_ref() {
            DeValue::Boolean(on) => Ok(*on),
            _ => Err(self.wrong_type("true or false")),
        }
    }

    fn seconds(&self) -> Result<Duration, Failure> {
        let text = match self.found.get_ref() {
            DeValue::Integer(number) => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => return Err(self.wrong_type("a number of seconds, as 10 or 2.5")),
        };
        super::seconds(text).map_err(|why| self.wrong(&format!("cannot be: {why}")))
    }

    fn parsed<T>(&self) -> Result<T, Failure>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let text = self.text()?;
        text.parse()
            .map_err(|why: T::Err| self.wrong(&format!("cannot be: {why}")))
    }

    /// `~/` is the home directory; a relative path starts at the config file's folder.
    fn path(&self) -> Result<PathBuf, Failure> {
        let text = self.text()?;
        expanded(self.document.path, text)
            .ok_or_else(|| self.wrong("starts with ~/, and there is no home directory"))
    }

    fn command(&self) -> Result<SecretCommand, Failure> {
        let mut words = self.texts()?.into_iter();
        let Some(program) = words.next().filter(|program| !program.is_empty()) else {
            return Err(self.wrong("is empty: a program and its arguments are wanted"));
        };
        // A bare name is looked for on the path, as in a shell.
        let program = if program.contains('/') {
            expanded(self.document.path, &program)
                .ok_or_else(|| self.wrong("starts with ~/, and there is no home directory"))?
        } else {
            program.into()
        };
        Ok(SecretCommand {
            program,
            arguments: words.collect(),
        })
    }

    fn wrong(&self, problem: &str) -> Failure {
        self.document
            .wrong(self.found.span(), &format!("`{}` {problem}", self.setting))
    }

    fn wrong_type(&self, wanted: &str) -> Failure {
        self.document
            .wrong_type(self.setting, wanted, self.found.get_ref(), self.found)
    }
}

fn expanded(file: &Path, text: &str) -> Option<PathBuf> {
    match text.strip_prefix("~/") {
        Some(rest) => Some(directories::home()?.join(rest)),
        None => Some(file.parent().unwrap_or(Path::new("")).join(text)),
    }
}
