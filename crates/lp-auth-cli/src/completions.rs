//! `lp-auth completions`: what a shell needs to complete the command's words.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::failure::Failure;
use crate::{arguments, output};

const EXAMPLES: &str = "\
Examples:
  bash, in ~/.bashrc:
    source <(lp-auth completions bash)

  zsh, before compinit in ~/.zshrc, with ~/.zfunc in fpath:
    lp-auth completions zsh > ~/.zfunc/_lp-auth

  fish:
    lp-auth completions fish \\
      > ~/.config/fish/completions/lp-auth.fish

  PowerShell, in $PROFILE:
    lp-auth completions powershell | Out-String | iex

  elvish, in ~/.config/elvish/rc.elv:
    eval (lp-auth completions elvish | slurp)";

/// Print what a shell needs to complete subcommands, options and their values
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut command = arguments::Arguments::command();
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "lp-auth", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if arguments.shell == Shell::Bash {
        // clap_complete 4.6 spells a name with a hyphen in two ways, so that nothing after a subcommand is completed
        // (clap's issue 6421). The spelling that it looks for is this one.
        script = script.replace("lp__subcmd__auth", "lp__auth");
    }
    output::print(&script)
}
