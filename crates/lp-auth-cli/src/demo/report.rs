//! How the steps are shown: as they happen, or as one JSON object at the end.

use core::time::Duration;

use anstyle::{AnsiColor, Style};
use lp_auth::Stack;
use serde_json::{Value, json};

use crate::failure::{Exit, Failure};
use crate::output::{self, Output};

/// What a step says: what came of it, or what is wrong.
pub(crate) type Outcome = Result<String, String>;

pub(crate) struct Report {
    output: Output,
    stack: String,
    steps: Vec<Value>,
    first_failure: Option<String>,
}

impl Report {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            output,
            stack: String::new(),
            steps: Vec::new(),
            first_failure: None,
        }
    }

    pub(crate) fn introduce(&self) -> Result<(), Failure> {
        self.say("LivePerson's servers, emulated here, and a client:\n")
    }

    /// From now on steps are over this HTTP stack.
    pub(crate) fn begin(&mut self, stack: Stack, address: &str) -> Result<(), Failure> {
        self.stack = stack.to_string();
        let bold = Style::new().bold();
        self.say(&format!("\n{bold}Over {stack}, to {address}{bold:#}\n"))
    }

    pub(crate) fn step(&mut self, name: &str, took: Duration, outcome: &Outcome) -> Result<(), Failure> {
        let (detail, is_well) = match outcome {
            Ok(detail) => (detail, true),
            Err(detail) => (detail, false),
        };
        self.steps.push(json!({
            "detail": detail,
            "milliseconds": took.as_millis(),
            "ok": is_well,
            "step": name,
            "transport": self.stack,
        }));
        if !is_well {
            self.first_failure
                .get_or_insert_with(|| format!("{name}, over {}: {detail}", self.stack));
        }
        let (mark, colour) = if is_well {
            ("✓", AnsiColor::Green)
        } else {
            ("✗", AnsiColor::Red)
        };
        let colour = colour.on_default();
        let time = format!("{} ms", took.as_millis());
        let mut lines = broken(detail).into_iter();
        let first = lines.next().unwrap_or_default();
        self.say(&format!(
            "  {colour}{mark}{colour:#} {time:>7}  {name:<15}  {first}\n"
        ))?;
        lines.try_for_each(|line| self.say(&format!("{:DETAIL$}{line}\n", "")))
    }

    /// What to type next; or that a step failed.
    pub(crate) fn end(self) -> Result<(), Failure> {
        if self.output == Output::Json {
            let report = json!({ "ok": self.first_failure.is_none(), "steps": self.steps });
            output::print(&format!("{report}\n"))?;
        }
        if let Some(failure) = self.failure() {
            return Err(failure);
        }
        let program = program();
        let bold = Style::new().bold();
        self.say(&format!(
            "\n{bold}Next{bold:#}, the same by hand. The servers, in one shell:\n\
             \n    {program} emulator --dir lp-demo\n\
             \nand a client in another:\n\
             \n    set -a; . lp-demo/env\
             \n    {program} token | {program} verify\n\
             \nWith an account of yours (it names the settings it needs):\n\
             \n    {program} token\n"
        ))
    }

    fn failure(&self) -> Option<Failure> {
        let why = self.first_failure.as_deref()?;
        let failure = Failure::new(Exit::No, format!("the flow does not work here: {why}"));
        Some(failure.tip("lp-auth demo -v tells what was asked of whom"))
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        match self.output {
            Output::Json => Ok(()),
            Output::Text => output::print(text),
        }
    }
}

/// The column where what a step says begins.
const DETAIL: usize = 30;

/// A detail in lines that fit beside the steps, where a terminal says how wide it is.
fn broken(detail: &str) -> Vec<String> {
    match output::stdout_width() {
        Some(width) => {
            let lines = textwrap::wrap(detail, width.saturating_sub(DETAIL).max(20));
            lines.into_iter().map(Into::into).collect()
        }
        None => vec![detail.to_owned()],
    }
}

/// How this command was called, so that what is printed can be typed.
fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if called.contains('/') && called.chars().all(is_plain) {
        called
    } else {
        "lp-auth".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_fails_makes_the_answer_no_and_is_named() {
        let mut report = Report::new(Output::Json);
        report.begin(Stack::Isahc, "https://127.0.0.1:1").unwrap();
        report
            .step("V1 token", Duration::ZERO, &Ok("good".to_owned()))
            .unwrap();
        assert!(report.failure().is_none());
        report
            .step("JWKS", Duration::ZERO, &Err("no key".to_owned()))
            .unwrap();
        let failure = report.failure().unwrap();
        assert_eq!(failure.exit, Exit::No);
        assert!(
            format!("{failure:?}").contains("JWKS, over isahc: no key"),
            "{failure:?}"
        );
    }
}
