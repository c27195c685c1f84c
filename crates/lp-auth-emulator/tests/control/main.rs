//! The control plane over the wire: a client that is not ours asks, and the emulator's own clients notice.
#![cfg(test)]
#![cfg(feature = "control")]

mod applications;
#[path = "../over_the_wire/client.rs"]
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod client;
mod events;
mod faults;
mod guard;
mod keys;
mod plane;
mod resources;
mod settings;
