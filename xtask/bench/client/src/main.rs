//! Tokens: handed out, asked for, waited for. The servers are in this process and have no socket, but for the emulator.
#![forbid(unsafe_code)]

mod crowd;
#[cfg(target_os = "linux")]
mod emulator;
mod exchange;
mod hand_out;
mod reply;
mod scene;
mod servers;

use player::Player;

fn main() {
    let player = Player::new();
    let player = hand_out::subjects(player);
    let player = exchange::subjects(player);
    let player = crowd::subjects(player);
    #[cfg(target_os = "linux")]
    let player = emulator::subjects(player);
    player.perform();
}
