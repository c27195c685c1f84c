//! The core.
#![forbid(unsafe_code)]

mod answer;
mod call;
mod compact;
mod error;
mod exchange;
mod host;
mod installation;
mod locate;
mod names;
mod rests;
mod step;
mod time;
#[cfg(feature = "transport")]
mod transport;
mod transport_error;

pub use answer::{malformed, success};
pub use call::{Body, Call, Limits, Reply, Ticket};
pub use compact::{Compact, InvalidCompact, Part};
pub use error::{Error, ErrorKind, Purpose};
pub use exchange::{Answer, Exchange, Status, Taken};
pub use host::{HostPolicy, InvalidHost, ServiceHost, UntrustedHost};
pub use http;
pub use installation::{
    AppInstallation, AppInstallationBuilder, InstallationProblem, InstallationRemark, InstalledApp,
    InvalidInstallation,
};
pub use locate::{FixedHost, Locate, Region, UnknownRegion};
pub use names::{AccountId, InvalidName, ServiceName};
pub use rests::{Pace, Rests};
pub use step::{Flow, Step};
pub use time::{UnixTime, Window};
#[cfg(feature = "transport")]
pub use transport::{BlockingTransport, MaybeSendSync, Runtime, Transport};
pub use transport_error::{TransportError, TransportErrorKind};

#[cfg(feature = "transport")]
pub use async_trait::async_trait;
