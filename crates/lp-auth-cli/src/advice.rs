//! What to do about the library's errors, in flags and variables.

use lp_auth::{BuildError, Error, ErrorKind, Purpose};
use lp_auth_core::TransportErrorKind;

use crate::failure::{Exit, Failure};

const CREDENTIALS: &str = "check the client id (--client-id, LP_CLIENT_ID), the client secret \
     (--client-secret-file, LP_CLIENT_SECRET_FILE, LP_CLIENT_SECRET) and the account id (--account, LP_ACCOUNT_ID): \
     the three belong together";
const ACCOUNT: &str = "check the account id (--account, LP_ACCOUNT_ID)";
/// The switch may stand where nobody thinks of it.
pub(crate) const NO_PLAIN_HTTP: &str = "leave out --plain-http-loopback (LP_PLAIN_HTTP_LOOPBACK, plain_http_loopback of the \
     profile): lp-auth settings says where it comes from";
const TLS: [&str; 2] = [
    "to trust another certificate authority: --ca-file PEM, or LP_CA_FILE",
    "the certificate must be for the host that was asked, and in time",
];
const ADDRESS: &str = "check the address (--domain-api, LP_DOMAIN_API; --sentinel, LP_SENTINEL)";

/// No answer came from LivePerson, or not the one that was asked for. `waited_for` is what the end of the patience cut
/// short.
pub(crate) fn unanswered(error: &Error, waited_for: Option<String>) -> Failure {
    let exit = match error.kind() {
        ErrorKind::Refused | ErrorKind::ServiceUnknown => Exit::Refused,
        ErrorKind::InvalidRequest => Exit::Usage,
        _ => Exit::Unavailable,
    };
    let mut summary = error.summary();
    if let (ErrorKind::OutOfPatience, Some(waited_for)) = (error.kind(), waited_for) {
        summary = format!("{summary} while waiting for the {waited_for}");
    }
    let mut failure = Failure::new(exit, summary).causes_of(error);
    for tip in tips(error) {
        failure = failure.tip(tip);
    }
    if exit == Exit::Unavailable {
        failure = failure.tip("lp-auth doctor looks at each step of the way, and says where it ends");
    }
    failure
}

/// A client or a verifier cannot be built from the settings.
pub(crate) fn unbuildable(error: &BuildError) -> Failure {
    let failure = Failure::new(Exit::Usage, error.to_string());
    match error {
        BuildError::Credential(_) => failure.tip(
            "check the client id (--client-id, LP_CLIENT_ID) and the client secret (--client-secret-file, \
             LP_CLIENT_SECRET_FILE, LP_CLIENT_SECRET)",
        ),
        BuildError::Host(_) => failure.tip(
            "check the hosts (--domain-api, LP_DOMAIN_API; --sentinel, LP_SENTINEL; --trusted-host, LP_TRUSTED_HOSTS)",
        ),
        BuildError::Name(_) => failure.tip(ACCOUNT),
        BuildError::PlainHttp(_) | BuildError::Scheme { plain_http: true, .. } => failure.tip(NO_PLAIN_HTTP),
        BuildError::Scheme { plain_http: false, .. } => failure
            .tip("for a server on loopback that has no TLS: --plain-http-loopback, or LP_PLAIN_HTTP_LOOPBACK=true"),
        BuildError::Stack(_) => failure.causes_of(error).tip("check the file of --ca-file (LP_CA_FILE)"),
        _ => failure,
    }
}

/// What to do where a request to an API comes to nothing on the way.
pub(crate) fn of_transport(kind: TransportErrorKind) -> Vec<&'static str> {
    let way = || [proxy(), Some("check the address")].into_iter().flatten();
    match kind {
        TransportErrorKind::BrokenOff => {
            vec!["send it again only if it may be carried out twice: nobody knows whether it was"]
        }
        TransportErrorKind::ConnectionRefused => way().collect(),
        TransportErrorKind::Tls => TLS.to_vec(),
        TransportErrorKind::Unresolved => way().chain(["check the network"]).collect(),
        _ => Vec::new(),
    }
}

fn tips(error: &Error) -> Vec<&'static str> {
    let is = |kind| error.transport().is_some_and(|error| error.kind() == kind);
    match (error.kind(), error.purpose()) {
        // What is no host at all cannot be allowed.
        (ErrorKind::HostNotTrusted, _) if !error.summary().contains("is not trusted") => {
            vec![
                "check the address of the Domain API (--domain-api, LP_DOMAIN_API): somebody else may answer there",
            ]
        }
        (ErrorKind::HostNotTrusted, _) => vec![
            "if that host is yours, allow it: --trusted-host NAME, or LP_TRUSTED_HOSTS=NAME",
            "if it is not, somebody answers in the Domain API's place",
        ],
        (ErrorKind::Malformed, _) => vec![
            ADDRESS,
            "a proxy or a sign-in page may answer in LivePerson's place",
        ],
        (ErrorKind::NoAnswer, _) if is(TransportErrorKind::ConnectionRefused) => {
            let emulator = "if the emulator is meant: is `lp-auth emulator` running?";
            [proxy(), Some(ADDRESS), Some(emulator)]
                .into_iter()
                .flatten()
                .collect()
        }
        (ErrorKind::NoAnswer, _) => [proxy(), Some(ADDRESS), Some("check the network")]
            .into_iter()
            .flatten()
            .collect(),
        (ErrorKind::OutOfPatience, _) => {
            vec![
                "wait longer: --patience SECONDS, or LP_PATIENCE",
                "-v tells what is asked of whom",
            ]
        }
        (ErrorKind::Refused, Purpose::Token) => vec![CREDENTIALS],
        (ErrorKind::Refused | ErrorKind::ServiceUnknown, Purpose::Host(_)) => vec![
            ACCOUNT,
            "some accounts are known to another Domain API: --domain-api URL, or LP_DOMAIN_API",
        ],
        (ErrorKind::Refused | ErrorKind::ServiceUnknown, _) => vec![ACCOUNT, ADDRESS],
        (ErrorKind::ServerFault, _) => vec!["the server is in trouble: try again later"],
        (ErrorKind::Throttled, _) => vec!["the server asks for fewer requests: try again later"],
        (ErrorKind::Tls, _) => TLS.to_vec(),
        _ => Vec::new(),
    }
}

/// Whether requests go through a proxy of the environment, and what to do about it.
fn proxy() -> Option<&'static str> {
    const NAMES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    NAMES.into_iter().any(is_set).then_some(
        "requests go through a proxy (HTTPS_PROXY, ALL_PROXY): check it; NO_PROXY=HOST goes past it",
    )
}
