//! A look into a token that nobody vouches for.

use lp_auth_core::{Compact, Part};

use crate::header::Header;
use crate::{ClaimsSet, Malformed, Rejected};

/// A token taken apart and **not verified**: what it says may be anybody's invention.
///
/// For looking at tokens, and for nothing that decides: that is what [`Policy::verify`](crate::Policy::verify) is
/// for. It must be well formed, with any algorithm in its header.
///
/// ```
/// use lp_auth_jwt::Unverified;
/// # let token = include_str!("../tests/vectors/specification-sample.jwt").trim();
///
/// let unverified = Unverified::decode(token)?;
/// assert_eq!(unverified.alg(), "RS256");
/// assert_eq!(unverified.kid(), Some("appjwt-13-05-17"));
/// assert_eq!(unverified.claims().azp(), Some("75588e18-0213-4e33-8174-883acac7e3c4"));
/// assert_eq!(unverified.header_json(), r#"{"kid":"appjwt-13-05-17","typ":"JWT","alg":"RS256"}"#);
/// # Ok::<(), lp_auth_jwt::Rejected>(())
/// ```
#[derive(Clone, Debug)]
pub struct Unverified {
    header_json: String,
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    claims: ClaimsSet,
    signature_bits: usize,
}

impl Unverified {
    /// Takes a token apart. Fails with [`Rejected::Malformed`] or [`Rejected::TooLarge`].
    pub fn decode(token: &str) -> Result<Self, Rejected> {
        let compact = Compact::parse(token)?;
        let header_bytes = compact.decode(Part::Header)?;
        let header = Header::read(&header_bytes)?;
        let (alg, kid, typ) = (
            header.alg.into_owned(),
            header.kid.map(Into::into),
            header.typ.map(Into::into),
        );
        let header_json =
            String::from_utf8(header_bytes).map_err(|_| Malformed::new(Part::Header, "is not UTF-8"))?;
        let claims = ClaimsSet::read(compact.decode(Part::Payload)?)?;
        let signature = compact.decode(Part::Signature)?;
        Ok(Self {
            header_json,
            alg,
            kid,
            typ,
            claims,
            signature_bits: signature.len() * 8,
        })
    }

    /// The algorithm that the header names.
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// The key that the header names.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type that the header names.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The header as it came, a JSON object.
    pub fn header_json(&self) -> &str {
        &self.header_json
    }

    /// What the token claims, true or not.
    pub fn claims(&self) -> &ClaimsSet {
        &self.claims
    }

    /// The length of the signature, which for RS256 is the size of the key that made it.
    pub fn signature_bits(&self) -> usize {
        self.signature_bits
    }
}
