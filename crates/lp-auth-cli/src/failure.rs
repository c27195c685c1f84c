//! Why the command ends without its result: one message on stderr, and the exit code.

use std::io::Write as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// The exit codes. 0, "done", is no failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The answer is no.
    No = 1,
    /// Wrong usage or settings.
    Usage = 2,
    /// The server refuses: credentials, account, service unknown.
    Refused = 3,
    /// Network, time-out, a server in trouble, an answer that makes no sense.
    Unavailable = 4,
    /// As shells have it: the program that was to be run cannot be.
    ProgramNotRun = 126,
    /// As shells have it: there is no such program.
    ProgramNotFound = 127,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What went wrong, why, and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    label: &'static str,
    message: String,
    causes: Vec<String>,
    details: Vec<String>,
    tips: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            label: "error: ",
            message: message.into(),
            causes: Vec::new(),
            details: Vec::new(),
            tips: Vec::new(),
        }
    }

    /// The token is not accepted.
    pub(crate) fn rejected(why: impl Into<String>) -> Self {
        Self {
            label: "rejected: ",
            ..Self::new(Exit::No, why)
        }
    }

    /// An API was asked, and its answer is no success.
    pub(crate) fn answered(status_line: impl Into<String>) -> Self {
        Self {
            label: "answered: ",
            ..Self::new(Exit::No, status_line)
        }
    }

    /// One more thing to do.
    pub(crate) fn tip(mut self, tip: impl Into<String>) -> Self {
        self.tips.push(tip.into());
        self
    }

    /// The same without what it advises, for who knows better.
    pub(crate) fn without_tips(mut self) -> Self {
        self.tips.clear();
        self
    }

    /// A line under the message that stands as it is.
    pub(crate) fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// What lies behind `error`, which the message has named already.
    pub(crate) fn causes_of(mut self, error: &dyn core::error::Error) -> Self {
        let mut next = error.source();
        while let Some(cause) = next {
            self.causes.push(in_words(cause.to_string()));
            next = cause.source();
        }
        self
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn tips(&self) -> &[String] {
        &self.tips
    }

    /// The root cause is told always, those between alone to who wants to hear everything.
    pub(crate) fn print(&self, verbose: bool) {
        let width = crate::output::stderr_width();
        let mut lines = paragraph(self.label, style_of(self.label.trim()), &self.message, width);
        let hidden = if verbose {
            0
        } else {
            self.causes.len().saturating_sub(1)
        };
        let told = self.causes.iter().skip(hidden);
        for cause in told.filter(|cause| !self.message.contains(*cause)) {
            lines.extend(paragraph("cause: ", style_of("cause:"), cause, width));
        }
        if !self.details.is_empty() {
            lines.push(String::new());
            lines.extend(self.details.iter().map(|detail| format!("  {detail}")));
        }
        if !self.tips.is_empty() {
            lines.push(String::new());
            lines.extend(
                self.tips
                    .iter()
                    .flat_map(|tip| paragraph("  tip: ", style_of("tip:"), tip, width)),
            );
        }
        let mut stderr = anstream::stderr().lock();
        for line in lines {
            // Nobody is left to be told.
            let _ = writeln!(stderr, "{line}");
        }
    }
}

/// A text under a label, broken at the terminal's width where there is one.
pub(crate) fn paragraph(label: &str, style: Style, text: &str, width: Option<usize>) -> Vec<String> {
    let indent = " ".repeat(label.len());
    let lines: Vec<String> = match width {
        None => vec![text.to_owned()],
        Some(width) => {
            let width = width.saturating_sub(label.len()).max(20);
            // At blanks alone: an option or a path is there to be copied.
            let options = textwrap::Options::new(width)
                .break_words(false)
                .word_separator(textwrap::WordSeparator::AsciiSpace)
                .word_splitter(textwrap::WordSplitter::NoHyphenation);
            textwrap::wrap(text, options)
                .into_iter()
                .map(Into::into)
                .collect()
        }
    };
    let styled = format!("{style}{label}{style:#}");
    let starts = core::iter::once(styled).chain(core::iter::repeat(indent));
    starts.zip(lines).map(|(start, line)| start + &line).collect()
}

/// What a person cannot make much of, said in words.
fn in_words(cause: String) -> String {
    const WORDS: [(&str, &str); 4] = [
        (
            "CaUsedAsEndEntity",
            "invalid peer certificate: it is an authority's own, and none for a server",
        ),
        (
            "peer closed connection without sending TLS close_notify",
            "the other side closed the connection without a goodbye of TLS",
        ),
        (
            "invalid peer certificate: UnknownIssuer",
            "invalid peer certificate: its issuer is not trusted (UnknownIssuer)",
        ),
        (
            "invalid peer certificate: UnsupportedCertVersion",
            "invalid peer certificate: it is not of version 3 (UnsupportedCertVersion)",
        ),
    ];
    let found = WORDS.iter().find(|(raw, _)| cause.contains(raw));
    found.map_or(cause, |(_, words)| (*words).to_owned())
}

fn style_of(label: &str) -> Style {
    match label {
        "answered:" | "error:" | "rejected:" => AnsiColor::Red.on_default().bold(),
        "tip:" => AnsiColor::Green.on_default(),
        _ => Style::new().bold(),
    }
}
