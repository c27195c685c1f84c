//! The token that everybody verifies: that of LIVEPERSON.md §3, as V2 issues it.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Whom it is for.
pub const ACCOUNT: &str = "12345678";
/// The key that signs it.
pub const KID: &str = "6f3f1c86-2b1e-4a52-8c9b-0d7c1f4f5a11";
/// Who issues it.
pub const ISSUER: &str = "Sentinel";
/// The private key, PKCS#8 in PEM: one of the product's test keys.
pub const PRIVATE_KEY: &str = include_str!("../../../../crates/lp-auth-jwt/tests/keys/rsa-2048-a.pem");

/// Where the conductor wants the token and its key to be, for programs that cannot sign: `token`, `key.pem`.
pub fn folder() -> PathBuf {
    std::env::var_os("BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from)
}

/// Seconds since the epoch.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

/// Header and payload, to be signed. Tokens of different numbers differ in their claims by that number; 0 has none.
pub fn signing_input(kid: &str, number: u64) -> String {
    let (iat, exp) = (now(), now() + 3600);
    let number = if number == 0 {
        String::new()
    } else {
        format!(r#","jti":"{number:08}""#)
    };
    let header = format!(r#"{{"kid":"{kid}","typ":"JWT","alg":"RS256"}}"#);
    let payload = format!(
        r#"{{"aud":"{ACCOUNT}","azp":"75588e18-0213-4e33-8174-883acac7e3c4","scope":"msg.consumer faas.lambda.invoke","iss":"{ISSUER}","exp":{exp},"iat":{iat}{number}}}"#
    );
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    )
}

/// The token.
pub fn signed(kid: &str, number: u64, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = signing_input(kid, number);
    let signature = URL_SAFE_NO_PAD.encode(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// The bytes of a signature.
pub fn signature(token: &str) -> Vec<u8> {
    let signature = token.rsplit('.').next().unwrap_or_default();
    URL_SAFE_NO_PAD
        .decode(signature)
        .expect("the token was made here")
}

/// What the signature is made over.
pub fn message(token: &str) -> Vec<u8> {
    token
        .rsplit_once('.')
        .map_or_else(Vec::new, |(input, _)| input.into())
}

/// A number in base64url, as a JWK has it.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
