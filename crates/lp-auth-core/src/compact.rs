//! The three parts of a token, split strictly.

use core::fmt;
use core::mem::MaybeUninit;

use base64_simd::{Out, URL_SAFE_NO_PAD};
use memchr::{memchr, memchr_iter};

/// A JWS in compact serialisation (RFC 7515 §3.1), split into its parts: three, each in canonical base64url without
/// padding; header and signature are not empty. Nothing is decoded yet.
///
/// ```
/// use lp_auth_core::{Compact, Part};
///
/// let compact = Compact::parse("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")?;
/// assert_eq!(compact.decode(Part::Payload)?, b"{}");
/// assert_eq!(compact.signing_input(), "eyJhbGciOiJSUzI1NiJ9.e30");
/// assert!(Compact::parse("eyJhbGciOiJSUzI1NiJ9.e30=.c2ln").is_err());
/// # Ok::<(), lp_auth_core::InvalidCompact>(())
/// ```
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Compact<'a> {
    text: &'a str,
    /// Where the first dot is.
    first: usize,
    /// Where the second dot is.
    second: usize,
}

impl<'a> Compact<'a> {
    /// The longest token that is looked at: 16 KiB.
    pub const MAX_LENGTH: usize = 16 * 1024;

    /// Splits a token and looks at the spelling of every part.
    pub fn parse(text: &'a str) -> Result<Self, InvalidCompact> {
        let compact = Self::split(text)?;
        compact.check()?;
        Ok(compact)
    }

    /// Splits a token and looks at nothing but the dots. For whoever decodes every part, which finds the same faults
    /// without looking through the token twice.
    pub fn split(text: &'a str) -> Result<Self, InvalidCompact> {
        let compact = Self::split_at_two_dots(text)?;
        if memchr(b'.', compact.encoded(Part::Signature).as_bytes()).is_some() {
            return Err(InvalidCompact::NotThreeParts);
        }
        Ok(compact)
    }

    /// The same for whoever need not tell a third dot from another letter that does not belong into a signature.
    pub(crate) fn split_at_two_dots(text: &'a str) -> Result<Self, InvalidCompact> {
        if text.len() > Self::MAX_LENGTH {
            return Err(InvalidCompact::TooLarge);
        }
        let mut dots = memchr_iter(b'.', text.as_bytes());
        let (Some(first), Some(second)) = (dots.next(), dots.next()) else {
            return Err(InvalidCompact::NotThreeParts);
        };
        Ok(Self { text, first, second })
    }

    /// Whether every part can be decoded, and says of the first one that cannot.
    pub fn check(self) -> Result<(), InvalidCompact> {
        [Part::Header, Part::Payload, Part::Signature]
            .into_iter()
            .try_for_each(|part| self.check_part(part))
    }

    /// The same of one part.
    pub(crate) fn check_part(self, part: Part) -> Result<(), InvalidCompact> {
        let encoded = self.encoded(part).as_bytes();
        let is_missing = encoded.is_empty() && part != Part::Payload;
        if is_missing || URL_SAFE_NO_PAD.check(encoded).is_err() {
            return Err(InvalidCompact::Part(part));
        }
        Ok(())
    }

    /// The whole token.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// A part as it stands in the token.
    pub fn encoded(self, part: Part) -> &'a str {
        let range = match part {
            Part::Header => 0..self.first,
            Part::Payload => self.first + 1..self.second,
            Part::Signature => self.second + 1..self.text.len(),
        };
        self.text.get(range).unwrap_or_default()
    }

    /// The bytes of a part. Fails where they are not in canonical base64url: one token has one spelling.
    pub fn decode(self, part: Part) -> Result<Vec<u8>, InvalidCompact> {
        URL_SAFE_NO_PAD
            .decode_to_vec(self.encoded(part))
            .map_err(|_| InvalidCompact::Part(part))
    }

    /// The bytes of a part, in a place that the caller has for them. Fails like [`decode`](Self::decode), and where
    /// the place is too small: [`decoded_length`](Self::decoded_length) says how many bytes there are.
    ///
    /// The place need not hold anything yet: to clear it would take about as long as to decode.
    ///
    /// ```
    /// use core::mem::MaybeUninit;
    /// use lp_auth_core::{Compact, Part};
    ///
    /// let mut place = [MaybeUninit::uninit(); 8];
    /// let compact = Compact::parse("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")?;
    /// assert_eq!(compact.decode_into(Part::Signature, &mut place)?, b"sig");
    /// # Ok::<(), lp_auth_core::InvalidCompact>(())
    /// ```
    pub fn decode_into(self, part: Part, place: &mut [MaybeUninit<u8>]) -> Result<&mut [u8], InvalidCompact> {
        if self.decoded_length(part) > place.len() {
            return Err(InvalidCompact::Part(part));
        }
        URL_SAFE_NO_PAD
            .decode(self.encoded(part).as_bytes(), Out::from_uninit_slice(place))
            .map_err(|_| InvalidCompact::Part(part))
    }

    /// How many bytes a part holds.
    pub fn decoded_length(self, part: Part) -> usize {
        self.encoded(part).len() * 3 / 4
    }

    /// What the signature is made over: header and payload as they stand, with the dot between them.
    pub fn signing_input(self) -> &'a str {
        self.text.get(..self.second).unwrap_or_default()
    }
}

/// Shows the length alone: the text is a token.
impl fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compact({} bytes)", self.text.len())
    }
}

/// A part of a token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Part {
    /// Says how the token is signed.
    Header,
    /// Says what the token claims.
    Payload,
    /// Says that header and payload are genuine.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCompact {
    /// It has not exactly two dots.
    #[error("a token has three parts with dots between them, and this text has not")]
    NotThreeParts,
    /// A part is empty or no canonical base64url without padding.
    #[error("the token's {0} is empty or not in canonical base64url without padding")]
    Part(Part),
    /// It is longer than [`Compact::MAX_LENGTH`].
    #[error("the token is longer than 16 KiB")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_exactly_three_parts_in_the_alphabet() {
        use InvalidCompact::{NotThreeParts, Part as In};
        for (text, why) in [
            ("", NotThreeParts),
            ("a.b", NotThreeParts),
            ("YQ.YQ.YQ.YQ", NotThreeParts),
            ("..", In(Part::Header)),
            ("YQ.YQ.", In(Part::Signature)),
            ("a.YQ.YQ", In(Part::Header)),
            ("YQ.YQ==.YQ", In(Part::Payload)),
            ("YQ.a+.YQ", In(Part::Payload)),
            ("YQ.YQ. YQ", In(Part::Signature)),
            ("YQ.YQ.YQ\n", In(Part::Signature)),
            ("YQ.YQ.é", In(Part::Signature)),
        ] {
            assert_eq!(Compact::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn every_byte_is_in_the_alphabet_or_not() {
        for byte in 0..=0x7F_u8 {
            let text = format!("YQ.YQ{}a.YQ", char::from(byte));
            let good = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            assert_eq!(Compact::parse(&text).is_ok(), good, "{text:?}");
        }
        for beyond in ['\u{80}', '\u{C1}', '\u{E1}', '\u{212A}', '\u{FF41}'] {
            assert!(
                Compact::parse(&format!("YQ.YQ{beyond}.YQ")).is_err(),
                "{beyond:?}"
            );
        }
    }

    #[test]
    fn a_part_is_decoded_into_a_place_that_is_large_enough() {
        let token = Compact::parse("YWI.YWJj.YQ").unwrap();
        assert_eq!(token.decoded_length(Part::Payload), 3);
        let mut place = [MaybeUninit::uninit(); 9];
        assert_eq!(token.decode_into(Part::Payload, &mut place[..3]).unwrap(), b"abc");
        assert_eq!(token.decode_into(Part::Header, &mut place).unwrap(), b"ab");
        assert_eq!(
            token.decode_into(Part::Payload, &mut place[..2]),
            Err(InvalidCompact::Part(Part::Payload))
        );
    }

    #[test]
    fn nothing_can_be_signed_and_is_no_claims() {
        let token = Compact::parse("YQ..YQ").unwrap();
        assert_eq!(token.decode(Part::Payload).unwrap(), b"");
        assert_eq!(token.signing_input(), "YQ.");
    }

    #[test]
    fn a_token_has_one_spelling() {
        let invalid = InvalidCompact::Part(Part::Signature);
        assert_eq!(Compact::parse("YQ.YQ.YR"), Err(invalid));
        let token = Compact::split("YQ.YQ.YR").unwrap();
        assert_eq!(token.decode(Part::Payload).unwrap(), b"a");
        assert_eq!(
            token.decode(Part::Signature),
            Err(InvalidCompact::Part(Part::Signature))
        );
    }

    #[test]
    fn a_token_of_16_kib_is_looked_at_and_a_longer_one_is_not() {
        let longest = format!("YQ.{}.YQ", "A".repeat(Compact::MAX_LENGTH - 6));
        assert!(Compact::parse(&longest).is_ok());
        assert_eq!(
            Compact::parse(&format!("{longest}AA")),
            Err(InvalidCompact::TooLarge)
        );
    }

    #[test]
    fn debug_shows_no_token() {
        assert_eq!(
            format!("{:?}", Compact::parse("YQ.YQ.YQ").unwrap()),
            "Compact(8 bytes)"
        );
    }
}
