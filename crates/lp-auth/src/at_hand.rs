//! What is at hand, for readers without a lock.

use core::ops::Deref;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use lp_auth_core::{UnixTime, Window};

/// An answer, published by whoever holds the machines for whoever does not, with the time in which nobody need ask.
pub(crate) struct AtHand<T> {
    published: ArcSwapOption<(T, Window)>,
}

impl<T> Default for AtHand<T> {
    fn default() -> Self {
        Self {
            published: ArcSwapOption::empty(),
        }
    }
}

impl<T> AtHand<T> {
    pub(crate) fn publish(&self, answer: Option<(T, Window)>) {
        self.published.store(answer.map(Arc::new));
    }

    /// The answer, if nobody need ask for another now.
    #[inline]
    pub(crate) fn load(&self, now: UnixTime) -> Option<impl Deref<Target = T>> {
        let published = self.published.load();
        let is_current = published
            .as_ref()
            .is_some_and(|published| published.1.contains(now));
        is_current.then_some(Reading(published))
    }
}

#[cfg(feature = "verify")]
impl<T> AtHand<Arc<T>> {
    /// Whatever was published, with the time in which nobody need ask for another.
    pub(crate) fn with_window<R>(&self, read: impl FnOnce(Option<(&T, Window)>) -> R) -> R {
        let published = self.published.load();
        read(published.as_ref().map(|published| (&*published.0, published.1)))
    }
}

struct Reading<T>(Guard<Option<Arc<(T, Window)>>>);

impl<T> Deref for Reading<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match &*self.0 {
            Some(published) => &published.0,
            None => unreachable!("`load` hands out no empty reading"),
        }
    }
}
