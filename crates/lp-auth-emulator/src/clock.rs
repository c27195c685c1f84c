//! The emulator's clock: the machine's, moved.

use core::time::Duration;

use lp_auth_core::UnixTime;

/// How far the emulator's clock is from the machine's.
///
/// Everything that the emulator says about time comes from its clock: the `Date` header, `iat` and `exp` of tokens, and
/// whether a token presented to it is still good. Certificates alone are made for the time that it really is.
///
/// ```
/// use std::time::Duration;
/// use lp_auth_core::UnixTime;
/// use lp_auth_emulator::ClockOffset;
///
/// let noon = UnixTime::from_secs(1_700_000_000);
/// let two_hours = Duration::from_secs(7200);
/// assert_eq!(ClockOffset::None.applied_to(noon), noon);
/// assert_eq!(ClockOffset::Ahead(two_hours).applied_to(noon), noon + two_hours);
/// assert_eq!(ClockOffset::Behind(two_hours).applied_to(noon), noon - two_hours);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ClockOffset {
    /// The emulator's clock is fast by so much.
    Ahead(Duration),
    /// The emulator's clock is slow by so much.
    Behind(Duration),
    /// The emulator's clock is the machine's.
    #[default]
    None,
}

impl ClockOffset {
    /// What the emulator's clock shows when the machine's shows `time`.
    pub fn applied_to(self, time: UnixTime) -> UnixTime {
        match self {
            Self::Ahead(length) => time + length,
            Self::Behind(length) => time - length,
            Self::None => time,
        }
    }
}

/// What the machine's clock shows.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the emulator reads the clock: tests move it from here"
)]
pub(crate) fn machine_time() -> UnixTime {
    std::time::SystemTime::now().into()
}
