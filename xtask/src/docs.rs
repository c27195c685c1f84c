//! The pages that are written from tests: `cargo xtask docs`.

use std::process::ExitCode;

use crate::command::{cargo, output};

/// Where this is set, a test writes its page instead of comparing it.
const WRITE: &str = "LP_AUTH_WRITE_DOCS";

/// The pages, and the tests that know what stands in them.
const PAGES: [(&str, &str); 1] = [(
    "docs/faults.md",
    "test -p lp-auth --all-features --test fault_matrix -- --exact page::the_page_says_what_the_rows_say",
)];

pub(crate) fn write() -> ExitCode {
    for (page, test) in PAGES {
        if let Err(failure) = output(cargo(test).env(WRITE, "1")) {
            eprintln!("{failure}");
            return ExitCode::FAILURE;
        }
        println!("{page:20}written");
    }
    ExitCode::SUCCESS
}
