//! `lp-auth installation check`: what is wrong with a document.

use core::fmt::Write as _;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anstyle::AnsiColor;
use clap::Args;
use lp_auth_core::AppInstallation;
use serde_json::json;

use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::plain;
use crate::rows::broken;

/// More than any such document has.
const LONGEST: u64 = 1024 * 1024;

const EXAMPLES: &str = "\
Examples:
  lp-auth installation check installation.json
  lp-auth installation check - < installation.json

Problems (✗) keep LivePerson from taking the document,
remarks (!) are worth a thought.

JSON (--output json): ok, problems, remarks.

Exit codes: 0 no problem; 1 problems; 2 no such file.";

/// Check a document: everything wrong at once, and what to do
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// The document; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let name = match arguments.file.to_str() {
        Some("-") => "standard input".to_owned(),
        _ => arguments.file.display().to_string(),
    };
    let document = read(&arguments.file)
        .map_err(|error| Failure::new(Exit::Usage, format!("{name} cannot be read: {error}")))?;
    let (problems, remarks) = match AppInstallation::from_json(&document) {
        Ok(app) => (Vec::new(), texts(app.remarks())),
        Err(invalid) => (texts(invalid.problems()), Vec::new()),
    };
    output::print(&match common.output {
        Output::Text => listed(&problems, &remarks),
        Output::Json => {
            let report = json!({ "ok": problems.is_empty(), "problems": problems, "remarks": remarks });
            format!("{report}\n")
        }
    })?;
    match problems.len() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::No, format!("{name} has a problem"))),
        number => Err(Failure::new(Exit::No, format!("{name} has {number} problems"))),
    }
}

/// What stands in the file, if it is no larger than such a file can be.
pub(super) fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = if file.as_os_str() == "-" {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)
    } else {
        File::open(file)?.take(LONGEST + 1).read_to_end(&mut bytes)
    }?;
    if length as u64 > LONGEST {
        let why = format!("it is larger than {LONGEST} bytes: is it the right one?");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

fn texts(list: impl IntoIterator<Item: ToString>) -> Vec<String> {
    list.into_iter()
        .map(|item| plain::text(&item.to_string()))
        .collect()
}

fn listed(problems: &[String], remarks: &[String]) -> String {
    let mut text = String::new();
    let mut item = |mark: &str, colour: AnsiColor, words: &str| {
        let colour = colour.on_default().bold();
        let mut start = format!("{colour}{mark}{colour:#} ");
        for line in broken(words, 2) {
            let _ = writeln!(text, "{start}{line}");
            "  ".clone_into(&mut start);
        }
    };
    for problem in problems {
        item("✗", AnsiColor::Red, problem);
    }
    for remark in remarks {
        item("!", AnsiColor::Yellow, remark);
    }
    if problems.is_empty() && remarks.is_empty() {
        item("✓", AnsiColor::Green, "nothing is wrong with it");
    }
    text
}
