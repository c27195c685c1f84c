//! The emulator: tokens for each second of CPU time.

use crate::bench::programs::Programs;
use crate::bench::report::{Row, Section, digits, with_spread};
use crate::bench::rounds::{LONG_TURN, Samples};
use crate::bench::stage::Stage;
use crate::command::Failure;

const OF_THE_LOAD: &str = "A client holds eight connections open and has a request under way on each; what counts is the CPU time of the \
         server, as the system accounts it: the emulator's thread, and node's whole process. The first row's tokens are asked for on \
         the core that they are signed on, as its bare signatures are.";

/// By hand: what the profile shows, and what was tried.
const OF_THE_SIGNATURES: &str = "What a unique token takes beside its signature is the system's for the one half, for one `recv` and one `send` on \
         loopback and a look for who is ready; the other half is hyper, the form, the claims and the reply, spread \
         thin: nothing has a tenth of it. What was tried: JSON written into bytes with room instead of through a formatter, \
         parameters borrowed from the request, what was seen kept once (80,000 instructions beside the signature before, \
         50,000 after); the client woken once for eight answers, as waking it was counted as the server's (3 %).";

/// Tokens that are signed one by one are measured while the machine is calm, which does not last.
const ROUNDS: usize = 151;
/// In nanoseconds: some forty tokens.
const TURN: f64 = 1e7;
/// Beside a peer that is not measured so, in turns that are long enough to have some of both.
const LONG_ROUNDS: usize = 15;

pub(crate) fn run(programs: &Programs) -> Result<Section, Failure> {
    let mut section = Section::new("The emulator");
    let mut signing = Stage::default();
    let player = signing.player(programs.start("client")?);
    signing.subject(player, "emulator-bare");
    signing.subject(player, "emulator-unique");
    let signed = signing.measure(ROUNDS, TURN)?;
    let [bare, unique] = signed.as_slice() else {
        return Err("not measured".to_owned());
    };
    let of_bare = bare.over(unique).times(100.0);
    let rate = |samples: &Samples| format!("{} per CPU second", digits(1e9 / samples.spread().median));
    let mut rows = vec![Row {
        what: "unique tokens over http, of the bare signing rate of its library".to_owned(),
        bound: "≥ 90 %".to_owned(),
        measured: format!("{} %", with_spread(of_bare)),
        absolute: format!("{} / {}", rate(unique), rate(bare)),
        reached: Some(of_bare.median >= 90.0),
    }];

    let mut stage = Stage::default();
    let player = stage.player(programs.start_built("client")?);
    let each_signed = stage.subject(player, "emulator-beside-peers");
    let repeated = stage.subject(player, "emulator-repeated");
    let peer = programs
        .start_node("oauth2-mock-server.mjs", &["oauth2-mock-server"])
        .and_then(|mut player| player.ask("oauth2-mock-server", 1).map(|_| player))
        .map(|player| {
            let player = stage.player(player);
            stage.subject(player, "oauth2-mock-server")
        });
    let samples = stage.measure(LONG_ROUNDS, LONG_TURN)?;
    let at = |place: usize| Samples::at(&samples, place);
    let version = programs.npm_version("oauth2-mock-server");
    let what = format!("unique tokens, over `oauth2-mock-server` {version}");
    let what_of_repeated = format!(
        "the same client within a second, with the option `sign_once_a_second`, over `oauth2-mock-server` {version}"
    );
    let rates = |place: usize, peer: usize| format!("{} / {}", rate(&at(place)), rate(&at(peer)));
    match peer {
        Ok(peer) => rows.extend([
            Row::beside(what, at(peer).over(&at(each_signed)), rates(each_signed, peer)),
            Row::at_least(
                what_of_repeated,
                20.0,
                at(peer).over(&at(repeated)),
                rates(repeated, peer),
            ),
        ]),
        Err(why) => rows.push(Row::skipped(what_of_repeated, &why)),
    }
    section.rows(rows);
    section.text(signing.calm());
    section.text(OF_THE_LOAD);
    section.text(OF_THE_SIGNATURES);
    Ok(section)
}
