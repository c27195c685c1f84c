//! `lp-auth token`: an access token on stdout.

use std::ffi::OsString;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use lp_auth::{AccessToken, Client, Config, HeaderStyle, ServiceHost, ServiceName};
use serde_json::json;

use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::progress::Progress;
use crate::settings::{self, CredentialSettings, ServerSettings};
use crate::{advice, runtime};

const EXAMPLES: &str = "\
Examples:
  lp-auth token
  lp-auth token --api-version v1 --region emea
  lp-auth token --output json | jq -r .expires_at
  lp-auth token | lp-auth verify
  lp-auth token --header bearer | curl -H @- https://…

JSON (--output json):
  access_token  the token, a JWT
  token_type    Bearer
  expires_at    when it ends: RFC 3339, UTC, by this clock
  expires_in    in how many seconds that is
  api_version   v1 or v2
  sentinel      the host that it came from

Exit codes: 0 done; 2 settings; 3 refused by the server;
4 unavailable.";

/// Get an access token and print it
///
/// Prints the token alone, with a line's end. The client secret comes from a file or from the environment, never from
/// an argument, which the process list would show.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Print a header line instead, for curl -H @-: `Authorization: Bearer …`, or the token without `Bearer`
    ///
    /// bare is what Connector API and Messaging REST API want; the others want bearer
    #[arg(long, value_name = "STYLE", value_parser = PossibleValuesParser::new(["bearer", "bare"]).try_map(|text| text.parse::<HeaderStyle>()))]
    header: Option<HeaderStyle>,

    /// Bind the token to this consumer (a delegated token, V2 alone)
    ///
    /// An argument shows in the process list, the variable does not. [env: LP_CONSUMER_ID]
    #[arg(long, value_name = "ID")]
    consumer: Option<String>,

    #[command(flatten)]
    credentials: CredentialSettings,
    #[command(flatten)]
    servers: ServerSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    if arguments.header.is_some() && common.output == Output::Json {
        return Err(Failure::new(
            Exit::Usage,
            "--header prints a header line, --output json a JSON object: leave one out",
        ));
    }
    let config = arguments.credentials.resolve(&arguments.servers)?;
    let consumer = arguments.consumer()?;
    let progress = Progress::start(common.verbose, &config);
    let client = client(&config, consumer, &progress)?;
    let answer = runtime::start()?.block_on(async {
        let token = client.token().await?;
        Ok((token, client.host(&ServiceName::SENTINEL).await?))
    });
    let waited_for = progress.end();
    let (token, sentinel) = answer.map_err(|error| advice::unanswered(&error, waited_for))?;
    match (common.output, arguments.header) {
        (Output::Json, _) => output::print(&format!("{}\n", json(&token, &sentinel, &config))),
        (Output::Text, None) => output::print(&format!("{}\n", token.expose())),
        (Output::Text, Some(HeaderStyle::Bare)) => {
            output::print(&format!("Authorization: {}\n", token.expose()))
        }
        (Output::Text, Some(HeaderStyle::Bearer)) => {
            output::print(&format!("Authorization: Bearer {}\n", token.expose()))
        }
    }
}

impl Arguments {
    /// Whom the token is to be bound to. An empty variable counts as not set; an empty argument is a mistake.
    fn consumer(&self) -> Result<Option<String>, Failure> {
        if self.consumer.is_some() {
            return Ok(self.consumer.clone());
        }
        let variable = std::env::var_os("LP_CONSUMER_ID").filter(|value| !value.is_empty());
        variable
            .map(OsString::into_string)
            .transpose()
            .map_err(|_| Failure::new(Exit::Usage, "LP_CONSUMER_ID: not text"))
    }
}

fn client(config: &Config, consumer: Option<String>, progress: &Progress) -> Result<Client, Failure> {
    let unbuildable = |error| advice::unbuildable(&error);
    let (patience, pace) = settings::pace(config);
    let client = config
        .client()
        .map_err(|error| settings::unusable(&error))?
        .patience(patience)
        .pace(pace)
        .watch(progress.watcher())
        .build()
        .map_err(unbuildable)?;
    match consumer {
        Some(consumer) => client.for_consumer(&consumer).map_err(unbuildable),
        None => Ok(client),
    }
}

fn json(token: &AccessToken, sentinel: &ServiceHost, config: &Config) -> serde_json::Value {
    json!({
        "access_token": token.expose(),
        "token_type": "Bearer",
        "expires_at": token.expires_at().to_string(),
        "expires_in": token.expires_at().since(runtime::now()).as_secs(),
        "api_version": config.api_version.unwrap_or_default().to_string(),
        "sentinel": sentinel.to_string(),
    })
}
