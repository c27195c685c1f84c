//! How a program is run.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::thread;

use crate::workspace::root;

/// What a step ends with when it does not hold: what to show, which may be many lines.
pub(crate) type Failure = String;

/// `cargo` with these arguments, separated by spaces.
pub(crate) fn cargo(arguments: &str) -> Command {
    program("cargo", arguments)
}

/// The same, ended when it takes longer, so that a test that hangs does not take the whole report with it.
///
/// Only where `CI` is set: at a terminal a person sees that it hangs, and `timeout` gets in the way of Ctrl-C.
pub(crate) fn cargo_within(minutes: u32, arguments: &str) -> Command {
    if std::env::var_os("CI").is_none() {
        return cargo(arguments);
    }
    program(
        "timeout",
        &format!("--kill-after=10 {minutes}m cargo {arguments}"),
    )
}

/// A program with these arguments, separated by spaces; in the workspace, with the environment of a shell.
pub(crate) fn program(name: &str, arguments: &str) -> Command {
    let mut command = Command::new(name);
    command
        .args(arguments.split_ascii_whitespace())
        .current_dir(root());
    for name in std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| is_ours(&name.to_string_lossy()))
    {
        command.env_remove(name);
    }
    command
}

/// Runs it. Its standard output, or the failure with everything that it said.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| cannot_run(command, &error))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} ({})\n{stderr}{stdout}", line(command), output.status))
}

/// Runs it, and shows what it says as it says it: standard error whole, of standard output the lines for which
/// `show` holds. Its standard output, and whether it succeeded.
pub(crate) fn watched(
    command: &mut Command,
    show: fn(&str) -> bool,
) -> Result<(String, Result<(), Failure>), Failure> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot_run(command, &error))?;
    let stderr = child.stderr.take();
    let said = thread::spawn(move || stderr.map(pass_on));
    let mut kept = String::new();
    for text in child.stdout.take().into_iter().flat_map(lines) {
        if show(&text) {
            println!("{text}");
        }
        kept.push_str(&text);
        kept.push('\n');
    }
    let _ = said.join();
    let status = child.wait().map_err(|error| cannot_run(command, &error))?;
    let verdict = match status.code() {
        Some(0) => Ok(()),
        // What `timeout` exits with.
        Some(124) => Err(format!("{}: not done in time, and ended", line(command))),
        _ => Err(format!("{} ({status})", line(command))),
    };
    Ok((kept, verdict))
}

fn pass_on(stderr: impl Read) {
    let mut out = std::io::stdout();
    for text in lines(stderr) {
        let _ = writeln!(out, "{text}");
    }
}

/// Line by line, whatever the bytes are.
fn lines(from: impl Read) -> impl Iterator<Item = String> {
    let mut from = BufReader::new(from);
    std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        match from.read_until(b'\n', &mut bytes) {
            Ok(1..) => Some(String::from_utf8_lossy(&bytes).trim_end().to_owned()),
            _ => None,
        }
    })
}

/// Whether `cargo run` has put this variable in for this program. A build script that asks to be run again when such
/// a variable changes (that of `ring` does) would be, every time.
fn is_ours(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn cannot_run(command: &Command, error: &std::io::Error) -> Failure {
    format!("cannot run {}: {error}", line(command))
}
