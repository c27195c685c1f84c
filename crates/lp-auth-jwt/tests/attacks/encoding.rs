//! Attacks through the encoding: parts, base64, JSON's own spelling.

use crate::support::*;
use crate::{Case, case};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(parts());
    cases.extend(base64());
    cases.extend(json());
    cases
}

fn parts() -> Vec<Case> {
    let good = TestKey::a().good("k");
    let split: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (split[0], split[1], split[2]);
    vec![
        case("good", good.clone(), "accepted"),
        case("nothing", "", "malformed"),
        case("one part", header, "malformed"),
        case("two parts", format!("{header}.{payload}"), "malformed"),
        case("four parts", format!("{good}.{signature}"), "malformed"),
        case("four parts, the last empty", format!("{good}."), "malformed"),
        case("four parts, the first empty", format!(".{good}"), "malformed"),
        case(
            "five parts, as a JWE",
            format!("{good}.{header}.{payload}"),
            "malformed",
        ),
        case("dots", "..", "malformed header"),
        case("more dots", "....", "malformed"),
        case(
            "an empty header part",
            format!(".{payload}.{signature}"),
            "malformed header",
        ),
        case(
            "an empty payload part",
            format!("{header}..{signature}"),
            "signature",
        ),
        case(
            "an empty payload part, signed",
            TestKey::a().token(&support_header(), ""),
            "malformed payload",
        ),
        case(
            "an empty signature part",
            format!("{header}.{payload}."),
            "malformed signature",
        ),
        case(
            "parts exchanged",
            format!("{payload}.{header}.{signature}"),
            "malformed header",
        ),
        case("with its scheme", format!("Bearer {good}"), "malformed header"),
        case("a space before", format!(" {good}"), "malformed header"),
        case("a space after", format!("{good} "), "malformed signature"),
        case("a newline after", format!("{good}\n"), "malformed signature"),
        case("a zero byte after", format!("{good}\0"), "malformed signature"),
        case("a BOM before", format!("\u{feff}{good}"), "malformed header"),
        case("in quotes", format!("\"{good}\""), "malformed header"),
        case("two tokens", format!("{good},{good}"), "malformed"),
        case(
            "flattened JSON serialisation",
            format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#),
            "malformed",
        ),
        case(
            "general JSON serialisation",
            format!(
                r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#
            ),
            "malformed",
        ),
        case(
            "the longest text that is looked at",
            "a".repeat(16 * 1024),
            "malformed",
        ),
        case("one byte more", "a".repeat(16 * 1024 + 1), "too large"),
        case("dots without end", ".".repeat(16 * 1024), "malformed"),
    ]
}

fn support_header() -> String {
    header("k")
}

fn base64() -> Vec<Case> {
    let good = TestKey::a().good("k");
    let split: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (split[0], split[1], split[2]);
    let mut cases = vec![
        case(
            "a padded header",
            format!("{header}=.{payload}.{signature}"),
            "malformed header",
        ),
        case(
            "a padded payload",
            format!("{header}.{payload}=.{signature}"),
            "malformed payload",
        ),
        case("a padded signature", format!("{good}=="), "malformed signature"),
        case(
            "percent-encoded padding",
            format!("{good}%3D%3D"),
            "malformed signature",
        ),
        case(
            "a signature in standard base64",
            format!("{header}.{payload}.{}+/", &signature[2..]),
            "malformed signature",
        ),
        case(
            "a newline within the payload",
            format!("{header}.{}\n{}.{signature}", &payload[..76], &payload[76..]),
            "malformed payload",
        ),
        case(
            "a space within the signature",
            format!("{header}.{payload}.{} {}", &signature[..50], &signature[50..]),
            "malformed signature",
        ),
        case(
            "a zero byte within the header",
            format!("{}\0{}.{payload}.{signature}", &header[..10], &header[10..]),
            "malformed header",
        ),
        case(
            "one character too many",
            format!("{good}AAA"),
            "malformed signature",
        ),
    ];
    // 256 bytes leave four bits of the last character without a meaning: sixteen spellings of one signature.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(signature.chars().last().unwrap()).unwrap();
    for bits in 1..16 {
        let other = &alphabet[last ^ bits..=last ^ bits];
        let respelled = format!("{header}.{payload}.{}{other}", &signature[..signature.len() - 1]);
        cases.push(case(
            format!("the signature's last character with bits {bits:04b}"),
            respelled,
            "malformed signature",
        ));
    }
    // The same for what is signed: a genuine signature over another spelling of the payload or the header.
    let sign = |input: String| {
        let signature = b64(&TestKey::a().sign(input.as_bytes()));
        format!("{input}.{signature}")
    };
    let padded_to = |text: &str, remainder: usize| {
        let mut text = text.to_owned();
        while text.len() % 3 != remainder {
            text.push(' ');
        }
        text
    };
    for remainder in [1, 2] {
        let respell = |text: &str| {
            let encoded = b64(padded_to(text, remainder).as_bytes());
            let last = alphabet.find(encoded.chars().last().unwrap()).unwrap();
            format!(
                "{}{}",
                &encoded[..encoded.len() - 1],
                &alphabet[last + 1..=last + 1]
            )
        };
        cases.push(case(
            format!("a payload of 3n+{remainder} bytes with bits beyond its end, signed"),
            sign(format!("{header}.{}", respell(&claims("")))),
            "malformed payload",
        ));
        cases.push(case(
            format!("a header of 3n+{remainder} bytes with bits beyond its end, signed"),
            sign(format!("{}.{payload}", respell(&support_header()))),
            "malformed header",
        ));
    }
    cases
}

fn json() -> Vec<Case> {
    let key = TestKey::a();
    let (good_header, good) = (support_header(), claims(""));
    let sign = |header: &[u8], payload: &[u8]| {
        let input = format!("{}.{}", b64(header), b64(payload));
        format!("{input}.{}", b64(&key.sign(input.as_bytes())))
    };
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let inside = |text: &str| good.replacen('}', &format!(r#","x":{text}}}"#), 1).into_bytes();
    let spellings: Vec<(&str, Vec<u8>, bool)> = vec![
        (
            "whitespace around",
            format!(" \t\r\n{good} \t\r\n").into_bytes(),
            true,
        ),
        ("whitespace within", good.replace(':', " :\n ").into_bytes(), true),
        ("a BOM before", format!("\u{feff}{good}").into_bytes(), false),
        (
            "a vertical tab before",
            format!("\u{b}{good}").into_bytes(),
            false,
        ),
        (
            "a no-break space before",
            format!("\u{a0}{good}").into_bytes(),
            false,
        ),
        ("a zero byte after", format!("{good}\0").into_bytes(), false),
        ("UTF-16", utf16, false),
        ("a second object", format!("{good}{{}}").into_bytes(), false),
        ("a word after", format!("{good}x").into_bytes(), false),
        ("a comment", format!("/* */{good}").into_bytes(), false),
        (
            "a trailing comma",
            good.replacen('}', ",}", 1).into_bytes(),
            false,
        ),
        ("no end", good.trim_end_matches('}').as_bytes().to_vec(), false),
        ("single quotes", good.replace('"', "'").into_bytes(), false),
        (
            "bare names",
            good.replacen(r#""aud""#, "aud", 1).into_bytes(),
            false,
        ),
        ("an array around", format!("[{good}]").into_bytes(), false),
        ("a string", format!("{good:?}").into_bytes(), false),
        ("null", b"null".to_vec(), false),
        ("a number", b"7".to_vec(), false),
        ("an array", b"[]".to_vec(), false),
        ("a lone surrogate", inside(r#""\ud800""#), false),
        ("a surrogate pair", inside(r#""\ud83d\ude00""#), true),
        (
            "a surrogate pair the wrong way round",
            inside(r#""\ude00\ud83d""#),
            false,
        ),
        ("an unknown escape", inside(r#""\x41""#), false),
        ("half an escape", inside(r#""\u00""#), false),
        ("a control character", inside("\"\u{1}\""), false),
        ("a newline in a string", inside("\"\n\""), false),
        ("capital words", inside("True"), false),
        ("a leading zero in an ignored number", inside("007"), false),
        ("a huge ignored number", inside("1e999"), false),
        (
            "invalid UTF-8 in a string",
            [&good.as_bytes()[..good.len() - 1], b",\"x\":\"\xff\"}"].concat(),
            false,
        ),
        (
            "overlong UTF-8 in a string",
            [&good.as_bytes()[..good.len() - 1], b",\"x\":\"\xc0\xaf\"}"].concat(),
            false,
        ),
        (
            "a UTF-8 surrogate in a string",
            [&good.as_bytes()[..good.len() - 1], b",\"x\":\"\xed\xa0\x80\"}"].concat(),
            false,
        ),
        (
            "invalid UTF-8 in a name",
            [&good.as_bytes()[..good.len() - 1], b",\"\xff\":1}"].concat(),
            false,
        ),
        ("U+FFFF", inside("\"\u{ffff}\""), true),
        (
            "an empty name",
            good.replacen('}', r#","":1}"#, 1).into_bytes(),
            true,
        ),
        (
            "the name of a private number",
            inside(r#"{"$serde_json::private::Number":"1"}"#),
            true,
        ),
        (
            "the name of a raw value",
            inside(r#"{"$serde_json::private::RawValue":"1"}"#),
            true,
        ),
    ];
    let mut cases = Vec::new();
    for (name, payload, is_good) in spellings {
        let expected = if is_good { "accepted" } else { "malformed payload" };
        cases.push(case(
            format!("payload: {name}"),
            sign(good_header.as_bytes(), &payload),
            expected,
        ));
    }
    for (name, header, is_good) in [
        (
            "whitespace around",
            format!("\n{good_header}\n").into_bytes(),
            true,
        ),
        (
            "a BOM before",
            format!("\u{feff}{good_header}").into_bytes(),
            false,
        ),
        ("a word after", format!("{good_header}x").into_bytes(), false),
        (
            "a second object",
            format!("{good_header}{good_header}").into_bytes(),
            false,
        ),
        ("an array around", format!("[{good_header}]").into_bytes(), false),
        (
            "a zero byte after",
            format!("{good_header}\0").into_bytes(),
            false,
        ),
        (
            "invalid UTF-8",
            b"{\"alg\":\"RS256\",\"kid\":\"k\",\"x\":\"\xff\"}".to_vec(),
            false,
        ),
        (
            "a lone surrogate",
            br#"{"alg":"RS256","kid":"k","x":"\udc00"}"#.to_vec(),
            false,
        ),
        ("null", b"null".to_vec(), false),
    ] {
        let expected = if is_good { "accepted" } else { "malformed header" };
        cases.push(case(
            format!("header: {name}"),
            sign(&header, good.as_bytes()),
            expected,
        ));
    }
    cases
}
