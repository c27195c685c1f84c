//! What errors say, by kind and endpoint.

use lp_auth::ErrorKind;
use lp_auth_emulator::Endpoint;

/// What is not there, as errors begin.
pub(crate) fn purpose(at: Endpoint) -> &'static str {
    match at {
        Endpoint::DomainApi => "host of service `sentinel`",
        Endpoint::Token => "access token",
        Endpoint::Keys => "key set",
        _ => unreachable!("the matrix is about the three endpoints that are asked"),
    }
}

/// What `{answer}` stands for: what the body of an answer is not.
pub(crate) fn answer(at: Endpoint) -> &'static str {
    match at {
        Endpoint::DomainApi => "the body is not the JSON that names hosts",
        Endpoint::Token => "the body is not the JSON of a token response",
        Endpoint::Keys => "the body is no JWK Set",
        _ => unreachable!("the matrix is about the three endpoints that are asked"),
    }
}

/// What the error says to do, as errors end.
pub(crate) fn advice(kind: ErrorKind, at: Endpoint) -> &'static str {
    match (kind, at) {
        (ErrorKind::Malformed, _) => {
            "check that the address is LivePerson's and that no proxy answers in its place"
        }
        (ErrorKind::NoAnswer, _) => "check the network, the proxy settings and the address",
        (ErrorKind::Refused, Endpoint::DomainApi) => "check the account id, `12345678`",
        (ErrorKind::Refused, Endpoint::Token) => "check the client id, the client secret and the account id",
        (ErrorKind::Refused, _) => "check the address and the account id",
        (ErrorKind::ServerFault, _) => "the server is in trouble: ask again later",
        (ErrorKind::ServiceUnknown, _) => "check the account id and the name of the service (case matters)",
        (ErrorKind::Throttled, _) => "the server asks for fewer requests: ask again later",
        (ErrorKind::Tls, _) => {
            "check that the certificate authority is trusted here and that the certificate is for this host"
        }
        _ => unreachable!("no row has this kind without an advice of its own"),
    }
}
