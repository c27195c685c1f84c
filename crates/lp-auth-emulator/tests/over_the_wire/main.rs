//! The emulator over real sockets: a client that is not ours asks, and a verifier that is not ours checks its tokens.
#![cfg(test)]

mod api;
mod client;
mod directory;
mod domain_api;
mod faults;
mod keys;
mod life;
mod refusals;
mod tls;
mod tokens;
