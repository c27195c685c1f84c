//! The machine: how late it is with everything, and how much memory the process has.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::now;

/// What is seen of the machine while the soak runs, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Machine {
    start: Instant,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// When a pulse came, and by how much it was late.
    pulses: Vec<(Duration, Duration)>,
    /// When, and how many bytes.
    memory: Vec<(Duration, u64)>,
}

/// How much memory the process has had since it was warm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// The mean of the first third after the warm-up.
    pub(crate) before: u64,
    /// The mean of the last third.
    pub(crate) after: u64,
}

impl Memory {
    /// More than the noise of an allocator with hundreds of threads: a leak of 10 bytes a request would not be seen, but one of
    /// a token for each asker would.
    pub(crate) fn has_grown(&self) -> bool {
        self.after > self.before + self.before / 20 + 2 * 1024 * 1024
    }
}

impl Machine {
    const PULSE: Duration = Duration::from_millis(5);
    const MEMORY_EVERY: Duration = Duration::from_millis(500);

    pub(crate) fn watched() -> Self {
        Self {
            start: now(),
            // So that watching takes no more memory as it goes on.
            seen: Mutex::new(Seen {
                pulses: Vec::with_capacity(1 << 16),
                memory: Vec::with_capacity(1 << 12),
            }),
        }
    }

    /// Watches until it is dropped.
    pub(crate) fn watch(self: &Arc<Self>) {
        let machine = Arc::downgrade(self);
        thread::spawn(move || pulse(&machine));
    }

    pub(crate) fn elapsed(&self) -> Duration {
        now() - self.start
    }

    /// The time that pulses were late by, all together, in this stretch of time.
    pub(crate) fn lateness(&self, from: Duration, to: Duration) -> Duration {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What came late was due before.
        let pulses = seen
            .pulses
            .iter()
            .filter(|(at, late)| *at >= from && at.saturating_sub(*late) <= to);
        pulses.map(|(_, late)| *late).sum()
    }

    pub(crate) fn latest(&self) -> Duration {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.pulses
            .iter()
            .map(|(_, late)| *late)
            .max()
            .unwrap_or_default()
    }

    /// None where the operating system does not say, or the time was too short to tell.
    pub(crate) fn memory(&self) -> Option<Memory> {
        const ENOUGH: Duration = Duration::from_secs(20);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let end = seen.memory.last().map(|(at, _)| *at).filter(|at| *at >= ENOUGH)?;
        let warm: Vec<u64> = seen
            .memory
            .iter()
            .filter(|(at, _)| *at >= end / 3)
            .map(|(_, bytes)| *bytes)
            .collect();
        let third = warm.len() / 3;
        let mean = |bytes: &[u64]| bytes.iter().sum::<u64>() / bytes.len().max(1) as u64;
        Some(Memory {
            before: mean(warm.get(..third)?),
            after: mean(warm.get(warm.len() - third..)?),
        })
    }
}

fn pulse(machine: &Weak<Machine>) {
    let mut memory_due = Duration::ZERO;
    loop {
        let began = now();
        pause(Machine::PULSE);
        let late = (now() - began).saturating_sub(Machine::PULSE);
        let Some(machine) = machine.upgrade() else { return };
        let at = machine.elapsed();
        let mut seen = machine.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Timers are never exact.
        if late > Duration::from_millis(1) {
            seen.pulses.push((at, late));
        }
        if at >= memory_due {
            memory_due = at + Machine::MEMORY_EVERY;
            if let Some(bytes) = resident() {
                seen.memory.push((at, bytes));
            }
        }
    }
}

/// The memory of this process that is really there, on Linux.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[expect(clippy::disallowed_methods, reason = "a soak lets time pass")]
pub(crate) fn pause(length: Duration) {
    thread::sleep(length);
}
