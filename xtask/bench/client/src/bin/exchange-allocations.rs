//! What a request and its reply allocate. A program of its own: to count costs time.
#![forbid(unsafe_code)]

#[path = "../reply.rs"]
mod reply;
#[path = "../scene.rs"]
mod scene;

use std::hint::black_box;

use allocation_counter::measure;
use player::Player;

use crate::scene::Scene;

fn main() {
    let (both, alone) = (Scene::new(), Scene::new());
    Player::new()
        .measured("request-and-reply", move |_| {
            let answer = both.answer();
            let exchange = || drop(black_box((both.request(), both.read(answer))));
            measure(exchange).count_total as f64
        })
        .measured("request", move |_| {
            measure(|| drop(black_box(alone.request()))).count_total as f64
        })
        .perform();
}
