//! A program of the bench workspace, or a script beside it, that does what it is told: see `xtask/bench/player`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::command::Failure;

/// A program at work. It ends with this.
pub(crate) struct Player {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// How many of its numbers were to be taken in a moment of calm that did not come.
    disturbed: usize,
}

impl Player {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {name}: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("cannot speak with {name}"));
        };
        Ok(Self {
            child,
            input: Some(input),
            output: BufReader::new(output),
            disturbed: 0,
        })
    }

    /// Has it do this so many times: the number that it answers.
    pub(crate) fn ask(&mut self, subject: &str, count: u64) -> Result<f64, Failure> {
        let lost = |what: &dyn std::fmt::Display| format!("{subject}: the program has gone: {what}");
        let input = self.input.as_mut().ok_or_else(|| lost(&"no input"))?;
        writeln!(input, "{subject} {count}")
            .and_then(|()| input.flush())
            .map_err(|error| lost(&error))?;
        let mut answer = String::new();
        self.output.read_line(&mut answer).map_err(|error| lost(&error))?;
        let answer = answer.trim();
        let (answer, is_disturbed) = match answer.strip_suffix(" disturbed") {
            Some(number) => (number, true),
            None => (answer, false),
        };
        self.disturbed += usize::from(is_disturbed);
        answer.parse().map_err(|_| format!("{subject}: {answer:?}"))
    }

    pub(crate) fn disturbed(&self) -> usize {
        self.disturbed
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        // It ends when there is nothing more to read.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
