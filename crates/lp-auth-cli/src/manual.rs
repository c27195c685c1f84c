//! `lp-auth manual`: the man pages, for packagers and `cargo xtask man`.

use core::fmt::Write as _;
use std::path::PathBuf;

use clap::{Arg, Args, Command, CommandFactory as _};

use crate::failure::{Exit, Failure};
use crate::{arguments, output};

/// Write the man pages into a folder, one for each subcommand, and print their names
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The folder; it is made where it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let unwritable = |error| {
        Failure::new(
            Exit::Usage,
            format!("{} cannot be written to: {error}", arguments.folder.display()),
        )
    };
    std::fs::create_dir_all(&arguments.folder).map_err(unwritable)?;
    let mut command = arguments::Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut written = String::new();
    let top = clap_mangen::Man::new(command.clone());
    // Those that are hidden are for nobody to read about.
    let subcommands = command.get_subcommands().filter(|command| !command.is_hide_set());
    let pages = subcommands
        .cloned()
        .map(|command| (clap_mangen::Man::new(command.clone()), command));
    let top = (top, command.clone());
    for (page, command) in core::iter::once(top).chain(pages) {
        let name = page.get_filename();
        let mut text = Vec::new();
        page.render(&mut text).map_err(unwritable)?;
        let text = with_values(&String::from_utf8_lossy(&text), &command);
        std::fs::write(arguments.folder.join(&name), in_ascii(&text)).map_err(unwritable)?;
        written.push_str(&name);
        written.push('\n');
    }
    output::print(&written)
}

/// The synopsis with the values of the options, which the generator leaves out.
fn with_values(page: &str, command: &Command) -> String {
    const SYNOPSIS: &str = ".SH SYNOPSIS\n";
    let Some((before, rest)) = page.split_once(SYNOPSIS) else {
        return page.to_owned();
    };
    let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
    let mut line = line.to_owned();
    for option in command
        .get_opts()
        .filter(|option| option.get_action().takes_values())
    {
        let (Some(long), Some(value)) = (option.get_long(), value_of(option)) else {
            continue;
        };
        let shown = format!("\\-\\-{}\\fR]", long.replace('-', "\\-"));
        let with_value = shown.replace(']', &format!(" \\fI{}\\fR]", value.replace('-', "\\-")));
        line = line.replace(&shown, &with_value);
    }
    format!("{before}{SYNOPSIS}{line}\n{after}")
}

fn value_of(option: &Arg) -> Option<String> {
    let names = option.get_value_names()?;
    Some(names.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" "))
}

/// Other letters as escapes (groff_char(7)): a plain `groff -man` takes its input for Latin-1.
fn in_ascii(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for letter in page.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "\\[u{:04X}]", u32::from(letter));
        }
    }
    text
}
