//! What a step found.

use core::time::Duration;

use serde_json::{Map, Value, json};

use super::cause::Cause;

/// A step of the way, in the order in which it is walked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    Settings,
    Secret,
    Proxy(Server),
    Dns(Server),
    Tcp(Server),
    Tls(Server),
    DomainApi,
    HostPolicy,
    Token,
    TokenContent,
    Clock,
    Keys,
    Signature,
    Claims,
    Scopes,
}

/// Whom the steps on the way to a connection are about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Server {
    DomainApi,
    Sentinel,
}

impl Server {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::DomainApi => "Domain API",
            Self::Sentinel => "Sentinel",
        }
    }
}

impl Step {
    /// The stable name, in JSON.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Secret => "client_secret",
            Self::Proxy(Server::DomainApi) => "domain_api.proxy",
            Self::Dns(Server::DomainApi) => "domain_api.dns",
            Self::Tcp(Server::DomainApi) => "domain_api.tcp",
            Self::Tls(Server::DomainApi) => "domain_api.tls",
            Self::DomainApi => "domain_api.answer",
            Self::HostPolicy => "host_policy",
            Self::Proxy(Server::Sentinel) => "sentinel.proxy",
            Self::Dns(Server::Sentinel) => "sentinel.dns",
            Self::Tcp(Server::Sentinel) => "sentinel.tcp",
            Self::Tls(Server::Sentinel) => "sentinel.tls",
            Self::Token => "token.answer",
            Self::TokenContent => "token.content",
            Self::Clock => "clock",
            Self::Keys => "keys",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Scopes => "scopes",
        }
    }

    /// For people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::Secret => "secret",
            Self::Proxy(_) => "proxy",
            Self::Dns(_) => "DNS",
            Self::Tcp(_) => "TCP",
            Self::Tls(_) => "TLS",
            Self::DomainApi => "answer",
            Self::HostPolicy => "host policy",
            Self::Token => "token",
            Self::TokenContent => "content",
            Self::Clock => "clock",
            Self::Keys => "key set",
            Self::Signature => "signature",
            Self::Claims => "claims",
            Self::Scopes => "scopes",
        }
    }

    /// What it is called where its heading does not stand above it.
    pub(super) fn full_title(self) -> String {
        match self {
            Self::Proxy(server) | Self::Dns(server) | Self::Tcp(server) | Self::Tls(server) => {
                format!("{} of the {}", self.title(), server.name()).replace("of the Sentinel", "of Sentinel")
            }
            Self::DomainApi => "answer of the Domain API".to_owned(),
            Self::Token => "token request".to_owned(),
            Self::TokenContent => "content of the token".to_owned(),
            Self::Secret => "client secret".to_owned(),
            _ => self.title().to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Failed,
    Ok,
    Skipped,
    Warning,
}

impl Verdict {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
        }
    }
}

/// One line of the report.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) step: Step,
    pub(super) verdict: Verdict,
    pub(super) took: Option<Duration>,
    pub(super) summary: String,
    pub(super) cause: Option<Cause>,
    /// What to do that only this case knows, before what the cause knows.
    pub(super) advice: Vec<String>,
    /// The same, after what the cause knows.
    pub(super) last_advice: Vec<String>,
    /// For programs.
    pub(super) details: Map<String, Value>,
}

impl Finding {
    pub(super) fn ok(step: Step, summary: impl Into<String>) -> Self {
        Self::new(step, Verdict::Ok, summary)
    }

    pub(super) fn failed(step: Step, cause: Cause, summary: impl Into<String>) -> Self {
        let mut finding = Self::new(step, Verdict::Failed, summary);
        finding.cause = Some(cause);
        finding
    }

    pub(super) fn warning(step: Step, cause: Cause, summary: impl Into<String>) -> Self {
        let mut finding = Self::new(step, Verdict::Warning, summary);
        finding.cause = Some(cause);
        finding
    }

    pub(super) fn skipped(step: Step, why: impl Into<String>) -> Self {
        Self::new(step, Verdict::Skipped, why)
    }

    fn new(step: Step, verdict: Verdict, summary: impl Into<String>) -> Self {
        Self {
            step,
            verdict,
            took: None,
            summary: summary.into(),
            cause: None,
            advice: Vec::new(),
            last_advice: Vec::new(),
            details: Map::new(),
        }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    pub(super) fn advise_last(mut self, advice: impl Into<String>) -> Self {
        self.last_advice.push(advice.into());
        self
    }

    pub(super) fn took(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// The same for an answer, which is worth a warning where it was long in coming.
    pub(super) fn answered_after(mut self, took: Duration) -> Self {
        /// Where nothing is wrong an answer takes some hundred milliseconds, the first one of a day perhaps a second.
        const SLOW: Duration = Duration::from_secs(3);
        if self.verdict == Verdict::Ok && took >= SLOW {
            self.verdict = Verdict::Warning;
            self.cause = Some(Cause::Slow);
            self.summary = format!("{}, after {:.1} s", self.summary, took.as_secs_f32());
        }
        self.took(took)
    }

    /// Whether what builds on it can be tried.
    pub(super) fn is_passable(&self) -> bool {
        matches!(self.verdict, Verdict::Ok | Verdict::Warning)
    }

    /// What to do, the special before the general.
    pub(super) fn all_advice(&self) -> Vec<String> {
        let general = self.cause.map(Cause::advice).unwrap_or_default();
        let general = general.iter().map(|advice| (*advice).to_owned());
        let special = self.advice.iter().cloned();
        special
            .chain(general)
            .chain(self.last_advice.iter().cloned())
            .collect()
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "step": self.step.id(),
            "verdict": self.verdict.name(),
            "milliseconds": self.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            "summary": self.summary,
            "cause": self.cause.map(Cause::id),
            "meaning": self.cause.map(Cause::meaning),
            "advice": self.all_advice(),
            "details": self.details,
        })
    }
}
