//! The rows, by subject. Each is an outcome that follows from the design's rules, written down before it ran.

mod answers;
mod connections;
mod lookups;
mod statuses;
mod tokens;

use crate::row::Row;

/// Rows that belong together on the page.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// All rows, in the order of the page.
pub(crate) fn sections() -> Vec<Section> {
    vec![
        connections::section(),
        answers::section(),
        statuses::refusals(),
        statuses::pressure(),
        statuses::trouble(),
        lookups::section(),
        tokens::contents(),
        tokens::clocks(),
    ]
}

pub(crate) fn all() -> Vec<Row> {
    sections().into_iter().flat_map(|section| section.rows).collect()
}
