//! Rules 13 to 15: which tokens are accepted, and why others are not.

mod support;

use std::time::Duration;

use lp_auth_core::{ApiVersion, Compact, Part, UnixTime};
use lp_auth_jwt::{InvalidPolicy, KeySet, Keys, Malformed, Policy, Rejected, Unverified, VerifyingKey};
use support::*;

fn verify_with(policy: &Policy, token: &str) -> Result<(), Rejected> {
    let keys = set(&[("k", &TestKey::a())]);
    policy.verify(token, Keys::v2(&keys), NOW).map(|_| ())
}

fn verdict_on_claims(payload: &str) -> Result<(), Rejected> {
    verify_with(&policy(), &TestKey::a().token(&header("k"), payload))
}

fn fault_in(verdict: Result<(), Rejected>) -> Malformed {
    match verdict {
        Err(Rejected::Malformed(malformed)) => malformed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_specifications_sample_token_decodes_and_does_not_verify() {
    let sample = SAMPLE.trim();
    let unverified = Unverified::decode(sample).unwrap();
    assert_eq!(unverified.kid(), Some("appjwt-13-05-17"));
    assert_eq!(unverified.signature_bits(), 1024);
    assert!(unverified.claims().aud().contains("le81823118"));

    let documented = KeySet::documented_v1();
    let key = documented.keys().next().unwrap();
    assert_eq!(key.bits(), 2048);
    assert_eq!(
        key.verify(&Compact::parse(sample).unwrap()),
        Err(Rejected::KeySize)
    );
    let policy = Policy::builder(["le81823118".parse().unwrap()])
        .any_client()
        .versions([ApiVersion::V1])
        .build()
        .unwrap();
    let at_its_time = UnixTime::from_secs(1_524_643_000);
    let verdict = policy.verify(sample, Keys::v1(&documented), at_its_time);
    assert_eq!(verdict.unwrap_err(), Rejected::KeySize);
}

#[test]
fn a_genuine_token_is_accepted_and_its_claims_can_be_read() {
    #[derive(serde::Deserialize)]
    struct Mine<'a> {
        tier: u8,
        #[serde(borrow)]
        region: &'a str,
    }
    let payload = claims(
        r#","tier":3,"region":"emea","permissions":["a",7,"b\"c"],"https://liveperson.com/consumer_id":"consumer-1","nbf":1699999999.9"#,
    );
    let keys = set(&[("k", &TestKey::a())]);
    let token = TestKey::a().token(&header("k"), &payload);
    let claims = policy().verify(&token, Keys::v2(&keys), NOW).unwrap();
    assert_eq!(claims.version(), ApiVersion::V2);
    assert_eq!(claims.iss(), Some("Sentinel"));
    assert_eq!(claims.azp(), Some(CLIENT));
    assert_eq!(claims.aud().collect::<Vec<_>>(), [ACCOUNT]);
    assert_eq!(claims.exp(), Some(NOW + Duration::from_secs(3600)));
    assert_eq!(claims.iat(), Some(NOW));
    assert_eq!(claims.nbf(), Some(UnixTime::from_secs(1_699_999_999)));
    assert_eq!(claims.consumer_id(), Some("consumer-1"));
    assert_eq!(claims.permissions(), ["a", "b\"c"]);
    assert_eq!(claims.scopes().iter().count(), 2);
    assert!(claims.scopes().contains("faas.lambda.invoke") && !claims.scopes().contains("faas"));
    let mine: Mine<'_> = claims.custom().unwrap();
    assert_eq!((mine.tier, mine.region), (3, "emea"));
    assert_eq!(claims.json(), payload);
    assert_eq!(policy().account_of(&claims).unwrap().as_str(), ACCOUNT);
    assert!(!format!("{claims:?}").contains("consumer-1"), "{claims:?}");
}

#[test]
fn claims_spelled_with_escapes_mean_the_same() {
    let payload = claims("")
        .replace("Sentinel", r"Sent\u0069nel")
        .replace(r#""aud""#, r#""a\u0075d""#)
        .replace(ACCOUNT, r"1234567\u0038")
        .replace("msg.consumer", r"msg\u002econsumer");
    let keys = set(&[("k", &TestKey::a())]);
    let token = TestKey::a().token(r#"{"\u0061lg":"RS\u003256","kid":"\u006b"}"#, &payload);
    let claims = policy().verify(&token, Keys::v2(&keys), NOW).unwrap();
    assert_eq!(claims.iss(), Some("Sentinel"));
    assert!(claims.aud().contains(ACCOUNT) && claims.scopes().contains("msg.consumer"));
    assert_eq!(claims.json(), payload);
}

#[test]
fn the_audience_is_or_contains_an_account_of_the_policy() {
    let verdict = |aud: &str| {
        verdict_on_claims(&claims("").replace(&format!(r#""{ACCOUNT}""#), aud)).map_err(|why| match why {
            Rejected::Malformed(malformed) => malformed.to_string(),
            other => format!("{other:?}"),
        })
    };
    let audience = || Err("Audience".to_owned());
    let malformed =
        || Err("its payload has an `aud` that is neither a string nor an array of strings".to_owned());
    assert_eq!(verdict(r#""12345678""#), Ok(()));
    assert_eq!(verdict(r#"["12345678"]"#), Ok(()));
    assert_eq!(verdict(r#"["other","\",[","12345678"]"#), Ok(()));
    assert_eq!(verdict(r#"["other","1234567\u0038"]"#), Ok(()));
    assert_eq!(verdict(r#""123456789""#), audience());
    assert_eq!(verdict(r#""1234567""#), audience());
    assert_eq!(verdict("[]"), audience());
    assert_eq!(verdict(r#"["other","\"12345678"]"#), audience());
    assert_eq!(verdict("12345678"), malformed());
    assert_eq!(verdict(r#"["12345678",1]"#), malformed());
    assert_eq!(verdict("null"), malformed());
    assert_eq!(verdict(r#"{"12345678":"12345678"}"#), malformed());
}

#[test]
fn of_several_accounts_the_tokens_own_is_found() {
    let policy = Policy::builder(["9", ACCOUNT, "10"].map(|account| account.parse().unwrap()))
        .any_client()
        .build()
        .unwrap();
    let keys = set(&[("k", &TestKey::a())]);
    let claims = policy
        .verify(&TestKey::a().good("k"), Keys::v2(&keys), NOW)
        .unwrap();
    assert_eq!(policy.account_of(&claims).unwrap().as_str(), ACCOUNT);
}

#[test]
fn only_sentinel_issues_tokens() {
    for iss in [r#""sentinel""#, r#""Sentinel ""#, r#""https://evil.example""#] {
        let verdict = verdict_on_claims(&claims("").replace(r#""Sentinel""#, iss));
        assert_eq!(verdict, Err(Rejected::Issuer), "{iss}");
    }
    let verdict = verdict_on_claims(&claims("").replace(r#""Sentinel""#, r#"["Sentinel"]"#));
    assert_eq!(fault_in(verdict).part(), Some(Part::Payload));
    let verdict = verdict_on_claims(&claims("").replace(r#""iss""#, r#""isss""#));
    assert_eq!(verdict, Err(Rejected::Issuer));
}

#[test]
fn the_policy_says_which_clients() {
    let token = TestKey::a().good("k");
    let named = |clients: &[&str]| {
        Policy::builder([ACCOUNT.parse().unwrap()])
            .clients(clients.to_vec())
            .build()
            .unwrap()
    };
    assert_eq!(verify_with(&named(&["other", CLIENT]), &token), Ok(()));
    assert_eq!(verify_with(&named(&["other"]), &token), Err(Rejected::Client));
    let nobody = TestKey::a().token(&header("k"), &claims("").replace(r#""azp""#, r#""azpp""#));
    assert_eq!(verify_with(&policy(), &nobody), Ok(()));
    assert_eq!(verify_with(&named(&[CLIENT]), &nobody), Err(Rejected::Client));
}

#[test]
fn every_scope_that_the_policy_asks_for_must_be_there() {
    let asks = |scopes: &[&str]| open_policy().scopes(scopes.to_vec()).build().unwrap();
    let token = TestKey::a().good("k");
    assert_eq!(
        verify_with(&asks(&["msg.consumer", "faas.lambda.invoke"]), &token),
        Ok(())
    );
    let lacks = verify_with(&asks(&["msg.consumer", "users.external"]), &token).unwrap_err();
    assert_eq!(lacks.to_string(), "the token lacks the scope `users.external`");
    assert_eq!(lacks.status().as_u16(), 403);
    // What else is wrong comes first: a 403 says that all else is well.
    let expired = TestKey::a().token(&header("k"), &claims("").replace("1700003600", "1"));
    let why = verify_with(&asks(&["users.external"]), &expired).unwrap_err();
    assert_eq!(why.status().as_u16(), 401);
}

#[test]
fn time_is_judged_to_the_second_with_the_policys_leeway() {
    let keys = set(&[("k", &TestKey::a())]);
    let token = TestKey::a().token(&header("k"), &claims(r#","nbf":1700000010"#));
    let verdict = |leeway: u64, now_millis: u64| {
        let leeway = Duration::from_secs(leeway);
        open_policy()
            .leeway(leeway)
            .build()
            .unwrap()
            .verify(&token, Keys::v2(&keys), UnixTime::from_millis(now_millis))
            .map(|_| ())
    };
    let early = Err(Rejected::NotYetValid {
        from: UnixTime::from_secs(1_700_000_010),
    });
    let late = Err(Rejected::Expired {
        at: UnixTime::from_secs(1_700_003_600),
    });
    assert_eq!(verdict(0, 1_700_000_009_999), early);
    assert_eq!(verdict(0, 1_700_000_010_000), Ok(()));
    assert_eq!(verdict(0, 1_700_003_599_999), Ok(()));
    assert_eq!(verdict(0, 1_700_003_600_000), late);
    assert_eq!(verdict(60, 1_699_999_949_999), early);
    assert_eq!(verdict(60, 1_699_999_950_000), Ok(()));
    assert_eq!(verdict(60, 1_700_003_659_999), Ok(()));
    assert_eq!(verdict(60, 1_700_003_660_000), late);
    let default = policy().verify(&token, Keys::v2(&keys), UnixTime::from_secs(1_700_003_659));
    assert!(default.is_ok(), "60 s are the default");
}

#[test]
fn a_token_issued_in_the_future_is_not_valid_yet() {
    let verdict = verdict_on_claims(&claims("").replace(r#""iat":1700000000"#, r#""iat":1700000061"#));
    let from = UnixTime::from_secs(1_700_000_061);
    assert_eq!(verdict, Err(Rejected::NotYetValid { from }));
    assert_eq!(
        verdict.unwrap_err().to_string(),
        "the token is not valid before 2023-11-14T22:14:21Z; if that is past, check this machine's clock"
    );
}

#[test]
fn a_token_without_an_end_is_malformed() {
    let verdict = verdict_on_claims(&claims("").replace(r#""exp""#, r#""expp""#));
    assert_eq!(fault_in(verdict).to_string(), "its payload has no `exp`");
}

#[test]
fn times_are_numeric_dates() {
    let verdict = |exp: &str| verdict_on_claims(&claims("").replace("1700003600", exp));
    for good in ["1700003600.9", "1.7000036e9", "17000036e2", "253402300799"] {
        assert_eq!(verdict(good), Ok(()), "{good}");
    }
    assert_eq!(verdict("0.5"), Err(Rejected::Expired { at: UnixTime::EPOCH }));
    for bad in [
        "-1",
        "-0.5",
        "253402300800",
        "1700003600000",
        "1e300",
        "1e999",
        "-1e999",
        "18446744073709551616",
        r#""1700003600""#,
        "null",
        "true",
        "[1700003600]",
        "{}",
        "NaN",
        "Infinity",
        "0x65",
        "01700003600",
        "1700003600.",
        "+1700003600",
    ] {
        assert_eq!(fault_in(verdict(bad)).part(), Some(Part::Payload), "{bad}");
    }
}

#[test]
fn a_policy_without_a_choice_does_not_build() {
    let builder = || Policy::builder([ACCOUNT.parse().unwrap()]);
    assert_eq!(builder().build().unwrap_err(), InvalidPolicy::ClientsUndecided);
    assert_eq!(
        builder().clients([""; 0]).build().unwrap_err(),
        InvalidPolicy::NoClient
    );
    assert_eq!(
        builder().any_client().versions([]).build().unwrap_err(),
        InvalidPolicy::NoVersion
    );
    assert_eq!(
        Policy::builder([]).any_client().build().unwrap_err(),
        InvalidPolicy::NoAccount
    );
}

#[test]
fn the_key_is_chosen_by_kid() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let keys = set(&[("a", &a), ("b", &b)]);
    let verdict = |token: &str| policy().verify(token, Keys::v2(&keys), NOW).map(|_| ());
    assert_eq!(verdict(&a.good("a")), Ok(()));
    assert_eq!(verdict(&b.good("b")), Ok(()));
    assert_eq!(verdict(&a.good("b")), Err(Rejected::Signature));
    let unknown = verdict(&a.good("c")).unwrap_err();
    assert_eq!(unknown.missing_key().unwrap().kid(), Some("c"));
    assert_eq!(
        unknown.to_string(),
        r#"the token is signed with an unknown key (kid "c")"#
    );
    // A token without a `kid` is for keys without one, and there are none.
    let nameless = a.token(r#"{"alg":"RS256"}"#, &claims(""));
    let unknown = verdict(&nameless).unwrap_err();
    assert!(matches!(unknown, Rejected::UnknownKey(_)) && unknown.missing_key().is_none());
}

#[test]
fn a_token_without_a_kid_is_for_the_keys_without_one() {
    let nameless = TestKey::a().token(r#"{"alg":"RS256"}"#, &claims(""));
    let keys: KeySet = [
        TestKey::b().verifying(),
        TestKey::large().verifying(),
        TestKey::a().verifying(),
    ]
    .into_iter()
    .collect();
    assert!(policy().verify(&nameless, Keys::v2(&keys), NOW).is_ok());
    let others: KeySet = [TestKey::b().verifying()].into_iter().collect();
    assert_eq!(
        policy().verify(&nameless, Keys::v2(&others), NOW).unwrap_err(),
        Rejected::Signature
    );
    let large: KeySet = TestKey::large().verifying().into();
    assert_eq!(
        policy().verify(&nameless, Keys::v2(&large), NOW).unwrap_err(),
        Rejected::KeySize
    );
    // A V2 token that names a key is for that key alone.
    let named = TestKey::a().good("a");
    assert!(
        policy()
            .verify(&named, Keys::v2(&keys), NOW)
            .unwrap_err()
            .missing_key()
            .is_some()
    );
}

#[test]
fn a_v1_token_is_for_the_key_with_its_kid_or_for_those_without_one() {
    let v1 = open_policy().versions([ApiVersion::V1]).build().unwrap();
    let token = TestKey::a().good("appjwt-1");
    let verdict = |keys: &KeySet| {
        v1.verify(&token, Keys::v1(keys), NOW)
            .map(|claims| claims.version())
    };
    assert_eq!(verdict(&TestKey::a().verifying().into()), Ok(ApiVersion::V1));
    assert_eq!(verdict(&set(&[("appjwt-1", &TestKey::a())])), Ok(ApiVersion::V1));
    assert_eq!(
        verdict(&set(&[("appjwt-1", &TestKey::b())])),
        Err(Rejected::Signature)
    );
    let joined = KeySet::documented_v1().joined_by(TestKey::a().verifying().into());
    assert_eq!(verdict(&joined), Ok(ApiVersion::V1));
    assert_eq!(verdict(&KeySet::documented_v1()), Err(Rejected::Signature));
    let elsewhere = verdict(&set(&[("appjwt-2", &TestKey::a())])).unwrap_err();
    assert!(matches!(elsewhere, Rejected::UnknownKey(_)) && elsewhere.missing_key().is_none());
    let none = v1.verify(&token, Keys::none(), NOW).unwrap_err();
    assert!(matches!(none, Rejected::UnknownKey(_)) && none.missing_key().is_none());
}

#[test]
fn one_policy_can_accept_both_versions_while_a_service_migrates() {
    let (v1, v2) = (
        KeySet::from(TestKey::a().verifying()),
        set(&[("k", &TestKey::b())]),
    );
    let keys = Keys {
        v1: Some(&v1),
        v2: Some(&v2),
    };
    let version = |policy: &Policy, token: &str| {
        policy
            .verify(token, keys, NOW)
            .map(|claims| claims.version())
            .map_err(|why| why.missing_key().is_some())
    };
    let (old, new) = (TestKey::a().good("appjwt-1"), TestKey::b().good("k"));
    assert_eq!(version(&both_versions(), &old), Ok(ApiVersion::V1));
    assert_eq!(version(&both_versions(), &new), Ok(ApiVersion::V2));
    assert_eq!(version(&policy(), &old), Err(true));
    assert_eq!(version(&policy(), &new), Ok(ApiVersion::V2));
    let v1_only = open_policy().versions([ApiVersion::V1]).build().unwrap();
    assert_eq!(version(&v1_only, &new), Err(false));
    // A V1 key does not vouch for V2 tokens, nor the other way round.
    let crossed = Keys {
        v1: Some(&v2),
        v2: Some(&v1),
    };
    assert!(policy().verify(&new, crossed, NOW).is_err());
}

#[test]
fn the_signature_step_alone_looks_at_nothing_else() {
    let a = TestKey::a();
    let verify = |token: &str| a.verifying().verify(&Compact::parse(token).unwrap());
    assert_eq!(verify(&a.token(&header("whatever"), "no claims")), Ok(()));
    assert_eq!(
        verify(&a.token(r#"{"alg":"RS512"}"#, "{}")),
        Err(Rejected::Algorithm)
    );
    assert_eq!(
        verify(&a.token(r#"{"alg":"RS256","crit":["exp"]}"#, "{}")),
        Err(Rejected::CriticalHeader)
    );
    assert_eq!(
        verify(&TestKey::b().token(&header("k"), "{}")),
        Err(Rejected::Signature)
    );
    assert_eq!(
        verify(&TestKey::large().token(&header("k"), "{}")),
        Err(Rejected::KeySize)
    );
    assert_eq!(
        fault_in(verify(&a.token("[]", "{}"))).to_string(),
        "its header is no JSON object"
    );
}

#[test]
fn a_header_that_was_seen_before_is_known_again_and_vouches_for_nothing_else() {
    let (a, b) = (TestKey::a(), TestKey::b());
    let keys = set(&[("a", &a), ("b", &b)]);
    let verdict = |token: &str| policy().verify(token, Keys::v2(&keys), NOW).map(|_| ());
    for _ in 0..3 {
        assert_eq!(verdict(&a.good("a")), Ok(()));
        assert_eq!(verdict(&b.good("b")), Ok(()));
        assert_eq!(verdict(&a.good("b")), Err(Rejected::Signature));
        let critical = a.token(r#"{"kid":"a","alg":"RS256","crit":[]}"#, &claims(""));
        assert_eq!(verdict(&critical), Err(Rejected::CriticalHeader));
    }
}

#[test]
fn rejections_say_in_words_what_is_wrong_and_repeat_nothing_of_the_token() {
    let flood = "k".repeat(9000);
    let token = TestKey::a().token(&header(&flood), &claims(""));
    let keys = set(&[("k", &TestKey::a())]);
    let unknown = policy().verify(&token, Keys::v2(&keys), NOW).unwrap_err();
    assert!(unknown.to_string().len() < 150, "{unknown}");
    assert!(unknown.to_string().ends_with("k\"…)"), "{unknown}");
    let too_large = policy()
        .verify(&"a".repeat(16 * 1024 + 1), Keys::v2(&keys), NOW)
        .unwrap_err();
    assert_eq!(too_large, Rejected::TooLarge);
    assert_eq!(too_large.to_string(), "the token is longer than 16 KiB");
    for (rejected, text) in [
        (Rejected::Algorithm, "another algorithm than RS256"),
        (Rejected::Client, "a client that the policy does not name"),
        (Rejected::CriticalHeader, "critical extensions"),
        (Rejected::Issuer, "not issued by Sentinel"),
        (Rejected::KeySize, "of another length than the key's"),
        (Rejected::Signature, "does not verify"),
    ] {
        assert!(rejected.to_string().contains(text), "{rejected}");
    }
}

#[test]
fn keys_that_are_too_weak_or_misshapen_are_no_keys() {
    use lp_auth_jwt::InvalidKey;
    let (n, e) = (TestKey::a().n(), TestKey::a().e());
    let why = |n: &[u8], e: &[u8]| VerifyingKey::from_components(n, e).unwrap_err();
    assert_eq!(why(&n, &[3]), InvalidKey::Exponent);
    assert_eq!(why(&n, &[1]), InvalidKey::Exponent);
    assert_eq!(why(&n, &[1, 0, 0]), InvalidKey::Exponent);
    assert_eq!(why(&n, &[0xFF, 0xFF]), InvalidKey::Exponent);
    assert_eq!(why(&n, &[1, 0, 0, 0, 1]), InvalidKey::Exponent);
    assert_eq!(why(&n, &[0xFF; 600]), InvalidKey::Exponent);
    assert_eq!(why(&n, &[0, 1, 0, 1]), InvalidKey::LeadingZero);
    assert_eq!(why(&n, &[]), InvalidKey::LeadingZero);
    assert_eq!(why(&[&[0], &*n].concat(), &e), InvalidKey::LeadingZero);
    assert_eq!(why(&[], &e), InvalidKey::LeadingZero);
    let mut even = n.clone();
    *even.last_mut().unwrap() &= 0xFE;
    assert_eq!(why(&even, &e), InvalidKey::Modulus);
    let mut short = n.clone();
    short[0] = 0x7F;
    assert_eq!(why(&short, &e), InvalidKey::Size { bits: 2047 });
    assert_eq!(why(&[0xFF; 1025], &e), InvalidKey::Size { bits: 8200 });
    let mut longest = vec![0xFF; 1024];
    assert!(VerifyingKey::from_components(&longest, &e).is_ok());
    longest.insert(0, 1);
    assert_eq!(why(&longest, &e), InvalidKey::Size { bits: 8193 });
    assert!(VerifyingKey::from_components(&n, &[1, 0, 3]).is_ok());
    assert_eq!(
        InvalidKey::Size { bits: 1024 }.to_string(),
        "the key has 1024 bits; 2048 to 8192 are accepted"
    );
}
