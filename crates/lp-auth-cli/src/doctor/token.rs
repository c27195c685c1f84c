//! What there is to say of a token: its content, its times, its signature, its claims.

use core::time::Duration;

use lp_auth::http::Response;
use lp_auth::{AccountId, ApiVersion, KeySet, UnixTime};
use lp_auth_core::{Body, Compact, Part};
use lp_auth_jwt::{Keys, Policy, Rejected, Unverified};
use secrecy::zeroize::Zeroizing;
use serde_json::{Map, Value};

use super::cause::Cause;
use super::finding::{Finding, Step};
use crate::times;

/// What verifiers tolerate, by default.
const LEEWAY: Duration = Duration::from_secs(60);
/// More than a clock set by NTP shows.
const DRIFT: Duration = Duration::from_secs(5);

/// Whose token is wanted, and what for.
pub(super) struct Wanted<'a> {
    pub(super) account: &'a AccountId,
    pub(super) client_id: &'a str,
    pub(super) version: ApiVersion,
    pub(super) scopes: &'a [String],
}

/// A token as it was issued.
pub(super) struct Issued {
    token: Zeroizing<String>,
    expires_in: Option<Value>,
    date: Option<UnixTime>,
    sent: UnixTime,
    received: UnixTime,
}

impl Issued {
    /// Takes the token out of the answer.
    pub(super) fn read(
        reply: &Response<Body>,
        date: Option<UnixTime>,
        sent: UnixTime,
        received: UnixTime,
    ) -> Result<Self, Finding> {
        let failed = |cause, what: &str| Err(Finding::failed(Step::Token, cause, format!("200 OK, {what}")));
        let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(reply.body().as_ref()) else {
            return failed(Cause::OtherJson, "and JSON that is no object");
        };
        let Some(Value::String(token)) = fields.remove("access_token") else {
            return failed(Cause::NoAccessToken, "and no `access_token` in it");
        };
        let kind = fields.get("token_type").and_then(Value::as_str);
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return failed(Cause::OtherJson, "and a `token_type` other than Bearer");
        }
        Ok(Self {
            token: Zeroizing::new(token),
            expires_in: fields.remove("expires_in").filter(|value| !value.is_null()),
            date,
            sent,
            received,
        })
    }

    /// Whether it is a token for this account that is good for a while.
    pub(super) fn content(&self, wanted: &Wanted<'_>) -> Finding {
        let step = Step::TokenContent;
        let token = match Unverified::decode(&self.token) {
            Ok(token) => token,
            Err(why) => {
                let why = why.to_string().replace("the token is malformed: ", "");
                return Finding::failed(step, Cause::NotAJwt, format!("no JWT: {why}"));
            }
        };
        let claims = token.claims();
        let now = self.judged_at();
        if let (Some(iat), Some(exp)) = (claims.iat(), claims.exp())
            && exp <= iat
        {
            let before = times::length(iat.since(exp));
            let summary = format!("it ends {before} before it was issued (exp {exp}, iat {iat})");
            return Finding::failed(step, Cause::ExpiryBeforeIssue, summary);
        }
        if let Some(exp) = claims.exp()
            && exp <= now
        {
            let summary = format!(
                "it had expired at {exp}, {} by the server's clock",
                times::relative(exp, now)
            );
            return Finding::failed(step, Cause::ExpiredOnArrival, summary);
        }
        let audiences: Vec<String> = claims.aud().map(Into::into).collect();
        if !audiences.is_empty()
            && !audiences
                .iter()
                .any(|audience| audience == wanted.account.as_str())
        {
            let summary = format!(
                "it is for account {}, and {} was asked for",
                audiences.join(", "),
                wanted.account
            );
            return Finding::failed(step, Cause::OtherAccount, summary);
        }
        let life = claims.exp().zip(claims.iat()).map(|(exp, iat)| exp.since(iat));
        let finding = self.lifetime(life, wanted.version);
        finding
            .with("kid", token.kid())
            .with("alg", token.alg())
            .with("signature_bits", token.signature_bits())
            .with("issued_at", claims.iat().map(|time| time.to_string()))
            .with("expires_at", claims.exp().map(|time| time.to_string()))
            .with("expires_in", self.expires_in.clone())
    }

    /// By the server's clock, where it says.
    fn judged_at(&self) -> UnixTime {
        self.date.unwrap_or(self.received)
    }

    /// How long it is good for, by itself and by the answer around it.
    fn lifetime(&self, life: Option<Duration>, version: ApiVersion) -> Finding {
        let step = Step::TokenContent;
        let good_for = life.map_or("of unknown lifetime".to_owned(), |life| {
            format!("good for {}", times::length(life))
        });
        let summary = format!("a JWT, {good_for}");
        let Some(expires_in) = &self.expires_in else {
            if version == ApiVersion::V1 {
                return Finding::ok(step, summary);
            }
            return Finding::warning(
                step,
                Cause::ExpiresInMissing,
                format!("{summary}; the answer has no expires_in"),
            );
        };
        let seconds = match expires_in {
            Value::String(text) => text.trim().parse::<f64>().ok(),
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        let shown: String = crate::plain::json(expires_in).chars().take(40).collect();
        let Some(told) = seconds.filter(|seconds| seconds.is_finite() && *seconds > 0.0) else {
            return Finding::warning(
                step,
                Cause::ExpiresInNonsense,
                format!("{summary}; expires_in is {shown}"),
            );
        };
        if let Some(life) = life {
            let off = (told - life.as_secs_f64()).abs();
            if off > LEEWAY.as_secs_f64() {
                return Finding::warning(
                    step,
                    Cause::ExpiresInDisagrees,
                    format!("{summary}; expires_in is {shown} seconds"),
                );
            }
            if life <= LEEWAY {
                return Finding::warning(step, Cause::ShortLived, summary);
            }
        }
        Finding::ok(step, format!("{summary}; expires_in is {shown}"))
    }

    /// How far this machine's clock and the server's are apart.
    pub(super) fn clock(&self) -> Finding {
        let step = Step::Clock;
        let iat = Unverified::decode(&self.token)
            .ok()
            .and_then(|token| token.claims().iat());
        let (server, by) = match (self.date, iat) {
            (Some(date), _) => (date, "`Date` header"),
            (None, Some(iat)) => (iat, "`iat` of the token"),
            (None, None) => {
                return Finding::skipped(step, "neither a `Date` header nor `iat` tells the server's time");
            }
        };
        // The header counts whole seconds, and the answer was somewhere between the two.
        let second = Duration::from_secs(1);
        let ahead = self.sent.since(server + second);
        let behind = server.since(self.received);
        let off = ahead.max(behind);
        let which = if ahead > behind { "ahead of" } else { "behind" };
        let summary = if off.is_zero() {
            format!("the same as the server's, by its {by}")
        } else {
            format!(
                "this machine is {} {which} the server, by its {by}",
                times::length(off)
            )
        };
        let sign = if ahead > behind { 1.0 } else { -1.0 };
        let finding = if off > LEEWAY {
            Finding::failed(step, Cause::ClockOff, summary)
        } else if off > DRIFT {
            Finding::warning(step, Cause::ClockDrifts, summary)
        } else if let Some((iat, date)) = iat
            .zip(self.date)
            .filter(|(iat, date)| apart(*iat, *date) > LEEWAY)
        {
            let apart = times::length(apart(iat, date));
            let which = if iat < date { "before" } else { "after" };
            Finding::warning(
                step,
                Cause::IssueTimeDisagrees,
                format!("{summary}; the token says that it was issued {apart} {which} that"),
            )
        } else {
            Finding::ok(step, summary)
        };
        finding.with("seconds_ahead_of_server", sign * off.as_secs_f64())
    }

    /// Whether one of the keys made the signature.
    pub(super) fn signature(&self, keys: &KeySet, wanted: &Wanted<'_>) -> Finding {
        let step = Step::Signature;
        let (Ok(token), Ok(compact)) = (Unverified::decode(&self.token), Compact::parse(&self.token)) else {
            return Finding::failed(step, Cause::NotAJwt, "no JWT");
        };
        let kid = token.kid();
        let named = kid.and_then(|kid| keys.key(kid));
        let shown = kid.map_or("no kid".to_owned(), |kid| format!("kid {kid}"));
        let candidates: Vec<_> = match named {
            Some(key) => vec![key],
            // As verifiers do: a key that has a name signs under no other.
            None => keys.keys_without_kid().collect(),
        };
        let mut why = None;
        for key in &candidates {
            match key.verify(&compact) {
                Ok(()) => return Finding::ok(step, format!("genuine: RS256, {} bits, {shown}", key.bits())),
                Err(rejected) => why = why.or(Some(rejected)),
            }
        }
        match (why, named, wanted.version) {
            (Some(Rejected::Algorithm), ..) => Finding::failed(
                step,
                Cause::Algorithm,
                format!("the header says {}, and not RS256", token.alg()),
            ),
            (Some(why @ Rejected::CriticalHeader), ..) => {
                Finding::failed(step, Cause::ClaimsRefused, why.to_string())
            }
            (_, None, ApiVersion::V1) => Finding::failed(
                step,
                Cause::OtherV1Key,
                format!("{shown}: none of the static V1 keys made it"),
            ),
            (_, None, ApiVersion::V2) => {
                let published: Vec<&str> = keys.keys().filter_map(|key| key.kid()).take(3).collect();
                if let Some(key) = keys.keys().find(|key| key.verify(&compact).is_ok()) {
                    let kid = key.kid().unwrap_or_default();
                    let summary = format!("the key {kid} made it, and the token names {shown}");
                    return Finding::failed(step, Cause::KeyNotPublished, summary);
                }
                let published = if published.is_empty() {
                    "keys without kid".to_owned()
                } else {
                    published.join(", ")
                };
                Finding::failed(
                    step,
                    Cause::KeyNotPublished,
                    format!("the token names {shown}, and published is {published}"),
                )
            }
            (Some(Rejected::KeySize), Some(key), _) => Finding::failed(
                step,
                Cause::SignatureInvalid,
                format!(
                    "{shown} has {} bits, and the signature {}",
                    key.bits(),
                    token.signature_bits()
                ),
            ),
            (why, ..) => Finding::failed(
                step,
                Cause::SignatureInvalid,
                why.map_or("there is no key".to_owned(), |why| format!("{shown}: {why}")),
            ),
        }
    }

    /// Whether a verifier would accept it, at the server's time: this machine's clock has a step of its own.
    pub(super) fn claims(&self, keys: &KeySet, wanted: &Wanted<'_>) -> Finding {
        let step = Step::Claims;
        let policy = Policy::builder([wanted.account.clone()])
            .clients([wanted.client_id])
            .versions([ApiVersion::V1, ApiVersion::V2])
            .leeway(LEEWAY)
            .build();
        let policy = match policy {
            Ok(policy) => policy,
            Err(error) => return Finding::failed(step, Cause::SettingInvalid, error.to_string()),
        };
        let keys = Keys {
            v1: Some(keys),
            v2: Some(keys),
        };
        match policy.verify(&self.token, keys, self.judged_at()) {
            Ok(claims) => {
                let client = claims.azp().unwrap_or_default();
                let summary = format!(
                    "issued by Sentinel for account {} to client {client}",
                    wanted.account
                );
                Finding::ok(step, summary).with("verified", true)
            }
            Err(why) => {
                let token = Unverified::decode(&self.token).ok();
                let claims = token.as_ref().map(Unverified::claims);
                let text = |text: Option<&str>| text.map_or("nobody".to_owned(), crate::plain::text);
                let (cause, summary) = match &why {
                    Rejected::Issuer => (
                        Cause::OtherIssuer,
                        format!(
                            "issued by {}, and not by Sentinel",
                            text(claims.and_then(|claims| claims.iss()))
                        ),
                    ),
                    Rejected::Audience => {
                        (Cause::OtherAccount, "it is for no account, or another".to_owned())
                    }
                    Rejected::Client => (
                        Cause::OtherClient,
                        format!(
                            "issued to {}, and {} asked",
                            text(claims.and_then(|claims| claims.azp())),
                            wanted.client_id
                        ),
                    ),
                    Rejected::Expired { .. } => (Cause::ExpiredOnArrival, why.to_string()),
                    Rejected::Malformed(malformed)
                        if malformed.part() == Some(Part::Payload)
                            && claims.is_some_and(|claims| claims.exp().is_none()) =>
                    {
                        (Cause::NoExpiry, "it has no `exp`".to_owned())
                    }
                    Rejected::NotYetValid { .. } => (Cause::IssueTimeDisagrees, why.to_string()),
                    _ => (Cause::ClaimsRefused, why.to_string()),
                };
                Finding::failed(step, cause, summary)
            }
        }
    }

    /// Whether it grants what is wanted.
    pub(super) fn scopes(&self, wanted: &Wanted<'_>) -> Finding {
        let step = Step::Scopes;
        let Ok(token) = Unverified::decode(&self.token) else {
            return Finding::failed(step, Cause::NotAJwt, "no JWT");
        };
        let scopes = token.claims().scopes();
        let has: Vec<String> = scopes.iter().map(str::to_owned).collect();
        let missing: Vec<&str> = wanted
            .scopes
            .iter()
            .map(String::as_str)
            .filter(|scope| !has.iter().any(|has| has == scope))
            .collect();
        let listed = if has.is_empty() {
            "none".to_owned()
        } else {
            has.join(", ")
        };
        let finding = if !missing.is_empty() {
            Finding::failed(
                step,
                Cause::ScopeMissing,
                format!("{} is missing; the token has {listed}", missing.join(", ")),
            )
        } else if has.is_empty() {
            Finding::warning(step, Cause::NoScopes, "the token has none")
        } else {
            Finding::ok(step, listed)
        };
        finding.with("scopes", has)
    }
}

/// How far two times are apart.
fn apart(one: UnixTime, other: UnixTime) -> Duration {
    one.since(other).max(other.since(one))
}
