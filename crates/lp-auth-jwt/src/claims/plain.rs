//! Payloads as Sentinel spells them: read in one pass, with no more work than a comparison for each name.
//!
//! Whatever is spelled otherwise, or claims something else, is left to the reader that knows all of JSON. What is read
//! here means the same there.

use lp_auth_core::{PlainJson, UnixTime};

use super::reader::Found;
use super::{AudienceSpan, Span};
use crate::json::NumericDate;

/// The known claims of a flat object without blanks and escapes, or nothing where it is not one, where a name comes
/// twice, or where there are other names.
pub(super) fn read(payload: &str) -> Option<Found> {
    let mut json = PlainJson::object(payload)?;
    let mut found = Found::default();
    let mut has_permissions = false;
    loop {
        if json.skip(r#""aud":""#) {
            once(&mut found.aud, AudienceSpan::One(string(&mut json)?))?;
        } else if json.skip(r#""azp":""#) {
            once(&mut found.azp, string(&mut json)?)?;
        } else if json.skip(r#""scope":""#) {
            once(&mut found.scope, string(&mut json)?)?;
        } else if json.skip(r#""iss":""#) {
            once(&mut found.iss, string(&mut json)?)?;
        } else if json.skip(r#""exp":"#) {
            once(&mut found.exp, date(&mut json)?)?;
        } else if json.skip(r#""iat":"#) {
            once(&mut found.iat, date(&mut json)?)?;
        } else if json.skip(r#""permissions":["#) && !has_permissions {
            json.strings()?;
            has_permissions = true;
        } else if json.skip(r#""https://liveperson.com/consumer_id":""#) {
            once(&mut found.consumer_id, string(&mut json)?)?;
        } else {
            return None;
        }
        if json.is_at_its_end() {
            return Some(found);
        }
        json.skip(",").then_some(())?;
    }
}

/// Takes a claim in, unless it is there already.
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

#[inline]
fn string(json: &mut PlainJson<'_>) -> Option<Span> {
    let place = json.string()?;
    Span::new(place.start, place.end)
}

#[inline]
fn date(json: &mut PlainJson<'_>) -> Option<UnixTime> {
    let seconds = json.whole_number()?;
    (seconds <= NumericDate::LAST).then(|| UnixTime::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::ClaimsSet;

    /// Everything that a claims set says of its payload.
    fn said(set: &ClaimsSet) -> impl PartialEq + std::fmt::Debug {
        (
            [
                set.iss(),
                set.azp(),
                set.consumer_id(),
                Some(set.scopes().as_str()),
            ]
            .map(|text| text.map(str::to_owned)),
            set.aud().map(String::from).collect::<Vec<_>>(),
            [set.exp(), set.iat(), set.nbf()],
            set.json().to_owned(),
        )
    }

    /// Says whether the payload was a plain one, and checks that then both readers say the same.
    fn is_read_alike(payload: &str) -> bool {
        let Some(found) = super::read(payload) else {
            return false;
        };
        let plain = ClaimsSet::assemble(payload.to_owned(), found, "").unwrap();
        let strict = ClaimsSet::read_strictly(payload.to_owned());
        assert_eq!(strict.as_ref().map(said), Ok(said(&plain)), "{payload}");
        true
    }

    #[test]
    fn what_sentinel_writes_is_plain() {
        for payload in [
            r#"{"aud":"le81823118","azp":"75588e18-0213-4e33-8174-883acac7e3c4","scope":"msg.consumer","iss":"Sentinel","exp":1524646270,"iat":1524642670}"#,
            r#"{"aud":"1","azp":"x","scope":"","iss":"Sentinel","exp":253402300799,"iat":1,"permissions":[]}"#,
            r#"{"permissions":["a","b é"],"https://liveperson.com/consumer_id":"ü","iss":""}"#,
        ] {
            assert!(is_read_alike(payload), "{payload}");
        }
    }

    #[test]
    fn what_is_spelled_otherwise_is_left_to_the_strict_reader() {
        for payload in [
            "",
            "{}",
            "{",
            r#"{"iss":"a","iss":"a"}"#,
            r#"{"permissions":[],"permissions":[]}"#,
            r#"{"permissions":[1]}"#,
            r#"{"permissions":["a",]}"#,
            r#"{"permissions":["a""b"]}"#,
            r#"{"iss":"a"} "#,
            r#" {"iss":"a"}"#,
            r#"{"iss": "a"}"#,
            r#"{"iss":"a",}"#,
            r#"{"iss":"a"}}"#,
            r#"{"iss":"a""#,
            r#"{"iss":"a"#,
            r#"{"iss":"\u0061"}"#,
            "{\"iss\":\"a\tb\"}",
            r#"{"exp":01}"#,
            r#"{"exp":0}"#,
            r#"{"exp":1.5}"#,
            r#"{"exp":1e3}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":}"#,
            r#"{"exp":253402300800}"#,
            r#"{"exp":1000000000000}"#,
            r#"{"exp":"1"}"#,
            r#"{"aud":["1"]}"#,
            r#"{"nbf":1}"#,
            r#"{"sub":"a"}"#,
        ] {
            assert!(super::read(payload).is_none(), "{payload}");
        }
    }

    proptest! {
        #[test]
        fn both_readers_agree_on_whatever_is_made_of_a_payload(
            parts in proptest::collection::vec(
                proptest::sample::select(vec![
                    "{", "}", ",", ":", "\"", "[", "]", " ", "\\", "\\\"", "\u{7f}", "é", "0", "1", "1524646270", "-", ".5",
                    r#""iss":"#, r#""iss":"Sentinel""#, r#""aud":"1""#, r#""aud":["#, r#""azp":"""#, r#""scope":"a b""#,
                    r#""exp":"#, r#""exp":1524646270"#, r#""iat":1"#, r#""permissions":["#, r#""permissions":[]"#, r#""a""#,
                    r#""https://liveperson.com/consumer_id":"c""#, "null",
                ]),
                0..12,
            ),
            commas in proptest::bool::ANY,
        ) {
            let inner = parts.join(if commas { "," } else { "" });
            is_read_alike(&inner);
            is_read_alike(&format!("{{{inner}}}"));
        }

        #[test]
        fn both_readers_agree_on_a_payload_with_one_byte_changed(place in 0_usize..200, byte in 0_u8..128) {
            let good = r#"{"aud":"le81823118","azp":"75588e18","scope":"msg.consumer","iss":"Sentinel","exp":1524646270,"iat":1524642670,"permissions":["a","b"],"https://liveperson.com/consumer_id":"c"}"#;
            let mut changed = good.as_bytes().to_vec();
            let place = place % changed.len();
            changed[place] = byte;
            is_read_alike(core::str::from_utf8(&changed).unwrap());
        }
    }
}
