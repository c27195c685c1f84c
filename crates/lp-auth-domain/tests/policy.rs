//! Which hosts the lookup hands out. Its life stands in the scenarios of all machines together.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use lp_auth_core::http::Response;
use lp_auth_core::{Flow as _, HostPolicy, Locate as _, ServiceName, Step, UnixTime};
use lp_auth_domain::DomainLookup;

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const SENTINEL: ServiceName = ServiceName::SENTINEL;

#[test]
fn a_port_counts_only_where_the_user_allowed_the_host() {
    let body = r#"{"service":"sentinel","baseURI":"127.0.0.1:8443"}"#;
    let policy = HostPolicy::default().allow("127.0.0.1:8443").unwrap();
    let mut domain = DomainLookup::builder("1".parse().unwrap()).policy(policy).build();
    let Ok(Step::Call(call)) = domain.locate(&SENTINEL, NOW) else {
        panic!("cold")
    };
    domain.handle(
        call.into_parts()
            .0
            .reply(Ok(Response::new(body.as_bytes().into()))),
        NOW,
    );
    assert!(matches!(domain.locate(&SENTINEL, NOW), Ok(Step::Done(host)) if host.port() == Some(8443)));
}
