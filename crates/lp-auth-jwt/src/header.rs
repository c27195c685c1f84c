//! The header: how a token says that it is signed. It is believed in nothing but which key to try.

use std::borrow::Cow;

use lp_auth_core::Part;
use serde::de::MapAccess;

use crate::json::{self, Known, Members, Text, Unique};
use crate::{Malformed, Rejected};

/// What is read of a header. `jku`, `jwk`, `x5u` and `x5c` are never looked at (RFC 8725 §3.10).
#[derive(Debug, Default)]
pub(crate) struct Header<'a> {
    pub(crate) alg: Cow<'a, str>,
    pub(crate) kid: Option<Cow<'a, str>>,
    pub(crate) typ: Option<Cow<'a, str>>,
    pub(crate) has_crit: bool,
}

impl<'a> Header<'a> {
    /// Reads a header, whatever algorithm it names.
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, Malformed> {
        let malformed = |why| Malformed::new(Part::Header, why);
        let json = core::str::from_utf8(json).map_err(|_| malformed("is not UTF-8"))?;
        let mut reader = Reader::default();
        json::read_object(json, &mut reader)
            .map_err(|_| malformed(reader.fault.unwrap_or("is no JSON object")))?;
        if !reader.has_alg {
            return Err(malformed("names no algorithm"));
        }
        Ok(reader.header)
    }

    /// RS256 is the only algorithm, and what a header declares critical is understood by nobody here.
    pub(crate) fn check(&self) -> Result<(), Rejected> {
        if self.alg != "RS256" {
            return Err(Rejected::Algorithm);
        }
        if self.has_crit {
            return Err(Rejected::CriticalHeader);
        }
        Ok(())
    }
}

#[derive(Default)]
struct Reader<'a> {
    header: Header<'a>,
    has_alg: bool,
    fault: Option<&'static str>,
}

impl<'de> Members<'de> for Reader<'de> {
    fn member<M: MapAccess<'de>>(&mut self, name: &str, map: &mut M) -> Result<Known, M::Error> {
        let header = &mut self.header;
        match name {
            "alg" => {
                self.fault = Some("has an `alg` that is no string");
                header.alg = map.next_value_seed(Text)?;
                self.has_alg = true;
            }
            "kid" => {
                self.fault = Some("has a `kid` that is no string");
                header.kid = Some(map.next_value_seed(Text)?);
            }
            "typ" => {
                self.fault = Some("has a `typ` that is no string");
                header.typ = Some(map.next_value_seed(Text)?);
            }
            "crit" => {
                map.next_value_seed(Unique)?;
                header.has_crit = true;
            }
            _ => return Ok(Known::No),
        }
        self.fault = None;
        Ok(Known::Yes)
    }

    fn duplicate(&mut self) {
        self.fault = Some("has two members of the same name");
    }
}
