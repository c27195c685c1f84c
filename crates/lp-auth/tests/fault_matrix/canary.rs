//! What must be shown nowhere: the client secret in any form, and whatever looks like a token.

use std::error::Error;

use lp_auth::Progress;

/// With characters that a form, a URL and base64 each write in their own way.
pub(crate) const SECRET: &str = "canary+s3cr3t/%&=~";

/// The error and its causes: what of them shows something that it must not.
pub(crate) fn sung_by(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let shown = [
            format!("{error}"),
            format!("{error:#}"),
            format!("{error:?}"),
            format!("{error:#?}"),
        ];
        if let Some(text) = shown.into_iter().find(|text| sings(text)) {
            return Some(text);
        }
        cause = error.source();
    }
    None
}

pub(crate) fn sung_in(progress: &Progress) -> Option<String> {
    [format!("{progress}"), format!("{progress:?}")]
        .into_iter()
        .find(|text| sings(text))
}

fn sings(text: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    let bytes = format!("{:?}", SECRET.as_bytes());
    [
        "canary",
        "s3cr3t",
        // Where `Debug` prints bytes, a number for each.
        bytes.trim_matches(['[', ']']),
        STANDARD.encode(SECRET).trim_end_matches('='),
        URL_SAFE_NO_PAD.encode(SECRET).as_str(),
        // How every JWT begins, and what stands where one should.
        "eyJ",
        "this-is-no-jwt",
    ]
    .iter()
    .any(|canary| text.contains(canary))
}

#[test]
fn a_canary_is_heard_in_each_of_its_forms() {
    for text in [
        SECRET,
        "client_secret=canary%2Bs3cr3t",
        "Bearer eyJhbGciOi",
        "[99, 97, 110]",
    ] {
        let heard = sings(text);
        assert_eq!(heard, text != "[99, 97, 110]", "{text}");
    }
    assert!(sings(&format!("{:?}", SECRET.as_bytes())));
    assert!(!sings(
        "no access token from 127.0.0.1:1: 503 Service Unavailable"
    ));
}
