//! Other token libraries beside ours.

use crate::bench::programs::Programs;
use crate::bench::report::{Section, digits, time};
use crate::bench::rounds::SHORT_TURN;
use crate::bench::stage::Stage;
use crate::command::Failure;

const LIBRARIES: [&str; 3] = ["azure_identity", "google-cloud-auth", "yup-oauth2"];
const ASKERS: u64 = 200;

pub(crate) fn run(programs: &Programs) -> Result<Section, Failure> {
    let mut section = Section::new("Other token libraries");
    let mut stage = Stage::default();
    let client = stage.player(programs.start("client")?);
    stage.subject(client, "by-reference");
    stage.subject(client, "owned");
    let libraries = stage.player(programs.start("token-libraries")?);
    for library in LIBRARIES {
        stage.subject(libraries, &format!("{library}-hand-out"));
    }
    let samples = stage.measure(51, SHORT_TURN)?;
    let mut medians = samples.iter().map(|samples| time(samples.spread().median));
    let mut ask = |player: usize, subject: &str, count: u64| {
        let player = stage.players.get_mut(player).ok_or("the program has gone")?;
        player.ask(subject, count)
    };
    let by_reference = medians.next().unwrap_or_default();
    let owned = medians.next().unwrap_or_default();
    let mut rows = vec![vec![
        "lp-auth".to_owned(),
        format!("{by_reference} by reference, {owned} owned"),
        digits(ask(client, "cold-requests", 1000)?),
        time(ask(client, "kept-fresh-longest-wait", 1)?),
    ]];
    for (library, hand_out) in LIBRARIES.iter().zip(medians) {
        rows.push(vec![
            format!("`{library}` {}", Programs::crate_version(library)),
            hand_out,
            digits(ask(libraries, &format!("{library}-cold"), 1000)?),
            time(ask(libraries, &format!("{library}-refresh"), ASKERS)?),
        ]);
    }
    section.table(
        &[
            "library",
            "a token at hand",
            "token requests of 1,000 askers who come at once",
            "longest wait of 200 askers, tokens of 5 s, server of 50 ms",
        ],
        rows,
    );
    section.text(
        "`google-cloud-auth` and `yup-oauth2` are pointed at a server on loopback; `azure_identity`, which speaks https alone, \
         and lp-auth at one within the process. All are asked by tasks on two threads. A question of theirs is boxed here, \
         which costs an allocation. lp-auth runs with `keep_fresh`. Waits are by the clock on the wall, and measured once.",
    );
    Ok(section)
}
