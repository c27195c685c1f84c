//! The emulator: tokens for each second of CPU time.

use crate::bench::programs::Programs;
use crate::bench::report::{Row, Section, digits};
use crate::bench::rounds::{LONG_TURN, Samples, Spread};
use crate::bench::verification::Stage;
use crate::command::Failure;

pub(crate) fn run(programs: &Programs) -> Result<Section, Failure> {
    let mut section = Section::new("The emulator");
    let mut stage = Stage::default();
    let player = stage.player(programs.start("client")?);
    let bare = stage.subject(player, "emulator-bare");
    let unique = stage.subject(player, "emulator-unique");
    let repeated = stage.subject(player, "emulator-repeated");
    let peer = programs
        .start_node("oauth2-mock-server.mjs", &["oauth2-mock-server"])
        .and_then(|mut player| player.ask("oauth2-mock-server", 1).map(|_| player))
        .map(|player| {
            let player = stage.player(player);
            stage.subject(player, "oauth2-mock-server")
        });
    let samples = stage.measure(15, LONG_TURN)?;
    let at = |place: usize| {
        samples
            .get(place)
            .cloned()
            .unwrap_or_else(|| Samples::new(Vec::new()))
    };
    let rate = |place: usize| format!("{} per CPU second", digits(1e9 / at(place).spread().median));

    let percent = |spread: Spread| Spread {
        low: spread.low * 100.0,
        median: spread.median * 100.0,
        high: spread.high * 100.0,
    };
    let of_bare = percent(at(bare).over(&at(unique)));
    let mut rows = vec![Row {
        what: "unique tokens over http, of the bare signing rate of its library".to_owned(),
        bound: "≥ 90 %".to_owned(),
        measured: format!(
            "{} % ({}–{})",
            digits(of_bare.median),
            digits(of_bare.low),
            digits(of_bare.high)
        ),
        absolute: format!("{} / {}", rate(unique), rate(bare)),
        reached: Some(of_bare.median >= 90.0),
    }];
    let version = programs.npm_version("oauth2-mock-server");
    let what = format!("the same client within a second, over `oauth2-mock-server` {version}");
    rows.push(match peer {
        Ok(peer) => Row::at_least(
            what,
            20.0,
            at(peer).over(&at(repeated)),
            format!("{} / {}", rate(repeated), rate(peer)),
        ),
        Err(why) => Row::skipped(what, &why),
    });
    section.rows(rows);
    section.text(
        "A client holds eight connections open and has a request under way on each; what counts is the CPU time of the \
         server, as the system accounts it: the emulator's thread, and node's whole process.",
    );
    Ok(section)
}
