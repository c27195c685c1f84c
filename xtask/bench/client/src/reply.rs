//! What Sentinel answers.

use std::time::{SystemTime, UNIX_EPOCH};

use player::token;

/// A reply of Sentinel's as V2 sends it. Nobody here verifies the token: its signature is as long as one.
pub(crate) fn reply(lifetime: u64, number: usize) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let claims = format!(
        r#"{{"aud":"12345678","azp":"75588e18-0213-4e33-8174-883acac7e3c4","scope":"msg.consumer faas.lambda.invoke","iss":"Sentinel","exp":{},"iat":{now},"jti":"{number}"}}"#,
        now + lifetime
    );
    let header = format!(r#"{{"kid":"{}","typ":"JWT","alg":"RS256"}}"#, token::KID);
    let part = |text: &str| token::base64url(text.as_bytes());
    let signature = token::base64url(&[0xA5; 256]);
    format!(
        r#"{{"access_token":"{}.{}.{signature}","token_type":"Bearer","expires_in":"{lifetime}"}}"#,
        part(&header),
        part(&claims)
    )
}
