//! Scenarios of the machines in simulated time, each a list of what happens and what must come of it.
//!
//! | file | what it is about | rules |
//! |---|---|---|
//! | `at_hand` | what is at hand is handed out | 1, 4 |
//! | `renewal` | one asker renews, the others go on | 2, 3 |
//! | `failures` | failures are shared, and rest | 5, 18 |
//! | `replies` | lost, late, foreign and useless ones | 6, 11, 19 |
//! | `invalidation` | tokens that an API refuses | 7 |
//! | `lifetimes` | how long a token lives | 8 |
//! | `clocks` | clocks that jump | 9 |
//! | `hosts` | where Sentinel lives, and who is trusted | 9, 10 |
//! | `credentials` | other credentials, saved tokens | 5, 12 |
//! | `keys` | the key set's life | 5, 9, 13 |
//! | `unknown_kids` | keys that nobody knows | 14 |

mod at_hand;
mod clocks;
mod credentials;
mod failures;
mod hosts;
mod invalidation;
mod keys;
mod lifetimes;
mod prelude;
mod renewal;
mod replies;
mod unknown_kids;

#[test]
fn there_are_at_least_sixty_scenarios_and_each_name_is_used_once() {
    let files = [
        ("at_hand", at_hand::NAMES),
        ("clocks", clocks::NAMES),
        ("credentials", credentials::NAMES),
        ("failures", failures::NAMES),
        ("hosts", hosts::NAMES),
        ("invalidation", invalidation::NAMES),
        ("keys", keys::NAMES),
        ("lifetimes", lifetimes::NAMES),
        ("renewal", renewal::NAMES),
        ("replies", replies::NAMES),
        ("unknown_kids", unknown_kids::NAMES),
    ];
    let mut all: Vec<&str> = Vec::new();
    for (file, names) in files {
        println!("{:>4} {file}", names.len());
        all.extend(names);
    }
    println!("{:>4} scenarios", all.len());
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), count);
    assert!(count >= 60);
}
