//! Attacks through the payload: claims of other types, beyond their bounds, or there twice.

use crate::support::*;
use crate::{Case, case, with_header, with_payload};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(boundaries());
    cases.extend(numbers());
    cases.extend(types());
    cases.extend(duplicates());
    cases.extend(sizes());
    cases
}

fn replaced(from: &str, to: &str) -> String {
    let good = claims("");
    assert!(good.contains(from), "{from}");
    with_payload(&good.replace(from, to))
}

/// Every second around the times that decide, with 60 s of leeway.
fn boundaries() -> Vec<Case> {
    let now = NOW.as_secs();
    let mut cases = Vec::new();
    for offset in -62..=-57_i64 {
        let exp = now.checked_add_signed(offset).unwrap();
        let expected = if offset <= -60 { "expired" } else { "accepted" };
        cases.push(case(
            format!("exp {offset} s from now"),
            replaced("1700003600", &exp.to_string()),
            expected,
        ));
    }
    for offset in 57..=62_i64 {
        let time = now.checked_add_signed(offset).unwrap();
        let expected = if offset <= 60 { "accepted" } else { "not yet valid" };
        let iat = replaced(r#""iat":1700000000"#, &format!(r#""iat":{time}"#));
        cases.push(case(format!("iat {offset} s from now"), iat, expected));
        let nbf = with_payload(&claims(&format!(r#","nbf":{time}"#)));
        cases.push(case(format!("nbf {offset} s from now"), nbf, expected));
    }
    cases.push(case(
        "exp before iat, in the past",
        replaced("1700003600", "1699990000"),
        "expired",
    ));
    cases.push(case(
        "no exp",
        replaced(r#""exp""#, r#""not_exp""#),
        "malformed payload",
    ));
    cases.push(case("no iat", replaced(r#""iat""#, r#""not_iat""#), "accepted"));
    cases
}

fn numbers() -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, expected) in [
        ("1700003600", "accepted"),
        ("1700003600.0", "accepted"),
        ("1700003600.999999", "accepted"),
        ("1.7000036e9", "accepted"),
        ("1.7000036E+9", "accepted"),
        ("253402300799", "accepted"),
        ("253402300799.5", "accepted"),
        ("253402300800", "malformed payload"),
        ("0", "expired"),
        ("-0", "expired"),
        ("0.0", "expired"),
        ("1e-400", "expired"),
        ("-1", "malformed payload"),
        ("-0.1", "malformed payload"),
        ("-1700003600", "malformed payload"),
        ("1700003600000", "malformed payload"),
        ("4294967296", "accepted"),
        ("9007199254740993", "malformed payload"),
        ("9223372036854775808", "malformed payload"),
        ("18446744073709551615", "malformed payload"),
        ("18446744073709551616", "malformed payload"),
        ("1e18", "malformed payload"),
        ("1e308", "malformed payload"),
        ("1e309", "malformed payload"),
        ("-1e309", "malformed payload"),
        ("1E99999999999", "malformed payload"),
        ("NaN", "malformed payload"),
        ("Infinity", "malformed payload"),
        ("-Infinity", "malformed payload"),
        ("null", "malformed payload"),
        ("true", "malformed payload"),
        ("\"1700003600\"", "malformed payload"),
        ("\"\"", "malformed payload"),
        ("[1700003600]", "malformed payload"),
        ("{}", "malformed payload"),
        ("01700003600", "malformed payload"),
        ("+1700003600", "malformed payload"),
        (".5", "malformed payload"),
        ("1.", "malformed payload"),
        ("1e", "malformed payload"),
        ("0x6553F100", "malformed payload"),
        ("1_700_003_600", "malformed payload"),
    ] {
        cases.push(case(
            format!("exp {number}"),
            replaced("1700003600", number),
            expected,
        ));
    }
    for bad in ["-1", "\"0\"", "null", "1e309", "[]"] {
        let nbf = with_payload(&claims(&format!(r#","nbf":{bad}"#)));
        cases.push(case(format!("nbf {bad}"), nbf, "malformed payload"));
        let iat = replaced(r#""iat":1700000000"#, &format!(r#""iat":{bad}"#));
        cases.push(case(format!("iat {bad}"), iat, "malformed payload"));
    }
    cases
}

fn types() -> Vec<Case> {
    let mut cases = Vec::new();
    for (aud, expected) in [
        (r#"["12345678"]"#, "accepted"),
        (r#"["x","12345678"]"#, "accepted"),
        (r#"["12345678","12345678"]"#, "accepted"),
        (r#""\u00312345678""#, "accepted"),
        ("12345678", "malformed payload"),
        ("[12345678]", "malformed payload"),
        (r#"["12345678",null]"#, "malformed payload"),
        (r#"[["12345678"]]"#, "malformed payload"),
        (r#"{"aud":"12345678"}"#, "malformed payload"),
        ("null", "malformed payload"),
        ("[]", "audience"),
        (r#""""#, "audience"),
        (r#"" 12345678""#, "audience"),
        (r#""12345678 ""#, "audience"),
        (r#""12345678\u0000""#, "audience"),
        (r#""12345678,87654321""#, "audience"),
        (r#""12345678 87654321""#, "audience"),
        (r#""*""#, "audience"),
        (r#""１２３４５６７８""#, "audience"),
        (r#"["\"12345678\""]"#, "audience"),
        (r#"["x\\","\",\"12345678"]"#, "audience"),
    ] {
        cases.push(case(
            format!("aud {aud}"),
            replaced(r#""12345678""#, aud),
            expected,
        ));
    }
    for (iss, expected) in [
        (r#""Sent\u0069nel""#, "accepted"),
        (r#""sentinel""#, "issuer"),
        (r#""SENTINEL""#, "issuer"),
        (r#""Sentinel\u0000""#, "issuer"),
        (r#""Sentinel.evil.example""#, "issuer"),
        (r#""Sentine\u0406""#, "issuer"),
        (r#""""#, "issuer"),
        (r#"["Sentinel"]"#, "malformed payload"),
        ("null", "malformed payload"),
        ("true", "malformed payload"),
    ] {
        cases.push(case(
            format!("iss {iss}"),
            replaced(r#""Sentinel""#, iss),
            expected,
        ));
    }
    cases.push(case("no iss", replaced(r#""iss""#, r#""ISS""#), "issuer"));
    cases.push(case("no aud", replaced(r#""aud""#, r#""AUD""#), "audience"));
    for scope in ["null", "1", r#"["msg.consumer"]"#] {
        let token = replaced(r#""msg.consumer faas.lambda.invoke""#, scope);
        cases.push(case(format!("scope {scope}"), token, "malformed payload"));
    }
    let azp = format!("\"{CLIENT}\"");
    cases.push(case(
        "azp is an array",
        replaced(&azp, &format!("[{azp}]")),
        "malformed payload",
    ));
    cases.push(case(
        "a consumer id that is a number",
        with_payload(&claims(r#","https://liveperson.com/consumer_id":1"#)),
        "malformed payload",
    ));
    cases.push(case(
        "permissions of any shape",
        with_payload(&claims(r#","permissions":{"a":[1,null]}"#)),
        "accepted",
    ));
    cases
}

fn duplicates() -> Vec<Case> {
    let mut cases = Vec::new();
    for header in [
        r#"{"alg":"RS256","alg":"RS256","kid":"k"}"#,
        r#"{"alg":"none","alg":"RS256","kid":"k"}"#,
        r#"{"alg":"RS256","kid":"k","alg":"none"}"#,
        r#"{"alg":"RS256","\u0061lg":"RS256","kid":"k"}"#,
        r#"{"alg":"RS256","kid":"x","kid":"k"}"#,
        r#"{"alg":"RS256","kid":"k","\u006bid":"k"}"#,
        r#"{"alg":"RS256","kid":"k","x":1,"x":1}"#,
        r#"{"alg":"RS256","kid":"k","jwk":{"n":1,"n":2}}"#,
        r#"{"alg":"RS256","kid":"k","crit":[],"crit":[]}"#,
        r#"{"alg":"RS256","kid":"k","typ":"JWT","typ":"JWT"}"#,
    ] {
        cases.push(case(
            format!("duplicate in {header}"),
            with_header(header),
            "malformed header",
        ));
    }
    for more in [
        r#","iss":"Sentinel""#,
        r#","aud":"12345678""#,
        r#","\u0061ud":"12345678""#,
        r#","exp":9999999999"#,
        r#","iat":1"#,
        r#","nbf":1,"nbf":1"#,
        r#","azp":"x""#,
        r#","scope":"admin""#,
        r#","permissions":[],"permissions":[]"#,
        r#","x":1,"\u0078":1"#,
        r#","":1,"":2"#,
        r#","x":{"a":1,"a":1}"#,
        r#","x":[0,{"a":{"b":1,"b":2}}]"#,
        r#","x":{"a":1,"\u0061":1}"#,
        r#","permissions":[{"a":1,"a":2}]"#,
    ] {
        cases.push(case(
            format!("duplicate in claims and {more}"),
            with_payload(&claims(more)),
            "malformed payload",
        ));
    }
    cases.push(case(
        "the same name at different depths",
        with_payload(&claims(r#","x":{"iss":1,"x":{"x":1}},"y":{"iss":1}"#)),
        "accepted",
    ));
    let many: String = (0..600).map(|number| format!(r#","m{number}":0"#)).collect();
    cases.push(case("600 members", with_payload(&claims(&many)), "accepted"));
    let many = format!(r#"{many},"m599":0"#);
    cases.push(case(
        "the last of 600 members twice",
        with_payload(&claims(&many)),
        "malformed payload",
    ));
    let inner: String = (0..600).map(|number| format!(r#""m{number}":0,"#)).collect();
    let inner = format!(r#","x":{{{inner}"m3":0}}"#);
    cases.push(case(
        "one of 600 nested members twice",
        with_payload(&claims(&inner)),
        "malformed payload",
    ));
    cases
}

fn sizes() -> Vec<Case> {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        with_payload(&claims(&format!(r#","x":{open}{close}"#)))
    };
    let objects = |depth: usize| {
        let (open, close) = (r#"{"a":"#.repeat(depth), "}".repeat(depth));
        with_payload(&claims(&format!(r#","x":{open}1{close}"#)))
    };
    let text = |length: usize| with_payload(&claims(&format!(r#","x":"{}""#, "x".repeat(length))));
    let header = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        with_header(&format!(r#"{{"alg":"RS256","kid":"k","x":{open}{close}}}"#))
    };
    let aud = |count: usize| {
        let others = r#""x","#.repeat(count);
        replaced(r#""12345678""#, &format!(r#"[{others}"12345678"]"#))
    };
    vec![
        case("arrays 100 deep", nested(100), "accepted"),
        case("arrays 126 deep", nested(126), "accepted"),
        case("arrays 127 deep", nested(127), "malformed payload"),
        case("arrays 5000 deep", nested(5000), "malformed payload"),
        case("objects 126 deep", objects(126), "accepted"),
        case("objects 127 deep", objects(127), "malformed payload"),
        case("objects 1500 deep", objects(1500), "malformed payload"),
        case("header arrays 5000 deep", header(5000), "malformed header"),
        case("a string of 11,000 bytes", text(11_000), "accepted"),
        case("a string of 12,000 bytes", text(12_000), "too large"),
        case(
            "an array of 4000 numbers",
            with_payload(&claims(&format!(r#","x":[{}1]"#, "1,".repeat(4000)))),
            "accepted",
        ),
        case("2000 audiences", aud(2000), "accepted"),
        case(
            "a number of 9000 digits",
            with_payload(&claims(&format!(r#","x":{}"#, "9".repeat(9000)))),
            "malformed payload",
        ),
    ]
}
