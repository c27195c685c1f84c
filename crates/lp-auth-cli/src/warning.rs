//! What is noticed or waited for, and is no failure: a line on stderr.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};

/// Tells it.
pub(crate) fn print(text: &str) {
    let style = AnsiColor::Yellow.on_default().bold();
    let width = crate::output::stderr_width();
    let mut stderr = anstream::stderr().lock();
    for line in crate::failure::paragraph("warning: ", style, text, width) {
        // Nobody is left to be told.
        let _ = writeln!(stderr, "{line}");
    }
}

/// Tells what is being waited for.
pub(crate) fn notice(text: &str) {
    let dim = Style::new().dimmed();
    // Nobody is left to be told.
    let _ = writeln!(anstream::stderr(), "{dim}{text}{dim:#}");
}
