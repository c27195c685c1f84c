//! What was asked of the emulator.

use core::fmt;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use http::StatusCode;
use lp_auth_core::UnixTime;

use crate::fault::{Endpoint, Fault};

/// A request that the emulator saw, and what came of it.
///
/// It holds no secret and no token: the path is without its query, and the client id is there only where it is known to
/// be one.
///
/// ```
/// use lp_auth_emulator::Emulator;
///
/// let emulator = Emulator::builder().start()?;
/// // … a client works …
/// for request in emulator.requests() {
///     println!("{} {} {:?}", request.method, request.path, request.status);
/// }
/// # Ok::<(), lp_auth_emulator::EmulatorError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// When it had been read, by the emulator's clock.
    pub at: UnixTime,
    /// The client that it came from, where it said so and the emulator knows it.
    pub client_id: Option<String>,
    /// What it was sent to; `None` where there is nothing.
    pub endpoint: Option<Endpoint>,
    /// The error that was answered, as `invalid_client`; `None` for a success or where a fault was in force.
    pub error: Option<String>,
    /// The fault that was in force for it.
    pub fault: Option<Fault>,
    /// The method.
    pub method: String,
    /// Its number: 1 for the first since the start.
    pub number: u64,
    /// The path, without the query, at most 200 bytes.
    pub path: String,
    /// The status that was answered; `None` where a fault kept the emulator from answering.
    pub status: Option<StatusCode>,
}

/// Who is told of each request as it is answered: nobody by default.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<Watch>>);

type Watch = dyn Fn(&SeenRequest) + Send + Sync;

impl Watcher {
    pub(crate) fn new(watch: impl Fn(&SeenRequest) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    pub(crate) fn tell(&self, request: &SeenRequest) {
        if let Some(watch) = &self.0 {
            watch(request);
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watcher").field(&self.0.is_some()).finish()
    }
}

/// The last requests, and how many there were.
#[derive(Default)]
pub(crate) struct Journal {
    seen: VecDeque<Arc<SeenRequest>>,
    last: u64,
    counts: HashMap<Option<Endpoint>, usize>,
}

impl Journal {
    /// Older ones are forgotten, so that an emulator may run for days.
    const LENGTH: usize = 10_000;

    /// Gives the request its number, and keeps it.
    pub(crate) fn record(&mut self, mut request: SeenRequest) -> Arc<SeenRequest> {
        self.last += 1;
        request.number = self.last;
        *self.counts.entry(request.endpoint).or_default() += 1;
        if self.seen.len() == Self::LENGTH {
            self.seen.pop_front();
        }
        let request = Arc::new(request);
        self.seen.push_back(Arc::clone(&request));
        request
    }

    /// Counts anew. Numbers go on, so that none comes twice.
    pub(crate) fn forget(&mut self) {
        self.seen.clear();
        self.counts.clear();
    }

    pub(crate) fn seen(&self) -> Vec<SeenRequest> {
        self.seen
            .iter()
            .map(|request| SeenRequest::clone(request))
            .collect()
    }

    /// Those after the one with this number, oldest first.
    #[cfg(feature = "control")]
    pub(crate) fn after(&self, number: u64) -> impl DoubleEndedIterator<Item = &SeenRequest> {
        let first = self.seen.partition_point(|request| request.number <= number);
        self.seen.range(first..).map(|request| &**request)
    }

    /// The number of the last one; 0 before the first.
    #[cfg(feature = "control")]
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    pub(crate) fn count(&self, endpoint: Option<Endpoint>) -> usize {
        self.counts.get(&endpoint).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_requests_are_forgotten_but_counted() {
        let mut journal = Journal::default();
        for second in 0..10_005 {
            journal.record(SeenRequest {
                at: UnixTime::from_secs(second),
                client_id: None,
                endpoint: Some(Endpoint::Keys),
                error: None,
                fault: None,
                method: "GET".into(),
                number: 0,
                path: "/".into(),
                status: None,
            });
        }
        assert_eq!(journal.seen().len(), 10_000);
        assert_eq!(journal.seen()[0].at, UnixTime::from_secs(5));
        assert_eq!(
            (journal.seen()[0].number, journal.seen()[9_999].number),
            (6, 10_005)
        );
        assert_eq!(journal.count(Some(Endpoint::Keys)), 10_005);
        assert_eq!(journal.count(None), 0);
    }
}
