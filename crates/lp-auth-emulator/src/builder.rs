//! What an emulator is to be like, before it starts.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use lp_auth_core::{AccountId, ServiceHost, ServiceName};
use secrecy::SecretString;

use crate::application::Application;
use crate::certificates::{CertificateAuthority, ServerCertificate};
use crate::clock::{ClockOffset, machine_time};
use crate::directory::{Directory, Ports};
use crate::emulator::{About, Emulator, Parts};
use crate::error::EmulatorError;
use crate::journal::{SeenRequest, Watcher};
use crate::keyring::KeyRing;
use crate::shapes::ReplyShapes;
use crate::signed::SignedNow;
use crate::state::{Settings, Shared};
use crate::thread::{Listener, ServerThread};

/// Describes an [`Emulator`] and starts it. Every setting has a default.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_emulator::{Application, Emulator};
///
/// let emulator = Emulator::builder()
///     .account("le81823118".parse()?)
///     .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
///     .client_secret("s3kr1t")
///     .scope("faas.lambda.invoke msg.consumer")
///     .application(Application::new("12345678".parse()?))
///     .token_lifetime(Duration::from_secs(60))
///     .start()?;
/// assert_eq!(emulator.account().as_str(), "le81823118");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct EmulatorBuilder {
    account: Option<AccountId>,
    advertised: Option<ServiceHost>,
    applications: Vec<Application>,
    authority: Option<Arc<CertificateAuthority>>,
    certificate: Option<ServerCertificate>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    clock: ClockOffset,
    #[cfg(feature = "control")]
    control: Option<SocketAddr>,
    directory: Option<PathBuf>,
    latency: Duration,
    listen: SocketAddr,
    own_keys: bool,
    plain_http: bool,
    required_scope: Option<String>,
    scope: Option<String>,
    shapes: ReplyShapes,
    signed: Option<SignedNow>,
    token_lifetime: Duration,
    watcher: Watcher,
}

impl EmulatorBuilder {
    pub(crate) fn new() -> Self {
        Self {
            account: None,
            advertised: None,
            applications: Vec::new(),
            authority: None,
            certificate: None,
            client_id: None,
            client_secret: None,
            clock: ClockOffset::None,
            #[cfg(feature = "control")]
            control: None,
            directory: None,
            latency: Duration::ZERO,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            own_keys: false,
            plain_http: false,
            required_scope: None,
            scope: None,
            shapes: ReplyShapes::default(),
            signed: None,
            token_lifetime: Duration::from_secs(3600),
            watcher: Watcher::default(),
        }
    }

    /// The account of the first application. Default: the one in the folder, else `12345678`.
    pub fn account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// The client id of the first application. Default: the one in the folder, else a made-up one.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The client secret of the first application. Default: the one in the folder, else a made-up one.
    pub fn client_secret(mut self, client_secret: impl Into<SecretString>) -> Self {
        self.client_secret = Some(client_secret.into());
        self
    }

    /// The scope of the first application. Default: the one in the folder, else [`Application::DEFAULT_SCOPE`].
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// One more application, of the same account or of another.
    pub fn application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// The host by which clients reach it: what the Domain API names, what the certificate is for, and what stands in the
    /// `env` file; as it is given, so without a port it means the usual one. For a container, whose clients are elsewhere:
    /// with this, [`listen`](Self::listen) takes any address. Default: the address that it listens on.
    ///
    /// ```no_run
    /// use lp_auth_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder()
    ///     .listen(([0, 0, 0, 0], 443).into())
    ///     .advertise("liveperson.test".parse()?)
    ///     .start()?;
    /// assert_eq!(emulator.domain_api(), "https://liveperson.test");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advertise(mut self, host: ServiceHost) -> Self {
        self.advertised = Some(host);
        self
    }

    /// The certificate authority that the server's certificate comes from. Default: the one in the folder, else one made
    /// for this emulator.
    pub fn authority(mut self, authority: Arc<CertificateAuthority>) -> Self {
        self.authority = Some(authority);
        self
    }

    /// The certificate that the server presents. Default: one in order, for loopback.
    pub fn certificate(mut self, certificate: ServerCertificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// How far the emulator's clock is from the machine's. Default: not at all.
    pub fn clock(mut self, offset: ClockOffset) -> Self {
        self.clock = offset;
        self
    }

    /// Serves the control plane at this address, which must be one of loopback; port 0 takes one as with
    /// [`listen`](Self::listen): an API and a page
    /// through which tests in any language, and people, set and see what the methods of [`Emulator`] do. Default: it is
    /// not served.
    ///
    /// It speaks plain http, and answers to nobody whose request says that it comes from another page or for another
    /// host, so that no page in a browser gets at it. It describes itself at `/openapi.json`.
    ///
    /// ```
    /// use lp_auth_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().control(([127, 0, 0, 1], 0).into()).start()?;
    /// let url = emulator.control_url().unwrap_or_default(); // http://127.0.0.1:PORT/
    /// assert!(url.starts_with("http://127.0.0.1:"));
    /// # Ok::<(), lp_auth_emulator::EmulatorError>(())
    /// ```
    #[cfg(feature = "control")]
    pub fn control(mut self, address: SocketAddr) -> Self {
        self.control = Some(address);
        self
    }

    /// A folder, made if it is not there, in which the certificate authority, the signing keys, the first application
    /// and the ports are kept from one start to the next, and an `env` file is written for the command `lp-auth`:
    /// `set -a; . FOLDER/env` in a shell. Files with secrets in them are readable for their owner alone. Default: none.
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// How long every answer is held back. Default: no time.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The address to listen on: one of this machine's loopback addresses, or, with [`advertise`](Self::advertise), any.
    /// Port 0 takes the one that the last emulator of the [folder](Self::directory) had, where there was one and it is
    /// free, and else any free one. Default: `127.0.0.1:0`.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Signs with keys that no other emulator has. Default: the emulators of a process share their keys, though not their
    /// `kid`s, since making one takes about a tenth of a second; with a [folder](Self::directory), the keys are its own.
    pub fn own_keys(mut self) -> Self {
        self.own_keys = true;
        self
    }

    /// Speaks http instead of https, for clients that insist. Default: https.
    pub fn plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// The scope that the APIs ask for, as `faas.lambda.invoke`. Default: none.
    pub fn require_scope(mut self, scope: impl Into<String>) -> Self {
        self.required_scope = Some(scope.into());
        self
    }

    /// Signs what a client asks for once in a second, and hands the same token out again until the second is over: RS256
    /// is deterministic, so it is the token that signing anew would make. For load tests, since a signature is nearly all
    /// that a token costs. Default: signs each time.
    pub fn sign_once_a_second(mut self) -> Self {
        self.signed = Some(SignedNow::default());
        self
    }

    /// The shapes of replies that are not published. Default: as the documentation suggests.
    pub fn shapes(mut self, shapes: ReplyShapes) -> Self {
        self.shapes = shapes;
        self
    }

    /// How long tokens are good for, in whole seconds. Default: one hour (LIVEPERSON.md §3).
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Is told of each request as it is answered, on the emulator's thread: it must not block. Default: nobody is.
    ///
    /// ```
    /// use lp_auth_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder()
    ///     .watch(|request| eprintln!("{} {}", request.method, request.path))
    ///     .start()?;
    /// # Ok::<(), lp_auth_emulator::EmulatorError>(())
    /// ```
    pub fn watch(mut self, watch: impl Fn(&SeenRequest) + Send + Sync + 'static) -> Self {
        self.watcher = Watcher::new(watch);
        self
    }

    /// Starts the emulator. When this returns, connections are accepted.
    ///
    /// It blocks for a few milliseconds, and works within an async runtime as well as without one: the emulator runs on a
    /// thread of its own. Fails where the address is not loopback though no host is advertised, or cannot be had, or the
    /// folder cannot be used.
    pub fn start(self) -> Result<Emulator, EmulatorError> {
        self.check_addresses()?;
        let directory = self.directory.as_deref().map(Directory::open).transpose()?;
        let lock = directory.as_ref().map(Directory::lock).transpose()?;
        let last = directory.as_ref().map(Directory::ports).unwrap_or_default();
        let listener = Listener::bind(self.listen, last.servers)?;
        #[cfg(feature = "control")]
        let control = self
            .control
            .map(|address| Listener::bind(address, last.control))
            .transpose()?;
        let address = listener.address();
        let host = match (&self.advertised, address.ip()) {
            (Some(advertised), _) => advertised.to_string(),
            (None, IpAddr::V4(_)) => address.to_string(),
            // Neither a certificate's name nor a `baseURI` is commonly written with brackets.
            (None, IpAddr::V6(_)) => format!("localhost:{}", address.port()),
        };
        let now = self.clock.applied_to(machine_time());
        let first = self.first_application(directory.as_ref())?;
        let keys = match (&directory, self.own_keys) {
            (Some(directory), _) => directory.keys(now)?,
            (None, true) => KeyRing::own(now),
            (None, false) => KeyRing::shared(now),
        };
        let authority = match (self.plain_http, self.authority, &directory) {
            (true, ..) => None,
            (false, Some(authority), None) => Some(authority),
            (false, Some(authority), Some(directory)) => {
                authority.save(directory.path())?;
                Some(authority)
            }
            (false, None, Some(directory)) => Some(Arc::new(CertificateAuthority::open(directory.path())?)),
            (false, None, None) => Some(Arc::new(CertificateAuthority::generate()?)),
        };
        let certificate = self.certificate.unwrap_or_else(|| {
            let certificate = ServerCertificate::for_loopback().covering(&address.ip().to_string());
            match &self.advertised {
                Some(advertised) => certificate.covering(advertised.name()),
                None => certificate,
            }
        });
        let tls = authority
            .as_ref()
            .map(|authority| authority.server_config(&certificate))
            .transpose()?;
        if let Some(directory) = &directory {
            directory.keep_application(&first)?;
            #[cfg(feature = "control")]
            let control = control.as_ref().map(Listener::address);
            #[cfg(not(feature = "control"))]
            let control: Option<SocketAddr> = None;
            directory.keep_ports(Ports {
                servers: Some(address.port()),
                control: control.map(|control| control.port()).or(last.control),
            })?;
            let control = control.map(|control| format!("http://{control}"));
            directory.write_env(&first, &host, self.plain_http, control.as_deref())?;
        }
        let services: BTreeMap<String, String> = ServiceName::DOCUMENTED
            .iter()
            .map(|service| ((*service).to_owned(), host.clone()))
            .collect();
        let settings = Settings {
            applications: [vec![first.clone()], self.applications].concat(),
            clock: self.clock,
            latency: self.latency,
            required_scope: self.required_scope,
            services,
            shapes: self.shapes,
            signed: self.signed,
            token_lifetime: self.token_lifetime,
            watcher: self.watcher,
        };
        let shared = Arc::new(Shared::new(settings, keys, directory.clone()));
        let about = About {
            host,
            first,
            authority,
            refusing: Arc::default(),
        };
        #[cfg(feature = "control")]
        let (control, beside) = match control {
            Some(listener) => {
                let address = listener.address();
                let plane = crate::control::serve(listener, Arc::clone(&shared), about.clone());
                (Some(address), Some(plane))
            }
            None => (None, None),
        };
        #[cfg(not(feature = "control"))]
        let beside = None;
        let server = ServerThread::start(listener, tls, shared, beside)?;
        Ok(Emulator::new(Parts {
            server,
            address,
            about,
            directory,
            #[cfg(feature = "control")]
            control,
            lock,
        }))
    }

    /// Others than this machine reach it only where the user said by which name, and never without encryption; and nobody
    /// else ever reaches the control plane, which hands out credentials.
    fn check_addresses(&self) -> Result<(), EmulatorError> {
        #[cfg(feature = "control")]
        if let Some(address) = self.control.filter(|address| !address.ip().is_loopback()) {
            return Err(EmulatorError::ControlBeyondLoopback(address));
        }
        if self.listen.ip().is_loopback() {
            return Ok(());
        }
        if self.advertised.is_none() {
            return Err(EmulatorError::NotLoopback(self.listen));
        }
        if self.plain_http {
            return Err(EmulatorError::PlainHttpBeyondLoopback(self.listen));
        }
        Ok(())
    }

    fn first_application(&self, directory: Option<&Directory>) -> Result<Application, EmulatorError> {
        let kept = match directory {
            Some(directory) => directory.application()?,
            None => None,
        };
        let default_account = || "12345678".parse().expect("these are digits");
        let mut application = match (kept, &self.account) {
            (Some(kept), None) => kept,
            (Some(kept), Some(account)) => kept.with_account(account.clone()),
            (None, account) => Application::new(account.clone().unwrap_or_else(default_account)),
        };
        if let Some(client_id) = &self.client_id {
            application = application.with_client_id(client_id);
        }
        if let Some(client_secret) = &self.client_secret {
            application = application.with_client_secret(client_secret.clone());
        }
        if let Some(scope) = &self.scope {
            application = application.with_scope(scope);
        }
        Ok(application)
    }
}
