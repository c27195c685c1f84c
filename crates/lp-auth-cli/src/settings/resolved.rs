//! The settings as they hold, each with where it comes from.

use core::fmt;
use core::time::Duration;
use std::path::PathBuf;

use lp_auth::Config;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value as Json};

use super::config_file::ConfigFile;
use super::entry::{ENTRIES, Entry, Group};
use super::profile::Profile;
use super::secret::SecretCommand;
use super::{permissions, unusable};
use crate::failure::Failure;

/// Where a setting comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// Nobody said anything.
    Default,
    /// The config file as such, outside its profiles.
    File(PathBuf),
    Flag(&'static str),
    /// A profile of the config file.
    Profile(String),
    Variable(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile `{name}`"),
        }
    }
}

/// What may be shown of a setting.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Value {
    /// Not set, and without a default.
    Absent,
    /// Set, and not to be shown.
    Present,
    Text(String),
}

/// A setting, what it is, and where it comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Told {
    /// As in a profile: `client_id`.
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    /// `None` where it is absent.
    pub(crate) source: Option<Source>,
}

impl Told {
    /// All but its name, as members of an object.
    pub(crate) fn to_json(&self) -> Map<String, Json> {
        let (is_present, value) = match &self.value {
            Value::Absent => (false, None),
            Value::Present => (true, None),
            Value::Text(text) => (true, Some(text.as_str())),
        };
        let source = self.source.as_ref().map(ToString::to_string);
        let members = [
            ("present", is_present.into()),
            ("value", value.into()),
            ("source", source.into()),
        ];
        members
            .map(|(name, member)| (name.to_owned(), member))
            .into_iter()
            .collect()
    }
}

/// All settings, of whatever source: flags win over the environment, that over the profile, that over the defaults.
#[derive(Debug)]
pub(crate) struct Settings {
    /// From the strongest source to the weakest.
    layers: [Layer; 3],
    file: ConfigFile,
    config: Config,
}

/// What one source says.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) kind: Kind,
    pub(super) config: Config,
    pub(super) secret_command: Option<SecretCommand>,
    pub(super) allow_shared_secret_file: Option<bool>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Flags,
    Variables,
    Profile,
}

impl Settings {
    pub(super) fn new(
        flags: Layer,
        variables: Layer,
        file: ConfigFile,
        profile: Option<Profile>,
    ) -> Result<Self, Failure> {
        let profile = profile.unwrap_or_default();
        let profile = Layer {
            kind: Kind::Profile,
            config: profile.config,
            secret_command: profile.secret_command,
            allow_shared_secret_file: profile.allow_shared_secret_file,
        };
        let config = flags
            .config
            .clone()
            .or(variables.config.clone())
            .or(profile.config.clone());
        let settings = Self {
            layers: [flags, variables, profile],
            file,
            config,
        };
        if let (true, Some(path)) = (settings.file.holds_secret, &settings.file.path) {
            let what = "config file, with a client secret in it";
            permissions::refuse_readable(what, path, settings.allows_shared())?;
        }
        Ok(settings)
    }

    /// The settings together. A client secret is in it as it was given; one that a command tells is not.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The config file, and the profile that is taken from it.
    pub(crate) fn file(&self) -> &ConfigFile {
        &self.file
    }

    /// Each setting with its source; no secret among the values.
    pub(crate) fn told(&self) -> Vec<Told> {
        ENTRIES.iter().map(|entry| self.tell(entry)).collect()
    }

    /// Whether this text is the client secret, as far as that can be seen without running a command or emptying a pipe.
    pub(super) fn is_secret(&self, text: &str) -> bool {
        let is = |secret: &str| !text.is_empty() && secret == text;
        let in_file = |path: &PathBuf| {
            let file = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() < 4096);
            let secret = file.then(|| std::fs::read_to_string(path).ok()).flatten();
            secret.map(Zeroizing::new).is_some_and(|secret| is(secret.trim()))
        };
        let config = &self.config;
        let given = config.client_secret.as_ref();
        given.is_some_and(|secret| is(secret.expose_secret()))
            || config.client_secret_file.as_ref().is_some_and(in_file)
    }

    /// Where this setting comes from, as `LP_CLIENT_ID`; `None` where it is not set.
    pub(crate) fn source_of(&self, name: &str) -> Option<Source> {
        let entry = ENTRIES.iter().find(|entry| entry.name == name)?;
        self.tell(entry).source
    }

    /// Whether a client secret, its file, or the command that tells it is set.
    pub(crate) fn has_secret(&self) -> bool {
        self.layers.iter().any(|layer| Group::Secret.is_in(layer))
    }

    /// The settings together, and the client id in them as text, also where a file holds it.
    pub(crate) fn with_id(&self) -> Result<Config, Failure> {
        let mut config = self.config.clone();
        config.client_id = config.id().map_err(|error| unusable(&error))?;
        config.client_id_file = None;
        Ok(config)
    }

    /// The settings together, and the client secret in them as text: read from its file, or told by its command.
    ///
    /// Fails where others can read the file, where it cannot be read, and where the command fails, or takes longer than
    /// the limit, if there is one.
    pub(crate) fn with_secret(&self, limit: Option<Duration>) -> Result<Config, Failure> {
        let mut config = self.config.clone();
        if let Some(secret) = self.secret(limit)? {
            config.client_secret = Some(secret);
            config.client_secret_file = None;
        }
        Ok(config)
    }

    /// Variables that win over what the profile, which a flag has named, says otherwise.
    pub(super) fn contradictions(&self) -> Vec<&'static str> {
        let named_by_flag = matches!(self.file.taken, Some((_, Source::Flag(_))));
        let [flags, variables, profile] = &self.layers;
        let contradicts = |entry: &&Entry| {
            let shown = (entry.value)(variables);
            shown.is_some()
                && !entry.group.is_in(flags)
                && entry.group.is_in(profile)
                && (shown == Some(Value::Present) || (entry.value)(profile) != shown)
        };
        let all = ENTRIES.iter().filter(|_| named_by_flag);
        all.filter(contradicts)
            .filter_map(|entry| entry.variable)
            .collect()
    }

    fn secret(&self, limit: Option<Duration>) -> Result<Option<SecretString>, Failure> {
        let Some(layer) = self.layers.iter().find(|layer| Group::Secret.is_in(layer)) else {
            return Ok(None);
        };
        if let Some(command) = &layer.secret_command {
            return command.run(limit).map(Some);
        }
        // Two of them are an error; which of them would be taken is not to be guessed.
        if layer.config.client_secret.is_some() {
            return Ok(None);
        }
        if let Some(path) = &layer.config.client_secret_file {
            permissions::refuse_readable("file of the client secret", path, self.allows_shared())?;
        }
        layer.config.secret().map_err(|error| unusable(&error))
    }

    /// A secret that is mounted into a container is readable by all who are in it.
    fn allows_shared(&self) -> bool {
        let said = self
            .layers
            .iter()
            .find_map(|layer| layer.allow_shared_secret_file);
        said.unwrap_or_default()
    }

    fn tell(&self, entry: &Entry) -> Told {
        let layer = self.layers.iter().find(|layer| entry.group.is_in(layer));
        let (value, source) = match (layer, entry.default) {
            (Some(layer), _) => match (entry.value)(layer) {
                Some(value) => (value, Some(self.source(entry, layer))),
                // Displaced by another one that stands for the same.
                None => (Value::Absent, None),
            },
            (None, Some(default)) => (Value::Text(default.to_owned()), Some(Source::Default)),
            (None, None) => (Value::Absent, None),
        };
        Told {
            name: entry.name,
            value,
            source,
        }
    }

    fn source(&self, entry: &Entry, layer: &Layer) -> Source {
        match layer.kind {
            Kind::Flags => entry.flag.map_or(Source::Default, Source::Flag),
            Kind::Variables => entry.variable.map_or(Source::Default, Source::Variable),
            Kind::Profile => {
                let taken = self.file.taken.as_ref();
                Source::Profile(taken.map(|(name, _)| name.clone()).unwrap_or_default())
            }
        }
    }
}
