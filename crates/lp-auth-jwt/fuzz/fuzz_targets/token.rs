//! Any text is taken apart without a panic, and what is taken apart means the same to serde_json.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lp_auth_core::Compact;
use lp_auth_jwt::Unverified;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let compact = Compact::parse(text);
    let Ok(unverified) = Unverified::decode(text) else {
        return;
    };
    assert!(compact.is_ok());
    let claims = unverified.claims();
    let value: Value = serde_json::from_str(claims.json()).expect("it was read before");
    assert_eq!(claims.iss(), value["iss"].as_str());
    assert_eq!(claims.azp(), value["azp"].as_str());
    assert_eq!(
        claims.consumer_id(),
        value["https://liveperson.com/consumer_id"].as_str()
    );
    assert_eq!(
        claims.scopes().as_str(),
        value["scope"].as_str().unwrap_or_default()
    );
    let aud: Vec<String> = match &value["aud"] {
        Value::Array(several) => several
            .iter()
            .map(|one| one.as_str().expect("a string").to_owned())
            .collect(),
        one => one.as_str().map(str::to_owned).into_iter().collect(),
    };
    assert_eq!(claims.aud().collect::<Vec<_>>(), aud);
    for (name, time) in [
        ("exp", claims.exp()),
        ("iat", claims.iat()),
        ("nbf", claims.nbf()),
    ] {
        assert_eq!(
            time.map(|time| time.as_secs()),
            value[name].as_f64().map(|seconds| seconds.floor() as u64),
            "{name}"
        );
    }
    let _ = (
        claims.permissions(),
        claims.custom::<Value>(),
        format!("{unverified:?}"),
    );
    let header: Value = serde_json::from_str(unverified.header_json()).expect("it was read before");
    assert_eq!(Some(unverified.alg()), header["alg"].as_str());
    assert_eq!(unverified.kid(), header["kid"].as_str());
});
