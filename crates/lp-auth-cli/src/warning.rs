//! What is noticed and is no failure: a line on stderr.

use std::io::Write as _;

use anstyle::AnsiColor;

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
