//! The machine that keeps a token at hand.

use core::convert::Infallible;
use core::time::Duration;

use crate::{
    AccessToken, Answer, Credentials, Error, ErrorKind, Flow, Locate, Pace, PreparedTokenRequest, Purpose,
    Reply, ServiceAnswer, ServiceExchange, ServiceHost, ServiceName, Status, Step, Taken, TokenRequest,
    UnixTime, Window,
};

/// Asks Sentinel for a token when one is needed, and keeps it.
///
/// - While a token is fresh, everybody gets it.
/// - From 3/4 of its life on, one asker gets the [`Step::Call`] that renews it, and all others still the token. With
///   [`upkeep`](Self::upkeep), which renews from 5/8 on, nobody has to.
/// - It is handed out until 30 s, or a tenth of its life, before its end, however many renewals fail.
/// - A failure is told to everybody who has nothing better, and rests ([`Rests`](crate::Rests)).
///
/// ```
/// use lp_auth_core::*;
///
/// let credentials = Credentials { client_id: "my-app".parse()?, client_secret: "hush".parse()? };
/// let request = TokenRequest::new("12345678".parse()?, ApiVersion::V2);
/// let mut tokens = TokenSource::builder(request, credentials).seed(7).build();
/// let mut sentinel = FixedHost::new(Region::Us.host());
///
/// let now = UnixTime::from_secs(1_700_000_000);
/// let Step::Call(call) = tokens.token(&mut sentinel, now)? else { panic!("nothing is at hand yet") };
/// let (ticket, request, limits) = call.into_parts();
/// assert_eq!(request.uri().path(), "/sentinel/api/v2/account/12345678/app/token");
///
/// // {"exp":1700003600,"iat":1700000000}, signed by nobody
/// let body = br#"{"access_token":"e30.eyJleHAiOjE3MDAwMDM2MDAsImlhdCI6MTcwMDAwMDAwMH0.c2ln"}"#;
/// let reply = ticket.reply(Ok(http::Response::new(Body::from(body.as_slice()))));
/// assert!(tokens.handle(reply, now).is_none());
///
/// let Step::Done(token) = tokens.token(&mut sentinel, now)? else { panic!("it is at hand now") };
/// assert_eq!(token.expires_at().as_secs(), 1_700_003_600);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TokenSource {
    request: TokenRequest,
    credentials: Credentials,
    /// Both, encoded when they are first sent.
    prepared: Option<PreparedTokenRequest>,
    exchange: ServiceExchange,
    held: Option<Held>,
    /// The stretch of time after an invalidation in which no other is obeyed.
    obeyed: Option<Window>,
    random: fastrand::Rng,
}

/// Sets up a [`TokenSource`]. Everything has a default.
///
/// ```
/// # use lp_auth_core::*;
/// # let credentials = Credentials { client_id: "my-app".parse()?, client_secret: "hush".parse()? };
/// # let request = TokenRequest::new("12345678".parse()?, ApiVersion::V2);
/// let pace = Pace { rests: Rests::default().scaled(0.01), ..Pace::default() };
/// let tokens = TokenSource::builder(request, credentials).pace(pace).seed(1).build();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TokenSourceBuilder {
    request: TokenRequest,
    credentials: Credentials,
    pace: Pace,
    seed: u64,
}

impl TokenSourceBuilder {
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

    /// The machine, with nothing at hand.
    pub fn build(self) -> TokenSource {
        TokenSource {
            request: self.request,
            credentials: self.credentials,
            prepared: None,
            exchange: ServiceExchange::new(ServiceName::SENTINEL, self.pace, self.seed),
            held: None,
            obeyed: None,
            random: fastrand::Rng::with_seed(self.seed),
        }
    }
}

/// A token, and what to do with it when.
#[derive(Clone, Debug)]
struct Held {
    token: AccessToken,
    /// From 5/8 of its life on, upkeep renews it.
    upkeep_from: UnixTime,
    /// Until 3/4 of its life nobody need ask.
    fresh: Window,
    /// Until shortly before its end it is handed out.
    usable: Window,
}

/// What an asker is told, decided from the state and the time alone.
enum Decision {
    /// This token, and nothing else to do.
    HandOut(AccessToken),
    /// Renew it: the asker that is told so makes the call. With the token that is still usable meanwhile, if any.
    Fetch(Option<AccessToken>),
    /// Somebody else is fetching the first one.
    Await(UnixTime),
    /// There is none, and the last try failed.
    Refuse(Error),
}

impl TokenSource {
    /// How long after an invalidation no other is obeyed.
    const OBEY_AGAIN_AFTER: Duration = Duration::from_secs(30);

    /// A machine for this request.
    pub fn builder(request: TokenRequest, credentials: Credentials) -> TokenSourceBuilder {
        TokenSourceBuilder {
            request,
            credentials,
            pace: Pace::default(),
            seed: 0,
        }
    }

    /// A token, a call to make, or a time to wait for.
    ///
    /// Fails where no token is usable and the last try failed: with that failure, until its rest is over.
    pub fn token(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        now: UnixTime,
    ) -> Result<Step<AccessToken>, Error> {
        let at_hand = match self.decide(now) {
            Decision::HandOut(token) => return Ok(Step::Done(token)),
            Decision::Await(until) => return Ok(Step::Wait(until)),
            Decision::Refuse(error) => return Err(error),
            Decision::Fetch(at_hand) => at_hand,
        };
        match (self.fetch(sentinel, now), at_hand) {
            (Ok(Step::Call(call)), _) => Ok(Step::Call(call)),
            (_, Some(token)) => Ok(Step::Done(token)),
            (step, None) => step.map(Step::towards),
        }
    }

    /// Renews the token when that is due, or fetches the first one: a call, or when to ask again.
    pub fn upkeep(&mut self, sentinel: &mut (impl Locate + ?Sized), now: UnixTime) -> Step<Infallible> {
        let not_due = self.held.as_ref().filter(|held| {
            Window::new(held.usable.start(), held.upkeep_from.min(held.usable.end())).contains(now)
        });
        if let Some(held) = not_due {
            return Step::Wait(held.upkeep_from);
        }
        let Self {
            request,
            credentials,
            prepared,
            exchange,
            ..
        } = self;
        exchange.upkeep(sentinel, Purpose::Token, now, |host| {
            prepare_once(prepared, request, credentials)?.to_http(host)
        })
    }

    /// An API refused this token (401): forgets it, if it is the one at hand.
    ///
    /// Says whether a retry makes sense: the next token will be another one. Obeyed at most once in 30 s, so that an
    /// API that refuses every token makes no storm of requests.
    pub fn invalidate(&mut self, rejected: &AccessToken, now: UnixTime) -> bool {
        let Some(held) = &self.held else { return true };
        if held.token != *rejected {
            return true;
        }
        if self.obeyed.is_some_and(|window| window.contains(now)) {
            return false;
        }
        self.held = None;
        self.obeyed = Some(Window::starting(now, Self::OBEY_AGAIN_AFTER));
        true
    }

    /// Puts a token at hand that was saved earlier, if it is usable and none that lives longer is at hand.
    ///
    /// Says whether it was taken. The caller sees to it that it is of the same account, client and consumer.
    pub fn restore(&mut self, token: AccessToken, now: UnixTime) -> bool {
        let held = self.hold(token);
        let better = |other: &Held| other.usable.contains(now) && other.usable.end() >= held.usable.end();
        if !held.usable.contains(now) || self.held.as_ref().is_some_and(better) {
            return false;
        }
        self.held = Some(held);
        true
    }

    /// Uses other credentials from now on, and ends a rest: the next asker may try at once.
    ///
    /// The token at hand stays, unless the client is another one; the answer of a call in flight is ignored.
    pub fn set_credentials(&mut self, credentials: Credentials) {
        if credentials.client_id != self.credentials.client_id {
            self.held = None;
        }
        self.credentials = credentials;
        self.prepared = None;
        self.exchange.forget();
    }

    /// The token at hand and the stretch of time in which nobody need ask for another, for readers without a lock.
    ///
    /// Also while it ages: as long as a renewal is in flight, or rests after a failure, nobody need ask.
    pub fn at_hand(&self) -> Option<(AccessToken, Window)> {
        let held = self.held.as_ref()?;
        let window = self.exchange.undisturbed(held.fresh, held.usable.end());
        Some((held.token.clone(), window))
    }

    /// The same, knowing the locator: nobody need ask, either, while Sentinel's host is being looked up for the renewal.
    pub fn at_hand_with(&self, sentinel: &(impl Locate + ?Sized)) -> Option<(AccessToken, Window)> {
        let held = self.held.as_ref()?;
        let window = self
            .exchange
            .undisturbed_with(sentinel, held.fresh, held.usable.end());
        Some((held.token.clone(), window))
    }

    /// The token at hand, if it may still be handed out, whether or not its renewal is due.
    ///
    /// For an asker who has waited for one call already: whoever renews a usable token waits for no second one.
    pub fn usable(&self, now: UnixTime) -> Option<&AccessToken> {
        self.held
            .as_ref()
            .filter(|held| held.usable.contains(now))
            .map(|held| &held.token)
    }

    /// What it asks for.
    pub fn request(&self) -> &TokenRequest {
        &self.request
    }

    /// What it authenticates with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn decide(&self, now: UnixTime) -> Decision {
        let usable = self.held.as_ref().filter(|held| held.usable.contains(now));
        let status = self.exchange.status(now);
        match (usable, status) {
            (Some(held), _) if held.fresh.contains(now) => Decision::HandOut(held.token.clone()),
            (Some(held), Status::Idle) => Decision::Fetch(Some(held.token.clone())),
            (Some(held), Status::InFlight { .. } | Status::Resting { .. }) => {
                Decision::HandOut(held.token.clone())
            }
            (None, Status::Idle) => Decision::Fetch(None),
            (None, Status::InFlight { until }) => Decision::Await(until),
            (None, Status::Resting { error, .. }) => Decision::Refuse(error),
        }
    }

    fn fetch(
        &mut self,
        sentinel: &mut (impl Locate + ?Sized),
        now: UnixTime,
    ) -> Result<Step<Infallible>, Error> {
        let Self {
            request,
            credentials,
            prepared,
            exchange,
            ..
        } = self;
        exchange.begin(sentinel, Purpose::Token, now, |host| {
            prepare_once(prepared, request, credentials)?.to_http(host)
        })
    }

    fn read(&mut self, answer: ServiceAnswer, now: UnixTime) {
        let ServiceAnswer { outcome, host, sent } = answer;
        let token = self
            .request
            .read(&self.credentials, &host, Answer { outcome, sent });
        match token.and_then(|token| self.hold_if_usable(token, &host, now)) {
            Ok(held) => {
                self.exchange.succeed();
                self.held = Some(held);
            }
            Err(error) => self.exchange.fail(error, &host, now),
        }
    }

    fn hold_if_usable(
        &mut self,
        token: AccessToken,
        host: &ServiceHost,
        now: UnixTime,
    ) -> Result<Held, Error> {
        let held = self.hold(token);
        if held.usable.contains(now) {
            return Ok(held);
        }
        Err(Error::new(ErrorKind::Malformed, Purpose::Token)
            .from_host(host.to_string())
            .with_detail("the token had no usable life left when it came")
            .with_advice("check the lifetime of tokens at the server, and this machine's clock"))
    }

    fn hold(&mut self, token: AccessToken) -> Held {
        let life = token.life();
        let margin = (life.length() / 10).min(Duration::from_secs(30));
        let renew_from = life.start() + life.length().mul_f64(0.75 + 0.0625 * self.random.f64());
        let upkeep_from = life.start() + life.length().mul_f64(0.625 + 0.03125 * self.random.f64());
        Held {
            upkeep_from,
            fresh: Window::new(life.start(), renew_from),
            usable: Window::new(life.start(), life.end() - margin),
            token,
        }
    }
}

fn prepare_once<'p>(
    prepared: &'p mut Option<PreparedTokenRequest>,
    request: &TokenRequest,
    credentials: &Credentials,
) -> Result<&'p PreparedTokenRequest, http::Error> {
    let ready = match prepared.take() {
        Some(ready) => ready,
        None => request.prepare(credentials)?,
    };
    Ok(prepared.insert(ready))
}

impl Flow for TokenSource {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        match self.exchange.take(reply, now) {
            Taken::Answer(answer) => {
                self.read(answer, now);
                None
            }
            Taken::NotOurs(reply) => Some(reply),
            Taken::TooLate => None,
        }
    }
}
