//! Names and what belongs to them, in two columns that fit the terminal.

use core::fmt::Write as _;

use anstyle::Style;

use crate::output;

/// Rows of a name and a text, indented, each text broken beside its name.
pub(crate) fn rows<N: AsRef<str>, T: AsRef<str>>(rows: &[(N, T)], indent: usize) -> String {
    let width = |text: &str| text.chars().count();
    // A name that is longer than most takes a line of its own.
    let names = rows.iter().map(|(name, _)| width(name.as_ref()));
    let column = names
        .filter(|length| *length <= LONGEST_NAME)
        .max()
        .unwrap_or_default();
    let start = indent + column + 2;
    let margin = " ".repeat(indent);
    let bold = Style::new().bold();
    let mut text = String::new();
    for (name, value) in rows {
        let name = name.as_ref();
        let _ = write!(text, "{margin}{bold}{name}{bold:#}");
        let mut fill = column + 2;
        if width(name) > column {
            text.push('\n');
            text.push_str(&margin);
        } else {
            fill -= width(name);
        }
        for line in broken(value.as_ref(), start) {
            text.push_str(&" ".repeat(fill));
            text.push_str(line.trim_end());
            text.push('\n');
            fill = start;
        }
    }
    text
}

/// A text in lines that fit behind so many columns; unbroken where no terminal says how wide it is.
pub(crate) fn broken(text: &str, start: usize) -> Vec<String> {
    match output::stdout_width() {
        Some(width) => {
            let width = width.saturating_sub(start).max(20);
            // What is between hyphens is an id as often as not, and is to be copied.
            let options = textwrap::Options::new(width).word_splitter(textwrap::WordSplitter::NoHyphenation);
            let lines = textwrap::wrap(text, options);
            lines.into_iter().map(Into::into).collect()
        }
        None => vec![text.to_owned()],
    }
}

/// In characters.
const LONGEST_NAME: usize = 24;
