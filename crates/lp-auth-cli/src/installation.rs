//! `lp-auth installation`: the document that asks LivePerson for a client id and a client secret.
//!
//! - this file: writing it;
//! - `check`: what is wrong with one.

mod check;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::builder::{NonEmptyStringValueParser, PossibleValue, TypedValueParser};
use clap::{Args, Subcommand};
use lp_auth_core::{AppInstallation, InstallationRemark};
use serde_json::{Map, Value};

use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::plain;

const EXAMPLES: &str = "\
Examples:
  lp-auth installation --name 'My First App' \\
    --scope faas.lambda.invoke > installation.json
  lp-auth installation check installation.json

Upload the document in the management console, or send it
to your LivePerson account team. What comes back is the
client id and the client secret, for LP_CLIENT_ID and
LP_CLIENT_SECRET_FILE.

Exit codes: 0 done; 1 the file that was checked has problems;
2 what was given makes no document.";

/// Write the document that asks LivePerson to install an application, or check one
///
/// Written are grant type client_credentials and response type token, and what is given here. Everything wrong is told
/// at once. Nobody is asked, and no account is needed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,

    /// The name of the application (client_name), at most 128 characters
    #[arg(long, value_name = "NAME", required = true)]
    name: Option<String>,

    /// The name that people see (display_name), at most 128 characters
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,

    /// What the application is for, at most 256 characters
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// What its tokens grant; repeatable. One that is not listed is taken too, with a remark
    #[arg(long = "scope", value_name = "SCOPE", value_parser = KnownScopeOrOther)]
    scopes: Vec<String>,

    /// How it may ask for tokens; repeatable [default: client_credentials]
    #[arg(long = "grant-type", value_name = "TYPE")]
    grant_types: Vec<String>,

    /// What the authorization endpoint may answer with; repeatable [default: token]
    #[arg(long = "response-type", value_name = "TYPE")]
    response_types: Vec<String>,

    /// Where a user may be sent back to; repeatable. Client credentials need none
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,

    /// The picture of the application, at most 1024 characters
    #[arg(long, value_name = "URI")]
    logo_uri: Option<String>,

    /// Where the application starts, at most 1024 characters
    #[arg(long, value_name = "URI")]
    entry_uri: Option<String>,

    /// Install it, and leave it switched off (enabled: false)
    #[arg(long)]
    disabled: bool,

    /// Show it in the quick-launch menu (quick_launch_enabled)
    #[arg(long)]
    quick_launch: bool,

    /// The id of a user profile that sees it (enabled_for_profiles); repeatable
    #[arg(
        long = "enabled-for-profile",
        value_name = "ID",
        allow_negative_numbers = true
    )]
    profiles: Vec<i64>,

    /// A file with the JSON object of its capabilities, as webhooks
    #[arg(long, value_name = "FILE")]
    capabilities: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Action {
    Check(check::Arguments),
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    if let Some(Action::Check(arguments)) = &arguments.action {
        return check::run(arguments, common);
    }
    let app = arguments.installation()?;
    let value = document(&app)?;
    output::print(&match common.output {
        Output::Text => format!("{value}\n"),
        Output::Json => format!("{}\n", one_line(&app)?),
    })?;
    remark(&app.remarks());
    Ok(())
}

impl Arguments {
    fn installation(&self) -> Result<AppInstallation, Failure> {
        let mut app = AppInstallation::builder(self.name.as_deref().unwrap_or_default())
            .enabled(!self.disabled)
            .quick_launch_enabled(self.quick_launch)
            .enabled_for_profiles(self.profiles.iter().copied());
        if let Some(name) = &self.display_name {
            app = app.display_name(name);
        }
        if let Some(description) = &self.description {
            app = app.description(description);
        }
        if !self.grant_types.is_empty() {
            app = app.grant_types(self.grant_types.iter().map(String::as_str));
        }
        if !self.response_types.is_empty() {
            app = app.response_types(self.response_types.iter().map(String::as_str));
        }
        if let Some(uri) = &self.logo_uri {
            app = app.logo_uri(uri);
        }
        if let Some(uri) = &self.entry_uri {
            app = app.entry_uri(uri);
        }
        for uri in &self.redirect_uris {
            app = app.redirect_uri(uri);
        }
        for scope in &self.scopes {
            app = app.scope(scope);
        }
        if let Some(file) = &self.capabilities {
            for (name, value) in capabilities(file)? {
                app = app.capability(name, value);
            }
        }
        app.build().map_err(|invalid| {
            let failure = Failure::new(Exit::Usage, "this makes no document that LivePerson would take");
            invalid.problems().iter().fold(failure, |failure, problem| {
                failure.tip(plain::text(&problem.to_string()))
            })
        })
    }
}

/// The document for a person to read, its fields in the documented order.
fn document(app: &AppInstallation) -> Result<String, Failure> {
    serde_json::to_string_pretty(app).map_err(|error| unwritten(&error))
}

fn one_line(app: &AppInstallation) -> Result<String, Failure> {
    serde_json::to_string(app).map_err(|error| unwritten(&error))
}

fn unwritten(error: &serde_json::Error) -> Failure {
    Failure::new(Exit::Usage, format!("the document could not be written: {error}"))
}

fn capabilities(file: &Path) -> Result<Map<String, Value>, Failure> {
    let unusable = |why: String| {
        Failure::new(
            Exit::Usage,
            format!("the capabilities in {} cannot be used: {why}", file.display()),
        )
        .tip("a JSON object is wanted, as {\"webhooks\": {…}}")
    };
    let text = check::read(file).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| {
        // Not the library's words, which repeat what stands there.
        unusable(format!("line {}, column {}", error.line(), error.column()))
    })
}

/// What is not wrong, and yet worth a thought.
fn remark(remarks: &[InstallationRemark]) {
    let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
    for remark in remarks {
        let text = plain::text(&remark.to_string());
        // Nobody is left to be told.
        let _ = writeln!(anstream::stderr(), "{yellow}note:{yellow:#} {text}");
    }
}

/// Any scope; the known ones are offered.
#[derive(Clone, Debug)]
struct KnownScopeOrOther;

impl TypedValueParser for KnownScopeOrOther {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        NonEmptyStringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let known = AppInstallation::KNOWN_SCOPES.iter().copied();
        Some(Box::new(known.map(PossibleValue::new)))
    }
}
