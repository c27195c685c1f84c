//! What users see of each fault that a server can have: over real sockets and real TLS, with either HTTP stack, async
//! and blocking.
//!
//! - `row`: a fault and what it must come to, written down beforehand; `words`: what errors say;
//! - `faults`: the rows, by subject;
//! - `stack`: the four ways to ask; `scene`: the servers of one cell, and how a fault is planted there;
//! - `cell`: one fault at one endpoint with one stack, run and judged; `talk`: a client, what it is asked, and
//!   what came of it; `canary`: what must be shown nowhere;
//! - `page`: `docs/faults.md`, written from the rows.
#![cfg(all(
    feature = "blocking",
    feature = "isahc",
    feature = "reqwest",
    feature = "verify"
))]

mod canary;
mod cell;
mod faults;
mod page;
mod row;
mod scene;
mod stack;
mod talk;
mod words;

use std::sync::Arc;

use lp_auth_emulator::CertificateAuthority;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use cell::{Cell, Crew};
use stack::HttpStack;

/// How many cells stand open at a time: most of them rest. With more of them there would be more than 1,023 files open,
/// and curl as isahc builds it fails to connect then.
const OPEN: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_comes_to_what_was_written_down_for_it() {
    let rows = Arc::new(faults::all());
    let authority = Arc::new(CertificateAuthority::generate().expect("there is randomness"));
    let crew = Arc::new(Crew::new(authority));
    let open = Arc::new(Semaphore::new(OPEN));
    let mut cells = JoinSet::new();
    for (number, row) in rows.iter().enumerate() {
        for at in row.at.iter().copied() {
            for stack in HttpStack::ALL {
                let (rows, crew, open) = (Arc::clone(&rows), Arc::clone(&crew), Arc::clone(&open));
                cells.spawn(async move {
                    let _open = open.acquire_owned().await.expect("nobody closes it");
                    let cell = Cell {
                        row: &rows[number],
                        at,
                        stack,
                    };
                    let verdict = cell.run(&crew).await;
                    (format!("{} at {at:?} with {stack}", cell.row.fault), verdict)
                });
            }
        }
    }
    let verdicts = cells.join_all().await;
    let again = verdicts.iter().filter(|(_, verdict)| matches!(verdict, Ok(1..)));
    println!(
        "{} cells: {} rows at up to 3 endpoints, with {} stacks; {} had to be run more than once, as this machine was slow",
        verdicts.len(),
        rows.len(),
        HttpStack::ALL.len(),
        again.count(),
    );
    let wrong: Vec<String> = verdicts
        .into_iter()
        .filter_map(|(cell, verdict)| Some(format!("{cell}: {}", verdict.err()?)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} cells are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
