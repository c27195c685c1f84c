//! What the tests share: keys made for them, a mint, and small words for policies and times.
#![allow(
    dead_code,
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "each test file takes what it needs"
)]

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use lp_auth_core::{ApiVersion, UnixTime};
use lp_auth_jwt::{KeySet, Policy, PolicyBuilder, VerifyingKey};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;

/// The account of all tests.
pub const ACCOUNT: &str = "12345678";
/// The client of all tests.
pub const CLIENT: &str = "75588e18-0213-4e33-8174-883acac7e3c4";
/// When tests take place.
pub const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
/// The token that the documentation prints.
pub const SAMPLE: &str = include_str!("../vectors/specification-sample.jwt");

/// A key pair made for the tests.
pub struct TestKey {
    pair: KeyPair,
}

impl TestKey {
    pub fn a() -> Self {
        Self::from_pem(include_str!("../keys/rsa-2048-a.pem"))
    }

    pub fn b() -> Self {
        Self::from_pem(include_str!("../keys/rsa-2048-b.pem"))
    }

    pub fn c() -> Self {
        Self::from_pem(include_str!("../keys/rsa-2048-c.pem"))
    }

    pub fn large() -> Self {
        Self::from_pem(include_str!("../keys/rsa-4096.pem"))
    }

    fn from_pem(pem: &str) -> Self {
        Self {
            pair: KeyPair::from_pkcs8(&pem_der(pem)).unwrap(),
        }
    }

    pub fn n(&self) -> Vec<u8> {
        self.verifying().n().to_vec()
    }

    pub fn e(&self) -> Vec<u8> {
        self.verifying().e().to_vec()
    }

    /// `RSAPublicKey` in DER.
    pub fn pkcs1(&self) -> Vec<u8> {
        self.pair.public().as_ref().to_vec()
    }

    /// `SubjectPublicKeyInfo` in DER.
    pub fn spki(&self) -> Vec<u8> {
        use spki::der::asn1::{AnyRef, BitStringRef};
        use spki::der::{Encode, SliceWriter};

        let info = spki::SubjectPublicKeyInfoRef {
            algorithm: spki::AlgorithmIdentifierRef {
                oid: pkcs1::ALGORITHM_OID,
                parameters: Some(AnyRef::NULL),
            },
            subject_public_key: BitStringRef::from_bytes(self.pair.public().as_ref()).unwrap(),
        };
        let mut place = [0; 2048];
        let mut writer = SliceWriter::new(&mut place);
        info.encode(&mut writer).unwrap();
        writer.finish().unwrap().to_vec()
    }

    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey::from_pkcs1_der(self.pair.public().as_ref()).unwrap()
    }

    /// `"kid":"…","kty":"RSA",…` with whatever else is given, as `,"use":"sig"`.
    pub fn jwk_with(&self, kid: &str, more: &str) -> String {
        let (n, e) = (b64(&self.n()), b64(&self.e()));
        format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{n}","e":"{e}"{more}}}"#)
    }

    pub fn jwk(&self, kid: &str) -> String {
        self.jwk_with(kid, "")
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(&RSA_PKCS1_SHA256, message)
    }

    pub fn sign_with(&self, padding: &'static dyn ring::signature::RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(padding, &SystemRandom::new(), message, &mut signature)
            .unwrap();
        signature
    }

    /// A token of this header and this payload, genuine.
    pub fn token(&self, header: &str, payload: &str) -> String {
        let input = format!("{}.{}", b64(header.as_bytes()), b64(payload.as_bytes()));
        let signature = b64(&self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }

    /// A V2 token with this `kid` and good claims.
    pub fn good(&self, kid: &str) -> String {
        self.token(&header(kid), &claims(""))
    }
}

pub fn header(kid: &str) -> String {
    format!(r#"{{"kid":"{kid}","typ":"JWT","alg":"RS256"}}"#)
}

/// Good claims, and whatever else is given, as `,"nbf":1`.
pub fn claims(more: &str) -> String {
    let iat = NOW.as_secs();
    let exp = iat + 3600;
    format!(
        r#"{{"aud":"{ACCOUNT}","azp":"{CLIENT}","scope":"msg.consumer faas.lambda.invoke","iss":"Sentinel","exp":{exp},"iat":{iat}{more}}}"#
    )
}

pub fn jwks(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

pub fn set(keys: &[(&str, &TestKey)]) -> KeySet {
    keys.iter()
        .map(|(kid, key)| key.verifying().with_kid(*kid))
        .collect()
}

pub fn open_policy() -> PolicyBuilder {
    Policy::builder([ACCOUNT.parse().unwrap()]).any_client()
}

/// Any client, no scope, V2.
pub fn policy() -> Policy {
    open_policy().build().unwrap()
}

pub fn both_versions() -> Policy {
    let both = [ApiVersion::V1, ApiVersion::V2];
    open_policy().versions(both).build().unwrap()
}

pub fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

pub fn standard(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// The bytes between the first `BEGIN` and `END`.
pub fn pem_der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode_to_vec(base64).unwrap()
}
