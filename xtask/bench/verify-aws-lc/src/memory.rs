//! Repeats from memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lp_auth_jwt::{KeySet, Keys};
use player::Player;

use crate::bare::Signer;
use crate::growth::THREADS;
use crate::ours::{key, now, policy};

/// One hot token, a thousand in turn, and one hot token on two threads at once.
pub(crate) fn subjects(player: Player, signer: &Arc<Signer>) -> Player {
    let hot = remembered(signer, 1);
    let thousand = Lazy::new({
        let signer = Arc::clone(signer);
        move || remembered(&signer, 1000)
    });
    let owned = Arc::clone(&hot);
    let next = AtomicUsize::new(0);
    let mut player = player;
    for threads in THREADS {
        let hot = Arc::clone(&hot);
        player = player
            .on_threads(&format!("memory-hot-on-{threads}"), threads, move || {
                hot.recall(0)
            })
            .on_threads(&format!("control-on-{threads}"), threads, control);
    }
    player
        .timed("memory-hot", move || hot.recall(0))
        .timed("memory-hot-owned", move || owned.recall_owned(0))
        .timed("memory-1000", move || {
            let thousand = thousand.get();
            thousand.recall(next.fetch_add(1, Ordering::Relaxed) % 1000)
        })
        .measured("memory-recall", {
            let signer = Arc::clone(signer);
            let mut scene: Option<(u64, Arc<Scene>)> = None;
            move |tokens| {
                let kept = scene.take().filter(|(count, _)| *count == tokens);
                let (_, scene) =
                    &*scene.insert(kept.unwrap_or_else(|| (tokens, remembered(&signer, tokens))));
                let turns = 20_000 / tokens as usize + 1;
                let started = player::thread_time();
                for _ in 0..turns {
                    for token in 0..scene.tokens.len() {
                        std::hint::black_box(scene.recall(token));
                    }
                }
                started.elapsed().as_nanos() as f64 / (turns * scene.tokens.len()) as f64
            }
        })
}

/// Work that shares nothing: how far two threads get on this machine, now.
fn control() -> u64 {
    (0..64_u64).fold(1, |number, turn| std::hint::black_box(number * 3 + turn))
}

/// Made when it is first needed: a thousand signatures take a quarter of a second.
struct Lazy<T, F> {
    made: std::sync::OnceLock<T>,
    make: F,
}

impl<T, F: Fn() -> T> Lazy<T, F> {
    fn new(make: F) -> Self {
        Self {
            made: std::sync::OnceLock::new(),
            make,
        }
    }

    fn get(&self) -> &T {
        self.made.get_or_init(&self.make)
    }
}

struct Scene {
    policy: lp_auth_jwt::Policy,
    keys: KeySet,
    tokens: Vec<String>,
}

fn remembered(signer: &Signer, tokens: u64) -> Arc<Scene> {
    let scene = Scene::new(signer, tokens);
    scene.verify_all();
    Arc::new(scene)
}

impl Scene {
    fn new(signer: &Signer, tokens: u64) -> Self {
        Self {
            policy: policy(),
            keys: KeySet::from(key(signer)).remembering(tokens as usize),
            tokens: (1..=tokens).map(|number| signer.token(number)).collect(),
        }
    }

    fn verify_all(&self) {
        for token in 0..self.tokens.len() {
            self.recall(token);
        }
    }

    fn recall(&self, token: usize) -> usize {
        self.policy
            .with_claims(&self.tokens[token], Keys::v2(&self.keys), now(), |claims| {
                claims.json().len()
            })
            .expect("the token is genuine")
    }

    fn recall_owned(&self, token: usize) -> lp_auth_jwt::Claims {
        self.policy
            .verify(&self.tokens[token], Keys::v2(&self.keys), now())
            .expect("the token is genuine")
    }
}
