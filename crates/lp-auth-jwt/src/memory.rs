//! Verified tokens that a key remembers: bounded, without a lock, and compared whole.

use core::hash::{BuildHasher, Hasher};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::{ArcSwapOption, Guard};
use foldhash::fast::RandomState;
use lp_auth_core::UnixTime;

use crate::Claims;

/// A token whose signature was verified, and what it claims. Whether that is acceptable is asked anew each time.
pub(crate) struct Remembered {
    token: Box<str>,
    pub(crate) claims: Claims,
}

impl Remembered {
    pub(crate) fn new(token: &str, claims: Claims) -> Self {
        Self {
            token: token.into(),
            claims,
        }
    }
}

/// A remembered token, held without touching a counter that other threads touch.
pub(crate) struct Recalled(Guard<Option<Arc<Remembered>>>);

impl Recalled {
    pub(crate) fn claims(&self) -> Option<&Claims> {
        self.0.as_ref().map(|remembered| &remembered.claims)
    }
}

/// Places for tokens, in groups. A token can stand anywhere in two groups that its hash says, and nowhere else.
///
/// There are twice as many places as tokens may be remembered: then hardly ever are both groups of a token full, and
/// the bound is what the count says. A place takes 16 bytes; they are allocated with the first token.
pub(crate) struct Memory {
    most: usize,
    count: AtomicUsize,
    groups: OnceLock<Box<[Group]>>,
}

#[derive(Default)]
struct Group([Place; GROUP]);

const GROUP: usize = 8;

#[derive(Default)]
struct Place {
    /// The hash of the token that stands here, to pass by without a look at it; 0 where none stands.
    hash: AtomicU64,
    token: ArcSwapOption<Remembered>,
}

/// A token's hash, of its end alone: the signature's last bytes are as random as a hash could make them, and what is
/// found is compared whole. Seeded all the same, and never 0.
#[derive(Clone, Copy)]
struct TokenHash(u64);

impl TokenHash {
    fn of(token: &str) -> Self {
        const END: usize = 16;
        static SEED: OnceLock<RandomState> = OnceLock::new();
        let mut hasher = SEED.get_or_init(RandomState::default).build_hasher();
        let token = token.as_bytes();
        hasher.write(token.get(token.len().saturating_sub(END)..).unwrap_or_default());
        Self(hasher.finish() | 1)
    }

    /// The two groups in which the token may stand: hashes are spread over the groups without a division.
    fn groups(self, groups: &[Group]) -> [Option<&Group>; 2] {
        [self.0, self.0.rotate_left(32)].map(|hash| {
            let place = u128::from(hash) * groups.len() as u128;
            groups.get(usize::try_from(place >> 64).ok()?)
        })
    }
}

impl Memory {
    /// How many groups are looked through for a token that makes room.
    const FAR: usize = 64;

    /// Of up to so many tokens.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            count: AtomicUsize::new(0),
            groups: OnceLock::new(),
        }
    }

    /// An empty one of the same size.
    pub(crate) fn emptied(&self) -> Self {
        Self::new(self.most)
    }

    /// The claims of this token, if it was verified before.
    pub(crate) fn recall(&self, token: &str) -> Option<Recalled> {
        let groups = self.groups.get()?;
        let hash = TokenHash::of(token);
        hash.groups(groups)
            .into_iter()
            .flatten()
            .flat_map(|group| &group.0)
            .filter(|place| place.hash.load(Ordering::Relaxed) == hash.0)
            .map(|place| place.token.load())
            .find(|found| found.as_ref().is_some_and(|found| *found.token == *token))
            .map(Recalled)
    }

    /// Remembers a token. Where there is no room, another one is forgotten: of those at hand, the one that ends first.
    pub(crate) fn remember(&self, token: Arc<Remembered>) {
        if self.recall(&token.token).is_some() {
            return;
        }
        let hash = TokenHash::of(&token.token);
        let groups = self.groups.get_or_init(|| {
            let places = self.most.saturating_mul(2);
            (0..places.div_ceil(GROUP)).map(|_| Group::default()).collect()
        });
        let own = hash.groups(groups).into_iter().flatten();
        // The emptier of the two: else some pairs of groups are full long before the others.
        let free = own.clone().max_by_key(|group| group.room()).and_then(Group::free);
        let is_counted = || {
            self.count
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
                    (count < self.most).then_some(count + 1)
                })
                .is_ok()
        };
        if let Some(free) = free
            && is_counted()
        {
            self.discount(free.put(token, hash));
            return;
        }
        if let Some(victim) = own
            .clone()
            .filter_map(Group::first_to_end)
            .min_by_key(|place| place.ends_at())
        {
            // The count stays, but for a race that emptied the place just now.
            if !victim.put(token, hash) {
                self.count.fetch_add(1, Ordering::Relaxed);
            }
            return;
        }
        // The memory is full and both groups are empty: a token of another group makes room.
        let victim = groups
            .iter()
            .filter_map(Group::first_to_end)
            .take(Self::FAR)
            .min_by_key(|place| place.ends_at());
        if let (Some(victim), Some(free)) = (victim, free)
            && victim.clear()
        {
            self.discount(free.put(token, hash));
        }
    }

    /// A token that was counted has taken the place of another one that was counted as well.
    fn discount(&self, has_replaced: bool) {
        if has_replaced {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Group {
    fn free(&self) -> Option<&Place> {
        self.0.iter().find(|place| place.token.load().is_none())
    }

    fn room(&self) -> usize {
        self.0.iter().filter(|place| place.token.load().is_none()).count()
    }

    fn first_to_end(&self) -> Option<&Place> {
        self.0
            .iter()
            .filter_map(|place| place.ends_at().map(|end| (end, place)))
            .min_by_key(|(end, _)| *end)
            .map(|(_, place)| place)
    }
}

impl Place {
    /// Says whether another token stood here.
    fn put(&self, token: Arc<Remembered>, hash: TokenHash) -> bool {
        let before = self.token.swap(Some(token));
        self.hash.store(hash.0, Ordering::Relaxed);
        before.is_some()
    }

    /// Says whether a token stood here.
    fn clear(&self) -> bool {
        self.hash.store(0, Ordering::Relaxed);
        self.token.swap(None).is_some()
    }

    fn ends_at(&self) -> Option<UnixTime> {
        let token = self.token.load();
        Some(token.as_ref()?.claims.exp().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use lp_auth_core::ApiVersion;

    use super::*;
    use crate::ClaimsSet;

    fn remembered(token: &str, exp: u64) -> Arc<Remembered> {
        let payload = format!(r#"{{"exp":{exp}}}"#).into_bytes();
        let claims = Claims::new(ClaimsSet::read(payload).unwrap(), ApiVersion::V2);
        Arc::new(Remembered::new(token, claims))
    }

    fn recalled(memory: &Memory, tokens: u64) -> usize {
        (0..tokens)
            .filter(|number| memory.recall(&format!("token-{number}")).is_some())
            .count()
    }

    #[test]
    fn no_more_tokens_are_remembered_than_was_said() {
        for most in [1, 2, 7, 8, 100, 1000] {
            let memory = Memory::new(most);
            for number in 0..5000 {
                memory.remember(remembered(&format!("token-{number}"), number));
            }
            assert_eq!(recalled(&memory, 5000), most);
            assert_eq!(memory.count.load(Ordering::Relaxed), most);
        }
    }

    #[test]
    fn as_many_as_was_said_are_remembered_all_at_once() {
        for most in [1, 8, 100, 1000, 10_000] {
            let memory = Memory::new(most);
            for number in 0..most as u64 {
                memory.remember(remembered(&format!("token-{number}"), number));
            }
            let found = recalled(&memory, most as u64);
            assert!(found * 1000 >= most * 995, "{found} of {most}");
        }
    }

    #[test]
    fn the_token_that_ends_first_makes_room() {
        let memory = Memory::new(2);
        for (token, exp) in [("a", 300), ("b", 100), ("c", 200)] {
            memory.remember(remembered(token, exp));
        }
        let is_there = |token| memory.recall(token).is_some();
        assert_eq!([is_there("a"), is_there("b"), is_there("c")], [true, false, true]);
    }

    #[test]
    fn a_token_is_compared_whole() {
        let memory = Memory::new(100);
        let end = "x".repeat(100);
        memory.remember(remembered(&format!("a.{end}"), 1));
        assert!(memory.recall(&format!("a.{end}")).is_some());
        assert!(memory.recall(&format!("b.{end}")).is_none());
        assert!(memory.recall(&end).is_none());
    }

    #[test]
    fn the_same_token_is_remembered_once() {
        let memory = Memory::new(100);
        for _ in 0..3 {
            memory.remember(remembered("a", 1));
        }
        assert_eq!(memory.count.load(Ordering::Relaxed), 1);
    }
}
