//! What a verification allocates: the claims, and nothing else of ours.

mod support;

use allocation_counter::{AllocationInfo, measure};
use lp_auth_core::Compact;
use lp_auth_jwt::Keys;
use support::*;

#[test]
fn a_verification_allocates_the_claims_and_nothing_else() {
    let (key, policy) = (TestKey::a(), policy());
    let token = key.good("k");
    let keys = set(&[("k", &key)]);
    let compact = Compact::parse(&token).unwrap();
    let signature = compact.decode(lp_auth_core::Part::Signature).unwrap();
    let verifying = keys.key("k").unwrap();
    let check = || {
        let input = compact.signing_input().as_bytes();
        verifying.verify_message(input, &signature).unwrap();
    };
    // A backend that keeps parsed keys parses this one now.
    check();
    let backend = measure(check);
    let first = measure(|| drop(policy.verify(&token, Keys::v2(&keys), NOW).unwrap()));
    let again = measure(|| drop(policy.verify(&token, Keys::v2(&keys), NOW).unwrap()));
    let by_reference = measure(|| {
        let scopes = policy.with_claims(&token, Keys::v2(&keys), NOW, |claims| {
            claims.scopes().iter().count()
        });
        assert_eq!(scopes, Ok(2));
    });
    show("backend alone", &backend);
    show("the first verification of a key", &first);
    show("every other", &again);
    assert_eq!(again.count_total - backend.count_total, 1);
    assert_eq!(by_reference.count_total - backend.count_total, 1);
    // The header is decoded, and kept with its `kid` to be known again.
    assert_eq!(first.count_total - backend.count_total, 4);
    let payload = compact.decoded_length(lp_auth_core::Part::Payload);
    assert!(again.bytes_total - backend.bytes_total <= payload as u64 + 2);
}

#[test]
fn a_token_answered_from_memory_by_reference_allocates_nothing() {
    let (key, policy) = (TestKey::a(), policy());
    let token = key.good("k");
    let keys = set(&[("k", &key)]).remembering(100);
    assert!(policy.verify(&token, Keys::v2(&keys), NOW).is_ok());
    let scopes = || {
        policy
            .with_claims(&token, Keys::v2(&keys), NOW, |claims| {
                claims.scopes().iter().count()
            })
            .unwrap()
    };
    assert_eq!(scopes(), 2);
    let by_reference = measure(|| assert_eq!(scopes(), 2));
    assert_eq!(by_reference.count_total, 0);
    let owned = measure(|| drop(policy.verify(&token, Keys::v2(&keys), NOW).unwrap()));
    assert_eq!(owned.count_total, 1);
}

#[test]
fn what_is_rejected_for_its_signature_allocates_nothing_of_ours() {
    let (key, policy) = (TestKey::a(), policy());
    let keys = set(&[("k", &key)]);
    assert!(policy.verify(&key.good("k"), Keys::v2(&keys), NOW).is_ok());
    let forged = TestKey::b().good("k");
    let compact = Compact::parse(&forged).unwrap();
    let signature = compact.decode(lp_auth_core::Part::Signature).unwrap();
    let backend = measure(|| {
        let _ = keys
            .key("k")
            .unwrap()
            .verify_message(compact.signing_input().as_bytes(), &signature);
    });
    let rejected = measure(|| assert!(policy.verify(&forged, Keys::v2(&keys), NOW).is_err()));
    assert_eq!(rejected.count_total, backend.count_total);
}

#[test]
fn a_remembered_token_takes_about_as_much_as_the_documentation_says() {
    const TOKENS: u64 = 200;
    let (key, policy) = (TestKey::a(), policy());
    let tokens: Vec<String> = (0..TOKENS)
        .map(|number| key.token(&header("k"), &claims(&format!(r#","jti":"{number:04}""#))))
        .collect();
    let keys = set(&[("k", &key)]).remembering(usize::try_from(TOKENS).unwrap());
    let growth = measure(|| {
        for token in &tokens {
            assert!(policy.with_claims(token, Keys::v2(&keys), NOW, |_| ()).is_ok());
        }
    });
    let bytes = growth.bytes_current.unsigned_abs() / TOKENS;
    println!(
        "a token of {} bytes takes {bytes} bytes of memory",
        tokens[0].len()
    );
    assert!(bytes <= 1100, "{bytes}");
}

fn show(what: &str, info: &AllocationInfo) {
    println!(
        "{what}: {} allocations, {} bytes",
        info.count_total, info.bytes_total
    );
}
