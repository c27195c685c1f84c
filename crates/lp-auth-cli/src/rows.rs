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
        Some(width) => broken_at(text, width.saturating_sub(start).max(20)),
        None => vec![text.to_owned()],
    }
}

/// A text in lines of so many columns at most. A word that is longer is broken behind a slash, if it has one there.
pub(crate) fn broken_at(text: &str, width: usize) -> Vec<String> {
    // What is between hyphens is an id as often as not, and is to be copied.
    let options = textwrap::Options::new(width)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options);
    lines.iter().flat_map(|line| pieces(line, width)).collect()
}

fn pieces(line: &str, width: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest: Vec<char> = line.chars().collect();
    while rest.len() > width.max(1) {
        let slash = rest.iter().take(width).rposition(|letter| *letter == '/');
        let end = slash
            .filter(|place| *place > 0)
            .map_or(width.max(1), |place| place + 1);
        let after = rest.split_off(end);
        pieces.push(rest.into_iter().collect());
        rest = after;
    }
    pieces.push(rest.into_iter().collect());
    pieces
}

/// In characters.
const LONGEST_NAME: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_too_long_is_broken_behind_a_slash_and_nothing_reaches_beyond_the_width() {
        for (text, lines) in [
            (
                "/data/folder/lp3/v1-public-key.pem (LP_V1_KEYS)",
                &["/data/folder/lp3/", "v1-public-key.pem", "(LP_V1_KEYS)"][..],
            ),
            ("one two", &["one two"]),
            (
                "aaaaaaaaaabbbbbbbbbbcccccccc",
                &["aaaaaaaaaabbbbbbbbbb", "cccccccc"],
            ),
            ("", &[""]),
        ] {
            assert_eq!(broken_at(text, 20), lines, "{text}");
        }
    }
}
