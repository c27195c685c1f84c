//! The walk from the settings to a verified token.

use core::time::Duration;
use std::io::Write as _;

use lp_auth::http::{Request, Response};
use lp_auth::{ApiVersion, KeySet, Limits, Progress as News, ServiceHost, ServiceName};
use lp_auth_core::{Body, Credentials, Purpose, TokenRequest, TransportError, UntrustedHost};
use lp_auth_domain::DomainRequest;
use lp_auth_jwt::JwksRequest;

use super::answer::{self, Facts};
use super::cause::Cause;
use super::connection;
use super::content::{key_set, named, with_declaration};
use super::finding::{Finding, Server, Step};
use super::report::Report;
use super::setup::Setup;
use super::time::Clock;
use super::token::{Issued, Wanted};
use crate::runtime;
use crate::servers::Place;

/// What is judged once there is a token.
pub(super) const AFTER_TOKEN: [Step; 6] = [
    Step::TokenContent,
    Step::Clock,
    Step::Keys,
    Step::Signature,
    Step::Claims,
    Step::Scopes,
];

/// What is asked, and with what.
pub(super) struct Walk<'a> {
    setup: &'a Setup,
    credentials: Option<Credentials>,
    scopes: &'a [String],
    clock: &'a Clock,
    verbose: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        setup: &'a Setup,
        credentials: Option<Credentials>,
        scopes: &'a [String],
        clock: &'a Clock,
        verbose: bool,
    ) -> Self {
        Self {
            setup,
            credentials,
            scopes,
            clock,
            verbose,
        }
    }

    pub(super) async fn all(&self, report: &mut Report) {
        self.clock.lap();
        let sentinel = match &self.setup.servers.place {
            Place::DomainApi(api) => self.domain_api(api, report).await,
            Place::Sentinel(host) => {
                report.heading("Domain API");
                let why = format!("not asked: {} says where Sentinel is", self.setup.place_source);
                report.skip(&[Step::DomainApi, Step::HostPolicy], &why);
                Ok(host.clone())
            }
        };
        let sentinel = match sentinel {
            Ok(sentinel) => sentinel,
            Err(step) => {
                let mut steps = way(Server::Sentinel).to_vec();
                steps.push(Step::Token);
                steps.extend(AFTER_TOKEN);
                return report.skip_because_of(&steps, step);
            }
        };
        report.heading(&format!("Sentinel, {sentinel}"));
        if let Err(step) = self.connect(Server::Sentinel, &sentinel, report).await {
            report.skip_because_of(&[Step::Token], step);
            report.heading("The token");
            return report.skip_because_of(&AFTER_TOKEN, step);
        }
        let issued = self.token(&sentinel, report).await;
        report.heading("The token");
        self.judge(issued, &sentinel, report).await;
    }

    async fn connect(&self, server: Server, host: &ServiceHost, report: &mut Report) -> Result<(), Step> {
        connection::check(server, host, &self.setup.servers, self.clock, report).await
    }

    async fn domain_api(&self, api: &ServiceHost, report: &mut Report) -> Result<ServiceHost, Step> {
        report.heading(&format!("Domain API, {api}"));
        if let Err(step) = self.connect(Server::DomainApi, api, report).await {
            report.skip_because_of(&[Step::DomainApi, Step::HostPolicy], step);
            return Err(step);
        }
        report.working(Step::DomainApi);
        let request = DomainRequest::One(ServiceName::SENTINEL).to_http(&self.setup.account, api);
        let purpose = Purpose::Host(ServiceName::SENTINEL);
        let found = match self.send(&purpose, request, 64 * 1024).await {
            Ok(outcome) => self.good(Step::DomainApi, outcome, &purpose, &api.to_string(), &[]),
            Err(error) => Err(Finding::failed(Step::DomainApi, Cause::SettingInvalid, error)),
        };
        let named = found.and_then(|(reply, facts)| named(&reply, &facts));
        let (base_uri, finding) = match named {
            Ok((base_uri, finding)) => (Some(base_uri), finding),
            Err(finding) => (None, finding),
        };
        report.add(finding.took(self.clock.lap()));
        let Some(base_uri) = base_uri else {
            report.skip_because_of(&[Step::HostPolicy], Step::DomainApi);
            return Err(Step::DomainApi);
        };
        match self.setup.servers.policy.accept(&base_uri) {
            Ok(host) => {
                let summary = format!("{host} may be sent the secret");
                report.add(Finding::ok(Step::HostPolicy, summary));
                Ok(host)
            }
            Err(why) => {
                let cause = match &why {
                    UntrustedHost::Invalid(_) => Cause::HostInvalid,
                    _ => Cause::HostNotTrusted,
                };
                report.add(Finding::failed(Step::HostPolicy, cause, why.to_string()));
                Err(Step::HostPolicy)
            }
        }
    }

    async fn token(&self, sentinel: &ServiceHost, report: &mut Report) -> Result<Issued, Step> {
        let Some(credentials) = &self.credentials else {
            report.skip_because_of(&[Step::Token], Step::Secret);
            return Err(Step::Secret);
        };
        report.working(Step::Token);
        let version = self.version();
        let ask = TokenRequest::new(self.setup.account.clone(), version);
        let sent = runtime::now();
        let host = sentinel.to_string();
        let secret = credentials.client_secret.expose();
        let answered = match self
            .send(&Purpose::Token, ask.to_http(credentials, sentinel), 64 * 1024)
            .await
        {
            Ok(outcome) => self.good(Step::Token, outcome, &Purpose::Token, &host, &[secret]),
            Err(error) => Err(Finding::failed(Step::Token, Cause::SettingInvalid, error)),
        };
        let received = runtime::now();
        let issued = answered.and_then(|(reply, facts)| {
            let issued = Issued::read(&reply, facts.date(), sent, received)?;
            let finding = with_declaration(
                Finding::ok(Step::Token, format!("200 OK, a {version} token")),
                &facts,
            );
            Ok((issued, finding))
        });
        let (issued, finding) = match issued {
            Ok((issued, finding)) => (Ok(issued), finding),
            // Some servers say no more than 400.
            Err(finding)
                if matches!(
                    finding.cause,
                    Some(Cause::CredentialsRefused | Cause::RequestRefused)
                ) =>
            {
                (Err(Step::Token), finding.advise(self.setup.credentials.as_str()))
            }
            Err(finding) => (Err(Step::Token), finding),
        };
        report.add(finding.took(self.clock.lap()));
        issued
    }

    /// What is to be said of the token, and of the keys.
    async fn judge(&self, issued: Result<Issued, Step>, sentinel: &ServiceHost, report: &mut Report) {
        let wanted = Wanted {
            account: &self.setup.account,
            client_id: self.setup.config.client_id.as_deref().unwrap_or_default(),
            version: self.version(),
            scopes: self.scopes,
        };
        let content = match &issued {
            Ok(issued) => {
                let is_well = report.add(issued.content(&wanted));
                report.add(issued.clock());
                if is_well {
                    Ok(issued)
                } else {
                    Err(Step::TokenContent)
                }
            }
            Err(step) => {
                report.skip_because_of(&[Step::TokenContent, Step::Clock], *step);
                Err(*step)
            }
        };
        let keys = self.keys(sentinel, report).await;
        let (issued, keys) = match (content, keys) {
            (Ok(issued), Ok(keys)) => (issued, keys),
            (Err(step), _) | (_, Err(step)) => {
                let steps = [Step::Signature, Step::Claims, Step::Scopes];
                return report.skip_because_of(&steps, step);
            }
        };
        if !report.add(issued.signature(&keys, &wanted)) {
            let steps = [Step::Claims, Step::Scopes];
            return report.skip_because_of(&steps, Step::Signature);
        }
        if !report.add(issued.claims(&keys, &wanted)) {
            return report.skip_because_of(&[Step::Scopes], Step::Claims);
        }
        report.add(issued.scopes(&wanted));
    }

    /// The keys that the token should be signed with.
    async fn keys(&self, sentinel: &ServiceHost, report: &mut Report) -> Result<KeySet, Step> {
        if self.version() == ApiVersion::V1 {
            let whose = if self.setup.config.v1_keys.is_some() {
                "the settings"
            } else {
                "the documentation"
            };
            let number = self.setup.v1_keys.keys().count();
            let plural = if number == 1 { "" } else { "s" };
            report.add(Finding::ok(
                Step::Keys,
                format!("{number} static key{plural} of {whose}; V1 publishes none"),
            ));
            return Ok(self.setup.v1_keys.clone());
        }
        report.working(Step::Keys);
        let host = sentinel.to_string();
        let answered = match self
            .send(&Purpose::Keys, JwksRequest.to_http(sentinel), 256 * 1024)
            .await
        {
            Ok(outcome) => self.good(Step::Keys, outcome, &Purpose::Keys, &host, &[]),
            Err(error) => Err(Finding::failed(Step::Keys, Cause::SettingInvalid, error)),
        };
        let keys = answered.and_then(|(reply, facts)| key_set(&reply, &facts));
        let (keys, finding) = match keys {
            Ok((keys, finding)) => (Ok(keys), finding),
            Err(finding) => (Err(Step::Keys), finding),
        };
        report.add(finding.took(self.clock.lap()));
        keys
    }

    /// An answer of status 200; or the finding that says why there is none.
    fn good(
        &self,
        step: Step,
        outcome: Option<Result<Response<Body>, TransportError>>,
        purpose: &Purpose,
        host: &str,
        secrets: &[&str],
    ) -> Result<(Response<Body>, Facts), Finding> {
        let is_plain = self.setup.config.plain_http_loopback.unwrap_or_default();
        let wants_tls = matches!(&outcome, Some(Ok(reply)) if is_plain && answer::wants_tls(reply));
        let good = answer::good(step, outcome, purpose, host, secrets, self.clock);
        good.map_err(|finding| {
            if wants_tls {
                return Finding::failed(step, Cause::WantsTls, finding.summary);
            }
            finding
        })
    }

    fn version(&self) -> ApiVersion {
        self.setup.config.api_version.unwrap_or_default()
    }

    /// Sends over the HTTP stack of the settings. `None` where no answer comes in time.
    async fn send(
        &self,
        purpose: &Purpose,
        request: Result<Request<Body>, lp_auth::http::Error>,
        max_body: usize,
    ) -> Result<Option<Result<Response<Body>, TransportError>>, String> {
        let request = request.map_err(|error| error.to_string())?;
        let limits = Limits {
            // A little more than the step has, so that the step's limit is the one that is told.
            timeout: self.clock.limit() + Duration::from_secs(1),
            max_body,
        };
        let uri = request.uri();
        self.tell(&News::Asking {
            purpose: purpose.clone(),
            method: request.method().clone(),
            host: uri.authority().map(ToString::to_string).unwrap_or_default(),
            path: uri.path().to_owned(),
        });
        let sent = runtime::now();
        let outcome = self
            .clock
            .limited(self.setup.transport.send(request, limits))
            .await;
        if let Some(outcome) = &outcome {
            self.tell(&News::Answered {
                purpose: purpose.clone(),
                outcome: outcome.as_ref().map(Response::status).map_err(Clone::clone),
                took: runtime::now().since(sent),
            });
        }
        Ok(outcome)
    }

    /// As `-v` wants it.
    fn tell(&self, news: &News) {
        if self.verbose {
            // Nobody is left to be told.
            let _ = writeln!(anstream::stderr(), "{}", crate::progress::line(news));
        }
    }
}

/// The steps of the way to a server.
pub(super) fn way(server: Server) -> [Step; 4] {
    [
        Step::Proxy(server),
        Step::Dns(server),
        Step::Tcp(server),
        Step::Tls(server),
    ]
}
