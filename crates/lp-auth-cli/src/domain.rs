//! `lp-auth domain`: where services live.

use clap::Args;
use lp_auth::{Error, ServiceName, UnixTime};
use lp_auth_core::{
    AccountId, Answer, Exchange, Flow, HostPolicy, Purpose, Reply, ServiceHost, Status, Step, Taken,
    malformed, success,
};
use lp_auth_domain::{BaseUris, DomainRequest};
use serde_json::json;

use crate::arguments::Common;
use crate::asking::Asking;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::rows::rows;
use crate::servers::{self, Place, Servers};
use crate::settings::ServerSettings;
use crate::{plain, similar};

const EXAMPLES: &str = "\
Examples:
  lp-auth domain
  lp-auth domain sentinel
  curl https://$(lp-auth domain faasGW)/…
  lp-auth domain --output json | jq -r '.services[].service'

No credentials are needed. Names of services are
case-sensitive. A host that the host policy does not trust
is marked in the table, and not given out alone.

JSON (--output json):
  account   the account id
  services  service, host, trusted; for one service alone,
            these stand beside account

Exit codes: 0 done; 2 settings; 3 unknown account or service;
4 unavailable, or a host that is not trusted.";

/// Find out where a service of the account lives, or all of them
///
/// Asks LivePerson's Domain API. The host of one service is printed alone; without a service, a table of all.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The service, as sentinel or faasGW
    #[arg(value_name = "SERVICE")]
    service: Option<String>,

    #[command(flatten)]
    servers: ServerSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let service = arguments.service.as_deref().map(service_name).transpose()?;
    let config = arguments.servers.resolve()?;
    let account = servers::account(&config)?;
    let servers = Servers::of(&config)?;
    let asking = || Asking::start(&servers, &config, common.verbose);
    let Some(service) = service else {
        let services = all(asking()?, &servers, &account)?;
        return output::print(&table(&services, &servers.policy, &account, common.output));
    };
    let one = asking()?;
    let mut locator = servers.locator(&account, one.pace());
    let purpose = Purpose::Host(service.clone());
    let host = one.ask(purpose, &mut locator, |locator, now| {
        locator.locate(&service, now)
    });
    match host {
        Ok(host) => output::print(&single(&service, &host, &account, common.output)),
        Err(failure) if failure.exit == Exit::Refused && matches!(servers.place, Place::DomainApi(_)) => {
            // Perhaps the account has it under another name.
            let known = asking().and_then(|asking| all(asking, &servers, &account));
            Err(with_suggestion(failure, &service, known.as_ref().ok()))
        }
        Err(failure) => Err(failure),
    }
}

fn service_name(text: &str) -> Result<ServiceName, Failure> {
    text.parse().map_err(|error: lp_auth_core::InvalidName| {
        Failure::new(Exit::Usage, error.to_string()).tip("as in: lp-auth domain faasGW")
    })
}

fn single(service: &ServiceName, host: &ServiceHost, account: &AccountId, output: Output) -> String {
    match output {
        Output::Text => format!("{host}\n"),
        Output::Json => {
            let answer = json!({
                "account": account.as_str(),
                "service": service.as_str(),
                "host": host.to_string(),
                "trusted": true,
            });
            format!("{answer}\n")
        }
    }
}

fn table(services: &BaseUris, policy: &HostPolicy, account: &AccountId, output: Output) -> String {
    let mut services: Vec<(&str, &str)> = services.iter().collect();
    services.sort_unstable_by_key(|(service, _)| (service.to_lowercase(), *service));
    services.dedup();
    match output {
        Output::Text => {
            let rows_of: Vec<_> = services
                .iter()
                .map(|(service, host)| {
                    let mut text = plain::text(host);
                    if let Err(why) = policy.accept(host) {
                        text.push_str(match why {
                            lp_auth_core::UntrustedHost::NotAllowed(_) => {
                                "  (not trusted: --trusted-host allows it)"
                            }
                            lp_auth_core::UntrustedHost::Invalid(_) => "  (not trusted: this is no host)",
                            _ => "  (not trusted: plain http goes to loopback alone)",
                        });
                    }
                    (plain::text(service), text)
                })
                .collect();
            rows(&rows_of, 0)
        }
        Output::Json => {
            let services: Vec<_> = services
                .iter()
                .map(|(service, host)| {
                    json!({ "service": service, "host": host, "trusted": policy.accept(host).is_ok() })
                })
                .collect();
            let answer = json!({ "account": account.as_str(), "services": services });
            format!("{}\n", plain::json(&answer))
        }
    }
}

fn all(asking: Asking, servers: &Servers, account: &AccountId) -> Result<BaseUris, Failure> {
    let api = match &servers.place {
        Place::DomainApi(api) => api.clone(),
        Place::Sentinel(_) => {
            return Err(Failure::new(
                Exit::Usage,
                "the settings name Sentinel's host or a region, so that the Domain API is not asked",
            )
            .tip("to ask it nevertheless: --domain-api https://api.liveperson.net"));
        }
    };
    let mut machine = AllServices {
        exchange: Exchange::new(asking.pace(), 0),
        api,
        account: account.clone(),
        answer: None,
    };
    asking.ask(AllServices::PURPOSE, &mut machine, AllServices::ask)
}

/// The machine that asks for all services.
struct AllServices {
    exchange: Exchange,
    api: ServiceHost,
    account: AccountId,
    answer: Option<BaseUris>,
}

impl AllServices {
    const PURPOSE: Purpose = Purpose::Other("list of services");

    fn ask(&mut self, now: UnixTime) -> Result<Step<BaseUris>, Error> {
        if let Some(answer) = self.answer.take() {
            return Ok(Step::Done(answer));
        }
        match self.exchange.status(now) {
            Status::InFlight { until } => Ok(Step::Wait(until)),
            Status::Resting { error, .. } => Err(error),
            Status::Idle => {
                let request = DomainRequest::All.to_http(&self.account, &self.api);
                self.exchange.begin(Self::PURPOSE, request, now).map(Step::Call)
            }
        }
    }

    fn read(&self, answer: Answer) -> Result<BaseUris, Error> {
        let api = self.api.to_string();
        let reply = success(answer.outcome, &Self::PURPOSE, &api, &[])?;
        BaseUris::parse(reply.body().as_ref()).map_err(|_| {
            malformed(
                &reply,
                &Self::PURPOSE,
                &api,
                "the body is not the JSON that names hosts",
            )
        })
    }
}

impl Flow for AllServices {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        match self.exchange.take(reply) {
            Taken::Answer(answer) => match self.read(answer) {
                Ok(services) => {
                    self.exchange.succeed();
                    self.answer = Some(services);
                }
                Err(error) => self.exchange.fail(error, now),
            },
            Taken::NotOurs(reply) => return Some(reply),
            Taken::TooLate => {}
        }
        None
    }
}

/// What may have been meant by a name that the account does not know.
fn with_suggestion(failure: Failure, service: &ServiceName, of_account: Option<&BaseUris>) -> Failure {
    let of_account: Vec<String> = of_account
        .into_iter()
        .flat_map(BaseUris::iter)
        .map(|(name, _)| name.to_owned())
        .collect();
    // The account itself is unknown, or asking is not allowed: no name would help.
    if of_account.is_empty() {
        return match similar::nearest_in_any_case(service.as_str(), ServiceName::DOCUMENTED) {
            Some(name) => failure.tip(format!(
                "if the service is meant, `{name}`: names are case-sensitive"
            )),
            None => failure,
        };
    }
    let failure = failure.without_tips();
    let failure = match similar::nearest_in_any_case(service.as_str(), of_account.iter().map(String::as_str))
    {
        Some(name) => failure.tip(format!(
            "did you mean `{}`? names of services are case-sensitive",
            plain::text(name)
        )),
        None if ServiceName::DOCUMENTED.contains(&service.as_str()) => {
            failure.tip(format!("`{service}` exists, and this account does not have it"))
        }
        None => failure,
    };
    failure.tip("lp-auth domain lists the services of the account")
}

/// What may have been meant by a name that the Domain API does not know, for who has not asked for the list.
pub(crate) fn suggest(failure: Failure, service: &ServiceName) -> Failure {
    let failure = match similar::nearest_in_any_case(service.as_str(), ServiceName::DOCUMENTED) {
        _ if ServiceName::DOCUMENTED.contains(&service.as_str()) => {
            failure.tip(format!("`{service}` exists, and this account may not have it"))
        }
        Some(name) => failure.without_tips().tip(format!(
            "did you mean `{name}`? names of services are case-sensitive"
        )),
        None => failure,
    };
    failure.tip("lp-auth domain lists the services of the account")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_the_wrong_case_or_with_a_slip_finds_the_right_one() {
        for (slip, name) in [
            ("faasgw", Some("faasGW")),
            ("Sentinel", Some("sentinel")),
            ("sentinal", Some("sentinel")),
            ("msghist", Some("msgHist")),
            ("accountConfigRead", Some("accountConfigReadOnly")),
            ("zzz", None),
        ] {
            assert_eq!(
                similar::nearest_in_any_case(slip, ServiceName::DOCUMENTED),
                name,
                "{slip}"
            );
        }
    }
}
