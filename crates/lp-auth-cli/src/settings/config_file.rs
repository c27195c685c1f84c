//! The config file: where it is, which of its profiles is taken, and what is wrong with it.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::profile::{self, Profile};
use super::{Source, permissions};
use crate::failure::{Exit, Failure};
use crate::{similar, warning};

/// No config file that a person writes is longer.
const LONGEST: u64 = 1024 * 1024;

/// Where the config file is, and what was found there.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    /// Where it is, or would be; `None` where there is no home directory.
    pub(crate) path: Option<PathBuf>,
    /// Who said that it is there.
    pub(crate) source: Source,
    pub(crate) exists: bool,
    /// The profiles that it holds, by name.
    pub(crate) profiles: Vec<String>,
    /// The profile that is taken, and who named it.
    pub(crate) taken: Option<(String, Source)>,
    /// Whether a client secret stands in any of its profiles.
    pub(super) holds_secret: bool,
}

/// What was asked for, by flags or variables.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) file: Option<(PathBuf, Source)>,
    pub(super) profile: Option<(String, Source)>,
    /// Whether it may be a file that others can change.
    pub(super) allow_shared: bool,
}

impl Wanted {
    pub(super) fn new(
        file: Option<&Path>,
        profile: Option<&str>,
        allow_shared: bool,
    ) -> Result<Self, Failure> {
        let file = match file {
            Some(path) => Some((path.to_owned(), Source::Flag("--config"))),
            None => variable("LP_CONFIG_FILE").map(|path| (path.into(), Source::Variable("LP_CONFIG_FILE"))),
        };
        let profile = match (profile, variable("LP_PROFILE")) {
            (Some(name), _) => Some((name.to_owned(), Source::Flag("--profile"))),
            (None, Some(name)) => {
                let name = name
                    .into_string()
                    .map_err(|_| Failure::new(Exit::Usage, "LP_PROFILE: not text"))?;
                Some((name, Source::Variable("LP_PROFILE")))
            }
            (None, None) => None,
        };
        Ok(Self {
            file,
            profile,
            allow_shared,
        })
    }

    /// Reads the config file, and the profile that is wanted of it.
    pub(super) fn read(self) -> Result<(ConfigFile, Option<Profile>), Failure> {
        let is_named = self.file.is_some();
        let (path, source) = match self.file {
            Some((path, source)) => (Some(path), source),
            None => (default_path(), Source::Default),
        };
        let mut found = ConfigFile {
            path,
            source,
            exists: false,
            profiles: Vec::new(),
            taken: None,
            holds_secret: false,
        };
        let Some(path) = found.path.clone() else {
            return match self.profile {
                Some((name, _)) => Err(no_file(
                    &name,
                    "there is no home directory to look for a config file in",
                )),
                None => Ok((found, None)),
            };
        };
        let (text, file) = match text_of(&path) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !is_named => {
                return match self.profile {
                    Some((name, _)) => Err(no_file(&name, &format!("there is no file {}", path.display()))),
                    None => Ok((found, None)),
                };
            }
            Err(error) => {
                let failure = Failure::new(
                    Exit::Usage,
                    format!("the config file {} cannot be read: {error}", path.display()),
                );
                return Err(if is_named {
                    failure.tip("it is named by --config or LP_CONFIG_FILE")
                } else {
                    failure
                });
            }
        };
        // Who can write it can say where the secret is sent, and which command is run for it.
        permissions::refuse_writable(&path, &file, self.allow_shared)?;
        found.exists = true;
        let document = Document {
            path: &path,
            text: &text,
        };
        let profile = document.read(&mut found, self.profile)?;
        Ok((found, profile))
    }
}

/// The text of the config file, and what is wrong with it at which place.
#[derive(Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) path: &'a Path,
    text: &'a str,
}

impl Document<'_> {
    fn read(
        self,
        found: &mut ConfigFile,
        wanted: Option<(String, Source)>,
    ) -> Result<Option<Profile>, Failure> {
        let table = DeTable::parse(self.text).map_err(|error| {
            // Its `Display` would show the line, and what is in it.
            self.wrong(error.span().unwrap_or_default(), error.message())
        })?;
        let mut profiles = None;
        let mut default = None;
        for (key, value) in table.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("default_profile", DeValue::String(name)) => {
                    default = Some((name.to_string(), value.span()));
                }
                ("default_profile", other) => {
                    return Err(self.wrong_type("default_profile", "a text", other, value));
                }
                ("profiles", DeValue::Table(table)) => profiles = Some(table),
                ("profiles", other) => return Err(self.wrong_type("profiles", "a table", other, value)),
                (name, _) => return Err(self.misplaced(key, name)),
            }
        }
        let empty = DeTable::new();
        let profiles = profiles.unwrap_or(&empty);
        let mut read = Vec::new();
        for (key, value) in profiles {
            let name = key.get_ref().as_ref();
            let DeValue::Table(settings) = value.get_ref() else {
                return Err(self
                    .wrong(key.span(), &format!("the profile {} is no table", named(name)))
                    .tip("a profile begins with a line [profiles.NAME]"));
            };
            found.holds_secret |= settings.contains_key("client_secret");
            read.push((name.to_owned(), profile::read(self, settings, name)));
        }
        found.profiles = read.iter().map(|(name, _)| name.clone()).collect();
        let named_by_file = default
            .as_ref()
            .map(|(name, _)| (name.clone(), Source::File(self.path.to_owned())));
        let fallback = || {
            let is_there = found.profiles.iter().any(|name| name == "default");
            is_there.then(|| ("default".to_owned(), Source::Default))
        };
        let Some((name, source)) = wanted.or(named_by_file).or_else(fallback) else {
            warn_of_mistakes(&read);
            return Ok(None);
        };
        let Some(place) = read.iter().position(|(known, _)| *known == name) else {
            let failure = match (&source, default) {
                (Source::File(_), Some((_, span))) => {
                    self.wrong(span, &format!("there is no profile {}", named(&name)))
                }
                _ => Failure::new(
                    Exit::Usage,
                    format!(
                        "there is no profile {} in {}: {source} names it",
                        named(&name),
                        self.path.display()
                    ),
                ),
            };
            return Err(with_profiles(failure, &found.profiles, Some(&name)));
        };
        let (_, profile) = read.swap_remove(place);
        let profile = profile?;
        warn_of_mistakes(&read);
        found.taken = Some((name, source));
        Ok(Some(profile))
    }

    /// A message with file, line and column before it. It must not repeat what could be a secret.
    pub(super) fn wrong(self, span: core::ops::Range<usize>, message: &str) -> Failure {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
        Failure::new(
            Exit::Usage,
            format!("{}:{line}:{column}: {message}", self.path.display()),
        )
    }

    /// Says what is wanted for the setting `name`, and what kind of thing is there instead.
    pub(super) fn wrong_type<T>(
        self,
        name: &str,
        wanted: &str,
        found: &DeValue<'_>,
        place: &Spanned<T>,
    ) -> Failure {
        let found = match found {
            DeValue::Array(_) => "a list",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a time",
            DeValue::Float(_) | DeValue::Integer(_) => "a number",
            DeValue::String(_) => "a text",
            DeValue::Table(_) => "a table",
        };
        self.wrong(
            place.span(),
            &format!("`{name}` wants {wanted}, and {found} is there"),
        )
    }

    /// A key that is none of the file's own.
    fn misplaced<T>(self, key: &Spanned<T>, name: &str) -> Failure {
        if profile::SETTINGS.contains(&name) {
            return self
                .wrong(key.span(), &format!("`{name}` stands in no profile"))
                .tip("settings stand in a profile, under a line [profiles.NAME]; [profiles.default] is taken unless another is named");
        }
        let failure = self.wrong(key.span(), &format!("the key {} is not known", named(name)));
        match similar::nearest(name, ["default_profile", "profiles"]) {
            Some(meant) => failure.tip(format!("is `{meant}` meant?")),
            None => failure.tip("a profile begins with a line [profiles.NAME]"),
        }
    }
}

/// A mistake in a profile that is not taken shows before it is needed, and stops nobody.
fn warn_of_mistakes(others: &[(String, Result<Profile, Failure>)]) {
    for failure in others.iter().filter_map(|(_, profile)| profile.as_ref().err()) {
        warning::print(&format!("{}; that profile is not taken", failure.message()));
    }
}

/// As it is shown: what is as long as a secret may be one that slipped to the wrong place.
pub(super) fn named(name: &str) -> String {
    if similar::may_be_secret(name) {
        "[not shown]".to_owned()
    } else {
        format!("`{name}`")
    }
}

/// Says which profiles there are, and which of them may be meant.
pub(super) fn with_profiles(mut failure: Failure, profiles: &[String], name: Option<&str>) -> Failure {
    let meant = name.and_then(|name| similar::nearest(name, profiles.iter().map(String::as_str)));
    if let Some(meant) = meant {
        failure = failure.tip(format!("is `{meant}` meant?"));
    }
    if profiles.is_empty() {
        return failure.tip("there is no profile in it: one begins with a line [profiles.NAME]");
    }
    failure.tip(format!("profiles there: {}", profiles.join(", ")))
}

fn no_file(profile: &str, why: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("there is no profile {}: {why}", named(profile)),
    )
    .tip("another place is named by --config FILE, or LP_CONFIG_FILE")
}

/// The text, and what it was read from: not what may stand at the path a moment later.
fn text_of(path: &Path) -> io::Result<(Zeroizing<String>, Metadata)> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    let mut text = Zeroizing::new(String::new());
    let length = file.take(LONGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        let why = format!("it is larger than {LONGEST} bytes: is it the right one?");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok((text, found))
}

/// `$XDG_CONFIG_HOME/lp-auth/config.toml`, else `~/.config/lp-auth/config.toml`.
fn default_path() -> Option<PathBuf> {
    let folder = crate::directories::base("XDG_CONFIG_HOME", ".config")?;
    Some(folder.join("lp-auth").join("config.toml"))
}

/// An empty variable counts as not set.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
