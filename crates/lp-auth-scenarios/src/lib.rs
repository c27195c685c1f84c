//! The machines in simulated time: a token source, a key source and a domain lookup, put together as a driver has them, with
//! servers and a clock that are not real.
//!
//! - [`Line`] is what happens, and what must come of it; a scenario is a list of lines. The words are in `line`, what
//!   servers say is in `says`.
//! - [`play`] plays a scenario on a [`Stage`], which also checks, at every line, what must hold in every scenario.
//! - [`scenarios!`] makes a test of each entry of a table.
//!
//! The scenarios stand in `tests/scenarios`, by subject; `tests/properties` plays random ones against a model.
#![forbid(unsafe_code)]
#![expect(
    clippy::exhaustive_enums,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "for tests, which match on everything and fail by panicking"
)]

mod line;
mod play;
mod says;
mod stage;

pub use line::{Line, Machine, Purpose, Reader, Restored, Retry, Told, Want};
pub use play::play;
pub use says::Says;
pub use stage::{Heard, Locator, Stage};
