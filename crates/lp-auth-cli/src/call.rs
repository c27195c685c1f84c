//! `lp-auth call`: a request with the token attached.

mod address;
mod body;
mod headers;
mod sending;

use core::time::Duration;
use std::io::{self, IsTerminal as _, Write as _};

use bytes::Bytes;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use http::{Method, StatusCode, Uri};
use lp_auth::HeaderStyle;

pub(crate) use self::address::Address;
pub(crate) use self::body::DataArgument;
use self::headers::HeaderArgument;
use self::sending::{Answer, Sender};
use crate::arguments::Common;
use crate::failure::{Exit, Failure};
use crate::session::{Session, TokenSettings};
use crate::{runtime, settings};

const EXAMPLES: &str = "\
Examples:
  Where the service lives is asked of the Domain API:
    lp-auth call GET \\
      accountConfigReadOnly/api/account/{account}/…

  A body, as it is, from a file, from standard input:
    lp-auth call POST msgHist/… -d '{…}'
    lp-auth call POST msgHist/… -d @body.json
    jq … | lp-auth call POST msgHist/… -d @-

  A whole URL, of a host that is trusted:
    lp-auth call GET https://va.msghist.liveperson.net/…

  Connector API and Messaging REST API:
    lp-auth call POST SERVICE/… --header-style bare

{account} in path or query becomes the account id. A body
without a Content-Type is sent as application/json. After a
401 the request is sent once more, with a new token.

The token goes over https to hosts under .liveperson.net,
.liveperson.com and .lpcloud.io alone, and to those that
--trusted-host allows. No redirect is followed: Location is
told on stderr.

Exit codes: 0 for a status 2xx, 1 for any other, which stderr
tells; 2 settings; 3 no token: refused by the server;
4 unavailable. stdout has the body in each case.";

/// Send a request with the token attached, and write the answer's body to stdout
///
/// The body is written as it arrives.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// GET, POST, PUT, PATCH, DELETE, …
    #[arg(value_name = "METHOD", value_parser = method)]
    method: Method,

    /// Where to: SERVICE/PATH, as faasGW/api/…, or a URL
    #[arg(value_name = "SERVICE/PATH|URL")]
    address: String,

    #[command(flatten)]
    sending: SendingArguments,

    /// Write the status line and the headers before the body
    #[arg(short, long)]
    include: bool,

    /// The body; @FILE takes it from a file, @- from standard input
    #[arg(short, long, value_name = "BODY")]
    data: Option<DataArgument>,

    /// A header; @FILE takes headers from a file, one a line; repeatable
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<HeaderArgument>,

    /// How the API wants the token: bearer, or bare (Connector API, Messaging REST API)
    #[arg(long, value_name = "STYLE", default_value = "bearer", value_parser = PossibleValuesParser::new(["bearer", "bare"]).try_map(|text| text.parse::<HeaderStyle>()))]
    header_style: HeaderStyle,

    #[command(flatten)]
    token: TokenSettings,
}

/// How requests to APIs are sent.
#[derive(Args, Debug)]
pub(crate) struct SendingArguments {
    /// How long to wait for the answer, and then for each piece of it
    #[arg(long, value_name = "SECONDS", default_value = "60", allow_negative_numbers = true, value_parser = time_limit)]
    timeout: Duration,
}

pub(crate) fn run(arguments: &Arguments, common: &Common) -> Result<(), Failure> {
    let session = Session::open(&arguments.token, common)?;
    let address = Address::parse(&arguments.address, session.config())?;
    let mut headers = headers::read(&arguments.headers)?;
    let body = arguments.data.as_ref().map(DataArgument::read).transpose()?;
    if body.is_some() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let request = Request {
        method: arguments.method.clone(),
        address,
        headers,
        body: body.unwrap_or_default(),
        style: arguments.header_style,
        timeout: arguments.sending.timeout,
        include: arguments.include,
    };
    request.carry_out(session).map(drop)
}

/// A request that wants a token.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) address: Address,
    pub(crate) headers: HeaderMap,
    /// Whole, so that it can be sent a second time.
    pub(crate) body: Bytes,
    pub(crate) style: HeaderStyle,
    pub(crate) timeout: Duration,
    pub(crate) include: bool,
}

impl SendingArguments {
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl Request {
    /// Sends it, writes the answer to stdout, and fails for a status that is no success.
    pub(crate) fn carry_out(self, mut session: Session) -> Result<StatusCode, Failure> {
        runtime::start()?.block_on(async {
            let sender = Sender::new(session.config(), self.timeout)?;
            let uri = self.address.resolve(&mut session).await?;
            let mut token = session.token().await?;
            let mut answer = self.send(&session, &sender, &uri, &token).await?;
            let mut why_no_other = None;
            if answer.status == StatusCode::UNAUTHORIZED {
                match session.replace(&token).await {
                    Ok(Some(other)) => {
                        session.say("the token is not accepted: once more with a new one");
                        token = other;
                        answer = self.send(&session, &sender, &uri, &token).await?;
                    }
                    Ok(None) => {}
                    // What the API answered is told all the same.
                    Err(failure) => why_no_other = Some(failure),
                }
            }
            session.end_progress();
            let status = answer.status;
            let line = status_line(&answer);
            let location = answer.headers.get(LOCATION).map(|to| to.as_bytes().to_owned());
            let host = uri.authority().map(ToString::to_string).unwrap_or_default();
            write(answer, self.include, &host).await?;
            match (
                status.is_success(),
                status.is_redirection().then_some(location).flatten(),
            ) {
                (true, _) => Ok(status),
                (false, Some(to)) => Err(Failure::answered(line)
                    .detail(format!(
                        "Location: {}",
                        String::from_utf8_lossy(&to).escape_debug()
                    ))
                    .tip("no redirect is followed: it could lead the token to another host")),
                (false, None) => Err(match why_no_other {
                    Some(why) => failed(status, line).detail(format!("no new token: {}", why.message())),
                    None => failed(status, line),
                }),
            }
        })
    }

    async fn send(
        &self,
        session: &Session,
        sender: &Sender,
        uri: &Uri,
        token: &lp_auth::AccessToken,
    ) -> Result<Answer, Failure> {
        let mut request = http::Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(
            USER_AGENT,
            HeaderValue::from_static(concat!("lp-auth/", env!("CARGO_PKG_VERSION"))),
        );
        headers.extend(self.headers.clone());
        headers.insert(AUTHORIZATION, token.authorization(self.style));
        let started = runtime::now();
        // Not the query, which may name a person.
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        session.say(format!("{} {host}{}", self.method, uri.path()));
        let answer = sender.send(request).await?;
        let after = runtime::now().since(started).as_millis();
        session.say(format!("{} after {after} ms", answer.status));
        Ok(answer)
    }
}

/// Writes what arrives as it arrives. Somebody who has stopped reading, as `head` does, is no failure.
async fn write(mut answer: Answer, include: bool, host: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let mut put = |bytes: &[u8]| match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(
            Exit::Unavailable,
            format!("the answer could not be written: {error}"),
        )),
        Ok(()) => Ok(true),
    };
    if include && !put(&head(&answer))? {
        return Ok(());
    }
    let mut end = b'\n';
    while let Some(piece) = answer.next(host).await? {
        end = piece.last().copied().unwrap_or(end);
        if !put(&piece)? {
            return Ok(());
        }
    }
    // A prompt, or what stderr has to say, begins on a line of its own.
    if end != b'\n' && io::stdout().is_terminal() {
        put(b"\n")?;
    }
    Ok(())
}

fn head(answer: &Answer) -> Vec<u8> {
    let mut head = format!("{}\r\n", status_line(answer)).into_bytes();
    for (name, value) in &answer.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn status_line(answer: &Answer) -> String {
    let reason = answer.status.canonical_reason().unwrap_or_default();
    let line = format!("{:?} {} {reason}", answer.version, answer.status.as_u16());
    line.trim_end().to_owned()
}

fn failed(status: StatusCode, line: String) -> Failure {
    /// LivePerson Functions (LIVEPERSON.md §5).
    const FUNCTION_FAILED: u16 = 901;
    if status.as_u16() == FUNCTION_FAILED {
        return Failure::answered(format!("{line}: the function itself failed"));
    }
    let failure = Failure::answered(line);
    match status {
        StatusCode::UNAUTHORIZED => failure
            .tip("does the API want the token in the other way? --header-style bearer, --header-style bare")
            .tip("does it want a token of the other version? --api-version v1, --api-version v2"),
        StatusCode::FORBIDDEN => failure.tip(
            "the application may lack a scope, which its installation says: lp-auth token | lp-auth verify shows what it has",
        ),
        _ => failure,
    }
}

fn method(text: &str) -> Result<Method, &'static str> {
    text.to_ascii_uppercase()
        .parse()
        .ok()
        .filter(|method| *method != Method::CONNECT)
        .ok_or("a method is wanted, as GET or POST")
}

fn time_limit(text: &str) -> Result<Duration, &'static str> {
    let limit = settings::seconds(text)?;
    if limit.is_zero() || limit > Duration::from_secs(24 * 60 * 60) {
        return Err("more than 0 seconds are wanted, and at most 86400");
    }
    Ok(limit)
}
