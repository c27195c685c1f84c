//! The machines, the calls in flight, and the clock.

mod acts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lp_auth_core::{
    AccessToken, ApiVersion, Body, Call, Credentials, Error, FixedHost, Flow, Locate, Region, ServiceHost,
    ServiceName, Step, Ticket, TokenRequest, TokenSource, UnixTime, http,
};
use lp_auth_domain::DomainLookup;
use lp_auth_jwt::{KeySet, KeySource};

use crate::{Machine, Purpose, Says, Want, says};

/// Machines put together as a driver has them, and what they cannot see: the calls in flight, and the clock.
#[derive(Debug)]
pub struct Stage {
    /// The clock. It starts in November 2023.
    pub now: UnixTime,
    /// The token source of account `12345678`.
    pub tokens: TokenSource,
    /// The key source.
    pub keys: KeySource,
    /// Who knows where Sentinel lives.
    pub locator: Locator,
    in_flight: Vec<InFlight>,
    calls: BTreeMap<Purpose, usize>,
    services: Vec<&'static str>,
    last_error: Option<Error>,
    was_set_back: bool,
}

/// Where Sentinel's host comes from.
#[derive(Debug)]
pub enum Locator {
    /// The Domain API is asked.
    Domain(DomainLookup),
    /// The user named it.
    Fixed(FixedHost),
}

/// What an asker hears.
#[derive(Debug)]
pub enum Heard {
    /// To make this call, to this host.
    Call(Purpose, String),
    /// That it failed.
    Error(Error),
    /// A host.
    Host(ServiceHost),
    /// A key set.
    Keys(Arc<KeySet>),
    /// A token.
    Token(AccessToken),
    /// To wait until then.
    Wait(UnixTime),
}

#[derive(Debug)]
struct InFlight {
    purpose: Purpose,
    ticket: Ticket,
    lease: Lease,
}

/// How long a call keeps others from being made.
#[derive(Debug)]
struct Lease {
    sent: UnixTime,
    until: UnixTime,
    /// New credentials, or a newer call, make it count no more.
    is_void: bool,
}

/// What no log, error or address may show.
const SECRET: &str = "hush-4711-canary";

impl Default for Stage {
    /// A fixed Sentinel, nothing at hand.
    fn default() -> Self {
        Self::new(Locator::Fixed(FixedHost::new(Region::Us.host())), 4711)
    }
}

impl Stage {
    /// Nothing at hand, and this locator. The seed decides all jitter.
    pub fn new(locator: Locator, seed: u64) -> Self {
        let request = TokenRequest::new("12345678".parse().unwrap(), ApiVersion::V2);
        Self {
            now: UnixTime::from_secs(1_700_000_000),
            tokens: TokenSource::builder(request, credentials("my-app"))
                .seed(seed)
                .build(),
            keys: KeySource::builder().seed(seed).build(),
            locator,
            in_flight: Vec::new(),
            calls: BTreeMap::new(),
            services: Vec::new(),
            last_error: None,
            was_set_back: false,
        }
    }

    /// Nothing at hand, and a domain lookup. The seed decides all jitter.
    pub fn with_domain_api(seed: u64) -> Self {
        let account = "12345678".parse().unwrap();
        Self::new(
            Locator::Domain(DomainLookup::builder(account).seed(seed).build()),
            seed,
        )
    }

    /// Somebody asks for this. A call that he is told to make is in flight then.
    pub fn ask(&mut self, want: Want) -> Heard {
        let (locator, now) = (&mut self.locator, self.now);
        match want {
            Want::AToken => {
                let step = self.tokens.token(locator, now);
                self.hear(step, Heard::Token)
            }
            Want::Keys => {
                let step = self.keys.keys(locator, None, now);
                self.hear(step, Heard::Keys)
            }
            Want::Kid(kid) => {
                let step = self.keys.keys(locator, Some(kid), now);
                self.hear(step, Heard::Keys)
            }
            Want::HostOf(service) => {
                if !self.services.contains(&service) {
                    self.services.push(service);
                }
                let step = self.locator.locate(&service.parse().unwrap(), now);
                self.hear(step, Heard::Host)
            }
        }
    }

    /// Somebody asks this machine what is due: a call, or a time.
    pub fn keep_up(&mut self, machine: Machine) -> Heard {
        let (locator, now) = (&mut self.locator, self.now);
        let step = match machine {
            Machine::Hosts => locator.upkeep(now),
            Machine::KeySource => self.keys.upkeep(locator, now),
            Machine::TokenSource => self.tokens.upkeep(locator, now),
        };
        self.hear(
            Ok(step.towards()),
            |never: core::convert::Infallible| match never {},
        )
    }

    /// The call at this place among those in flight is answered. Says what it was for.
    pub fn reply(&mut self, place: usize, says: Says) -> Purpose {
        let InFlight { purpose, ticket, .. } = self.in_flight.remove(place);
        let mut reply = ticket.reply(says.outcome(purpose));
        let mut strangers = Self::with_domain_api(0);
        for machine in Machine::ALL {
            reply = strangers
                .machine(machine)
                .handle(reply, self.now)
                .expect("other machines give it back");
        }
        let now = self.now;
        let owner = purpose.owner();
        for machine in Machine::ALL.into_iter().filter(|machine| *machine != owner) {
            reply = self
                .machine(machine)
                .handle(reply, now)
                .expect("the wrong machine gives it back");
        }
        let left = self.machine(owner).handle(reply, now);
        assert!(
            left.is_none() || matches!(purpose, Purpose::TheService(_)),
            "its own machine takes it"
        );
        purpose
    }

    /// The call at this place among those in flight is lost. Says what it was for.
    pub fn lose(&mut self, place: usize) -> Purpose {
        self.in_flight.remove(place).purpose
    }

    /// What the call at this place among those in flight is for.
    pub fn purpose_of_call(&self, place: usize) -> Purpose {
        self.in_flight.get(place).expect("it is in flight").purpose
    }

    /// Takes the call at this place out of those in flight, to answer it in some other way.
    pub fn take_ticket(&mut self, place: usize) -> Ticket {
        self.in_flight.remove(place).ticket
    }

    /// The clock goes forward.
    pub fn after(&mut self, length: Duration) {
        self.now = self.now + length;
    }

    /// The clock is set back.
    pub fn set_back(&mut self, length: Duration) {
        self.now = self.now - length;
        self.was_set_back = true;
    }

    /// An API refuses the token of this name. Says whether a retry is said to make sense.
    pub fn invalidate(&mut self, name: &str) -> bool {
        let held = self.tokens.at_hand().map(|(token, _)| token);
        let rejected = held.filter(|held| says::name(held.expose()) == name);
        let rejected = rejected.unwrap_or_else(|| saved(name, self.now, 60));
        self.tokens.invalidate(&rejected, self.now)
    }

    /// A token is restored that lives so many seconds from now on. Says whether it is taken.
    pub fn restore(&mut self, name: &str, seconds: u64) -> bool {
        self.tokens.restore(saved(name, self.now, seconds), self.now)
    }

    /// The token source is given new credentials of this client.
    pub fn set_credentials(&mut self, client: &str) {
        self.tokens.set_credentials(credentials(client));
        let tokens = self.in_flight.iter_mut();
        tokens
            .filter(|call| call.purpose == Purpose::TheToken)
            .for_each(|call| call.lease.is_void = true);
    }

    /// The name of a token that a server here made.
    pub fn name_of(token: &AccessToken) -> String {
        says::name(token.expose())
    }

    /// How many calls have no reply yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// How many calls for this were made.
    pub fn calls(&self, purpose: Purpose) -> usize {
        self.calls.get(&purpose).copied().unwrap_or_default()
    }

    /// Whoever finds an answer at hand without a lock was right not to ask.
    pub fn check_readers(&mut self) {
        let now = self.now;
        if let Some((token, window)) = self.tokens.at_hand_with(&self.locator)
            && window.contains(now)
        {
            assert_eq!(self.tokens.usable(now), Some(&token), "a reader has {window:?}");
            // A clock that was set back into a lease is noticed by those who ask, and by readers when it ends.
            if !self.was_set_back {
                let step = self.tokens.token(&mut self.locator, now);
                assert!(
                    matches!(&step, Ok(Step::Done(other)) if *other == token),
                    "{step:?} at {now:?}, but a reader has {window:?}"
                );
            }
        }
        if let Some((keys, window)) = self.keys.at_hand_with(&self.locator)
            && window.contains(now)
        {
            assert!(
                self.keys
                    .usable(now)
                    .is_some_and(|usable| Arc::ptr_eq(usable, &keys)),
                "a reader has {window:?}"
            );
            if !self.was_set_back {
                let step = self.keys.keys(&mut self.locator, None, now);
                assert!(
                    matches!(&step, Ok(Step::Done(other)) if Arc::ptr_eq(other, &keys)),
                    "{step:?} at {now:?}, but a reader has {window:?}"
                );
            }
        }
    }

    fn machine(&mut self, machine: Machine) -> &mut dyn Flow {
        match machine {
            Machine::Hosts => &mut self.locator,
            Machine::KeySource => &mut self.keys,
            Machine::TokenSource => &mut self.tokens,
        }
    }

    fn hear<T>(&mut self, step: Result<Step<T>, Error>, done: impl FnOnce(T) -> Heard) -> Heard {
        match step {
            Ok(Step::Done(answer)) => done(answer),
            Ok(Step::Wait(until)) => {
                assert!(until > self.now, "a time to wait for is not past: {until:?}");
                Heard::Wait(until)
            }
            Ok(Step::Call(call)) => self.take_off(call),
            Err(error) => {
                if let Some(retry_at) = error.retry_at() {
                    assert!(retry_at > self.now, "a time to retry at is not past: {error}");
                }
                assert_is_safe_to_show(&format!("{error} {error:?}"));
                self.last_error = Some(error.clone());
                Heard::Error(error)
            }
        }
    }

    fn take_off(&mut self, call: Call) -> Heard {
        assert_is_safe_to_show(&format!("{call:?} {}", call.request().uri()));
        let purpose = self.purpose_of(&call);
        let (ticket, request, limits) = call.into_parts();
        check_request(purpose, &request);
        assert_eq!(limits.timeout, Duration::from_secs(10));
        let kibibytes = if purpose == Purpose::TheKeys { 256 } else { 64 };
        assert_eq!(limits.max_body, kibibytes * 1024);
        let until = self.now + limits.timeout + Duration::from_secs(1);
        let earlier = self.in_flight.iter_mut();
        for call in earlier.filter(|call| call.purpose == purpose) {
            let Lease { sent, until, is_void } = call.lease;
            let tolerance = Duration::from_secs(2);
            let is_out = !is_void && self.now < until && self.now + tolerance >= sent;
            assert!(!is_out, "one call at a time: {call:?}");
            call.lease.is_void = true;
        }
        let lease = Lease {
            sent: self.now,
            until,
            is_void: false,
        };
        self.in_flight.push(InFlight {
            purpose,
            ticket,
            lease,
        });
        *self.calls.entry(purpose).or_default() += 1;
        Heard::Call(purpose, request.uri().host().unwrap().to_owned())
    }

    fn purpose_of(&self, call: &Call) -> Purpose {
        match call.purpose() {
            lp_auth_core::Purpose::Host(name) if *name == ServiceName::SENTINEL => Purpose::TheSentinel,
            lp_auth_core::Purpose::Host(name) => {
                let mut services = self.services.iter();
                let asked = services.find(|service| **service == name.as_str());
                Purpose::TheService(asked.expect("it was asked for"))
            }
            lp_auth_core::Purpose::Keys => Purpose::TheKeys,
            lp_auth_core::Purpose::Token => Purpose::TheToken,
            other => panic!("nobody asked for: {other}"),
        }
    }
}

impl Machine {
    /// All machines.
    pub const ALL: [Self; 3] = [Self::Hosts, Self::KeySource, Self::TokenSource];
}

impl Purpose {
    fn owner(self) -> Machine {
        match self {
            Self::TheKeys => Machine::KeySource,
            Self::TheSentinel | Self::TheService(_) => Machine::Hosts,
            Self::TheToken => Machine::TokenSource,
        }
    }
}

impl Flow for Locator {
    fn handle(&mut self, reply: lp_auth_core::Reply, now: UnixTime) -> Option<lp_auth_core::Reply> {
        match self {
            Self::Domain(domain) => domain.handle(reply, now),
            Self::Fixed(fixed) => fixed.handle(reply, now),
        }
    }
}

impl Locate for Locator {
    fn locate(&mut self, service: &ServiceName, now: UnixTime) -> Result<Step<ServiceHost>, Error> {
        match self {
            Self::Domain(domain) => domain.locate(service, now),
            Self::Fixed(fixed) => fixed.locate(service, now),
        }
    }

    fn doubt(&mut self, host: &ServiceHost) {
        match self {
            Self::Domain(domain) => domain.doubt(host),
            Self::Fixed(fixed) => fixed.doubt(host),
        }
    }

    fn known(&self, service: &ServiceName) -> Option<ServiceHost> {
        match self {
            Self::Domain(domain) => domain.known(service),
            Self::Fixed(fixed) => fixed.known(service),
        }
    }

    fn engaged(&self, service: &ServiceName) -> Option<lp_auth_core::Window> {
        match self {
            Self::Domain(domain) => domain.engaged(service),
            Self::Fixed(fixed) => fixed.engaged(service),
        }
    }

    fn upkeep(&mut self, now: UnixTime) -> Step<core::convert::Infallible> {
        match self {
            Self::Domain(domain) => domain.upkeep(now),
            Self::Fixed(fixed) => fixed.upkeep(now),
        }
    }
}

/// Over https, to LivePerson, with the secret in the token request's body and nowhere else.
fn check_request(purpose: Purpose, request: &http::Request<Body>) {
    let uri = request.uri();
    assert_eq!(uri.scheme_str(), Some("https"), "{uri}");
    assert!(uri.host().unwrap().ends_with(".liveperson.net"), "{uri}");
    let has_secret = String::from_utf8_lossy(request.body().as_ref()).contains(SECRET);
    assert_eq!(has_secret, purpose == Purpose::TheToken, "{uri}");
    assert_is_safe_to_show(&format!("{:?} {:?}", request.headers(), request.body()));
}

fn assert_is_safe_to_show(text: &str) {
    assert!(!text.contains(SECRET), "the secret is shown: {text}");
    assert!(!text.contains("eyJ"), "a token is shown: {text}");
}

fn credentials(client: &str) -> Credentials {
    Credentials {
        client_id: client.parse().unwrap(),
        client_secret: SECRET.parse().unwrap(),
    }
}

fn saved(name: &str, now: UnixTime, seconds: u64) -> AccessToken {
    let life = lp_auth_core::Window::starting(now, Duration::from_secs(seconds));
    AccessToken::new(&says::jwt(name, 0, 1), life).unwrap()
}
