//! JSON as servers mostly spell it: one flat object without blanks and escapes.

use core::ops::Range;

use memchr::memchr;

/// A cursor over a JSON object that is spelled plainly: flat, without blanks, escapes or control characters.
///
/// Reading so costs little more than a comparison for each name. Every method says `None`, or `false`, where something
/// else stands than it reads, and whoever meets that turns to a reader that knows all of JSON. Two members of the same
/// name are the caller's to notice.
///
/// ```
/// use lp_auth_core::PlainJson;
///
/// fn tier(text: &str) -> Option<u64> {
///     let mut json = PlainJson::object(text)?;
///     let mut tier = None;
///     loop {
///         if json.skip(r#""tier":"#) {
///             tier = Some(json.whole_number()?);
///         } else {
///             json.member()?;
///         }
///         if json.is_at_its_end() {
///             return tier;
///         }
///         json.skip(",").then_some(())?;
///     }
/// }
///
/// assert_eq!(tier(r#"{"name":"a","tier":7}"#), Some(7));
/// assert_eq!(tier(r#"{"name":"a", "tier":7}"#), None);
/// ```
#[derive(Debug)]
pub struct PlainJson<'a> {
    text: &'a str,
    /// What is left to read.
    rest: &'a str,
}

impl<'a> PlainJson<'a> {
    /// A cursor behind the brace that opens the object, if there is one, and no escape or control character anywhere.
    #[inline]
    pub fn object(text: &'a str) -> Option<Self> {
        // Looked through as a whole, which the compiler makes short work of.
        let is_plain = |byte: u8| byte >= b' ' && byte != b'\\';
        if !text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
            return None;
        }
        let rest = text.strip_prefix('{')?;
        Some(Self { text, rest })
    }

    /// Goes past this text, if it comes next.
    #[inline]
    pub fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Where a string stands whose opening quote is behind. Goes past its closing one.
    #[inline]
    pub fn string(&mut self) -> Option<Range<usize>> {
        let start = self.text.len() - self.rest.len();
        let length = memchr(b'"', self.rest.as_bytes())?;
        self.rest = self.rest.get(length + 1..)?;
        Some(start..start + length)
    }

    /// Goes past an array of strings whose opening bracket is behind.
    #[inline]
    pub fn strings(&mut self) -> Option<()> {
        if self.skip("]") {
            return Some(());
        }
        loop {
            self.skip("\"").then_some(())?;
            self.string()?;
            if self.skip("]") {
                return Some(());
            }
            self.skip(",").then_some(())?;
        }
    }

    /// A whole number of at most twelve digits that does not begin with a zero.
    #[inline]
    pub fn whole_number(&mut self) -> Option<u64> {
        const MOST_DIGITS: usize = 12;
        let digits = self.rest.bytes().take(MOST_DIGITS + 1);
        let digits = digits.take_while(u8::is_ascii_digit);
        let (length, number) = digits.fold((0, 0), |(length, number), digit| {
            (length + 1, number * 10 + u64::from(digit - b'0'))
        });
        if length == 0 || length > MOST_DIGITS || self.rest.starts_with('0') {
            return None;
        }
        self.rest = self.rest.get(length..)?;
        Some(number)
    }

    /// Goes past a member of any name, whose value is a string, a whole number or an array of strings.
    #[inline]
    pub fn member(&mut self) -> Option<()> {
        self.skip("\"").then_some(())?;
        self.string()?;
        self.skip(":").then_some(())?;
        if self.skip("\"") {
            self.string().map(drop)
        } else if self.skip("[") {
            self.strings()
        } else {
            self.whole_number().map(drop)
        }
    }

    /// Whether nothing is left but the brace that closes the object.
    #[inline]
    pub fn is_at_its_end(&self) -> bool {
        self.rest == "}"
    }
}
