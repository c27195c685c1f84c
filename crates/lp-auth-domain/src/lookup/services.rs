//! The services that were asked for, as many as are worth keeping: a name may come from a stranger.

use std::collections::BTreeMap;

use lp_auth_core::{Exchange, ServiceHost, ServiceName, Status, UnixTime, Window};

/// What is known of each service that was asked for.
#[derive(Debug, Default)]
pub(super) struct Services {
    entries: BTreeMap<ServiceName, Service>,
    /// Counts the questions. Not a time: a clock may be set back.
    questions: u64,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) exchange: Exchange,
    pub(super) known: Option<Known>,
    /// The number of the last question for it.
    asked_last: u64,
}

#[derive(Debug)]
pub(super) struct Known {
    pub(super) host: ServiceHost,
    pub(super) fresh: Window,
    pub(super) doubted: bool,
}

impl Services {
    /// How many are kept: more than LivePerson names.
    pub(super) const MOST: usize = 64;

    /// Somebody asks for this one: what is known of it.
    pub(super) fn ask(&mut self, name: &ServiceName) -> Option<&Service> {
        self.questions += 1;
        let service = self.entries.get_mut(name)?;
        service.asked_last = self.questions;
        Some(service)
    }

    /// This one, new if need be, in the place of one that is not needed.
    pub(super) fn get_or_add(
        &mut self,
        name: &ServiceName,
        exchange: impl FnOnce() -> Exchange,
        now: UnixTime,
    ) -> &mut Service {
        if !self.entries.contains_key(name) {
            self.make_room(now);
        }
        self.entries.entry(name.clone()).or_insert_with(|| Service {
            exchange: exchange(),
            known: None,
            asked_last: self.questions,
        })
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&ServiceName, &mut Service)> {
        self.entries.iter_mut()
    }

    pub(super) fn get(&self, name: &ServiceName) -> Option<&Service> {
        self.entries.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&ServiceName, &Service)> {
        self.entries.iter()
    }

    /// Made-up names bring no host, so they push each other out before any that has one.
    fn make_room(&mut self, now: UnixTime) {
        while self.entries.len() >= Self::MOST {
            let is_free =
                |service: &Service| !matches!(service.exchange.status(now), Status::InFlight { .. });
            let least_needed = self
                .iter()
                .filter(|(_, service)| is_free(service))
                .min_by_key(|(_, service)| (service.known.is_some(), service.asked_last))
                .map(|(name, _)| name.clone());
            let Some(name) = least_needed else { return };
            self.entries.remove(&name);
        }
    }
}
