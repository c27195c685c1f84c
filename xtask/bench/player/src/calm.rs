//! Moments in which the machine is ours.
//!
//! A core that somebody else uses as well, another guest of the same machine for one, does less in a second: of some work
//! four fifths, of other half. So what is to be compared with a number, or with work of another kind, is measured while nobody else is there. A piece
//! of work that never changes says when that is.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How much longer than at best the piece of work may take.
const TOLERANCE: f64 = 1.05;
/// How often the piece of work is done to know what its best is.
const FIRST_LOOKS: usize = 200;
/// For how long it is tried before the machine is taken as it is.
const PATIENCE: Duration = Duration::from_millis(500);

/// A number, and whether it is the machine's own.
pub(crate) enum Measured {
    Calm(f64),
    /// Patience was over before there was a moment of calm.
    Disturbed(f64),
}

/// Knows how long the piece of work takes at best, on so many cores at once.
pub(crate) struct Calm {
    cores: usize,
    /// None before the first look.
    best: Option<Duration>,
}

impl Calm {
    pub(crate) fn on_cores(cores: usize) -> Self {
        Self { cores, best: None }
    }

    /// What the measurement says when it is made while all those cores are ours, from its start to its end.
    pub(crate) fn measure(&mut self, mut measurement: impl FnMut() -> f64) -> Measured {
        if self.best.is_none() {
            for _ in 0..FIRST_LOOKS {
                self.is_now();
            }
        }
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if !self.is_now() {
                // Another core may be given, or the neighbour may go.
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            let number = measurement();
            if self.is_now() {
                return Measured::Calm(number);
            }
        }
        Measured::Disturbed(measurement())
    }

    fn is_now(&mut self) -> bool {
        let took = std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.cores).map(|_| scope.spawn(piece_of_work)).collect();
            let own = piece_of_work();
            let others = others
                .into_iter()
                .map(|other| other.join().unwrap_or(Duration::MAX));
            others.fold(own, Duration::max)
        });
        let best = self.best.map_or(took, |best| best.min(took));
        self.best = Some(best);
        took.as_secs_f64() <= best.as_secs_f64() * TOLERANCE
    }
}

/// Independent sums, which keep a core as busy as it can be, for about 0.1 ms.
fn piece_of_work() -> Duration {
    let started = Instant::now();
    let mut sums = [1_u64; 6];
    for turn in 0..60_000_u64 {
        for sum in &mut sums {
            *sum = black_box(*sum ^ turn);
        }
    }
    black_box(sums);
    started.elapsed()
}
