//! Text from outside, made harmless: nothing in it can move a cursor, hide or colour what stands around it.

use core::fmt::Write as _;

use serde_json::Value;

/// Control characters and those that change the direction of writing are shown as escapes, `\u{1b}`.
pub(crate) fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_harmful(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// One line of JSON that means the same and holds no such character.
pub(crate) fn json(value: &Value) -> String {
    escaped(&value.to_string())
}

/// Inside of JSON such characters can stand in strings alone, where `\u001b` means the same.
fn escaped(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for letter in json.chars() {
        if is_harmful(letter) {
            let _ = write!(shown, "\\u{:04x}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// All of these stand below U+10000, so that one escape of JSON says each.
fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_could_act_on_a_terminal_is_shown_as_an_escape() {
        assert_eq!(
            text("a\u{1b}[31mé\u{9b}\n\u{202e}"),
            r"a\u{1b}[31mé\u{9b}\u{a}\u{202e}"
        );
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = json!({ "a\u{9b}": "\u{1b}[2J\u{7f}\u{202e} é\n" });
        let shown = json(&value);
        assert!(!shown.contains(is_harmful), "{shown}");
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), value);
    }
}
