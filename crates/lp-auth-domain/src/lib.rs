//! Where a LivePerson service lives: the Domain API (LIVEPERSON.md §1), without I/O.
//!
//! - [`DomainLookup`] is the machine: it asks for a host when one is needed, keeps it for an hour, and goes on with
//!   the old one while the Domain API is down. It is a [`Locate`](lp_auth_core::Locate), so one of them serves the
//!   token source, the key source and every other service.
//! - [`DomainRequest`] builds the requests and [`BaseUris`] reads the replies. Neither has state: both are usable alone.
#![forbid(unsafe_code)]

mod base_uris;
mod lookup;
mod request;

pub use base_uris::BaseUris;
pub use lookup::{DomainLookup, DomainLookupBuilder};
pub use request::DomainRequest;
