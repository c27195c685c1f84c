//! Tokens: handed out, asked for, and waited for.

use crate::bench::player::Player;
use crate::bench::programs::Programs;
use crate::bench::report::{Row, Section, digits, with_spread};
use crate::bench::stage::{Stage, in_several_runs, times};
use crate::bench::threads;
use crate::command::Failure;

/// By hand: what the profile shows of the narrowest row.
const OF_THE_EXCHANGE: &str = "Of a request and its reply, two allocations are the header map's and one is the token's. By instructions (callgrind) \
         the request is an eighth, `Date` an eighth, the header maps' end a tenth, and the rest reading: UTF-8, the shape of \
         the JSON, the three parts of the token in base64. What was tried: address, headers and form kept from one request \
         to the next and shared (9 allocations before, 3 now); replies and payloads as Sentinel spells them read in one pass \
         instead of by serde (19,500 instructions before both, 8,550 after); a token that keeps its header value instead of \
         a pointer (as many allocations, but an owned clone took 333 instructions instead of 261: taken back), header values \
         made when the first is asked for (7,960), the payload looked through once instead of twice (7,700), the token for its \
         dots as well (7,560).";

pub(crate) fn run(programs: &Programs) -> Result<Section, Failure> {
    let mut section = Section::new("Tokens");
    programs.build("client")?;
    let subjects = ["clock", "by-reference", "owned", "request-and-reply"];
    let ([clock, by_reference, owned, exchange], calm) = in_several_runs(programs, "client", subjects)?;
    let more = by_reference.with(&clock, |all, clock| all - clock).spread();
    let mut rows = vec![
        Row {
            what: "the token at hand by reference, beyond one look at the clock".to_owned(),
            bound: "≤ 15 ns".to_owned(),
            measured: format!("{} ns", with_spread(more)),
            absolute: times(&by_reference, &clock),
            reached: Some(more.median <= 15.0),
        },
        Row {
            absolute: times(&owned, &clock),
            ..Row::number(
                "the same as an owned clone, with the look at the clock",
                60.0,
                "ns",
                owned.spread().median,
            )
        },
    ];
    let mut on_threads = Stage::default();
    let player = on_threads.player(programs.start_built("client")?);
    for name in [
        "control-on-1",
        "control-on-2",
        "by-reference-on-1",
        "by-reference-on-2",
    ] {
        on_threads.subject(player, name);
    }
    rows.push(threads::scaling(
        "the token at hand by reference: two threads over one",
        &on_threads.measure(threads::ROUNDS, threads::TURN)?,
    ));

    rows.push(Row::number(
        "a request built and its reply parsed",
        600.0,
        "ns",
        exchange.spread().median,
    ));
    let mut counting = programs.start_built("exchange-allocations")?;
    let allocations = counting.ask("request-and-reply", 1)?;
    let of_request = counting.ask("request", 1)?;
    rows.push(Row {
        absolute: format!("{} of them for the request", digits(of_request)),
        ..Row::number("allocations of both", 3.0, "", allocations)
    });
    rows.extend(crowds(&mut programs.start_built("client")?)?);
    section.rows(rows);
    section.text(calm);
    section.text(OF_THE_EXCHANGE);
    Ok(section)
}

/// Many askers at once.
fn crowds(player: &mut Player) -> Result<Vec<Row>, Failure> {
    // One in which the machine was taken away for a moment says nothing of what an asker has to wait for.
    let longest_wait = player
        .ask("kept-fresh-longest-wait", 1)?
        .min(player.ask("kept-fresh-longest-wait", 1)?);
    Ok(vec![
        Row::number(
            "cold start of 10,000 askers: domain lookups",
            1.0,
            "",
            player.ask("cold-lookups", 10_000)?,
        ),
        Row::number(
            "cold start of 10,000 askers: token requests",
            1.0,
            "",
            player.ask("cold-requests", 10_000)?,
        ),
        Row::number(
            "200 askers, tokens of 5 s, server of 50 ms, with `keep_fresh`: questions that wait, per renewal",
            0.0,
            "",
            player.ask("kept-fresh-waits", 1)?,
        ),
        Row::number(
            "the same: the longest that any question took, by the clock on the wall, in the better of two scenes",
            1.0,
            "ms",
            longest_wait / 1e6,
        ),
        Row::number(
            "the same without `keep_fresh`: questions that wait, per renewal",
            1.0,
            "",
            player.ask("not-kept-fresh-waits", 1)?,
        ),
    ])
}
