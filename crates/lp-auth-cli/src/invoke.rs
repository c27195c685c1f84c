//! `lp-auth invoke`: a function of LivePerson Functions (LIVEPERSON.md §5).

use bytes::Bytes;
use clap::Args;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use lp_auth::{HeaderStyle, ServiceName};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::call::{Address, DataArgument, Request, SendingArguments};
use crate::failure::{Exit, Failure};
use crate::runtime;
use crate::session::{Session, TokenSettings};
use crate::settings;
use crate::uuid::is_uuid;

const EXAMPLES: &str = "\
Examples:
  lp-auth invoke 4ec0ff5b-92a3-4c58-b5ac-4d4a36d6d6a1
  lp-auth invoke UUID -d '{\"question\": \"life\"}'
  lp-auth invoke UUID -d @payload.json --cache
  jq -n '{a: 1}' | lp-auth invoke UUID -d @-
  lp-auth invoke UUID -H 'x-order: 4711' --skill-id 12

The function gets the payload, the headers, and the time.
It is asked as POST /api/account/…/lambdas/UUID/invoke of the
service faasGW, with the token as Bearer. The application
needs the scope faas.lambda.invoke.

Exit codes: 0 for a status 2xx, 1 for any other (901: the
function itself failed), which stderr tells; 2 settings;
3 no token: refused by the server; 4 unavailable. stdout has
the body in each case.";

/// Invoke a function of LivePerson Functions, and write its answer to stdout
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function's UUID
    #[arg(value_name = "LAMBDA_UUID", value_parser = uuid)]
    lambda: String,

    /// The payload, JSON; @FILE takes it from a file, @- from standard input [default: {}]
    #[arg(short, long, value_name = "JSON")]
    data: Option<DataArgument>,

    /// A header that the function gets; repeatable
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_parser = function_header)]
    headers: Vec<FunctionHeader>,

    /// Who invokes the function, for its statistics
    #[arg(long, value_name = "NAME", default_value = "lp-auth")]
    external_system: String,

    /// The skill that the invocation is for
    #[arg(long, value_name = "ID")]
    skill_id: Option<String>,

    /// Write the status line and the headers before the body
    #[arg(short, long)]
    include: bool,

    #[command(flatten)]
    sending: SendingArguments,

    #[command(flatten)]
    token: TokenSettings,
}

/// A header in the body of an invocation.
#[derive(Clone)]
struct FunctionHeader {
    key: String,
    value: String,
}

/// Its value may be a secret.
impl core::fmt::Debug for FunctionHeader {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FunctionHeader")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let session = Session::open(&arguments.token, common)?;
    let account = settings::account(session.config())?;
    let service: ServiceName = "faasGW"
        .parse()
        .map_err(|error| crate::advice::unbuildable(&lp_auth::BuildError::Name(error)))?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("v", "1");
    query.append_pair("externalSystem", &arguments.external_system);
    if let Some(skill) = &arguments.skill_id {
        query.append_pair("skillId", skill);
    }
    let path = format!(
        "/api/account/{account}/lambdas/{}/invoke?{}",
        arguments.lambda,
        query.finish()
    );
    let request = Request {
        method: Method::POST,
        address: Address::of_service(service, path)?,
        headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
        body: arguments.body()?,
        style: HeaderStyle::Bearer,
        timeout: arguments.sending.timeout(),
        include: arguments.include,
    };
    request.carry_out(session).map(drop)
}

impl Arguments {
    fn body(&self) -> Result<Bytes, Failure> {
        let payload = match &self.data {
            Some(data) => data.read()?,
            None => Bytes::from_static(b"{}"),
        };
        // As it was written: numbers keep their digits.
        let payload: &RawValue = serde_json::from_slice(&payload).map_err(|error| {
            Failure::new(
                Exit::Usage,
                format!(
                    "the payload is not JSON: line {}, column {}",
                    error.line(),
                    error.column()
                ),
            )
            .tip("as -d '{\"name\": \"value\"}'")
        })?;
        let headers: Vec<Value> = self
            .headers
            .iter()
            .map(|header| json!({ "key": header.key, "value": header.value }))
            .collect();
        let body = format!(
            "{{\"timestamp\":{},\"headers\":{},\"payload\":{payload}}}",
            runtime::now().as_millis(),
            Value::from(headers)
        );
        Ok(body.into())
    }
}

fn uuid(text: &str) -> Result<String, &'static str> {
    if is_uuid(text) {
        Ok(text.to_owned())
    } else {
        Err("a UUID is wanted, as 4ec0ff5b-92a3-4c58-b5ac-4d4a36d6d6a1")
    }
}

fn function_header(text: &str) -> Result<FunctionHeader, &'static str> {
    let (key, value) = text.split_once(':').ok_or("`Name: value` is wanted")?;
    Ok(FunctionHeader {
        key: key.trim().to_owned(),
        value: value.trim().to_owned(),
    })
}
