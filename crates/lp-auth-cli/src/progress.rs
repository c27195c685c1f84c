//! What is being waited for, and until when: on stderr, and gone when the answer is there.
//!
//! A thread of its own shows it, so that it moves while everything else waits. At a terminal that is one line, once
//! the wait is longer than a moment; elsewhere one plain line, once it is longer than some seconds. With `-v` each call
//! and each rest gets a line.

use core::time::Duration;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;

use anstyle::Style;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lp_auth::{Config, Progress as News, UnixTime};

use crate::{runtime, settings};

/// Shorter waits are not worth a line in a log.
pub(crate) const SOME_SECONDS: Duration = Duration::from_secs(3);

enum Message {
    End,
    News(News),
    Say(String),
}

/// Shows progress until it is ended or dropped. Then stderr is free.
pub(crate) struct Progress {
    messages: Sender<Message>,
    display: Option<JoinHandle<Option<String>>>,
}

impl Progress {
    /// Starts to show what its [`watcher`](Self::watcher) is told.
    pub(crate) fn start(verbose: bool, config: &Config) -> Self {
        let (messages, incoming) = mpsc::channel();
        let limit = match settings::pace(config) {
            // One try: a call has its own limit of time.
            (Duration::ZERO, pace) => pace.lease(),
            (patience, _) => patience,
        };
        let display = std::thread::spawn(move || Display::new(verbose, limit).run(&incoming));
        Self {
            messages,
            display: Some(display),
        }
    }

    /// Takes the display away. Says which answer is still waited for, and from whom.
    pub(crate) fn end(mut self) -> Option<String> {
        self.stop()
    }

    /// What a client or a verifier tells its progress to.
    pub(crate) fn watcher(&self) -> impl Fn(&News) + Send + Sync + 'static {
        let messages = self.messages.clone();
        // After the end nobody listens.
        move |news| drop(messages.send(Message::News(news.clone())))
    }

    /// A line for who wants to hear everything.
    pub(crate) fn say(&self, line: String) {
        // After the end nobody listens.
        let _ = self.messages.send(Message::Say(line));
    }

    fn stop(&mut self) -> Option<String> {
        let _ = self.messages.send(Message::End);
        // What is shown is a courtesy: a display that panicked is no failure.
        self.display.take()?.join().unwrap_or_default()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}

struct Display {
    verbose: bool,
    is_terminal: bool,
    started: UnixTime,
    gives_up: UnixTime,
    /// What is being waited for.
    wait: Option<Wait>,
    bar: Option<ProgressBar>,
    has_told: bool,
}

enum Wait {
    Answer { what: String, host: String },
    NextTry { at: UnixTime, why: String },
}

impl Display {
    /// Shorter waits are none, at a terminal.
    const MOMENT: Duration = Duration::from_millis(400);
    const TICK: Duration = Duration::from_millis(100);

    fn new(verbose: bool, patience: Duration) -> Self {
        let started = runtime::now();
        Self {
            verbose,
            is_terminal: io::stderr().is_terminal(),
            started,
            gives_up: started + patience,
            wait: None,
            bar: None,
            has_told: false,
        }
    }

    fn run(mut self, messages: &Receiver<Message>) -> Option<String> {
        loop {
            match messages.recv_timeout(Self::TICK) {
                Ok(Message::News(news)) => self.take_in(&news),
                Ok(Message::Say(line)) if self.verbose => self.say(&line),
                Ok(Message::Say(_)) => {}
                Err(RecvTimeoutError::Timeout) => self.show(runtime::now()),
                Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        match self.wait {
            Some(Wait::Answer { what, host }) => Some(format!("{what} from {host}")),
            _ => None,
        }
    }

    fn take_in(&mut self, news: &News) {
        if self.verbose {
            self.say(&line(news));
        }
        self.wait = match news {
            News::Asking { purpose, host, .. } => Some(Wait::Answer {
                what: purpose.to_string(),
                host: host.clone(),
            }),
            News::Resting { error, until, .. } => Some(Wait::NextTry {
                at: *until,
                why: error.summary(),
            }),
            _ => None,
        };
        if self.wait.is_none()
            && let Some(bar) = self.bar.take()
        {
            bar.finish_and_clear();
        }
    }

    fn show(&mut self, now: UnixTime) {
        let Some(wait) = &self.wait else { return };
        let waited = now.since(self.started);
        let left = self.gives_up.since(now);
        if self.is_terminal && waited >= Self::MOMENT {
            let message = match wait {
                Wait::Answer { what, host } => {
                    format!("{} left, waiting for the {what} from {host}", seconds(left))
                }
                Wait::NextTry { at, why } => {
                    format!(
                        "{} left, next try in {}: {why}",
                        seconds(left),
                        seconds(at.since(now))
                    )
                }
            };
            let bar = self.bar.get_or_insert_with(spinner);
            bar.set_message(message);
            bar.tick();
        } else if !self.is_terminal && !self.verbose && !self.has_told && waited >= SOME_SECONDS {
            let limit = self.gives_up;
            let line = match wait {
                Wait::Answer { what, host } => {
                    format!("waiting for the {what} from {host}, until {limit} at most")
                }
                Wait::NextTry { why, .. } => format!("trying again until {limit} at most: {why}"),
            };
            self.has_told = true;
            self.say(&line);
        }
    }

    fn say(&self, line: &str) {
        let dim = Style::new().dimmed();
        let say = || {
            let _ = writeln!(anstream::stderr(), "{dim}{line}{dim:#}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }
}

fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

/// What `-v` tells. A wait says what went wrong, without the advice: that is for the end.
pub(crate) fn line(news: &News) -> String {
    match news {
        News::Resting { error, until, .. } => format!("{}; next try at {until}", error.summary()),
        news => news.to_string(),
    }
}

/// Rounded up: nobody is kept waiting for longer than was said.
fn seconds(length: Duration) -> String {
    format!("{} s", length.as_millis().div_ceil(1000))
}
