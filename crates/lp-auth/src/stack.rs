//! The HTTP stacks that are compiled in.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use lp_auth_core::{Runtime, Transport};

use crate::BuildError;

/// An HTTP stack that an adapter of this project speaks to. Each exists where its feature is enabled.
///
/// ```
/// # #[cfg(feature = "reqwest")]
/// assert_eq!("reqwest".parse(), Ok(lp_auth::Stack::Reqwest));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Stack {
    /// isahc, over curl. On any executor.
    #[cfg(feature = "isahc")]
    Isahc,
    /// reqwest, over hyper. On tokio.
    #[cfg(feature = "reqwest")]
    Reqwest,
}

impl Stack {
    /// All that are compiled in, the default first.
    pub const ALL: &[Self] = &[
        #[cfg(feature = "reqwest")]
        Self::Reqwest,
        #[cfg(feature = "isahc")]
        Self::Isahc,
    ];
}

impl fmt::Display for Stack {
    #[cfg_attr(
        not(any(feature = "isahc", feature = "reqwest")),
        expect(unused_variables, reason = "no variant")
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            #[cfg(feature = "isahc")]
            Self::Isahc => f.write_str("isahc"),
            #[cfg(feature = "reqwest")]
            Self::Reqwest => f.write_str("reqwest"),
        }
    }
}

impl FromStr for Stack {
    type Err = UnknownStack;

    fn from_str(text: &str) -> Result<Self, UnknownStack> {
        Self::ALL
            .iter()
            .copied()
            .find(|stack| stack.to_string() == text)
            .ok_or(UnknownStack)
    }
}

/// A text names no HTTP stack that is compiled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no such HTTP stack is compiled in: `reqwest` and `isahc` can be, each by its feature")]
#[non_exhaustive]
pub struct UnknownStack;

/// What sends, and what waits.
pub(crate) type Sending = (Arc<dyn Transport>, Arc<dyn Runtime>);

#[cfg_attr(
    not(any(feature = "isahc", feature = "reqwest")),
    expect(unused_variables, reason = "nothing to trust it")
)]
pub(crate) fn transport(stack: Option<Stack>, ca_pem: Option<&[u8]>) -> Result<Sending, BuildError> {
    match stack
        .or(Stack::ALL.first().copied())
        .ok_or(BuildError::NoTransport)?
    {
        #[cfg(feature = "isahc")]
        Stack::Isahc => Ok((Arc::new(isahc(ca_pem)?), Arc::new(lp_auth_isahc::AsyncIoRuntime))),
        #[cfg(feature = "reqwest")]
        Stack::Reqwest => Ok((
            Arc::new(reqwest(ca_pem)?),
            Arc::new(lp_auth_reqwest::TokioRuntime),
        )),
    }
}

#[cfg(feature = "blocking")]
#[cfg_attr(
    not(any(feature = "isahc", feature = "reqwest")),
    expect(unused_variables, reason = "nothing to trust it")
)]
pub(crate) fn blocking_transport(
    stack: Option<Stack>,
    ca_pem: Option<&[u8]>,
) -> Result<Arc<dyn lp_auth_core::BlockingTransport>, BuildError> {
    match stack
        .or(Stack::ALL.first().copied())
        .ok_or(BuildError::NoTransport)?
    {
        #[cfg(feature = "isahc")]
        Stack::Isahc => Ok(Arc::new(isahc(ca_pem)?)),
        #[cfg(feature = "reqwest")]
        Stack::Reqwest => {
            let transport =
                lp_auth_reqwest::ReqwestBlockingTransport::new(reqwest(ca_pem)?).map_err(failed)?;
            Ok(Arc::new(transport))
        }
    }
}

#[cfg(feature = "isahc")]
fn isahc(ca_pem: Option<&[u8]>) -> Result<lp_auth_isahc::IsahcTransport, BuildError> {
    match ca_pem {
        Some(pem) => lp_auth_isahc::IsahcTransport::with_ca_pem(pem),
        None => lp_auth_isahc::IsahcTransport::new(),
    }
    .map_err(failed)
}

#[cfg(feature = "reqwest")]
fn reqwest(ca_pem: Option<&[u8]>) -> Result<lp_auth_reqwest::ReqwestTransport, BuildError> {
    match ca_pem {
        Some(pem) => lp_auth_reqwest::ReqwestTransport::with_ca_pem(pem),
        None => lp_auth_reqwest::ReqwestTransport::new(),
    }
    .map_err(failed)
}

#[cfg(any(feature = "isahc", feature = "reqwest"))]
fn failed(error: impl core::error::Error + Send + Sync + 'static) -> BuildError {
    BuildError::Stack(Arc::new(error))
}
