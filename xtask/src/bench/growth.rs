//! How things grow.

use crate::bench::player::Player;
use crate::bench::programs::Programs;
use crate::bench::report::{Section, digits, time};
use crate::bench::rounds::{SHORT_TURN, Samples, Spread};
use crate::bench::stage::Stage;
use crate::bench::threads::{ROUNDS, TURN};
use crate::command::Failure;

pub(crate) fn run(programs: &Programs) -> Result<Section, Failure> {
    let mut section = Section::new("Growth");
    threads(&mut section, programs)?;
    keys(&mut section, programs)?;
    remembered(&mut section, programs)?;
    askers(&mut section, &mut programs.start("client")?)?;
    Ok(section)
}

fn threads(section: &mut Section, programs: &Programs) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let counts: Vec<u32> = [1, 2, 4, 8, 16, 32, 64]
        .into_iter()
        .filter(|count| *count == 1 || usize::try_from(*count).is_ok_and(|count| count <= cores))
        .collect();
    let kinds = ["full", "memory-hot", "control"];
    let names = counts
        .iter()
        .flat_map(|count| kinds.map(|kind| format!("{kind}-on-{count}")));
    let times = measured(programs, names, ROUNDS, TURN, |spread| spread.low)?;
    let rows = counts
        .iter()
        .zip(times.chunks(kinds.len()))
        .map(|(count, times)| {
            let rates = times.iter().map(|nanos| digits(f64::from(*count) * 1e9 / nanos));
            std::iter::once(count.to_string()).chain(rates).collect()
        });
    section.text("Threads that share a policy, a key set and one token. What they do in a second by the clock on the wall, in the \
         better quarter of the rounds, when cores are free:");
    section.table(
        &[
            "threads",
            "verifications",
            "repeats from memory",
            "pieces of work that share nothing",
        ],
        rows.collect(),
    );
    section.text(
        "A verification writes to nothing that another thread reads, and a repeat from memory changes no counter that they share: both \
         grow as the work does that shares nothing, as far as the machine's cores are free.",
    );
    Ok(())
}

fn keys(section: &mut Section, programs: &Programs) -> Result<(), Failure> {
    let counts = [1, 10, 100, 1000];
    let names = counts
        .iter()
        .flat_map(|count| [format!("full-of-{count}-keys"), format!("jwks-of-{count}")]);
    let medians = measured(programs, names, 51, SHORT_TURN, |spread| spread.median)?;
    let rows = counts.iter().zip(medians.chunks(2)).map(|(count, medians)| {
        let per_key = medians.last().map(|nanos| nanos / f64::from(*count));
        let times = medians.iter().copied().chain(per_key).map(time);
        std::iter::once(count.to_string()).chain(times).collect()
    });
    section.text("Keys in a set, of which the last one signs:");
    section.table(
        &[
            "keys",
            "a verification",
            "the set read from a JWK Set",
            "that for each key",
        ],
        rows.collect(),
    );
    section.text(
        "A key is found among sorted `kid`s by halves, which a thousand keys make ten comparisons: nothing beside the \
         cryptography. Reading grows with the length of the text; keys are parsed by the cryptography when their first \
         token comes.",
    );
    Ok(())
}

fn remembered(section: &mut Section, programs: &Programs) -> Result<(), Failure> {
    let mut verifying = programs.start("verify-aws-lc")?;
    let mut allocations = programs.start_built("allocations")?;
    let mut rows = Vec::new();
    for count in [1_u32, 100, 1000, 10_000, 100_000] {
        // Signing them takes 25 seconds for the largest number, so that one is measured once.
        let turns = if count > 10_000 { 1 } else { 9 };
        let recall = repeated(&mut verifying, "memory-recall", count, turns)?;
        let bytes = allocations.ask("bytes-of-remembered-tokens", count.min(10_000).into())?;
        let per_token = bytes / f64::from(count.min(10_000));
        rows.push(vec![
            count.to_string(),
            time(recall),
            format!("{} bytes", digits(per_token)),
        ]);
    }
    section.text("Tokens remembered, and asked for in turn:");
    section.table(
        &["tokens", "a repeat", "memory for each (of 10,000 at most)"],
        rows,
    );
    section.text(
        "A token stands in one of two groups of eight places that its hash names, however many there are. What grows is \
         the way to main memory: from 1,000 tokens on a megabyte of them no longer fits the caches next to the core.",
    );
    Ok(())
}

fn askers(section: &mut Section, client: &mut Player) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for count in [1_u32, 10, 100, 1000, 10_000, 100_000] {
        let lookups = client.ask("cold-lookups", count.into())?;
        let requests = client.ask("cold-requests", count.into())?;
        let nanos = repeated(client, "cold-nanos", count, 5)?;
        rows.push(vec![
            count.to_string(),
            digits(lookups),
            digits(requests),
            time(nanos / f64::from(count)),
        ]);
    }
    section.text("Askers that come at once to a client that knows nothing, on one thread:");
    section.table(
        &["askers", "domain lookups", "token requests", "CPU time for each"],
        rows,
    );
    section.text(
        "One asker makes the calls for all. The others are woken when something has changed, twice on the way to the first \
         token, so each costs a few microseconds however many they are.",
    );
    Ok(())
}

fn repeated(player: &mut Player, subject: &str, count: u32, turns: usize) -> Result<f64, Failure> {
    let answers: Result<Vec<f64>, Failure> = (0..turns).map(|_| player.ask(subject, count.into())).collect();
    Ok(Samples::new(answers?).spread().median)
}

/// Of each subject's rounds what is to be told.
fn measured(
    programs: &Programs,
    names: impl Iterator<Item = String>,
    rounds: usize,
    turn: f64,
    told: impl Fn(Spread) -> f64,
) -> Result<Vec<f64>, Failure> {
    let mut stage = Stage::default();
    let player = stage.player(programs.start("verify-aws-lc")?);
    for name in names {
        stage.subject(player, &name);
    }
    let samples = stage.measure(rounds, turn)?;
    Ok(samples.iter().map(|samples| told(samples.spread())).collect())
}
