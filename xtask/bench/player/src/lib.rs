//! How the programs of the benchmark are told what to do, and how they measure it.
//!
//! Each program holds libraries that can live in one process, and a list of subjects: pieces of work with a name. It reads
//! lines `NAME COUNT`, does that work so many times, and answers with one number: nanoseconds of this thread's CPU time
//! for all of it, or what else the subject says; behind it `disturbed`, where the machine was to be calm and was not. So
//! one conductor (`cargo xtask bench`) can let programs in any language
//! take turns, round by round, and what the machine does beside that hits all of them alike.
//!
//! With `--once NAME COUNT` a program does the work once, within [`collected`]: that is how callgrind counts it.
#![forbid(unsafe_code)]

mod calm;
pub mod token;

use std::cell::RefCell;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use crate::calm::{Calm, Measured};

/// The subjects of a program.
#[derive(Default)]
pub struct Player {
    subjects: Vec<Subject>,
}

struct Subject {
    name: String,
    work: Work,
    /// Where it is measured while the machine is ours.
    calm: Option<Rc<RefCell<Calm>>>,
}

type Work = Box<dyn FnMut(u64) -> f64>;

impl Player {
    pub fn new() -> Self {
        Self::default()
    }

    /// Work on one thread: the answer is nanoseconds of CPU time.
    pub fn timed<R>(self, name: &str, mut work: impl FnMut() -> R + 'static) -> Self {
        self.measured(name, move |count| {
            // What is made at the first use is made now.
            black_box(work());
            let started = thread_time();
            collected(|| {
                for _ in 0..count {
                    black_box(work());
                }
            });
            started.elapsed().as_nanos() as f64
        })
    }

    /// Work on so many threads at once, each of which does it `COUNT` times: the answer is nanoseconds of wall-clock time
    /// from the first one's start to the last one's end. To see what threads do to each other there is no other way.
    pub fn on_threads<R>(
        self,
        name: &str,
        threads: usize,
        work: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        self.measured(name, move |count| {
            let ready = AtomicUsize::new(0);
            let times: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
                let run = || {
                    busy_until_all_are(&ready, threads, &work);
                    let started = Instant::now();
                    for _ in 0..count {
                        black_box(work());
                    }
                    (started, Instant::now())
                };
                let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
                threads
                    .into_iter()
                    .map(|thread| thread.join().expect("the work does not panic"))
                    .collect()
            });
            let first = times.iter().map(|(start, _)| *start).min();
            let last = times.iter().map(|(_, end)| *end).max();
            first
                .zip(last)
                .map_or(0.0, |(first, last)| (last - first).as_nanos() as f64)
        })
    }

    /// Anything else that ends in a number.
    pub fn measured(mut self, name: &str, work: impl FnMut(u64) -> f64 + 'static) -> Self {
        self.subjects.push(Subject {
            name: name.to_owned(),
            work: Box::new(work),
            calm: None,
        });
        self
    }

    /// The subjects that are added are measured while so many cores are ours.
    ///
    /// Not for what is compared with a program in another language, which is not measured so.
    pub fn while_calm(self, cores: usize, add: impl FnOnce(Self) -> Self) -> Self {
        let before = self.subjects.len();
        let mut player = add(self);
        let calm = Rc::new(RefCell::new(Calm::on_cores(cores)));
        for subject in player.subjects.iter_mut().skip(before) {
            subject.calm = Some(Rc::clone(&calm));
        }
        player
    }

    /// Does what it is told until standard input ends.
    pub fn perform(mut self) {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if let [once, name, count] = arguments.as_slice()
            && once == "--once"
        {
            // Instructions are the same however long they take, and are to be counted once.
            for subject in &mut self.subjects {
                subject.calm = None;
            }
            println!("{}", self.answer(&format!("{name} {count}")));
            return;
        }
        let mut output = std::io::stdout();
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let answer = self.answer(&line);
            if writeln!(output, "{answer}")
                .and_then(|()| output.flush())
                .is_err()
            {
                return;
            }
        }
    }

    fn answer(&mut self, line: &str) -> String {
        let Some((name, Ok(count))) = line.split_once(' ').map(|(name, count)| (name, count.parse())) else {
            return format!("error: not NAME COUNT: {line}");
        };
        match self.subjects.iter_mut().find(|subject| subject.name == name) {
            Some(Subject { work, calm: None, .. }) => work(count).to_string(),
            Some(Subject {
                work,
                calm: Some(calm),
                ..
            }) => match calm.borrow_mut().measure(|| work(count)) {
                Measured::Calm(number) => number.to_string(),
                Measured::Disturbed(number) => format!("{number} disturbed"),
            },
            None => format!("error: no subject is called {name}"),
        }
    }
}

/// Works until all threads have for a while, so that the scheduler has given each a core of its own by then. It does not
/// sleep: whoever is woken may be put beside the one who wakes.
fn busy_until_all_are<R>(ready: &AtomicUsize, threads: usize, work: impl Fn() -> R) {
    const WHILE: Duration = Duration::from_millis(10);
    let started = Instant::now();
    while started.elapsed() < WHILE {
        black_box(work());
    }
    ready.fetch_add(1, Ordering::AcqRel);
    while ready.load(Ordering::Acquire) < threads {
        black_box(work());
    }
}

/// This thread's CPU time, to be measured from here.
pub fn thread_time() -> ThreadTime {
    ThreadTime::now()
}

/// A function that callgrind can be told to count within (`--toggle-collect`).
#[inline(never)]
pub fn collected(work: impl FnOnce()) {
    work();
    // So that the call above is not made the last one of this function, and jumped to.
    black_box(());
}
