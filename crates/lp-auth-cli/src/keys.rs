//! `lp-auth keys`: the keys that sign tokens.

use clap::Args;
use lp_auth::{Error, KeySet, ServiceHost, ServiceName, UnixTime};
use lp_auth_core::{Answer, Body, Flow, Locate, Purpose, Reply, ServiceExchange, Status, Step, Taken};
use lp_auth_jwt::{InvalidKeySet, JwksRequest, SkippedKey, VerifyingKey};
use serde_json::Value;

use crate::arguments::Common;
use crate::asking::Asking;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::plain;
use crate::rows::rows;
use crate::servers::{self, Servers};
use crate::settings::ServerSettings;

const EXAMPLES: &str = "\
Examples:
  lp-auth keys
  lp-auth keys --output json > jwks.json
  lp-auth verify --keys jwks.json < token.jwt

These are the keys of V2 tokens, as Sentinel publishes them.
No credentials are needed. The thumbprint is that of
RFC 7638 (SHA-256). V1 tokens are signed with a static key,
which LivePerson's documentation holds.

JSON (--output json) is the JWK Set as Sentinel sent it.

Exit codes: 0 done; 2 settings; 3 refused by the server;
4 unavailable, or no key that can be used.";

/// Show the keys that Sentinel signs V2 tokens with
///
/// For each: its id, size, use, algorithm and thumbprint, and why it is not used where it is not.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    servers: ServerSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let config = arguments.servers.resolve()?;
    let account = servers::account(&config)?;
    let servers = Servers::of(&config)?;
    let asking = Asking::start(&servers, &config, common.verbose)?;
    let mut machine = Published {
        exchange: ServiceExchange::new(ServiceName::SENTINEL, asking.pace(), 0),
        locator: servers.locator(&account, asking.pace()),
        answer: None,
    };
    let published = asking.ask(Purpose::Keys, &mut machine, Published::ask)?;
    let jwks: Value = serde_json::from_slice(published.body.as_ref()).unwrap_or_default();
    output::print(&match common.output {
        Output::Json => format!("{}\n", plain::json(&jwks)),
        Output::Text => listed(&published, &jwks),
    })?;
    match published.keys {
        Ok(_) => Ok(()),
        Err(why) => Err(Failure::new(
            Exit::Unavailable,
            format!(
                "no token can be verified with the keys of {}: {why}",
                published.host
            ),
        )),
    }
}

/// A key set as it came.
struct PublishedSet {
    host: ServiceHost,
    body: Body,
    keys: Result<KeySet, InvalidKeySet>,
}

/// The machine that asks for the key set, and keeps what was said, word for word.
struct Published {
    exchange: ServiceExchange,
    locator: Box<dyn Locate>,
    answer: Option<PublishedSet>,
}

impl Published {
    fn ask(&mut self, now: UnixTime) -> Result<Step<PublishedSet>, Error> {
        if let Some(answer) = self.answer.take() {
            return Ok(Step::Done(answer));
        }
        match self.exchange.status(now) {
            Status::InFlight { until } => Ok(Step::Wait(until)),
            Status::Resting { error, .. } => Err(error),
            Status::Idle => {
                let step = self
                    .exchange
                    .begin(&mut *self.locator, Purpose::Keys, now, |host| {
                        JwksRequest.to_http(host)
                    })?;
                Ok(step.towards())
            }
        }
    }
}

impl Flow for Published {
    fn handle(&mut self, reply: Reply, now: UnixTime) -> Option<Reply> {
        let answer = match self.exchange.take(reply, now) {
            Taken::Answer(answer) => answer,
            Taken::NotOurs(reply) => return self.locator.handle(reply, now),
            Taken::TooLate => return None,
        };
        let body = answer
            .outcome
            .as_ref()
            .map(|reply| Body::from(reply.body().as_ref()))
            .unwrap_or_default();
        let host = answer.host;
        let read = JwksRequest.read(
            &host,
            Answer {
                outcome: answer.outcome,
                sent: answer.sent,
            },
        );
        let keys = match (read, KeySet::from_jwks(body.as_ref())) {
            (Ok(published), _) => Ok(published.keys),
            // To be looked at all the more.
            (Err(_), Err(none @ InvalidKeySet::NoUsableKey { .. })) => Err(none),
            (Err(error), _) => {
                self.exchange.fail(error, &host, now);
                return None;
            }
        };
        self.exchange.succeed();
        self.answer = Some(PublishedSet { host, body, keys });
        None
    }
}

fn listed(published: &PublishedSet, jwks: &Value) -> String {
    let skipped: &[SkippedKey] = match &published.keys {
        Ok(keys) => keys.skipped(),
        Err(InvalidKeySet::NoUsableKey { skipped }) => skipped,
        Err(_) => &[],
    };
    let entries = jwks.get("keys").and_then(Value::as_array);
    let mut text = String::new();
    for (place, entry) in entries.into_iter().flatten().enumerate() {
        if place > 0 {
            text.push('\n');
        }
        let member = |name: &str| entry.get(name).and_then(Value::as_str).map(plain::text);
        let kid = member("kid").unwrap_or_else(|| "none".to_owned());
        let declared = |name| member(name).unwrap_or_else(|| "not said".to_owned());
        let mut lines = vec![("kid", kid)];
        match skipped.iter().find(|skipped| skipped.place == place) {
            Some(SkippedKey { why, .. }) => lines.push(("skipped", why.to_string())),
            None => {
                if let Ok(key) = VerifyingKey::from_jwk(entry.to_string().as_bytes()) {
                    lines.push(("size", format!("RSA, {} bits", key.bits())));
                    lines.push(("thumbprint", key.thumbprint()));
                }
            }
        }
        lines.push(("use", declared("use")));
        lines.push(("alg", declared("alg")));
        text.push_str(&rows(&lines, 0));
    }
    text
}
