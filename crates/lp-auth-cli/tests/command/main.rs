//! The command as people run it: the binary itself, against the emulator, over TLS.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod api;
mod cache;
mod call;
mod config_file;
mod demo;
mod doctor;
mod domain;
mod emulator;
mod exec;
mod inspect;
mod installation;
mod invoke;
mod keys;
mod refusals;
mod scene;
mod secret_file;
mod settings;
mod shells;
mod token;
mod verify;
