//! What is malformed in a token, and where. Single characters of it are named at most.

use lp_auth_core::{Compact, Part};
use serde_json::Value;

/// Completes "this is no token: "; `None` where nothing more can be said than the library says.
pub(super) fn place(token: &str) -> Option<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Some(number_of_parts(parts.len()));
    };
    let mut before = 0;
    for (name, part) in [("header", header), ("payload", payload), ("signature", signature)] {
        if part.is_empty() {
            return Some(format!("its {name} is empty, at character {}", before + 1));
        }
        let is_fit = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if let Some((at, letter)) = part.chars().enumerate().find(|(_, letter)| !is_fit(*letter)) {
            let at = before + at + 1;
            return Some(format!(
                "its {name} holds {} at character {at}",
                described(letter)
            ));
        }
        if part.len() % 4 == 1 {
            return Some(format!(
                "its {name} has {} characters, and no base64url has that many: something was cut off, or added",
                part.len()
            ));
        }
        before += part.chars().count() + 1;
    }
    let compact = Compact::split(token).ok()?;
    [Part::Header, Part::Payload]
        .into_iter()
        .find_map(|part| content(compact, part))
}

fn number_of_parts(number: usize) -> String {
    match number {
        1 => "it has no dots, and three parts with dots between them are wanted; an opaque string is no JWT"
            .to_owned(),
        2 => "it has two parts and three are wanted: header, payload, signature; was its end cut off?"
            .to_owned(),
        5 => "it has five parts: an encrypted token (JWE), which nobody can look into without its key"
            .to_owned(),
        number => format!("it has {number} parts with dots between them, and three are wanted"),
    }
}

fn described(letter: char) -> String {
    match letter {
        '+' | '/' => format!("{letter:?}, which is standard base64 and not base64url,"),
        '=' => "'=', the padding that a JWT leaves out,".to_owned(),
        '…' => "'…': it was shortened where it was copied from,".to_owned(),
        '\n' | '\r' => "a line break (was it wrapped when it was copied?)".to_owned(),
        letter if letter.is_whitespace() => "a blank".to_owned(),
        letter => format!("{letter:?}"),
    }
}

/// What is wrong inside a part that is base64url.
fn content(compact: Compact<'_>, part: Part) -> Option<String> {
    let bytes = compact.decode(part).ok()?;
    let Ok(text) = core::str::from_utf8(&bytes) else {
        return Some(format!("its {part}, decoded, is not UTF-8"));
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_)) => None,
        Ok(_) => Some(format!("its {part}, decoded, is JSON and no object")),
        Err(error) => Some(format!(
            "its {part}, decoded, is no JSON: line {}, column {} of {} bytes",
            error.line(),
            error.column(),
            bytes.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_found_where_it_is() {
        for (token, text) in [
            ("abc", "no dots"),
            ("e30.e30", "two parts"),
            ("a.b.c.d.e", "JWE"),
            ("e30.e30.e30.e30", "4 parts"),
            (".e30.c2ln", "header is empty, at character 1"),
            ("e30..c2ln", "payload is empty, at character 5"),
            (
                "e30.e+0.c2ln",
                "'+', which is standard base64 and not base64url, at character 6",
            ),
            (
                "e30.e30=.c2ln",
                "'=', the padding that a JWT leaves out, at character 8",
            ),
            (
                "e30.e\n30.c2ln",
                "a line break (was it wrapped when it was copied?) at character 6",
            ),
            ("e30.e 30.c2ln", "a blank at character 6"),
            ("e30.e30.c2…", "shortened where it was copied from"),
            ("e30.e30.c2\u{1b}", r"'\u{1b}' at character 11"),
            ("e30.e3000.c2ln", "payload has 5 characters"),
            ("e30._w.c2ln", "payload, decoded, is not UTF-8"),
            ("e30.W10.c2ln", "payload, decoded, is JSON and no object"),
            ("e30.eyJ9.c2ln", "payload, decoded, is no JSON: line 1, column"),
        ] {
            let place = place(token).unwrap();
            assert!(place.contains(text), "{token}: {place}");
        }
        // Two members of one name: the library says it better.
        assert_eq!(place("e30.eyJhIjoxLCJhIjoyfQ.c2ln"), None);
    }
}
