//! The duties, and which were broken.

use core::error::Error as StdError;
use core::fmt;

/// What a transport owes. See [`Transport`](lp_auth_core::Transport).
///
/// ```
/// use lp_auth_emulator::transport_suite::Duty;
///
/// assert_eq!(Duty::NoRedirect.to_string(), "no redirect is followed");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Duty {
    /// Status, headers and body of any answer come back as they were sent.
    Answers,
    /// A future may be dropped half-way, polled from several threads, or not polled for a while.
    AnyPoller,
    /// Each failure has its kind.
    ErrorKinds,
    /// For https, the proxies of the environment are used.
    HttpsThroughProxies,
    /// No body is taken that is longer than the limit, in decoded bytes.
    MaxBody,
    /// A `3xx` is an answer like any other.
    NoRedirect,
    /// Nothing is sent twice.
    NothingRepeated,
    /// For http, no proxy is used.
    PlainHttpPastProxies,
    /// Method, path, query, headers and body arrive as they were given.
    Requests,
    /// No body, header value or URL query is shown by an error.
    Secrets,
    /// Several requests at once.
    SeveralAtOnce,
    /// The limit of time is kept, whatever the server does.
    Timeout,
    /// Servers are trusted that the given authority vouches for, and no others.
    Trust,
}

impl Duty {
    /// Every duty, in alphabetical order.
    pub const ALL: [Self; 13] = [
        Self::Answers,
        Self::AnyPoller,
        Self::ErrorKinds,
        Self::HttpsThroughProxies,
        Self::MaxBody,
        Self::NoRedirect,
        Self::NothingRepeated,
        Self::PlainHttpPastProxies,
        Self::Requests,
        Self::Secrets,
        Self::SeveralAtOnce,
        Self::Timeout,
        Self::Trust,
    ];
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answers => "an answer comes back as it was sent",
            Self::AnyPoller => "a future may be dropped, handed over, or left alone for a while",
            Self::ErrorKinds => "each failure has its kind",
            Self::HttpsThroughProxies => "https uses the proxies of the environment",
            Self::MaxBody => "no body is taken that is longer than the limit",
            Self::NoRedirect => "no redirect is followed",
            Self::NothingRepeated => "nothing is sent twice",
            Self::PlainHttpPastProxies => "plain http uses no proxy",
            Self::Requests => "a request arrives as it was given",
            Self::Secrets => "an error shows no body, header value or query",
            Self::SeveralAtOnce => "several requests run at once",
            Self::Timeout => "the limit of time is kept",
            Self::Trust => "the given authority is trusted, and no other",
        })
    }
}

/// A duty that was broken.
///
/// ```
/// fn show(finding: &lp_auth_emulator::transport_suite::Finding) {
///     println!("{}: {} ({})", finding.duty(), finding.case(), finding.seen());
/// }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    duty: Duty,
    case: String,
    seen: String,
}

impl Finding {
    pub(super) fn new(duty: Duty, case: impl Into<String>, seen: impl Into<String>) -> Self {
        Self {
            duty,
            case: case.into(),
            seen: seen.into(),
        }
    }

    /// Which duty.
    pub fn duty(&self) -> Duty {
        self.duty
    }

    /// What was tried.
    pub fn case(&self) -> &str {
        &self.case
    }

    /// What was seen instead of what ought to be.
    pub fn seen(&self) -> &str {
        &self.seen
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.duty, self.case, self.seen)
    }
}

/// All is as it should be.
///
/// ```no_run
/// # fn build(_: &[u8]) -> Result<lp_auth_emulator::transport_suite::Report, std::io::Error> { unimplemented!() }
/// let report: lp_auth_emulator::transport_suite::Report = build(b"")?;
/// println!("{} cases", report.cases());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Report {
    pub(super) cases: usize,
}

impl Report {
    /// How many cases were tried.
    pub fn cases(&self) -> usize {
        self.cases
    }
}

/// The duties that a transport broke. `Debug` and `Display` list them, one a line.
///
/// ```
/// fn first(error: &lp_auth_emulator::transport_suite::BrokenDuties) -> Option<&str> {
///     error.findings().first().map(|finding| finding.seen())
/// }
/// ```
#[derive(Clone)]
pub struct BrokenDuties {
    findings: Vec<Finding>,
}

impl BrokenDuties {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self { findings }
    }

    /// In the order in which they were found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether this duty is among them.
    pub fn names(&self, duty: Duty) -> bool {
        self.findings.iter().any(|finding| finding.duty == duty)
    }
}

impl fmt::Display for BrokenDuties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the transport breaks its duties in {} cases",
            self.findings.len()
        )?;
        self.findings
            .iter()
            .try_for_each(|finding| write!(f, "\n- {finding}"))
    }
}

impl fmt::Debug for BrokenDuties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for BrokenDuties {}
