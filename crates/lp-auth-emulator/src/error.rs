//! Why an emulator does not start, or cannot keep what it was told.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::certificates::CertificateError;

/// An emulator could not be started, or could not write to its folder.
///
/// ```
/// use lp_auth_emulator::Emulator;
///
/// let error = Emulator::builder().listen(([0, 0, 0, 0], 0).into()).start().unwrap_err();
/// assert!(error.to_string().contains("loopback"));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The certificate authority or the server's certificate could not be made or restored.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// The control plane was to listen on an address that is not one of this machine alone. It hands out credentials.
    #[error("{0} is not a loopback address, and the control plane listens on no other; use 127.0.0.1")]
    ControlBeyondLoopback(SocketAddr),
    /// The folder is not there and cannot be made.
    #[error("the folder {} is not there and cannot be made; name another one", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Another emulator, of this process or of another, uses the folder.
    #[error("{} is in use by another emulator; end that one, or name another folder", .0.display())]
    InUse(PathBuf),
    /// A file in the emulator's folder could not be read or written.
    #[error("{} could not be read or written; check its permissions", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on; port 0 takes a free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// What was named as the folder is a file.
    #[error("{} is no folder; name a folder, or a name that is not taken yet", .0.display())]
    NotAFolder(PathBuf),
    /// The address is not one of this machine alone, and it was not said by which name others reach it. The emulator
    /// gives tokens to whoever knows a secret that may stand in a test, so it is not for the network by accident.
    #[error(
        "{0} is not a loopback address, and the emulator listens on others only where it is told which host to advertise; \
         use 127.0.0.1, or in a container advertise the name by which clients reach it"
    )]
    NotLoopback(SocketAddr),
    /// The address is not one of this machine alone, and there secrets and tokens are not sent unencrypted.
    #[error(
        "{0} is not a loopback address, and plain http is spoken on loopback alone; use https, or 127.0.0.1"
    )]
    PlainHttpBeyondLoopback(SocketAddr),
    /// No thread could be started for the server.
    #[error("the server's thread could not be started")]
    Thread(#[source] Arc<io::Error>),
    /// A file in the emulator's folder is not what the emulator once wrote there.
    #[error("{} is damaged; delete it, or its folder, and a new one will be made", .0.display())]
    Unusable(PathBuf),
}
