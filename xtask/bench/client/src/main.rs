//! Tokens: handed out, asked for, waited for. The servers are in this process and have no socket, but for the emulator.
#![forbid(unsafe_code)]

mod crowd;
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
    emulator::subjects(player).perform();
}
