//! The emulator in the hands of a test.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

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
use crate::fault::{Endpoint, Fault, FaultDoesNotApply};
use crate::journal::SeenRequest;
use crate::keyring::{JwkMembers, KeyRing};
use crate::shapes::ReplyShapes;
use crate::state::Snapshot;
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
    host: String,
    first: Application,
    authority: Option<Arc<CertificateAuthority>>,
    directory: Option<Directory>,
    /// Bound, and never listening: so that nobody else listens there.
    refusing: OnceLock<(tokio::net::TcpSocket, SocketAddr)>,
}

/// Starting.
impl Emulator {
    /// Describes an emulator, and [starts](EmulatorBuilder::start) it.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    pub(crate) fn new(
        server: ServerThread,
        address: SocketAddr,
        host: String,
        first: Application,
        authority: Option<Arc<CertificateAuthority>>,
        directory: Option<Directory>,
    ) -> Self {
        Self {
            server,
            address,
            host,
            first,
            authority,
            directory,
            refusing: OnceLock::new(),
        }
    }
}

/// What clients are told.
impl Emulator {
    /// The first application's account.
    pub fn account(&self) -> &AccountId {
        self.first.account()
    }

    /// The first application's client id.
    pub fn client_id(&self) -> &str {
        self.first.client_id()
    }

    /// The first application's secret.
    pub fn client_secret(&self) -> &SecretString {
        self.first.client_secret()
    }

    /// The first application.
    pub fn application(&self) -> &Application {
        &self.first
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The Domain API, with scheme and without a slash at its end: `https://127.0.0.1:1234`. All else is there too.
    pub fn domain_api(&self) -> String {
        format!("{}://{}", self.scheme(), self.host)
    }

    /// Sentinel, without scheme, as the Domain API names it: `127.0.0.1:1234`. Clients have to be told to trust it.
    pub fn sentinel(&self) -> &str {
        &self.host
    }

    /// `https`, or `http` where the builder said so.
    pub fn scheme(&self) -> &'static str {
        if self.authority.is_some() { "https" } else { "http" }
    }

    /// The certificate authority that clients have to trust, in PEM; empty with plain http.
    pub fn ca_pem(&self) -> &str {
        self.authority.as_ref().map_or("", |authority| authority.pem())
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
        if let Some((_, address)) = self.refusing.get() {
            return Ok(*address);
        }
        let wanted: SocketAddr = ([127, 0, 0, 1], 0).into();
        let bind = || {
            let socket = tokio::net::TcpSocket::new_v4()?;
            socket.bind(wanted)?;
            let address = socket.local_addr()?;
            Ok((socket, address))
        };
        let bound = bind().map_err(|error: std::io::Error| EmulatorError::Listen {
            address: wanted,
            source: Arc::new(error),
        })?;
        Ok(self.refusing.get_or_init(|| bound).1)
    }
}

/// Keys and tokens.
impl Emulator {
    /// A new key joins the key set and signs V2 tokens from now on; the old ones stay published.
    ///
    /// Fails only where the folder cannot be written to; the same holds for the other methods that change keys.
    pub fn rotate_keys(&self) -> Result<(), EmulatorError> {
        self.change_keys(KeyRing::rotate)
    }

    /// All V2 keys but the one that signs leave the key set.
    pub fn retire_keys(&self) -> Result<(), EmulatorError> {
        self.change_keys(KeyRing::retire)
    }

    /// A rotation without overlap: a new key signs, and the old ones are published no more.
    pub fn replace_keys(&self) -> Result<(), EmulatorError> {
        self.change_keys(|keys| {
            keys.rotate();
            keys.retire();
        })
    }

    /// A token for the first application as it would be issued now, to be changed before it is signed.
    pub fn draft(&self, version: ApiVersion) -> TokenDraft {
        let snapshot = self.snapshot();
        TokenDraft::issue(
            version,
            version,
            &self.first,
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
        self.server.shared().lock().journal.seen()
    }

    /// How many requests this endpoint has seen.
    pub fn request_count(&self, endpoint: Endpoint) -> usize {
        self.server.shared().lock().journal.count(Some(endpoint))
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
        self.server.shared().sent().count()
    }

    /// Starts counting requests anew.
    pub fn forget_requests(&self) {
        self.server.shared().lock().journal = crate::journal::Journal::default();
    }
}

/// What goes wrong.
impl Emulator {
    /// From now on the endpoint does this, once the faults that [`fault_times`](Self::fault_times) set are used up. It
    /// replaces what was said here before. Fails where it makes no sense at this endpoint.
    pub fn fault(&self, endpoint: Endpoint, fault: Fault) -> Result<(), FaultDoesNotApply> {
        self.server.shared().lock().faults.set(endpoint, fault)
    }

    /// The endpoint's next so many requests meet this fault, after those that were set so before. Fails where it makes no
    /// sense at this endpoint.
    pub fn fault_times(&self, endpoint: Endpoint, fault: Fault, times: u32) -> Result<(), FaultDoesNotApply> {
        self.server.shared().lock().faults.append(endpoint, fault, times)
    }

    /// All is well again, everywhere.
    pub fn clear_faults(&self) {
        self.server.shared().lock().faults = crate::fault::FaultPlan::default();
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
        self.server.shared().lock().settings_mut().clock = offset;
    }

    /// Holds back every answer for so long.
    pub fn set_latency(&self, latency: Duration) {
        self.server.shared().lock().settings_mut().latency = latency;
    }

    /// Tokens are good for so long, in whole seconds.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.server.shared().lock().settings_mut().token_lifetime = lifetime;
    }

    /// The scope that the APIs ask for; `None` for none.
    pub fn set_required_scope(&self, scope: Option<String>) {
        self.server.shared().lock().settings_mut().required_scope = scope;
    }

    /// The shapes of replies.
    pub fn shapes(&self) -> ReplyShapes {
        self.snapshot().settings.shapes.clone()
    }

    /// Changes the shapes of replies.
    pub fn set_shapes(&self, shapes: ReplyShapes) {
        self.server.shared().lock().settings_mut().shapes = shapes;
    }

    /// Installs one more application; one of the same account and client id is replaced.
    pub fn install(&self, application: Application) {
        let mut state = self.server.shared().lock();
        let applications = &mut state.settings_mut().applications;
        applications.retain(|other| {
            (other.account(), other.client_id()) != (application.account(), application.client_id())
        });
        applications.push(application);
    }

    /// The Domain API names this host for the service, whatever it is: one that no client should trust, say.
    pub fn set_service(&self, service: &ServiceName, host: impl Into<String>) {
        let mut state = self.server.shared().lock();
        let services = &mut state.settings_mut().services;
        services.insert(service.as_str().to_owned(), host.into());
    }

    /// The Domain API knows the service no more.
    pub fn remove_service(&self, service: &ServiceName) {
        let mut state = self.server.shared().lock();
        state.settings_mut().services.remove(service.as_str());
    }

    fn snapshot(&self) -> Snapshot {
        self.server.shared().lock().snapshot()
    }

    fn change_keys(&self, change: impl FnOnce(&mut KeyRing)) -> Result<(), EmulatorError> {
        let keys = {
            let mut state = self.server.shared().lock();
            change(state.keys_mut());
            state.snapshot().keys
        };
        match &self.directory {
            Some(directory) => directory.keep_keys(&keys),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("domain_api", &self.domain_api())
            .finish_non_exhaustive()
    }
}
