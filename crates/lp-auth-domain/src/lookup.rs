//! The machine that knows where services live.

mod services;

use core::convert::Infallible;
use core::time::Duration;

use lp_auth_core::{
    AccountId, Answer, Error, ErrorKind, Exchange, Flow, HostPolicy, Locate, Pace, Purpose, Reply,
    ServiceHost, ServiceName, Status, Step, Taken, UnixTime, UntrustedHost, Window, malformed, success,
};

use self::services::{Known, Service, Services};
use crate::{BaseUris, DomainRequest};

/// Asks the Domain API where services live, and keeps the answers.
///
/// - A host is kept for an hour, by default. After that one asker gets the [`Step::Call`] that looks it up again, and
///   all others the host as it was.
/// - While the Domain API is down, the old host stays, however old.
/// - A host that was doubted ([`Locate::doubt`]) is looked up before it is used again, unless that fails.
/// - It keeps 64 services, more than LivePerson names. For a further one the service that nobody asked for longest
///   goes, one without a host first, and never one that is being looked up. A reply for it then comes back.
/// - A host is handed out only if the [`HostPolicy`] accepts it: this is where the client secret will go.
///
/// ```
/// use lp_auth_core::*;
/// use lp_auth_domain::DomainLookup;
///
/// let mut domain = DomainLookup::builder("12345678".parse()?).build();
/// let now = UnixTime::from_secs(1_700_000_000);
/// let Step::Call(call) = domain.locate(&ServiceName::SENTINEL, now)? else { panic!("nothing is known yet") };
/// let (ticket, request, _) = call.into_parts();
/// assert_eq!(request.uri().host(), Some("api.liveperson.net"));
///
/// let body = br#"{"service":"sentinel","account":"12345678","baseURI":"va.sentinel.liveperson.net"}"#;
/// domain.handle(ticket.reply(Ok(http::Response::new(Body::from(body.as_slice())))), now);
/// let step = domain.locate(&ServiceName::SENTINEL, now)?;
/// assert!(matches!(step, Step::Done(host) if host.name() == "va.sentinel.liveperson.net"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DomainLookup {
    settings: DomainLookupBuilder,
    services: Services,
}

/// Sets up a [`DomainLookup`]. Everything but the account has a default.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_core::HostPolicy;
/// use lp_auth_domain::DomainLookup;
///
/// let domain = DomainLookup::builder("12345678".parse()?)
///     .api("127.0.0.1:8443".parse()?)
///     .policy(HostPolicy::default().allow("127.0.0.1:8443")?)
///     .keep_for(Duration::from_secs(600))
///     .build();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DomainLookupBuilder {
    account: AccountId,
    api: ServiceHost,
    policy: HostPolicy,
    keep_for: Duration,
    pace: Pace,
    seed: u64,
}

impl DomainLookupBuilder {
    /// Where the Domain API lives. Default: `api.liveperson.net`; some accounts live behind another.
    pub fn api(mut self, api: ServiceHost) -> Self {
        self.api = api;
        self
    }

    /// Which hosts to trust. Default: [`HostPolicy::default`].
    pub fn policy(mut self, policy: HostPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How long a host counts as fresh. Default: 1 h.
    pub fn keep_for(mut self, length: Duration) -> Self {
        self.keep_for = length;
        self
    }

    /// The limits and rests of its calls. Default: [`Pace::default`].
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Decides the jitter. Default: 0; give each process its own.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The machine, with nothing known.
    pub fn build(self) -> DomainLookup {
        DomainLookup {
            settings: self,
            services: Services::default(),
        }
    }
}

impl DomainLookup {
    /// A lookup for this account.
    pub fn builder(account: AccountId) -> DomainLookupBuilder {
        DomainLookupBuilder {
            account,
            api: Self::default_api(),
            policy: HostPolicy::default(),
            keep_for: Duration::from_secs(3600),
            pace: Pace::default(),
            seed: 0,
        }
    }

    /// Where LivePerson's Domain API lives: `api.liveperson.net`.
    pub fn default_api() -> ServiceHost {
        ServiceHost::liveperson_domain_api()
    }

    fn begin(&mut self, service: &ServiceName, now: UnixTime) -> Result<lp_auth_core::Call, Error> {
        let settings = &self.settings;
        let request = DomainRequest::One(service.clone()).to_http(&settings.account, &settings.api);
        self.services
            .get_or_add(
                service,
                || Exchange::new(settings.pace.clone(), settings.seed),
                now,
            )
            .exchange
            .begin(Purpose::Host(service.clone()), request, now)
    }
}

impl Locate for DomainLookup {
    /// Fails where the service's host is not known and the last lookup failed, until the rest is over.
    fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        let Some(known_of) = self.services.ask(service) else {
            return self.begin(service, now).map(Step::Call);
        };
        match (&known_of.known, known_of.exchange.status(now)) {
            (Some(known), _) if !known.doubted && known.fresh.contains(now) => {
                Ok(Step::Done(known.host.clone()))
            }
            (_, Status::Idle) => self.begin(service, now).map(Step::Call),
            (Some(known), Status::InFlight { .. }) if !known.doubted => Ok(Step::Done(known.host.clone())),
            (Some(known), Status::Resting { .. }) => Ok(Step::Done(known.host.clone())),
            (_, Status::InFlight { until }) => Ok(Step::Wait(until)),
            (None, Status::Resting { error, .. }) => Err(error),
        }
    }

    fn doubt(&mut self, host: &ServiceHost) {
        let services = self.services.iter_mut();
        for known in services.filter_map(|(_, service)| service.known.as_mut()) {
            known.doubted |= known.host == *host;
        }
    }

    fn known(&self, service: &ServiceName) -> Option<ServiceHost> {
        self.services
            .get(service)?
            .known
            .as_ref()
            .map(|known| known.host.clone())
    }

    fn engaged(&self, service: &ServiceName) -> Option<Window> {
        let Service { exchange, known, .. } = self.services.get(service)?;
        let engaged = exchange.engaged()?;
        let is_served = known
            .as_ref()
            .is_some_and(|known| match exchange.status(engaged.start()) {
                Status::InFlight { .. } => !known.doubted,
                Status::Idle | Status::Resting { .. } => true,
            });
        (!is_served).then_some(engaged)
    }

    /// Looks the services that were asked for up again, each when its host is no longer fresh.
    fn upkeep(&mut self, now: UnixTime) -> Step<Infallible> {
        let mut next = UnixTime::MAX;
        let mut due = None;
        for (name, service) in self.services.iter() {
            let Some(known) = &service.known else { continue };
            match service.exchange.status(now) {
                Status::InFlight { until } | Status::Resting { until, .. } => next = next.min(until),
                Status::Idle if !known.doubted && known.fresh.contains(now) => {
                    next = next.min(known.fresh.end());
                }
                Status::Idle => due = Some(name.clone()),
            }
        }
        match due.map(|name| self.begin(&name, now)) {
            Some(Ok(call)) => Step::Call(call),
            Some(Err(error)) => Step::Wait(error.retry_at().unwrap_or(next).min(next)),
            None => Step::Wait(next),
        }
    }
}

impl Flow for DomainLookup {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        let mut reply = reply;
        for (name, service) in self.services.iter_mut() {
            match service.exchange.take(reply) {
                Taken::Answer(answer) => {
                    match read(&self.settings, name, answer) {
                        Ok(host) => {
                            service.exchange.succeed();
                            let fresh = Window::starting(now, self.settings.keep_for);
                            service.known = Some(Known {
                                host,
                                fresh,
                                doubted: false,
                            });
                        }
                        Err(error) => service.exchange.fail(error, now),
                    }
                    return None;
                }
                Taken::NotOurs(other) => reply = other,
                Taken::TooLate => return None,
            }
        }
        Some(reply)
    }
}

fn read(settings: &DomainLookupBuilder, service: &ServiceName, answer: Answer) -> Result<ServiceHost, Error> {
    let purpose = Purpose::Host(service.clone());
    let (account, api) = (&settings.account, settings.api.to_string());
    let reply = success(answer.outcome, &purpose, &api, &[]).map_err(|error| match error.kind() {
        ErrorKind::Refused => error.with_advice(format!("check the account id, `{account}`")),
        _ => error,
    })?;
    let hosts = BaseUris::parse(reply.body().as_ref()).map_err(|_| {
        malformed(
            &reply,
            &purpose,
            &api,
            "the body is not the JSON that names hosts",
        )
    })?;
    let Some(base_uri) = hosts.base_uri(service) else {
        return Err(Error::new(ErrorKind::ServiceUnknown, purpose)
            .from_host(api)
            .with_detail(format!("account `{account}` has no such service")));
    };
    settings.policy.accept(base_uri).map_err(|untrusted| {
        let advice = match &untrusted {
            UntrustedHost::NotAllowed(host) => Some(format!(
                "if `{host}` is yours, allow it by name (trusted host); if not, somebody answers in the Domain API's place"
            )),
            _ => None,
        };
        let error = Error::new(ErrorKind::HostNotTrusted, purpose).from_host(api).with_detail(untrusted.to_string());
        match advice {
            Some(advice) => error.with_advice(advice),
            None => error,
        }
    })
}
