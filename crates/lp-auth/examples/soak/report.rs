//! What is printed.

use std::time::Duration;

use crate::machine::Machine;
use crate::outages::{LIFE, LostCall, SCALE, TIME_LIMIT, longest_rest};
use crate::spells::CALLS;
use crate::world::{ASKERS, Outcome};

/// Prints what came of it all, and says how many promises were broken.
pub(crate) fn print(length: Duration, outcomes: &[Outcome], machine: &Machine) -> usize {
    let mut broken = 0;
    let mut judge = |holds: bool| {
        broken += usize::from(!holds);
        if holds { "ok" } else { "BROKEN" }
    };
    println!(
        "  {ASKERS} askers for each client, tokens of {} s, rests × {SCALE:.5} (the longest {} ms), time limit {} ms",
        LIFE.as_secs(),
        longest_rest().as_millis(),
        TIME_LIMIT.as_millis()
    );
    for outcome in outcomes {
        println!("\n{}", outcome.kind);
        println!(
            "  {} asks, {} errors; {} outages, the longest {:.1} s",
            outcome.asks,
            outcome.errors,
            outcome.outages,
            outcome.longest_outage.as_secs_f32()
        );
        println!(
            "  without a token for {:.2} s at most; {} ms of it while all was well, {} allowed (a rest, {} ms for calls, the machine's lateness)  {}",
            outcome.longest_without.as_secs_f32(),
            outcome.worst.lasted.as_millis(),
            outcome.worst.allowed.as_millis(),
            CALLS.as_millis(),
            judge(!outcome.worst.is_broken())
        );
        println!(
            "  {} expired tokens handed out  {}",
            outcome.expired,
            judge(outcome.expired == 0)
        );
        println!(
            "  {} genuine tokens verified, {} refused{}  {}",
            outcome.verified,
            outcome.rejected.len(),
            outcome
                .rejected
                .first()
                .map(|why| format!(" ({why})"))
                .unwrap_or_default(),
            judge(outcome.rejected.is_empty() && outcome.verified > 0)
        );
        println!(
            "  {} calls lost to the machine's slowness, {} without a reason{}  {}",
            outcome.too_slow,
            outcome.unexplained.len(),
            outcome.unexplained.first().map(reason).unwrap_or_default(),
            judge(outcome.unexplained.is_empty())
        );
        for requests in &outcome.requests {
            println!(
                "  {} requests to {}, at most {}  {}",
                requests.made,
                requests.at,
                requests.most,
                judge(requests.made <= requests.most)
            );
        }
    }
    println!();
    match machine.memory() {
        Some(memory) => println!(
            "memory: {} MiB when warm, {} MiB at the end  {}",
            mebibytes(memory.before),
            mebibytes(memory.after),
            judge(!memory.has_grown())
        ),
        None => println!("memory: not judged in {} s", length.as_secs()),
    }
    println!(
        "the machine was late by up to {} ms",
        machine.latest().as_millis()
    );
    println!(
        "{}",
        if broken == 0 {
            "all promises kept".to_owned()
        } else {
            format!("{broken} promises broken")
        }
    );
    broken
}

fn reason(call: &LostCall) -> String {
    let (at, end, error) = (call.at, call.end.as_secs_f32(), &call.error);
    format!(" (the first for {at:?}, after {end:.1} s: {error}, {error:?})")
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{}", tenths / 10, tenths % 10)
}
