//! `lp-auth manual`: the man pages, for packagers and `cargo xtask man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};

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
    let pages = subcommands.cloned().map(clap_mangen::Man::new);
    for page in core::iter::once(top).chain(pages) {
        let name = page.get_filename();
        let mut text = Vec::new();
        page.render(&mut text).map_err(unwritable)?;
        std::fs::write(arguments.folder.join(&name), text).map_err(unwritable)?;
        written.push_str(&name);
        written.push('\n');
    }
    output::print(&written)
}
