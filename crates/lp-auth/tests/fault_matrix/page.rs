//! `docs/faults.md`, written from the rows.

use std::fmt::Write as _;
use std::path::PathBuf;

use lp_auth::ErrorKind;
use lp_auth_emulator::Endpoint;

use crate::faults::{self, Section};
use crate::row::{EVERYWHERE, Failure, Outcome, Plant, Row};
use crate::stack::HttpStack;
use crate::words;

/// Where this is set, the page is written instead of compared.
const WRITE: &str = "LP_AUTH_WRITE_DOCS";

#[test]
fn the_page_says_what_the_rows_say() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
    let page = page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, page).expect("the folder of the documentation is there");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/faults.md differs from the rows of the fault matrix: write it anew with `cargo xtask docs`"
    );
}

fn page() -> String {
    let sections = faults::sections();
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let cells = rows().map(|row| row.at.len()).sum::<usize>() * HttpStack::ALL.len();
    let mut page = format!(
        "<!-- Written by `cargo xtask docs` from crates/lp-auth/tests/fault_matrix: change it there. -->\n\n{}",
        OPENING.replace("{cells}", &cells.to_string())
    );
    page.push_str("\n## What an error says\n\n");
    page.push_str(ERRORS);
    page.push_str("\n| kind | what it says to do |\n|---|---|\n");
    for kind in KINDS {
        line(&mut page, &[&format!("`{kind:?}`"), &advices(kind)]);
    }
    for section in &sections {
        write_section(&mut page, section);
    }
    let unlike: Vec<&Row> = rows().filter(|row| !row.unlike.is_empty()).collect();
    if !unlike.is_empty() {
        page.push_str("\n## Where a stack differs by its nature\n\n");
        for row in unlike {
            for unlike in &row.unlike {
                let stacks: Vec<String> = unlike.stacks.iter().map(ToString::to_string).collect();
                let _ = writeln!(
                    page,
                    "- {}, with {}: \"{}\". {}",
                    row.fault,
                    stacks.join(" and "),
                    unlike.says,
                    unlike.reason
                );
            }
        }
    }
    page.push_str(PLANTING);
    page
}

const OPENING: &str = "\
# What can go wrong, and what you see of it

Each line below was run: at the endpoints that it names, over real sockets and real TLS against the emulator, with reqwest
and isahc, async and blocking; {cells} cells in all (`cargo test -p lp-auth --test fault_matrix`). In each cell: somebody asks, and
gets what the table says. Somebody asks during the rest: the same error, at once, and no call. Somebody asks after the
rest: one call, and the next rest is the second one named. Then the fault ends, and whoever asks after that rest has a good
answer. No secret and no token is in any error, its `Debug`, its causes, or what a watcher is told.

This is what you see while *no* usable token (or key set) is at hand. While a token is, no fault is seen at all: the one asker
who tries to renew it waits for one call at most, and everybody has the token. (In the cells of the Domain API and the
token, this was run first.)
";

const ERRORS: &str = "\
`no ⟨what⟩ from ⟨host⟩: ⟨what came back⟩; ⟨what to do⟩ (next try from ⟨time⟩ on)`, where ⟨what⟩ is ``host of service `sentinel` ``
(Domain API), `access token` (Sentinel) or `key set` (JWKS). The tables below say what came back. `Error::kind`,
`is_transient` and `retry_at` say the same to programs.

An error is **transient** if the same question can bring an answer later, with nothing changed here. A client waits for the end
of a rest only after a transient one, and only if it lies within its patience (30 s by default). Rests are lengthened by up to
a tenth at random. A verifier makes of each of these errors a `VerifyError::Unavailable`, a 503.
";

const PLANTING: &str = "
## Planting them

The emulator has each of these faults for your own tests; the column *planted with* is what ran here.

```rust
use lp_auth_emulator::{Emulator, Endpoint, Fault};

let emulator = Emulator::builder().start()?;
emulator.fault(Endpoint::Token, Fault::status(503))?;           // until further notice
emulator.fault_times(Endpoint::DomainApi, Fault::StallBefore, 2)?; // the next two requests
// … what does your service do? …
emulator.clear_faults();
```

Whatever stands *as the host* is given to a client as its Domain API (`domain_api`), or named by the emulator's Domain API:
`emulator.set_service(&ServiceName::SENTINEL, host)`. Do not forget to allow it (`trusted_host`). So that your tests need not
wait, give the client shorter rests and limits: `.pace(Pace { rests: Rests::default().scaled(0.01), ..Pace::default() })`.
";

const KINDS: [ErrorKind; 8] = [
    ErrorKind::NoAnswer,
    ErrorKind::Tls,
    ErrorKind::Malformed,
    ErrorKind::Refused,
    ErrorKind::Throttled,
    ErrorKind::ServerFault,
    ErrorKind::ServiceUnknown,
    ErrorKind::HostNotTrusted,
];

fn advices(kind: ErrorKind) -> String {
    if kind == ErrorKind::HostNotTrusted {
        return "as the table says".to_owned();
    }
    let all = EVERYWHERE.map(|at| (at, words::advice(kind, at)));
    if all.iter().all(|(_, advice)| *advice == all[0].1) {
        return all[0].1.to_owned();
    }
    all.map(|(at, advice)| format!("{}: {advice}", place(at)))
        .join("; ")
}

fn write_section(page: &mut String, section: &Section) {
    let _ = write!(page, "\n## {}\n\n{}\n\n", section.title, section.about);
    page.push_str(
        "| fault | planted with | at | what you see | rests | later |\n|---|---|---|---|---|---|\n",
    );
    for row in &section.rows {
        let at = if row.at == EVERYWHERE {
            "all three".to_owned()
        } else {
            row.at.iter().map(|at| place(*at)).collect::<Vec<_>>().join(", ")
        };
        let how = match &row.plant {
            Plant::Elsewhere(_) => row.how.clone(),
            _ => format!("`{}`", row.how),
        };
        line(
            page,
            &[
                &row.fault,
                &how,
                &at,
                &seen(row),
                &rests(&row.outcome),
                &later(row),
            ],
        );
    }
}

fn seen(row: &Row) -> String {
    match &row.outcome {
        Outcome::Fails(failure) => {
            let Failure { kind, says, .. } = failure;
            let transient = if failure.is_transient {
                "transient"
            } else {
                "not transient"
            };
            let says = if let [at] = *row.at {
                says.replace("{answer}", words::answer(at))
            } else if says.contains("{answer}") {
                let each: Vec<String> = row
                    .at
                    .iter()
                    .map(|at| format!("\"{}\"", words::answer(*at)))
                    .collect();
                says.replace("{answer}", &format!("and then {}", each.join(", ")))
            } else {
                says.clone()
            };
            let advice = failure
                .advises
                .map(|advice| format!("; {advice}"))
                .unwrap_or_default();
            let long = if failure.takes_the_time_limit {
                ", after the whole time limit"
            } else {
                ""
            };
            format!("`{kind:?}`, {transient}: {says}{advice}{long}")
        }
        Outcome::Rejects(says) => format!("the keys come; `Rejected`, a 401: {says} …"),
        Outcome::Serves(None) => "nothing: the answer is good".to_owned(),
        Outcome::Serves(Some(life)) => {
            format!(
                "nothing: the token lives for {} s from when it was asked for",
                life.as_secs()
            )
        }
        Outcome::ServesAfter(_) => "nothing but the time that it takes, if the patience lasts".to_owned(),
    }
}

fn rests(outcome: &Outcome) -> String {
    let seconds = |rests: &[f64]| {
        rests
            .iter()
            .map(|rest| format!("{rest} s"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match outcome {
        Outcome::Fails(failure) if failure.rests[0].total_cmp(&failure.rests[1]).is_eq() => {
            format!("{} s each time", failure.rests[0])
        }
        Outcome::Fails(failure) => format!("{}, …", seconds(&failure.rests)),
        Outcome::ServesAfter(rests) => seconds(rests),
        Outcome::Rejects(_) | Outcome::Serves(_) => "none".to_owned(),
    }
}

fn later(row: &Row) -> String {
    match &row.outcome {
        Outcome::Fails(failure)
            if failure.casts_doubt && row.at.iter().any(|at| *at != Endpoint::DomainApi) =>
        {
            "looks the host up, and asks again".to_owned()
        }
        Outcome::Fails(_) => "asks again".to_owned(),
        Outcome::Rejects(_) | Outcome::Serves(_) | Outcome::ServesAfter(_) => "makes no call".to_owned(),
    }
}

fn place(at: Endpoint) -> &'static str {
    match at {
        Endpoint::DomainApi => "Domain API",
        Endpoint::Token => "token",
        _ => "JWKS",
    }
}

fn line(page: &mut String, columns: &[&str]) {
    let columns: Vec<String> = columns.iter().map(|column| column.replace('|', "\\|")).collect();
    let _ = writeln!(page, "| {} |", columns.join(" | "));
}
