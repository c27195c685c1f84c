//! Many askers, tokens that live for seconds, and servers that fail at random: does everybody have a token, always?
//!
//! `cargo xtask soak [SECONDS] [--seed NUMBER]` runs this. It exits with 1 where a promise was broken:
//! - nobody is without a token for longer than an outage and one rest;
//! - nobody is handed an expired one;
//! - nobody's genuine token is refused, through key rotations;
//! - no more requests are made than the rules allow;
//! - memory stays as it is.
//!
//! The map: `outages` is what goes wrong and when, with what the rules say about it; `world` is one client with its
//! servers, `asker` those who ask it; `spells` are the times without a token; `machine` is the machine's own lateness and memory;
//! `report` is what is printed.

mod asker;
mod machine;
mod outages;
mod report;
mod spells;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::machine::Machine;
use crate::world::{Kind, World};

/// How long a run takes that is not told.
const SECONDS: u64 = 60;

fn main() -> ExitCode {
    let Some((length, seed)) = arguments() else {
        eprintln!("usage: soak [SECONDS] [--seed NUMBER]");
        return ExitCode::from(2);
    };
    println!(
        "soak: {} s, seed {seed} (the same again: --seed {seed})",
        length.as_secs()
    );
    let machine = Arc::new(Machine::watched());
    machine.watch();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the operating system has threads to give");
    let outcomes = runtime.block_on(async {
        let worlds = Kind::ALL.into_iter().zip(0..).map(|(kind, number)| {
            let world = World::open(kind, seed.wrapping_add(number), length);
            tokio::spawn(world.run(Arc::clone(&machine)))
        });
        let worlds: Vec<_> = worlds.collect();
        let mut outcomes = Vec::new();
        for world in worlds {
            outcomes.push(world.await.expect("a world does not panic"));
        }
        outcomes
    });
    let broken = report::print(length, &outcomes, &machine);
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn arguments() -> Option<(Duration, u64)> {
    let mut seconds = SECONDS;
    let mut seed = fastrand::u64(0..1_000_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--seed" {
            seed = arguments.next()?.parse().ok()?;
        } else {
            seconds = argument
                .parse()
                .ok()
                .filter(|seconds| (5..=86_400).contains(seconds))?;
        }
    }
    Some((Duration::from_secs(seconds), seed))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a soak measures how long things really take"
)]
fn now() -> Instant {
    Instant::now()
}
