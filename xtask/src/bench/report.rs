//! What was measured, for a person: tables on the terminal and in docs/performance.md.

use std::fmt;
use std::fs::OpenOptions;
use std::path::PathBuf;

use crate::bench::rounds::Spread;
use crate::command::{Failure, output, program};
use crate::workspace::root;

/// One part of the report: a heading, tables, and words.
pub(crate) struct Section {
    heading: &'static str,
    blocks: Vec<Block>,
}

enum Block {
    Text(String),
    Rows(Vec<Row>),
    Table {
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    },
}

/// One line of a table of bounds.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) bound: String,
    pub(crate) measured: String,
    pub(crate) absolute: String,
    /// Whether the bound was reached; none where there is none, or where it could not be measured.
    pub(crate) reached: Option<bool>,
}

impl Section {
    pub(crate) fn new(heading: &'static str) -> Self {
        Self {
            heading,
            blocks: Vec::new(),
        }
    }

    /// A paragraph, unless there is nothing to say.
    pub(crate) fn text(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Text(text));
        }
    }

    pub(crate) fn rows(&mut self, rows: Vec<Row>) {
        self.blocks.push(Block::Rows(rows));
    }

    pub(crate) fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        let head = head.iter().map(|title| (*title).to_owned()).collect();
        self.blocks.push(Block::Table { head, rows });
    }

    /// The bounds that were measured and not reached.
    pub(crate) fn missed(&self) -> Vec<String> {
        let rows = self.blocks.iter().flat_map(|block| match block {
            Block::Rows(rows) => rows.as_slice(),
            _ => &[],
        });
        rows.filter(|row| row.reached == Some(false))
            .map(|row| format!("{}: {}, which should be {}", row.what, row.measured, row.bound))
            .collect()
    }

    /// Without its words, and narrow: a row takes two lines.
    pub(crate) fn for_terminal(&self) -> String {
        let mut text = String::new();
        for block in &self.blocks {
            match block {
                Block::Text(_) => {}
                Block::Rows(rows) => text.extend(rows.iter().map(Row::for_terminal)),
                Block::Table { head, rows } => {
                    text.push('\n');
                    for row in rows {
                        let mut cells = row.iter().zip(head);
                        text.extend(cells.next().map(|(first, _)| format!("{first}\n")));
                        let rest = cells.filter(|(cell, _)| !cell.is_empty());
                        text.extend(rest.map(|(cell, title)| format!("    {title}: {cell}\n")));
                    }
                }
            }
        }
        text
    }
}

impl Row {
    /// At most this many times as much.
    pub(crate) fn at_most(what: impl Into<String>, limit: f64, ratio: Spread, absolute: String) -> Self {
        Self {
            what: what.into(),
            bound: format!("≤ {limit} ×"),
            measured: format!("{} ×", with_spread(ratio)),
            absolute,
            reached: Some(ratio.median <= limit),
        }
    }

    /// At least this many times as much.
    pub(crate) fn at_least(what: impl Into<String>, limit: f64, ratio: Spread, absolute: String) -> Self {
        Self {
            what: what.into(),
            bound: format!("≥ {limit} ×"),
            measured: format!("{} ×", with_spread(ratio)),
            absolute,
            reached: Some(ratio.median >= limit),
        }
    }

    /// A number that is to be at most so large.
    pub(crate) fn number(what: impl Into<String>, limit: f64, unit: &str, number: f64) -> Self {
        Self {
            what: what.into(),
            bound: format!("≤ {limit} {unit}"),
            measured: format!("{} {unit}", digits(number)),
            absolute: String::new(),
            reached: Some(number <= limit),
        }
    }

    /// Beside the others, without a bound.
    pub(crate) fn beside(what: impl Into<String>, ratio: Spread, absolute: String) -> Self {
        Self {
            what: what.into(),
            bound: String::new(),
            measured: format!("{} ×", with_spread(ratio)),
            absolute,
            reached: None,
        }
    }

    /// Could not be measured here.
    pub(crate) fn skipped(what: impl Into<String>, why: &str) -> Self {
        let why = why.lines().next().unwrap_or_default();
        Self {
            what: what.into(),
            bound: String::new(),
            measured: format!("skipped: {why}"),
            absolute: String::new(),
            reached: None,
        }
    }

    fn for_terminal(&self) -> String {
        let bound = match self.reached {
            _ if self.bound.is_empty() => String::new(),
            Some(true) => format!("; {}, reached", self.bound),
            Some(false) => format!("; {}, MISSED", self.bound),
            None => format!("; {}", self.bound),
        };
        format!("{}\n    {}{bound}\n", self.what, self.measured)
    }

    fn cells(&self) -> Vec<String> {
        let reached = match self.reached {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        vec![
            self.what.clone(),
            self.bound.clone(),
            self.measured.clone(),
            self.absolute.clone(),
            reached.to_owned(),
        ]
    }
}

/// A length of time in the unit that suits it.
pub(crate) fn time(nanos: f64) -> String {
    match nanos {
        n if n < 1e3 => format!("{} ns", digits(n)),
        n if n < 1e6 => format!("{} µs", digits(n / 1e3)),
        n if n < 1e9 => format!("{} ms", digits(n / 1e6)),
        n => format!("{} s", digits(n / 1e9)),
    }
}

/// With as many digits as say something.
pub(crate) fn digits(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 || n == 0.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        n if n >= 1.0 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// The median, with the quartiles beside it.
pub(crate) fn with_spread(spread: Spread) -> String {
    let few = |number: f64| match number.abs() {
        n if n < 2.0 => format!("{number:.3}"),
        _ => digits(number),
    };
    format!(
        "{} ({}–{})",
        few(spread.median),
        few(spread.low),
        few(spread.high)
    )
}

/// In Markdown, as it stands in the report.
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for block in &self.blocks {
            match block {
                Block::Text(text) => writeln!(f, "{text}\n")?,
                Block::Rows(rows) => {
                    let head = ["", "bound", "measured", "absolute", "reached"].map(str::to_owned);
                    table(f, &head, &rows.iter().map(Row::cells).collect::<Vec<_>>())?;
                }
                Block::Table { head, rows } => table(f, head, rows)?,
            }
        }
        Ok(())
    }
}

fn table(f: &mut fmt::Formatter<'_>, head: &[String], rows: &[Vec<String>]) -> fmt::Result {
    let line = |f: &mut fmt::Formatter<'_>, cells: &[String]| writeln!(f, "| {} |", cells.join(" | "));
    line(f, head)?;
    writeln!(f, "|{}", "---|".repeat(head.len()))?;
    for row in rows {
        line(f, row)?;
    }
    writeln!(f)
}

/// docs/performance.md: one section for each part, of which a run replaces those that it measured.
pub(crate) struct Report {
    path: PathBuf,
    /// Headings and what stands under them, in the order of the file.
    sections: Vec<(String, String)>,
    circumstances: String,
}

/// In the order of the file.
const HEADINGS: &[&str] = &[
    "Verification",
    "Tokens",
    "Other token libraries",
    "The emulator",
    "The command",
    "Growth",
];

const PREFACE: &str = "\
# Performance

Written by `cargo xtask bench`, which anybody can run; `cargo xtask bench PART` measures one section anew. How it is done:

- Every number comes from short turns that all candidates take in every round, so that what the machine does beside it
  hits all alike. Ratios are taken within a round. What is shown is the median of the rounds, with the quartiles in
  brackets.
- Time is CPU time of the thread at work, unless it says otherwise; of node and Go that of the whole process, where others
  of its threads work for it. The clock is read for each verification and each token, as a service does.
- What has a bound in nanoseconds, and the emulator's signatures, are measured in moments in which nobody else, as another
  guest of the same machine, is at work on the same cores: a piece of work that never changes takes no longer than at
  best, before and after. Otherwise the same code takes up to twice as long, which says nothing of it. What is compared
  with a program in another language is not measured so, as that one is not.
- Peers are configured as their documentation advises: with the algorithm, the issuer and the audience fixed, and with an
  expiry required where they can. They live in a workspace of their own (`xtask/bench`); each other language, and each C
  library that cannot share a process, has its own process.
- Where a bound stands, it is what this project wants to reach.
";

impl Report {
    pub(crate) fn open() -> Result<Self, Failure> {
        let path = root().join("docs/performance.md");
        // Before anything is measured that could not be kept.
        OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let sections = text
            .split("\n## ")
            .skip(1)
            .filter_map(|section| section.split_once('\n'))
            .map(|(heading, text)| (heading.to_owned(), text.trim().to_owned()))
            .collect();
        Ok(Self {
            path,
            sections,
            circumstances: circumstances()?,
        })
    }

    /// Replaces the section, or adds it in its place, and writes the file.
    pub(crate) fn put(&mut self, section: &Section) -> Result<(), Failure> {
        let text = format!("{}\n\n{section}", self.circumstances);
        let text = (section.heading.to_owned(), text.trim().to_owned());
        match self
            .sections
            .iter_mut()
            .find(|(heading, _)| heading == section.heading)
        {
            Some(old) => *old = text,
            None => self.sections.push(text),
        }
        let place = |heading: &String| HEADINGS.iter().position(|known| known == heading);
        self.sections.sort_by_key(|(heading, _)| place(heading));
        let sections = self
            .sections
            .iter()
            .map(|(heading, text)| format!("\n## {heading}\n\n{text}\n"));
        let text: String = std::iter::once(PREFACE.to_owned()).chain(sections).collect();
        std::fs::write(&self.path, text).map_err(|error| format!("{}: {error}", self.path.display()))
    }
}

/// When and where it was measured.
fn circumstances() -> Result<String, Failure> {
    let date = output(&mut program("date", "-u +%Y-%m-%d"))?;
    let rustc = output(&mut program("rustc", "--version"))?;
    let commit = output(&mut program("git", "describe --always --dirty")).unwrap_or_default();
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = output(&mut program("uname", "-sr")).unwrap_or_default();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown");
    Ok(format!(
        "Measured {} at {}: {model}, {cores} cores, {}, load {load} at the start, {}.",
        date.trim(),
        commit.trim(),
        system.trim(),
        rustc.split('(').next().unwrap_or_default().trim()
    ))
}
