//! How findings are shown: as they come, or as one JSON object at the end.

use core::fmt::Write as _;
use core::time::Duration;

use anstyle::{AnsiColor, Style};
use serde_json::json;

use super::cause::Cause;
use super::finding::{Finding, Step, Verdict};
use super::spinner::Spinner;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::plain;
use crate::rows::broken;

/// The column where what a step says begins.
const SUMMARY: usize = 26;
/// The column where what to do begins.
const ADVICE: usize = 11;

pub(super) struct Report {
    output: Output,
    findings: Vec<Finding>,
    spinner: Spinner,
    could_not_write: Option<Failure>,
}

impl Report {
    pub(super) fn new(output: Output, spinner: Spinner) -> Self {
        Self {
            output,
            findings: Vec::new(),
            spinner,
            could_not_write: None,
        }
    }

    /// What is being done now, for who is waiting.
    pub(super) fn working(&self, step: Step) {
        self.spinner.show(format!("{} …", step.full_title()));
    }

    pub(super) fn heading(&mut self, heading: &str) {
        let bold = Style::new().bold();
        let first = if self.findings.is_empty() { "" } else { "\n" };
        let lines = broken(&plain::text(heading), 0).join("\n");
        self.say(&format!("{first}{bold}{lines}{bold:#}\n"));
    }

    /// Lines that belong to the step before them.
    pub(super) fn rows(&mut self, rows: &[(String, String)]) {
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, text)| (plain::text(name), plain::text(text)))
            .collect();
        self.say(&crate::rows::rows(&rows, 4));
    }

    /// Takes a finding in and shows it. Says whether what builds on it can be tried.
    pub(super) fn add(&mut self, finding: Finding) -> bool {
        let is_passable = finding.is_passable();
        self.say(&shown(&finding));
        self.findings.push(finding);
        is_passable
    }

    /// These steps are not taken, since this one failed.
    pub(super) fn skip_because_of(&mut self, steps: &[Step], because: Step) {
        let why = format!("because of {}", because.full_title());
        self.skip_all(steps, &why, Some(because));
    }

    /// These steps are not taken, and that is well.
    pub(super) fn skip(&mut self, steps: &[Step], why: &str) {
        self.skip_all(steps, why, None);
    }

    /// One line for all of them; programs get one each.
    fn skip_all(&mut self, steps: &[Step], why: &str, because: Option<Step>) {
        const FEW: usize = 6;
        let titles: Vec<&str> = steps.iter().map(|step| step.title()).collect();
        let titles = if steps.len() > FEW {
            "all that follows".to_owned()
        } else {
            titles.join(", ")
        };
        let mark = if because.is_some() { "," } else { ":" };
        self.say(&line(
            Verdict::Skipped,
            None,
            "skipped",
            &format!("{titles}{mark} {why}"),
        ));
        self.findings.extend(
            steps
                .iter()
                .map(|step| Finding::skipped(*step, why).with("because_of", because.map(Step::id))),
        );
    }

    /// The sum; a failure unless all is well.
    pub(super) fn end(mut self, took: Duration, interrupted: bool) -> Result<(), Failure> {
        self.spinner.clear();
        let of = |verdict| -> Vec<&Finding> {
            self.findings
                .iter()
                .filter(|finding| finding.verdict == verdict)
                .collect()
        };
        let (failed, warnings, ok) = (of(Verdict::Failed), of(Verdict::Warning), of(Verdict::Ok));
        let is_well = failed.is_empty() && !interrupted;
        let ids = |findings: &[&Finding]| {
            findings
                .iter()
                .map(|finding| finding.step.id())
                .collect::<Vec<_>>()
        };
        let plural = if warnings.len() == 1 { "" } else { "s" };
        let sum = format!(
            "{} ok, {} warning{plural}, {} failed",
            ok.len(),
            warnings.len(),
            failed.len()
        );
        let failure = failed.first().map(|finding| {
            let cause = finding.cause.map(Cause::id).unwrap_or_default();
            Failure::new(
                Exit::No,
                format!(
                    "{}: {} ({cause})",
                    finding.step.full_title(),
                    plain::text(&finding.summary)
                ),
            )
        });
        match self.output {
            Output::Json => {
                let report = json!({
                    "ok": is_well,
                    "interrupted": interrupted,
                    "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                    "failed": ids(&failed),
                    "warnings": ids(&warnings),
                    "steps": self.findings.iter().map(Finding::json).collect::<Vec<_>>(),
                });
                output::print(&format!("{}\n", plain::json(&report)))?;
            }
            Output::Text => {
                let bold = Style::new().bold();
                let took = milliseconds(took);
                let text = format!("\n{bold}In sum{bold:#}: {sum}, in {took}\n");
                self.say(&text);
            }
        }
        if let Some(failure) = self.could_not_write.take() {
            return Err(failure);
        }
        if interrupted {
            return Err(Failure::new(Exit::No, "interrupted before the end"));
        }
        failure.map_or(Ok(()), Err)
    }

    fn say(&mut self, text: &str) {
        if self.output == Output::Json || self.could_not_write.is_some() {
            return;
        }
        self.spinner.clear();
        self.could_not_write = output::print(text).err();
    }
}

fn shown(finding: &Finding) -> String {
    let mut text = line(
        finding.verdict,
        finding.took,
        finding.step.title(),
        &finding.summary,
    );
    let mut paragraph = |label: &str, words: &str| {
        let mut start = format!("    {label:<5}  ");
        for line in broken(&plain::text(words), ADVICE) {
            let _ = writeln!(text, "{start}{line}");
            start = " ".repeat(ADVICE);
        }
    };
    if let Some(cause) = finding.cause {
        paragraph("means", cause.meaning());
        for advice in finding.all_advice() {
            paragraph("do", &advice);
        }
    }
    text
}

/// Verdict, time, title and what there is to say.
fn line(verdict: Verdict, took: Option<Duration>, title: &str, summary: &str) -> String {
    let (mark, colour) = match verdict {
        Verdict::Failed => ("✗", AnsiColor::Red),
        Verdict::Ok => ("✓", AnsiColor::Green),
        Verdict::Skipped => ("-", AnsiColor::BrightBlack),
        Verdict::Warning => ("!", AnsiColor::Yellow),
    };
    let colour = colour.on_default();
    let took = took.map(milliseconds).unwrap_or_default();
    let mut start = format!("  {colour}{mark}{colour:#} {took:>7}  {title:<11}  ");
    let mut text = String::new();
    for line in broken(&plain::text(summary), SUMMARY) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{start}{line}");
        start = " ".repeat(SUMMARY);
    }
    text
}

/// "12 ms", and from ten seconds on "12 s".
fn milliseconds(length: Duration) -> String {
    if length.as_secs() >= 10 {
        format!("{} s", length.as_secs())
    } else {
        format!("{} ms", length.as_millis())
    }
}
