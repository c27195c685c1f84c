//! A request built and its reply parsed, without anything in between.

use std::hint::black_box;
use std::time::Duration;

use lp_auth_core::Answer;
use player::{Player, collected, thread_time};

use crate::scene::Scene;

/// Replies are made beforehand, so many at once: what a transport does is not measured.
const AT_ONCE: usize = 64;

pub(crate) fn subjects(player: Player) -> Player {
    let scene = Scene::new();
    let work = move |count: u64| {
        let mut took = Duration::ZERO;
        for _ in 0..count.div_ceil(AT_ONCE as u64) {
            let answers: Vec<Answer> = (0..AT_ONCE).map(|_| scene.answer()).collect();
            let mut results = Vec::with_capacity(AT_ONCE);
            let look = thread_time().elapsed();
            let started = thread_time();
            collected(|| {
                for answer in answers {
                    results.push((scene.request(), scene.read(answer)));
                }
            });
            // Less what a look at the clock takes, which is a call into the system.
            took += started.elapsed().saturating_sub(look);
            drop(black_box(results));
        }
        took.as_nanos() as f64 * count as f64 / (count.div_ceil(AT_ONCE as u64) * AT_ONCE as u64) as f64
    };
    player.while_calm(1, |player| player.measured("request-and-reply", work))
}
