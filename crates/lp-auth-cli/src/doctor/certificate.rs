//! What a certificate says, for people.

use core::fmt::Write as _;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use lp_auth::UnixTime;
use serde_json::{Value, json};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use crate::plain;

/// Whose it is, for which names, from when until when, and who vouches for it.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) names: Vec<String>,
    pub(super) from: UnixTime,
    pub(super) until: UnixTime,
}

impl Certificate {
    /// Reads one; `None` for what is none. A server has shown it, so that nothing in it is to be believed yet.
    pub(super) fn parse(der: &[u8]) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let validity = certificate.validity();
        Some(Self {
            subject: name(certificate.subject()),
            issuer: name(certificate.issuer()),
            names: names(&certificate),
            from: time(validity.not_before),
            until: time(validity.not_after),
        })
    }

    pub(super) fn is_self_signed(&self) -> bool {
        self.subject == self.issuer
    }

    /// The names that it is for, the first few of many.
    pub(super) fn names_in_words(&self) -> String {
        const FEW: usize = 4;
        let mut names = self
            .names
            .iter()
            .take(FEW)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        match self.names.len() {
            0 => "no name".clone_into(&mut names),
            number if number > FEW => {
                let _ = write!(names, " and {} more", number - FEW);
            }
            _ => {}
        }
        names
    }

    pub(super) fn json(&self, now: UnixTime) -> Value {
        json!({
            "subject": self.subject,
            "issuer": self.issuer,
            "names": self.names,
            "not_before": self.from.to_string(),
            "not_after": self.until.to_string(),
            "days_left": self.until.since(now).as_secs() / 86_400,
        })
    }
}

/// The common name; without one, the whole name.
fn name(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().find_map(|name| name.as_str().ok());
    let shown = match common {
        Some(common) => common.to_owned(),
        None => name.to_string(),
    };
    let shown: String = plain::text(&shown).chars().take(200).collect();
    format!("\"{shown}\"")
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = extension.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some(plain::text(name)),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).to_string());
    }
    let bytes = <[u8; 16]>::try_from(bytes).ok()?;
    Some(Ipv6Addr::from(bytes).to_string())
}

fn time(time: ASN1Time) -> UnixTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
    UnixTime::EPOCH + Duration::from_secs(seconds)
}
