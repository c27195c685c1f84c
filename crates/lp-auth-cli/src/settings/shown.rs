//! `lp-auth settings`: which settings hold, and where each comes from.

use clap::Args;
use serde_json::json;

use crate::arguments::Common;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::rows::broken_at;
use crate::settings::{ConfigFile, CredentialSettings, ServerSettings, Settings, Source, Told, Value};

const EXAMPLES: &str = "\
Examples:
  lp-auth settings
  lp-auth settings --profile work
  lp-auth settings --output json

A flag wins over a variable of the environment, that over the
profile of the config file, that over the default. Of
client_secret, client_secret_file, client_secret_command one
alone holds, and one alone of domain_api, sentinel, region: the
one from the strongest source.

The config file, ~/.config/lp-auth/config.toml:
  default_profile = \"work\"

  [profiles.work]
  account = \"12345678\"
  client_id = \"75588e18-0213-4e33-8174-883acac7e3c4\"
  client_secret_command = [\"pass\", \"show\", \"liveperson\"]

  [profiles.test]
  account = \"87654321\"
  client_id = \"0c2c57c9-2ee2-4a24-a46d-0c1c7e5a7d9b\"
  client_secret_file = \"~/.lp-test-secret\"
  region = \"emea\"

What can be set in a profile: account, client_id,
client_secret, client_secret_file, client_secret_command,
allow_shared_secret_file, api_version, domain_api, sentinel,
region, trusted_hosts, ca_file, plain_http_loopback, v1_keys,
transport, patience, client_id_file (instead of client_id:
where the id stands). Paths start at the file's folder, or at
the home directory with ~/. A command is run without a shell;
the first line that it writes is the secret.

Exit codes: 0 done; 2 a setting is wrong.";

/// Show which settings hold, and where each comes from
///
/// Asks nobody, and shows no secret: a secret is present or absent.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    credentials: CredentialSettings,
    #[command(flatten)]
    servers: ServerSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let settings = arguments.credentials.settings(&arguments.servers)?;
    output::print(&match common.output {
        Output::Text => laid_out(&settings),
        Output::Json => format!("{}\n", json(&settings)),
    })
}

/// One line for each that is set, or has a default; on a narrow terminal two.
fn laid_out(settings: &Settings) -> String {
    let told: Vec<Told> = settings
        .told()
        .into_iter()
        .filter(|told| told.value != Value::Absent)
        .collect();
    let mut rows: Vec<[String; 3]> = file_rows(settings.file());
    rows.extend(told.iter().map(|told| {
        let value = match &told.value {
            Value::Text(text) => text.clone(),
            Value::Absent | Value::Present => "present".to_owned(),
        };
        let source = told.source.as_ref().map(ToString::to_string);
        [told.name.to_owned(), value, source.unwrap_or_default()]
    }));
    arranged(&rows, output::stdout_width())
}

/// In columns; where these do not fit into so many, the value stands below its name.
fn arranged(rows: &[[String; 3]], columns: Option<usize>) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|text| text.chars().count())
            .max()
            .unwrap_or_default()
    };
    let (names, values, sources) = (width(0), width(1), width(2));
    let fits = columns.is_none_or(|columns| names + values + sources + 4 <= columns);
    rows.iter()
        .map(|[name, value, source]| {
            if fits {
                format!("{name:<names$}  {value:<values$}  {source}\n")
            } else {
                narrow(name, value, source, columns.unwrap_or_default())
            }
        })
        .collect()
}

fn narrow(name: &str, value: &str, source: &str, columns: usize) -> String {
    const INDENT: usize = 4;
    let mut lines = broken_at(&format!("{name}  ({source})"), columns.max(20));
    let values = broken_at(value, columns.saturating_sub(INDENT).max(20));
    lines.extend(values.iter().map(|line| format!("{:INDENT$}{line}", "")));
    lines.join("\n") + "\n"
}

fn file_rows(file: &ConfigFile) -> Vec<[String; 3]> {
    let place = match &file.path {
        Some(path) if file.exists => path.display().to_string(),
        Some(path) => format!("{} (not there)", path.display()),
        None => "no home directory".to_owned(),
    };
    let mut rows = vec![["config file".to_owned(), place, file.source.to_string()]];
    if file.exists {
        let (profile, source) = match &file.taken {
            Some((name, source)) => (name.clone(), source.to_string()),
            None => (
                format!("none of {}", file.profiles.join(", ")),
                Source::Default.to_string(),
            ),
        };
        rows.push(["profile".to_owned(), profile, source]);
    }
    rows
}

fn json(settings: &Settings) -> serde_json::Value {
    let file = settings.file();
    let told: serde_json::Map<_, _> = settings
        .told()
        .into_iter()
        .map(|told| (told.name.to_owned(), told.to_json().into()))
        .collect();
    json!({
        "config_file": file.path.as_ref().map(|path| path.display().to_string()),
        "config_file_exists": file.exists,
        "profile": file.taken.as_ref().map(|(name, _)| name),
        "profiles": file.profiles,
        "settings": told,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_beyond_the_width_of_a_narrow_terminal() {
        let row = |row: [&str; 3]| row.map(str::to_owned);
        let rows = [
            row(["allow_shared_secret_file", "false", "default"]),
            row([
                "client_id",
                "75588e18-0213-4e33-8174-883acac7e3c4",
                "LP_CLIENT_ID",
            ]),
            row([
                "ca_file",
                "/data/somebody/a/folder/whose/name/is/long/and/longer/still/ca.pem",
                "profile `default`",
            ]),
        ];
        let text = arranged(&rows, Some(60));
        for line in text.lines() {
            assert!(line.chars().count() <= 60 && line.trim_end() == line, "{text}");
        }
        assert!(
            text.contains("\n    75588e18-0213-4e33-8174-883acac7e3c4\n"),
            "{text}"
        );
        assert_eq!(arranged(&rows, None).lines().count(), 3);
    }
}
