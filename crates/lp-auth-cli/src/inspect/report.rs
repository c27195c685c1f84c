//! What a token says, in words and as JSON.

use core::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use lp_auth::{ApiVersion, UnixTime};
use lp_auth_jwt::{Policy, Unverified, VerifyingKey};
use serde_json::{Map, Value, json};

use super::found::{Form, Found};
use crate::rows::{broken, rows};
use crate::uuid::is_uuid;
use crate::{plain, times};

/// What these claims are, for who knows LivePerson's documentation.
const MEANINGS: [(&str, &str); 4] = [
    ("aud", "the account"),
    ("azp", "the client id"),
    ("iss", "who issued it"),
    (
        "https://liveperson.com/consumer_id",
        "the consumer of a delegated token",
    ),
];

/// In this order; the others follow by name.
const FIRST: [&str; 7] = ["iss", "aud", "azp", "scope", "iat", "nbf", "exp"];

pub(super) struct Report<'a> {
    token: &'a Unverified,
    found: &'a Found,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    now: UnixTime,
}

impl<'a> Report<'a> {
    pub(super) fn new(token: &'a Unverified, found: &'a Found, now: UnixTime) -> Self {
        let object = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Self {
            token,
            found,
            header: object(token.header_json()),
            claims: object(token.claims().json()),
            now,
        }
    }

    pub(super) fn text(&self) -> String {
        let warning = AnsiColor::Yellow.on_default().bold();
        let bold = Style::new().bold();
        let mut text = String::new();
        let not = "NOT VERIFIED: anybody can have written this. lp-auth verify tells whether it is genuine.";
        for line in broken(not, 0) {
            let _ = writeln!(text, "{warning}{line}{warning:#}");
        }
        text.push('\n');
        text.push_str(&rows(&self.overview(), 0));
        let _ = write!(text, "\n{bold}Header{bold:#}\n");
        let header: Vec<_> = self
            .header
            .iter()
            .map(|(name, value)| (plain::text(name), shown(value)))
            .collect();
        text.push_str(&rows(&header, 2));
        let _ = write!(text, "\n{bold}Claims{bold:#}\n");
        text.push_str(&rows(&self.claim_rows(), 2));
        let remarks = self.remarks();
        if !remarks.is_empty() {
            let _ = write!(text, "\n{bold}Remarks{bold:#}\n");
            let remarks: Vec<_> = remarks.iter().map(|remark| ("-", remark)).collect();
            text.push_str(&rows(&remarks, 2).replace("-  ", "- "));
        }
        text
    }

    pub(super) fn json(&self) -> String {
        let claims = self.token.claims();
        let time = |time: Option<UnixTime>| time.map(|time| time.to_string());
        let report = json!({
            "verified": false,
            "header": self.header,
            "claims": self.claims,
            "version": self.version().map(|version| version.to_string()),
            "issued_at": time(claims.iat()),
            "expires_at": time(claims.exp()),
            "expired": claims.exp().map(|exp| exp <= self.now),
            "lifetime": self.lifetime(),
            "signature_bits": self.token.signature_bits(),
            "expires_in": self.found.expires_in,
            "remarks": self.remarks(),
        });
        format!("{}\n", plain::json(&report))
    }

    fn overview(&self) -> Vec<(&'static str, String)> {
        let length = self.found.token.len();
        let wrapped = match self.found.form {
            Form::Bare => String::new(),
            form => format!(", in {}", form.name().unwrap_or_default()),
        };
        let mut rows = vec![
            ("Token", format!("{length} characters{wrapped}; not shown")),
            ("Version", self.version_in_words()),
            ("Key", self.key_in_words()),
            ("Time", self.time_in_words()),
        ];
        if let Some(expires_in) = &self.found.expires_in {
            rows.push(("expires_in", format!("{} in the reply", plain::json(expires_in))));
        }
        rows
    }

    fn claim_rows(&self) -> Vec<(String, String)> {
        let others = self.claims.keys().map(String::as_str);
        let others = others.filter(|name| !FIRST.contains(name));
        FIRST
            .into_iter()
            .chain(others)
            .filter_map(|name| {
                let value = self.claims.get(name)?;
                Some((plain::text(name), self.claim(name, value)))
            })
            .collect()
    }

    fn claim(&self, name: &str, value: &Value) -> String {
        let text = shown(value);
        let set = self.token.claims();
        let time = match name {
            "exp" => set.exp(),
            "iat" => set.iat(),
            "nbf" => set.nbf(),
            _ => None,
        };
        if let Some(time) = time {
            return format!("{text} = {time}, {}", self.in_words(name, time));
        }
        let meaning = MEANINGS.iter().find(|(known, _)| *known == name);
        match meaning {
            Some((_, meaning)) => format!("{text} ({meaning})"),
            None => text,
        }
    }

    fn in_words(&self, name: &str, time: UnixTime) -> String {
        let relative = times::relative(time, self.now);
        match name {
            "exp" if time <= self.now => format!("expired {relative}"),
            "exp" => format!("expires {relative}"),
            "nbf" => format!("valid from {relative}"),
            _ => format!("issued {relative}"),
        }
    }

    fn time_in_words(&self) -> String {
        let claims = self.token.claims();
        let iat = claims.iat().map(|iat| self.in_words("iat", iat));
        let exp = claims.exp().map(|exp| self.in_words("exp", exp));
        let lifetime = self.lifetime().filter(|seconds| *seconds > 0);
        let lifetime = lifetime.map(|seconds| {
            let length = times::length(core::time::Duration::from_secs(seconds.unsigned_abs()));
            format!("good for {length} in all")
        });
        let words: Vec<String> = [exp, iat, lifetime].into_iter().flatten().collect();
        if words.is_empty() {
            return "it names no time".to_owned();
        }
        words.join("; ")
    }

    /// `exp - iat`, in seconds.
    fn lifetime(&self) -> Option<i64> {
        let claims = self.token.claims();
        let seconds = |time: UnixTime| i64::try_from(time.as_secs()).ok();
        Some(seconds(claims.exp()?)?.saturating_sub(seconds(claims.iat()?)?))
    }

    fn version(&self) -> Option<ApiVersion> {
        version_of(self.token.kid()?)
    }

    fn version_in_words(&self) -> String {
        match (self.version(), self.token.kid()) {
            (Some(ApiVersion::V1), _) => "V1, it seems: the key id is `appjwt-` and a date".to_owned(),
            (Some(_), _) => "V2, it seems: the key id is a UUID".to_owned(),
            (None, None) => "unknown: the header names no key".to_owned(),
            (None, Some(_)) => {
                "unknown: the key id is neither `appjwt-` and a date (V1) nor a UUID (V2)".to_owned()
            }
        }
    }

    fn key_in_words(&self) -> String {
        let kid = self.token.kid().map_or("none named".to_owned(), plain::text);
        let bits = self.token.signature_bits();
        format!("{kid}; the signature has {bits} bits, as that of a key of this size")
    }

    /// What a verifier would stumble over, and what is unusual.
    fn remarks(&self) -> Vec<String> {
        let claims = self.token.claims();
        let bits = self.token.signature_bits();
        let mut remarks = Vec::new();
        let mut remark = |is_so: bool, text: String| {
            if is_so {
                remarks.push(text);
            }
        };
        let alg = self.token.alg();
        remark(
            alg != "RS256",
            format!(
                "`alg` is {}: Sentinel signs with RS256, and lp-auth verify refuses all else",
                plain::text(alg)
            ),
        );
        remark(
            self.header.contains_key("crit"),
            "`crit`: nobody here understands critical extensions, so that it will be refused".to_owned(),
        );
        for name in ["jku", "jwk", "x5c", "x5u"] {
            remark(
                self.header.contains_key(name),
                format!("`{name}`: a token that names its own key; a verifier must not look at it"),
            );
        }
        remark(
            alg.starts_with("RS") && bits < VerifyingKey::MIN_BITS,
            format!(
                "a signature of {bits} bits is of a key shorter than {} bits: it will be refused, as will be the sample \
                 token of LivePerson's documentation",
                VerifyingKey::MIN_BITS
            ),
        );
        remark(
            claims.iss() != Some(Policy::ISSUER),
            "`iss` is not \"Sentinel\": LivePerson did not issue this".to_owned(),
        );
        remark(
            claims.exp().is_none(),
            "without `exp` it will be refused".to_owned(),
        );
        remark(
            self.lifetime().is_some_and(|seconds| seconds <= 0),
            "`exp` is not after `iat`: it was never valid".to_owned(),
        );
        remark(
            claims.iat().is_some_and(|iat| iat.since(self.now).as_secs() > 60),
            "`iat` is in the future: this machine's clock may be slow".to_owned(),
        );
        remark(
            !self.claims.contains_key("scope"),
            "it has no `scope`: the application may have been installed without one".to_owned(),
        );
        remarks
    }
}

/// Which version of the API signs with keys that are named so (LIVEPERSON.md §3).
pub(crate) fn version_of(kid: &str) -> Option<ApiVersion> {
    if kid.starts_with("appjwt-") {
        return Some(ApiVersion::V1);
    }
    is_uuid(kid).then_some(ApiVersion::V2)
}

/// A text as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => plain::text(text),
        other => plain::json(other),
    }
}
