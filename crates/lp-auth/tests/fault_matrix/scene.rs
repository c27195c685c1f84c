//! The servers of one cell, and how a fault is planted there.

use std::sync::Arc;

use lp_auth::ServiceName;
use lp_auth::http::StatusCode;
use lp_auth_emulator::{
    CertificateAuthority, ClockOffset, Emulator, EmulatorBuilder, Endpoint, Fault, ServerCertificate,
    UnknownService,
};

use crate::canary::SECRET;
use crate::row::{EVERYWHERE, Place, Plant};

/// LivePerson as the client of one cell sees it.
pub(crate) struct Scene {
    pub(crate) emulator: Emulator,
    /// Somebody else's server: nobody has reason to ask it for anything.
    bystander: Option<Emulator>,
    plant: Plant,
    at: Endpoint,
}

impl Scene {
    /// With the fault in force.
    pub(crate) fn open(authority: &Arc<CertificateAuthority>, plant: &Plant, at: Endpoint) -> Self {
        let builder = || {
            Emulator::builder()
                .authority(Arc::clone(authority))
                .client_secret(SECRET)
        };
        let with = |certificate| builder().certificate(certificate);
        let bystander = match plant {
            Plant::Elsewhere(Place::Expired) => Some(with(ServerCertificate::for_loopback().expired())),
            Plant::Elsewhere(Place::OtherName) => {
                Some(with(ServerCertificate::for_name("somebody-else.test")))
            }
            Plant::Elsewhere(Place::Untrusted) => Some(Emulator::builder()),
            Plant::Redirect(_) => Some(builder()),
            _ => None,
        };
        let scene = Self {
            emulator: start(builder()),
            bystander: bystander.map(start),
            plant: plant.clone(),
            at,
        };
        scene.plant();
        scene
    }

    /// All is well from now on; or it cannot be, as clients do not forget where the Domain API is.
    pub(crate) fn mend(&self) -> bool {
        let emulator = &self.emulator;
        match &self.plant {
            Plant::Clock(_) => emulator.set_clock(ClockOffset::None),
            Plant::Elsewhere(_) if self.at == Endpoint::DomainApi => return false,
            Plant::Elsewhere(_) | Plant::Names(_) | Plant::NoService => {
                emulator.set_service(&ServiceName::SENTINEL, emulator.sentinel());
            }
            Plant::Fault(_) | Plant::FaultTimes(..) | Plant::Redirect(_) => emulator.clear_faults(),
        }
        true
    }

    /// The host of the Domain API, as the client is told.
    pub(crate) fn domain_api(&self) -> String {
        self.elsewhere()
            .filter(|_| self.at == Endpoint::DomainApi)
            .unwrap_or_else(|| self.emulator.sentinel().to_owned())
    }

    /// Who is asked while the fault is in force.
    pub(crate) fn asked(&self) -> String {
        self.elsewhere()
            .unwrap_or_else(|| self.emulator.sentinel().to_owned())
    }

    /// How many requests came to each endpoint.
    pub(crate) fn requests(&self) -> [usize; 3] {
        EVERYWHERE.map(|endpoint| self.emulator.request_count(endpoint))
    }

    /// What was asked of somebody who has nothing to do with it.
    pub(crate) fn strayed(&self) -> usize {
        self.bystander
            .as_ref()
            .map_or(0, |bystander| bystander.requests().len())
    }

    fn plant(&self) {
        let emulator = &self.emulator;
        match &self.plant {
            Plant::Clock(offset) => emulator.set_clock(*offset),
            Plant::Elsewhere(_) => {
                if let Some(elsewhere) = self.elsewhere().filter(|_| self.at != Endpoint::DomainApi) {
                    emulator.set_service(&ServiceName::SENTINEL, elsewhere);
                }
            }
            Plant::Fault(fault) => self.fault(fault.clone()),
            Plant::FaultTimes(fault, times) => emulator
                .fault_times(self.at, fault.clone(), *times)
                .expect("it applies to this endpoint"),
            Plant::Names(host) => emulator.set_service(&ServiceName::SENTINEL, *host),
            Plant::NoService => {
                let mut shapes = emulator.shapes();
                shapes.unknown_service = UnknownService::EmptyList;
                emulator.set_shapes(shapes);
                emulator.remove_service(&ServiceName::SENTINEL);
            }
            Plant::Redirect(status) => self.fault(Fault::Redirect {
                status: StatusCode::from_u16(*status).expect("a status of HTTP"),
                to: self
                    .bystander
                    .as_ref()
                    .map(Emulator::domain_api)
                    .expect("it was started"),
            }),
        }
    }

    fn fault(&self, fault: Fault) {
        self.emulator
            .fault(self.at, fault)
            .expect("it applies to this endpoint");
    }

    fn elsewhere(&self) -> Option<String> {
        match &self.plant {
            Plant::Elsewhere(Place::Refused) => Some(
                self.emulator
                    .refused_address()
                    .expect("loopback has a free port")
                    .to_string(),
            ),
            Plant::Elsewhere(Place::Unresolvable) => Some("nobody.invalid".to_owned()),
            Plant::Elsewhere(_) => self
                .bystander
                .as_ref()
                .map(|emulator| emulator.sentinel().to_owned()),
            _ => None,
        }
    }
}

fn start(builder: EmulatorBuilder) -> Emulator {
    builder.start().expect("loopback has a free port")
}
