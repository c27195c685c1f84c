//! Token responses with something wrong in them, and clocks that disagree.

use std::time::Duration;

use lp_auth_emulator::{ClockOffset, Endpoint, ExpiresIn, Fault, TokenFault};
use serde_json::json;

use super::Section;
use crate::row::{Outcome, Plant, Row, fault, malformed};

/// What the emulator's tokens live for, by their own `exp` and `iat`.
const HOUR: Duration = Duration::from_secs(3600);
const HALF_AN_HOUR: Duration = Duration::from_secs(1800);
const FIVE_HOURS: Duration = Duration::from_secs(5 * 3600);

pub(super) fn contents() -> Section {
    let account = || "87654321".parse().expect("an account id");
    let mut rows = vec![
        Row::new(
            "a token that is no JWT",
            fault!(Fault::Token(TokenFault::NotAJwt)),
            malformed("200 OK, `access_token` is no JWT").into(),
        ),
        Row::new(
            "a token that has expired already",
            fault!(Fault::Token(TokenFault::ExpiredOnArrival)),
            malformed("200 OK, the token has already expired by the server's own clock").into(),
        ),
        Row::new(
            "a token with `exp` before `iat`",
            fault!(Fault::Token(TokenFault::ExpiryBeforeIssue)),
            malformed("200 OK, the token expires before it was issued").into(),
        ),
        Row::new(
            "a token for another account",
            (
                Plant::Fault(Fault::Token(TokenFault::OtherAccount(account()))),
                "fault(endpoint, Fault::Token(TokenFault::OtherAccount(\"87654321\".parse()?)))".to_owned(),
            ),
            malformed("200 OK, the token is for another account").into(),
        ),
    ];
    rows.extend(
        [
            (
                "`expires_in` absent",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Absent))),
                HOUR,
            ),
            (
                "`expires_in` a string, shorter than the token's own life",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Value(json!(
                    "1800"
                ))))),
                HALF_AN_HOUR,
            ),
            (
                "`expires_in` a number, shorter than the token's own life",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Value(json!(1800))))),
                HALF_AN_HOUR,
            ),
            (
                "`expires_in` zero",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Value(json!(0))))),
                HOUR,
            ),
            (
                "`expires_in` negative",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Value(json!(-1))))),
                HOUR,
            ),
            (
                "`expires_in` huge",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Value(json!(
                    1e300
                ))))),
                HOUR,
            ),
            (
                "`expires_in` a text that is no number",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Value(json!(
                    "an hour"
                ))))),
                HOUR,
            ),
            (
                "`expires_in` an object",
                fault!(Fault::Token(TokenFault::ExpiresIn(ExpiresIn::Value(json!({}))))),
                HOUR,
            ),
        ]
        .map(|(fault, plant, life)| Row::new(fault, plant, Outcome::Serves(Some(life)))),
    );
    let rows = rows.into_iter().map(|row| row.at([Endpoint::Token])).collect();
    Section {
        title: "Tokens",
        about: "A token that is unusable when it comes is a failure like any other. How long one lives is the shortest positive \
                of `expires_in`, `exp - iat` and `exp` less the answer's `Date`, counted from when it was asked for.",
        rows,
    }
}

pub(super) fn clocks() -> Section {
    let mut rows = Vec::new();
    for (words, offset, how, rejects) in [
        (
            "the clock here is five hours slow",
            ClockOffset::Ahead(FIVE_HOURS),
            "set_clock(ClockOffset::Ahead(Duration::from_secs(5 * 3600)))",
            "the token is not valid before",
        ),
        (
            "the clock here is five hours fast",
            ClockOffset::Behind(FIVE_HOURS),
            "set_clock(ClockOffset::Behind(Duration::from_secs(5 * 3600)))",
            "the token expired at",
        ),
    ] {
        let row = |at, outcome| Row::new(words, (Plant::Clock(offset), how.to_owned()), outcome).at([at]);
        rows.extend([
            row(Endpoint::DomainApi, Outcome::Serves(None)),
            row(Endpoint::Token, Outcome::Serves(Some(HOUR))),
            row(Endpoint::Keys, Outcome::Rejects(rejects)),
        ]);
    }
    Section {
        title: "Clocks that disagree",
        about: "A token is renewed on time all the same, since its life is counted from when it was asked for, by the clock \
                here. Whether somebody else's token is still good can only be told with the right time.",
        rows,
    }
}
