//! What a token looks like that is none.

use core::fmt;

use lp_auth_core::{InvalidCompact, Part};

/// Why a text is no token that could be verified, and which part is at fault. It repeats nothing of the token.
///
/// ```
/// use lp_auth_core::Part;
/// use lp_auth_jwt::{Rejected, Unverified};
///
/// let Err(Rejected::Malformed(malformed)) = Unverified::decode("e30.e30=.c2ln") else { panic!() };
/// assert_eq!(malformed.part(), Some(Part::Payload));
/// assert_eq!(malformed.to_string(), "its payload is empty or not in canonical base64url without padding");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Malformed {
    part: Option<Part>,
    why: &'static str,
}

impl Malformed {
    pub(crate) const fn new(part: Part, why: &'static str) -> Self {
        Self {
            part: Some(part),
            why,
        }
    }

    /// The part at fault; none where there are no three parts.
    pub const fn part(&self) -> Option<Part> {
        self.part
    }
}

impl From<InvalidCompact> for Malformed {
    fn from(invalid: InvalidCompact) -> Self {
        match invalid {
            InvalidCompact::Part(part) => {
                Self::new(part, "is empty or not in canonical base64url without padding")
            }
            _ => Self {
                part: None,
                why: "it has not exactly three parts with dots between them",
            },
        }
    }
}

/// Completes "the token is malformed: ".
impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Some(part) => write!(f, "its {part} {}", self.why),
            None => f.write_str(self.why),
        }
    }
}
