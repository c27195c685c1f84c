//! Why a token is not accepted, and why nobody can say.

use core::fmt;

use lp_auth_core::http::StatusCode;
use lp_auth_core::{Compact, Error, InvalidCompact, UnixTime};

use crate::Malformed;

/// Why a token is not accepted: the answer is no, and the same token with the same keys gets it again.
///
/// Its text goes to whoever runs the service. It repeats nothing of the token but a `kid`.
///
/// ```
/// use lp_auth_jwt::Rejected;
///
/// assert_eq!(Rejected::Audience.to_string(), "the token is for another account");
/// assert_eq!(Rejected::Audience.status().as_u16(), 401);
/// assert_eq!(Rejected::Scope { missing: "msg.consumer".into() }.status().as_u16(), 403);
/// ```
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The header names another algorithm than RS256.
    #[error("the token says that it is signed with another algorithm than RS256")]
    Algorithm,
    /// `aud` neither is nor contains an account of the policy.
    #[error("the token is for another account")]
    Audience,
    /// `azp` is none of the clients of the policy.
    #[error("the token was issued to a client that the policy does not name")]
    Client,
    /// The header has `crit`: it wants something understood that nobody here understands.
    #[error("the token's header has critical extensions, and none is supported")]
    CriticalHeader,
    /// Its time is over, leeway included.
    #[error("the token expired at {at}")]
    Expired {
        /// What `exp` says.
        at: UnixTime,
    },
    /// `iss` is not `Sentinel`.
    #[error("the token was not issued by Sentinel")]
    Issuer,
    /// The signature is longer or shorter than any that the keys in question can make.
    #[error(
        "the token's signature is of another length than the key's; check that the key belongs to this zone"
    )]
    KeySize,
    /// It is no token that could be verified.
    #[error("the token is malformed: {0}")]
    Malformed(Malformed),
    /// `nbf` or `iat` lies in the future, leeway included.
    #[error("the token is not valid before {from}; if that is past, check this machine's clock")]
    NotYetValid {
        /// What `nbf` or `iat` says.
        from: UnixTime,
    },
    /// It lacks a scope that the policy asks for. Everything else about it is in order.
    #[error("the token lacks the scope `{missing}`")]
    Scope {
        /// The first scope that it lacks.
        missing: Box<str>,
    },
    /// The signature is not the key's.
    #[error("the token's signature does not verify: it was changed, or signed with another key")]
    Signature,
    /// It is longer than [`Compact::MAX_LENGTH`].
    #[error("the token is longer than {} KiB", Compact::MAX_LENGTH / 1024)]
    TooLarge,
    /// No key of the token's `kid` is known.
    #[error("the token is signed with an unknown key{0}")]
    UnknownKey(UnknownKey),
}

impl Rejected {
    /// The status to answer with: 403 where nothing but a scope is missing, else 401 (RFC 6750 §3.1).
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Scope { .. } => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// Which key is missing, where a newer V2 key set may have it: fetch one and verify again.
    pub fn missing_key(&self) -> Option<&UnknownKey> {
        match self {
            Self::UnknownKey(unknown) if unknown.may_be_published => Some(unknown),
            _ => None,
        }
    }
}

impl From<InvalidCompact> for Rejected {
    fn from(invalid: InvalidCompact) -> Self {
        match invalid {
            InvalidCompact::TooLarge => Self::TooLarge,
            other => Self::Malformed(other.into()),
        }
    }
}

impl From<Malformed> for Rejected {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// The key that a token is signed with, and that no key set at hand has. See [`Rejected::missing_key`].
///
/// ```
/// use lp_auth_core::UnixTime;
/// use lp_auth_jwt::{Keys, Policy};
///
/// # fn example(token: &str, now: UnixTime) -> Result<(), Box<dyn std::error::Error>> {
/// let policy = Policy::builder(["12345678".parse()?]).any_client().build()?;
/// if let Err(rejected) = policy.verify(token, Keys::none(), now)
///     && let Some(unknown) = rejected.missing_key()
/// {
///     println!("fetch the key set: it may have {:?}", unknown.kid());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownKey {
    kid: Option<Box<str>>,
    may_be_published: bool,
}

impl UnknownKey {
    pub(crate) fn new(kid: Option<&str>, may_be_published: bool) -> Self {
        Self {
            kid: kid.map(Into::into),
            may_be_published,
        }
    }

    /// The token's `kid`, if it has one. It is the stranger's text, of any length.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

/// Completes "an unknown key": the `kid`, escaped and cut short.
impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 64;
        let Some(kid) = self.kid() else {
            return f.write_str(" (the token names none)");
        };
        match kid.char_indices().nth(LONGEST) {
            None => write!(f, " (kid {kid:?})"),
            Some((end, _)) => write!(f, " (kid {:?}…)", kid.get(..end).unwrap_or_default()),
        }
    }
}

/// Why a verification that may ask Sentinel for keys brought no claims.
///
/// ```
/// use lp_auth_jwt::{Rejected, VerifyError};
///
/// let error = VerifyError::from(Rejected::Signature);
/// assert_eq!(error.status().as_u16(), 401);
/// assert!(matches!(error, VerifyError::Rejected(Rejected::Signature)));
/// ```
#[derive(Clone, Debug, thiserror::Error)]
pub enum VerifyError {
    /// The token is not accepted: a 401, or a 403 where nothing but a scope is missing.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// Nobody can say, as there is no key set at hand that could tell: a 503.
    #[error(transparent)]
    Unavailable(#[from] Error),
}

impl VerifyError {
    /// The status to answer with: 401, 403 or 503.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Rejected(rejected) => rejected.status(),
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
