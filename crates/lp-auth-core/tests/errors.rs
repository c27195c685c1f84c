//! What a person reads when something goes wrong, one line for each kind.

use std::error::Error as _;

use lp_auth_core::{Error, ErrorKind, Purpose, ServiceName, TransportError, TransportErrorKind, UnixTime};

#[test]
fn each_kind_says_what_was_asked_of_whom_what_came_back_and_what_to_do() {
    let host = Purpose::Host(ServiceName::SENTINEL);
    for (error, text) in [
        (
            Error::new(ErrorKind::HostNotTrusted, host.clone())
                .with_detail("the host `evil.example` is not trusted"),
            "no host of service `sentinel` from a.example: the host `evil.example` is not trusted; if this host is \
             yours, allow it by name in the host policy",
        ),
        (
            Error::new(ErrorKind::InvalidRequest, Purpose::Other("motto"))
                .with_detail("invalid uri character"),
            "no motto from a.example: invalid uri character; check the settings",
        ),
        (
            Error::new(ErrorKind::Malformed, Purpose::Keys)
                .with_status(http::StatusCode::OK)
                .with_detail("the body is an HTML page"),
            "no key set from a.example: 200 OK, the body is an HTML page; check that the address is LivePerson's and \
             that no proxy answers in its place",
        ),
        (
            Error::from_transport(
                TransportError::new(TransportErrorKind::ConnectionRefused),
                Purpose::Token,
            ),
            "no access token from a.example: nobody listens there: the connection was refused; check the network, the \
             proxy settings and the address",
        ),
        (
            Error::new(ErrorKind::OutOfPatience, Purpose::Token).with_detail("no answer within 10 s"),
            "no access token from a.example: no answer within 10 s; ask again, or allow more patience",
        ),
        (
            Error::new(ErrorKind::Refused, host.clone()).with_status(http::StatusCode::UNAUTHORIZED),
            "no host of service `sentinel` from a.example: 401 Unauthorized; check the account id",
        ),
        (
            Error::new(ErrorKind::ServerFault, Purpose::Token)
                .with_status(http::StatusCode::SERVICE_UNAVAILABLE)
                .with_server_message("closed")
                .with_retry_at(UnixTime::from_secs(1_524_642_670)),
            "no access token from a.example: 503 Service Unavailable, \"closed\"; the server is in trouble: ask again \
             later (next try from 2018-04-25T07:51:10Z on)",
        ),
        (
            Error::new(ErrorKind::ServiceUnknown, host),
            "no host of service `sentinel` from a.example; check the account id and the name of the service (case \
             matters)",
        ),
        (
            Error::new(ErrorKind::Throttled, Purpose::Token).with_status(http::StatusCode::TOO_MANY_REQUESTS),
            "no access token from a.example: 429 Too Many Requests; the server asks for fewer requests: ask again later",
        ),
        (
            Error::from_transport(TransportError::new(TransportErrorKind::Tls), Purpose::Token),
            "no access token from a.example: no trusted TLS connection; check that the certificate authority is \
             trusted here and that the certificate is for this host",
        ),
        (
            Error::from_transport(TransportError::new(TransportErrorKind::Unusable), Purpose::Token),
            "no access token from a.example: the HTTP stack cannot be used for this, or not from here; call from within \
             the runtime that the HTTP stack needs, set the stack up for this, or choose another",
        ),
    ] {
        assert_eq!(error.from_host("a.example").to_string(), text);
    }
}

#[test]
fn the_transports_error_is_the_source_and_has_its_own() {
    let io = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "reset");
    let transport = TransportError::new(TransportErrorKind::BrokenOff).caused_by(io);
    let error = Error::from_transport(transport, Purpose::Token);
    let source = error.source().unwrap();
    assert_eq!(
        source.to_string(),
        "the connection broke off before the answer was complete"
    );
    assert_eq!(source.source().unwrap().to_string(), "reset");
    assert!(error.is_transient());
}

#[test]
fn each_transport_error_has_its_words() {
    use TransportErrorKind as Kind;
    let all = [
        Kind::BrokenOff,
        Kind::ConnectionRefused,
        Kind::Other,
        Kind::Redirected,
        Kind::TimedOut,
        Kind::Tls,
        Kind::TooLarge,
        Kind::Unresolved,
        Kind::Unusable,
    ];
    let mut texts: Vec<_> = all.map(|kind| TransportError::new(kind).to_string()).to_vec();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), all.len(), "{texts:?}");
}
