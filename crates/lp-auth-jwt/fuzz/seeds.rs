//! Writes the corpora's cases to where `cargo fuzz` starts from.

use std::fs;
use std::io::Result;
use std::path::Path;

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::Value;

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = root.join("../tests/vectors");
    for target in ["jwks", "token", "verify"] {
        fs::create_dir_all(root.join("corpus").join(target))?;
    }
    let write = |target: &str, name: &str, bytes: &[u8]| {
        fs::write(
            root.join("corpus").join(target).join(name.replace('/', "_")),
            bytes,
        )
    };
    for file in ["rfc_cookbook.jsonl", "wycheproof_jws.jsonl"] {
        for line in fs::read_to_string(vectors.join(file))?.lines() {
            let case: Value = serde_json::from_str(line)?;
            let name = case["name"].as_str().unwrap_or_default();
            let token = case["token"].as_str().unwrap_or_default();
            write("token", name, token.as_bytes())?;
            write("jwks", name, case["jwks"].to_string().as_bytes())?;
        }
    }
    for line in fs::read_to_string(vectors.join("wycheproof_rsa_raw.jsonl"))?
        .lines()
        .step_by(50)
    {
        let case: Value = serde_json::from_str(line)?;
        let name = case["name"].as_str().unwrap_or_default();
        write("jwks", name, case["jwk"].to_string().as_bytes())?;
        write(
            "jwks",
            &format!("{name}-pem"),
            case["pem"].as_str().unwrap_or_default().as_bytes(),
        )?;
    }
    let sample = fs::read_to_string(vectors.join("specification-sample.jwt"))?;
    write("token", "sample", sample.trim().as_bytes())?;
    let decode = |part: &str| URL_SAFE_NO_PAD.decode_to_vec(part).unwrap_or_default();
    let parts: Vec<Vec<u8>> = sample.trim().split('.').map(decode).collect();
    write("verify", "sample", &[&parts[0], &[0xFF][..], &parts[1]].concat())?;
    let header = br#"{"alg":"RS256","kid":"k","typ":"JWT"}"#;
    let claims = [
        r#"{"iss":"Sentinel","aud":"12345678","exp":1700003600,"iat":1700000000,"azp":"x","scope":"a b"}"#,
        r#"{"iss":"Sent\u0069nel","aud":["x","12345678"],"exp":1.7000036e9,"nbf":1699999999.5,"permissions":["a"]}"#,
        r#"{"iss":"Sentinel","aud":"12345678","exp":1700003600,"x":{"y":[1,{"z":null}]},"https://liveperson.com/consumer_id":"c"}"#,
    ];
    for (number, claims) in claims.iter().enumerate() {
        write(
            "verify",
            &format!("claims-{number}"),
            &[&header[..], &[0xFF], claims.as_bytes()].concat(),
        )?;
    }
    Ok(())
}
