//! What the emulator knows, shared by its server and its handle.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lp_auth_core::UnixTime;

use crate::application::Application;
use crate::clock::{ClockOffset, machine_time};
use crate::connection::SentBytes;
use crate::fault::{Endpoint, Fault, FaultPlan};
use crate::journal::{Journal, Watcher};
use crate::keyring::KeyRing;
use crate::shapes::ReplyShapes;

pub(crate) struct Shared {
    sent: Arc<SentBytes>,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(settings: Settings, keys: KeyRing) -> Self {
        Self {
            sent: Arc::default(),
            state: Mutex::new(State {
                settings: Arc::new(settings),
                keys: Arc::new(keys),
                faults: FaultPlan::default(),
                journal: Journal::default(),
            }),
        }
    }

    pub(crate) fn sent(&self) -> &Arc<SentBytes> {
        &self.sent
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

    pub(crate) fn keys_mut(&mut self) -> &mut KeyRing {
        Arc::make_mut(&mut self.keys)
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
