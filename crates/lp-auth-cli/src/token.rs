//! `lp-auth token`: an access token on stdout.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use lp_auth::{AccessToken, Config, HeaderStyle};
use serde_json::json;

use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::output::{self, Output};
use crate::runtime;
use crate::session::{Session, TokenSettings};

const EXAMPLES: &str = "\
Examples:
  lp-auth token
  lp-auth token --api-version v1 --region emea
  lp-auth token --cache       # for scripts: at most one request
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

    #[command(flatten)]
    token: TokenSettings,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    if arguments.header.is_some() && common.output == Output::Json {
        return Err(Failure::new(
            Exit::Usage,
            "--header prints a header line, --output json a JSON object: leave one out",
        ));
    }
    let mut session = Session::open(&arguments.token, common)?;
    let (token, sentinel) = runtime::start()?.block_on(async {
        let token = session.token().await?;
        let sentinel = match common.output {
            Output::Json => session.sentinel(&token).await?,
            Output::Text => String::new(),
        };
        Ok((token, sentinel))
    })?;
    session.end_progress();
    match (common.output, arguments.header) {
        (Output::Json, _) => output::print(&format!("{}\n", json(&token, &sentinel, session.config()))),
        (Output::Text, None) => output::print(&format!("{}\n", token.expose())),
        (Output::Text, Some(HeaderStyle::Bare)) => {
            output::print(&format!("Authorization: {}\n", token.expose()))
        }
        (Output::Text, Some(HeaderStyle::Bearer)) => {
            output::print(&format!("Authorization: Bearer {}\n", token.expose()))
        }
    }
}

fn json(token: &AccessToken, sentinel: &str, config: &Config) -> serde_json::Value {
    json!({
        "access_token": token.expose(),
        "token_type": "Bearer",
        "expires_at": token.expires_at().to_string(),
        "expires_in": token.expires_at().since(runtime::now()).as_secs(),
        "api_version": config.api_version.unwrap_or_default().to_string(),
        "sentinel": sentinel,
    })
}
