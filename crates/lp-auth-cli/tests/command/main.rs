//! The command as people run it: the binary itself, against the emulator, over TLS.

mod emulator;
mod refusals;
mod scene;
mod settings;
mod token;
