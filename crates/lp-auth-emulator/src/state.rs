//! What the emulator knows, shared by its server and its handle.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lp_auth_core::UnixTime;
use tokio::sync::watch;

use crate::application::Application;
use crate::clock::{ClockOffset, machine_time};
use crate::connection::SentBytes;
use crate::directory::Directory;
use crate::error::EmulatorError;
use crate::fault::{Endpoint, Fault, FaultPlan};
use crate::journal::{Journal, SeenRequest, Watcher};
use crate::keyring::KeyRing;
use crate::shapes::ReplyShapes;
use crate::signed::SignedNow;

pub(crate) struct Shared {
    /// Where keys are kept. Held while they change, so that what is kept is what is published.
    directory: Mutex<Option<Directory>>,
    /// Tells those who follow along that a request was seen, or something else changed.
    news: watch::Sender<News>,
    sent: Arc<SentBytes>,
    start: (Arc<Settings>, Arc<KeyRing>),
    state: Mutex<State>,
}

/// How much has happened: what is worth another look has grown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct News {
    /// Changes of anything but the requests.
    pub(crate) changes: u64,
    /// Times that the requests were forgotten.
    pub(crate) forgotten: u64,
    /// Requests.
    pub(crate) requests: u64,
}

impl Shared {
    pub(crate) fn new(settings: Settings, keys: KeyRing, directory: Option<Directory>) -> Self {
        let settings = Arc::new(settings);
        let keys = Arc::new(keys);
        Self {
            directory: Mutex::new(directory),
            news: watch::Sender::default(),
            sent: Arc::default(),
            start: (Arc::clone(&settings), Arc::clone(&keys)),
            state: Mutex::new(State {
                settings,
                keys,
                faults: FaultPlan::default(),
                journal: Journal::default(),
            }),
        }
    }

    pub(crate) fn sent(&self) -> &Arc<SentBytes> {
        &self.sent
    }

    /// Changes how things stand, and tells those who follow along. What fails is not to have changed anything.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.lock());
        self.news.send_modify(|news| news.changes += 1);
        changed
    }

    /// Changes the keys, and keeps them where there is a folder. If that fails, the keys are what they were.
    pub(crate) fn change_keys(
        &self,
        change: impl FnOnce(&mut KeyRing, UnixTime),
    ) -> Result<(), EmulatorError> {
        let directory = self.directory.lock().unwrap_or_else(PoisonError::into_inner);
        let Snapshot { mut keys, now, .. } = self.lock().snapshot();
        change(Arc::make_mut(&mut keys), now);
        if let Some(directory) = &*directory {
            directory.keep_keys(&keys)?;
        }
        self.change(|state| state.keys = keys);
        Ok(())
    }

    /// All is as it was at the start: applications, settings, keys; no fault, no request seen.
    pub(crate) fn reset(&self) -> Result<(), EmulatorError> {
        let (settings, keys) = &self.start;
        self.change_keys(|ring, _| *ring = KeyRing::clone(keys))?;
        self.change(|state| {
            state.settings = Arc::clone(settings);
            state.faults = FaultPlan::default();
        });
        self.forget_requests();
        Ok(())
    }

    /// Keeps what was asked, and tells those who follow along.
    pub(crate) fn record(&self, request: SeenRequest) -> Arc<SeenRequest> {
        let request = self.lock().journal.record(request);
        self.news.send_modify(|news| news.requests += 1);
        request
    }

    /// Starts counting requests anew.
    pub(crate) fn forget_requests(&self) {
        self.lock().journal.forget();
        self.news.send_modify(|news| news.forgotten += 1);
    }

    #[cfg(feature = "control")]
    pub(crate) fn follow(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    /// Never held while something is signed or sent.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct State {
    settings: Arc<Settings>,
    keys: Arc<KeyRing>,
    pub(crate) faults: FaultPlan,
    pub(crate) journal: Journal,
}

impl State {
    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    /// Adds the application, in place of one of the same account and client id.
    pub(crate) fn install(&mut self, application: Application) {
        let applications = &mut self.settings_mut().applications;
        applications.retain(|other| !other.is_known_as(application.account(), application.client_id()));
        applications.push(application);
    }

    /// What a request to this endpoint meets: how things stand now, and the fault that is its lot.
    pub(crate) fn meet(&mut self, endpoint: Option<Endpoint>) -> (Snapshot, Option<Fault>) {
        let fault = endpoint.and_then(|endpoint| self.faults.next(endpoint));
        (self.snapshot(), fault)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            now: self.settings.clock.applied_to(machine_time()),
            settings: Arc::clone(&self.settings),
            keys: Arc::clone(&self.keys),
        }
    }
}

/// How things stand at one moment: all that an endpoint's answer depends on, the request apart.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) now: UnixTime,
    pub(crate) settings: Arc<Settings>,
    pub(crate) keys: Arc<KeyRing>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) applications: Vec<Application>,
    pub(crate) clock: ClockOffset,
    pub(crate) latency: Duration,
    pub(crate) required_scope: Option<String>,
    /// Service names, and the hosts that the Domain API names for them.
    pub(crate) services: BTreeMap<String, String>,
    pub(crate) shapes: ReplyShapes,
    /// Where tokens are to be handed out again within a second.
    pub(crate) signed: Option<SignedNow>,
    pub(crate) token_lifetime: Duration,
    pub(crate) watcher: Watcher,
}

impl Settings {
    pub(crate) fn knows_account(&self, account: &str) -> bool {
        self.of_account(account).next().is_some()
    }

    pub(crate) fn knows_client(&self, client_id: &str) -> bool {
        self.applications
            .iter()
            .any(|application| application.client_id() == client_id)
    }

    pub(crate) fn of_account<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a Application> {
        self.applications
            .iter()
            .filter(move |application| application.account().as_str() == account)
    }
}
