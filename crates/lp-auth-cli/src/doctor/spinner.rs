//! What is being waited for: at a terminal, once the wait is longer than a moment, and gone before anything is said.

use core::time::Duration;
use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lp_auth::UnixTime;

use crate::runtime;

/// Shorter waits are none.
const MOMENT: Duration = Duration::from_millis(400);
const TICK: Duration = Duration::from_millis(100);

/// Moves while [`spin`](Self::spin) is polled.
#[derive(Clone)]
pub(super) struct Spinner {
    state: Arc<Mutex<State>>,
}

struct State {
    message: String,
    since: UnixTime,
    bar: Option<ProgressBar>,
}

impl Spinner {
    pub(super) fn new() -> Self {
        let state = State {
            message: String::new(),
            since: runtime::now(),
            bar: None,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// From now on this is waited for.
    pub(super) fn show(&self, message: String) {
        let mut state = self.state();
        state.message = message;
        state.since = runtime::now();
    }

    /// Leaves the line to others.
    pub(super) fn clear(&self) {
        if let Some(bar) = self.state().bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Moves, and never ends.
    pub(super) async fn spin(self) {
        while io::stderr().is_terminal() {
            tokio::time::sleep(TICK).await;
            let mut state = self.state();
            if runtime::now().since(state.since) >= MOMENT {
                let message = state.message.clone();
                let bar = state.bar.get_or_insert_with(bar);
                bar.set_message(message);
                bar.tick();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}");
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}
