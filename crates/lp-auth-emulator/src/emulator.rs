//! The emulator in the hands of a test.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lp_auth_core::{AccountId, ServiceName, UnixTime};
use secrecy::SecretString;

use crate::application::Application;
use crate::builder::EmulatorBuilder;
use crate::certificates::CertificateAuthority;
use crate::clock::ClockOffset;
use crate::directory::Directory;
use crate::error::EmulatorError;
use crate::fault::{Endpoint, Fault, FaultDoesNotApply, FaultPlan};
use crate::journal::SeenRequest;
use crate::keyring::{JwkMembers, KeyRing};
use crate::refused::RefusedAddress;
use crate::shapes::ReplyShapes;
use crate::state::{Shared, Snapshot};
use crate::thread::ServerThread;
use crate::token::TokenDraft;
use lp_auth_core::ApiVersion;

/// LivePerson on loopback: the Domain API, Sentinel, and APIs that want a token, all at one address.
///
/// It runs on a thread of its own until it is dropped. Any number of them may run in one process; each has a port of its
/// own. Its methods can be called from anywhere, and take effect with the next request.
///
/// ```
/// use lp_auth_emulator::{Emulator, Endpoint};
///
/// let emulator = Emulator::builder().start()?;
/// // What a client is told: account, client id and secret, whom to trust, and where to ask.
/// let settings = (
///     emulator.account(),
///     emulator.client_id(),
///     emulator.client_secret(),
///     emulator.ca_pem(),
///     emulator.domain_api(),
/// );
/// # let _ = settings;
/// // … the client works …
/// assert_eq!(emulator.request_count(Endpoint::Token), 0);
/// # Ok::<(), lp_auth_emulator::EmulatorError>(())
/// ```
pub struct Emulator {
    server: ServerThread,
    address: SocketAddr,
    about: About,
    directory: Option<Directory>,
    #[cfg(feature = "control")]
    control: Option<SocketAddr>,
    /// Comes last: the folder is another's once the server has stopped.
    _lock: Option<File>,
}

/// Starting.
impl Emulator {
    /// Describes an emulator, and [starts](EmulatorBuilder::start) it.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            server: parts.server,
            address: parts.address,
            about: parts.about,
            directory: parts.directory,
            #[cfg(feature = "control")]
            control: parts.control,
            _lock: parts.lock,
        }
    }
}

/// What an emulator is made of.
pub(crate) struct Parts {
    pub(crate) server: ServerThread,
    pub(crate) address: SocketAddr,
    pub(crate) about: About,
    pub(crate) directory: Option<Directory>,
    #[cfg(feature = "control")]
    pub(crate) control: Option<SocketAddr>,
    pub(crate) lock: Option<File>,
}

/// What clients have to be told, and what does not change.
#[derive(Clone)]
pub(crate) struct About {
    pub(crate) host: String,
    pub(crate) first: Application,
    pub(crate) authority: Option<Arc<CertificateAuthority>>,
    pub(crate) refusing: Arc<RefusedAddress>,
}

impl About {
    /// `https`, or `http` where the builder said so.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.authority.is_some() { "https" } else { "http" }
    }

    /// The certificate authority in PEM; empty with plain http.
    pub(crate) fn ca_pem(&self) -> &str {
        self.authority.as_ref().map_or("", |authority| authority.pem())
    }
}

/// What clients are told.
impl Emulator {
    /// The first application's account.
    pub fn account(&self) -> &AccountId {
        self.about.first.account()
    }

    /// The first application's client id.
    pub fn client_id(&self) -> &str {
        self.about.first.client_id()
    }

    /// The first application's secret.
    pub fn client_secret(&self) -> &SecretString {
        self.about.first.client_secret()
    }

    /// The first application.
    pub fn application(&self) -> &Application {
        &self.about.first
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The Domain API, with scheme and without a slash at its end: `https://127.0.0.1:1234`. All else is there too.
    pub fn domain_api(&self) -> String {
        format!("{}://{}", self.scheme(), self.about.host)
    }

    /// Sentinel, without scheme, as the Domain API names it: `127.0.0.1:1234`. Clients have to be told to trust it.
    pub fn sentinel(&self) -> &str {
        &self.about.host
    }

    /// `https`, or `http` where the builder said so.
    pub fn scheme(&self) -> &'static str {
        self.about.scheme()
    }

    /// The certificate authority that clients have to trust, in PEM; empty with plain http.
    pub fn ca_pem(&self) -> &str {
        self.about.ca_pem()
    }

    /// The key that V1 tokens are verified with, in PEM. It may have to be made first, which takes a tenth of a second.
    pub fn v1_public_key_pem(&self) -> String {
        self.snapshot().keys.v1().spki_pem()
    }

    /// The same as `SubjectPublicKeyInfo` in base64, as the documentation prints LivePerson's (SPECIFICATION.md, step 3).
    pub fn v1_public_key_base64(&self) -> String {
        STANDARD.encode(self.snapshot().keys.v1().spki())
    }

    /// The key set as it is published now. Keys may have to be made first, which takes a tenth of a second each.
    pub fn jwks(&self) -> String {
        let snapshot = self.snapshot();
        let members = JwkMembers {
            alg: snapshot.settings.shapes.key_alg,
            key_use: snapshot.settings.shapes.key_use,
        };
        snapshot.keys.jwks(members).to_string()
    }

    /// The folder's `env` file, where there is a folder.
    pub fn env_file(&self) -> Option<PathBuf> {
        self.directory.as_ref().map(Directory::env_file)
    }

    /// The folder, as an absolute path, where there is one.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_ref().map(Directory::path)
    }

    /// An address of this machine at which connections are refused, for as long as the emulator lives. With
    /// [`set_service`](Self::set_service) the Domain API sends clients there.
    ///
    /// ```
    /// use lp_auth_core::ServiceName;
    /// use lp_auth_emulator::Emulator;
    ///
    /// let emulator = Emulator::builder().start()?;
    /// emulator.set_service(&ServiceName::SENTINEL, emulator.refused_address()?.to_string());
    /// assert!(std::net::TcpStream::connect(emulator.refused_address()?).is_err());
    /// # Ok::<(), lp_auth_emulator::EmulatorError>(())
    /// ```
    pub fn refused_address(&self) -> Result<SocketAddr, EmulatorError> {
        self.about.refusing.address()
    }

    /// The page and the API of the [control plane](EmulatorBuilder::control), as `http://127.0.0.1:1234/`, where there
    /// is one.
    #[cfg(feature = "control")]
    pub fn control_url(&self) -> Option<String> {
        self.control.map(|address| format!("http://{address}/"))
    }
}

/// Keys and tokens.
impl Emulator {
    /// A new key joins the key set and signs V2 tokens from now on; the old ones stay published.
    ///
    /// Fails only where the folder cannot be written to; the same holds for the other methods that change keys.
    pub fn rotate_keys(&self) -> Result<(), EmulatorError> {
        self.shared().change_keys(KeyRing::rotate)
    }

    /// All V2 keys but the one that signs leave the key set.
    pub fn retire_keys(&self) -> Result<(), EmulatorError> {
        self.shared().change_keys(|keys, _| keys.retire())
    }

    /// A rotation without overlap: a new key signs, and the old ones are published no more.
    pub fn replace_keys(&self) -> Result<(), EmulatorError> {
        self.shared().change_keys(KeyRing::replace)
    }

    /// A token for the first application as it would be issued now, to be changed before it is signed.
    pub fn draft(&self, version: ApiVersion) -> TokenDraft {
        let snapshot = self.snapshot();
        TokenDraft::issue(
            version,
            version,
            &self.about.first,
            &snapshot.keys,
            snapshot.now,
            snapshot.settings.token_lifetime,
        )
    }
}

/// What was asked.
impl Emulator {
    /// The last 10,000 requests, oldest first, and what came of them.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.shared().lock().journal.seen()
    }

    /// How many requests this endpoint has seen.
    pub fn request_count(&self, endpoint: Endpoint) -> usize {
        self.shared().lock().journal.count(Some(endpoint))
    }

    /// How many bytes went out over all connections since the start, TLS included: whether a client that was flooded
    /// stopped reading.
    ///
    /// ```
    /// use lp_auth_emulator::{Emulator, Endpoint, Fault};
    ///
    /// let emulator = Emulator::builder().start()?;
    /// emulator.fault(Endpoint::Token, Fault::HugeBody)?; // 200 MiB
    /// // … the client asks for a token, and gives up …
    /// assert!(emulator.bytes_sent() < 20 * 1024 * 1024);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bytes_sent(&self) -> u64 {
        self.shared().sent().count()
    }

    /// Starts counting requests anew.
    pub fn forget_requests(&self) {
        self.shared().forget_requests();
    }
}

/// What goes wrong.
impl Emulator {
    /// From now on the endpoint does this, once the faults that [`fault_times`](Self::fault_times) set are used up. It
    /// replaces what was said here before. Fails where it makes no sense at this endpoint.
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) -> Result<(), FaultDoesNotApply> {
        self.shared().change(|state| state.faults.set(endpoint, fault))
    }

    /// The endpoint's next so many requests meet this fault, after those that were set so before. Fails where it makes no
    /// sense at this endpoint.
    pub fn fault_times(&self, endpoint: Endpoint, fault: Fault, times: u32) -> Result<(), FaultDoesNotApply> {
        self.shared()
            .change(|state| state.faults.append(endpoint, fault, times))
    }

    /// All is well again, everywhere.
    pub fn clear_faults(&self) {
        self.shared().change(|state| state.faults = FaultPlan::default());
    }
}

/// How it behaves.
impl Emulator {
    /// What its clock shows.
    pub fn now(&self) -> UnixTime {
        self.snapshot().now
    }

    /// Moves its clock: so far from the machine's.
    pub fn set_clock(&self, offset: ClockOffset) {
        self.shared().change(|state| state.settings_mut().clock = offset);
    }

    /// Holds back every answer for so long.
    pub fn set_latency(&self, latency: Duration) {
        self.shared()
            .change(|state| state.settings_mut().latency = latency);
    }

    /// Tokens are good for so long, in whole seconds.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.shared()
            .change(|state| state.settings_mut().token_lifetime = lifetime);
    }

    /// The scope that the APIs ask for; `None` for none.
    pub fn set_required_scope(&self, scope: Option<String>) {
        self.shared()
            .change(|state| state.settings_mut().required_scope = scope);
    }

    /// The shapes of replies.
    pub fn shapes(&self) -> ReplyShapes {
        self.snapshot().settings.shapes.clone()
    }

    /// Changes the shapes of replies.
    pub fn set_shapes(&self, shapes: ReplyShapes) {
        self.shared().change(|state| state.settings_mut().shapes = shapes);
    }

    /// Installs one more application; one of the same account and client id is replaced.
    pub fn install(&self, application: Application) {
        self.shared().change(|state| state.install(application));
    }

    /// The Domain API names this host for the service, whatever it is: one that no client should trust, say.
    pub fn set_service(&self, service: &ServiceName, host: impl Into<String>) {
        let (service, host) = (service.to_string(), host.into());
        self.shared()
            .change(|state| state.settings_mut().services.insert(service, host));
    }

    /// The Domain API knows the service no more.
    pub fn remove_service(&self, service: &ServiceName) {
        self.shared()
            .change(|state| state.settings_mut().services.remove(service.as_str()));
    }

    /// All is as it was at the start: applications, keys and settings; no fault is in force and no request was seen.
    ///
    /// Fails only where the folder cannot be written to.
    ///
    /// ```
    /// use lp_auth_emulator::{ApiVersion, Emulator, Endpoint, Fault};
    ///
    /// let emulator = Emulator::builder().start()?;
    /// let before = emulator.jwks();
    /// emulator.replace_keys()?;
    /// emulator.fault(Endpoint::Token, Fault::Html)?;
    /// emulator.reset()?;
    /// assert_eq!(emulator.jwks(), before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reset(&self) -> Result<(), EmulatorError> {
        self.shared().reset()
    }

    fn snapshot(&self) -> Snapshot {
        self.shared().lock().snapshot()
    }

    fn shared(&self) -> &Shared {
        self.server.shared()
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("domain_api", &self.domain_api())
            .finish_non_exhaustive()
    }
}
