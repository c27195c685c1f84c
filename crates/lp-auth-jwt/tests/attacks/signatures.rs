//! Attacks through the signature: its length, its padding, and keys that make forging easy.

use num_bigint::BigUint;
use ring::digest::{SHA256, digest};

use crate::support::*;
use crate::{Case, case};

/// `DigestInfo` of SHA-256 up to the hash (RFC 8017 §9.2).
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(lengths());
    cases.extend(changes());
    cases.extend(paddings());
    cases.extend(weak_keys());
    cases.extend(forged_for_small_exponents());
    cases
}

struct Signed {
    input: String,
    signature: Vec<u8>,
}

fn good() -> Signed {
    let input = format!("{}.{}", b64(header("k").as_bytes()), b64(claims("").as_bytes()));
    let signature = TestKey::a().sign(input.as_bytes());
    Signed { input, signature }
}

impl Signed {
    fn with(&self, signature: &[u8]) -> String {
        format!("{}.{}", self.input, b64(signature))
    }
}

fn lengths() -> Vec<Case> {
    let good = good();
    let signature = &good.signature;
    let mut cases = vec![
        case(
            "signature: one byte short at the end",
            good.with(&signature[..255]),
            "key size",
        ),
        case(
            "signature: one byte short at the start",
            good.with(&signature[1..]),
            "key size",
        ),
        case("signature: half", good.with(&signature[..128]), "key size"),
        case("signature: one byte", good.with(&[0]), "key size"),
        case(
            "signature: a zero before",
            good.with(&[&[0], &signature[..]].concat()),
            "key size",
        ),
        case(
            "signature: a zero after",
            good.with(&[&signature[..], &[0]].concat()),
            "key size",
        ),
        case(
            "signature: 256 zeros before",
            good.with(&[&[0; 256], &signature[..]].concat()),
            "key size",
        ),
        case(
            "signature: twice",
            good.with(&[&signature[..], signature].concat()),
            "key size",
        ),
        case("signature: 8192 bits", good.with(&[1; 1024]), "key size"),
        case(
            "signature: more than 8192 bits",
            good.with(&[1; 1025]),
            "key size",
        ),
        case("signature: 8 KiB", good.with(&[1; 8192]), "key size"),
    ];
    for bits in [2040, 2056, 3072, 4096] {
        cases.push(case(
            format!("signature: {bits} bits of nothing"),
            good.with(&vec![0xA5; bits / 8]),
            "key size",
        ));
    }
    cases
}

fn changes() -> Vec<Case> {
    let good = good();
    let n = BigUint::from_bytes_be(&TestKey::a().n());
    let of_another_message = TestKey::a().sign(b"another message");
    let by_another_key = TestKey::b().sign(good.input.as_bytes());
    let negative = (&n - BigUint::from_bytes_be(&good.signature)).to_bytes_be();
    let mut cases = vec![
        case(
            "signature: of another message",
            good.with(&of_another_message),
            "signature",
        ),
        case(
            "signature: by another key",
            good.with(&by_another_key),
            "signature",
        ),
        case("signature: zeros", good.with(&[0; 256]), "signature"),
        case("signature: ones", good.with(&[0xFF; 256]), "signature"),
        case("signature: the number 1", good.with(&padded(&[1])), "signature"),
        case("signature: the modulus", good.with(&n.to_bytes_be()), "signature"),
        case(
            "signature: the modulus less one",
            good.with(&(&n - 1_u8).to_bytes_be()),
            "signature",
        ),
        case(
            "signature: the modulus less it",
            good.with(&padded(&negative)),
            "signature",
        ),
        case(
            "signature: reversed",
            good.with(&good.signature.iter().rev().copied().collect::<Vec<_>>()),
            "signature",
        ),
    ];
    // Congruent modulo n, of the same length: only where n is small enough for its length is there one.
    let congruent = (BigUint::from_bytes_be(&good.signature) + &n).to_bytes_be();
    let expected = if congruent.len() == 256 {
        "signature"
    } else {
        "key size"
    };
    cases.push(case(
        "signature: and the modulus",
        good.with(&congruent),
        expected,
    ));
    for place in (0..256).step_by(17) {
        let mut changed = good.signature.clone();
        changed[place] ^= 1 << (place % 8);
        cases.push(case(
            format!("signature: a bit of byte {place}"),
            good.with(&changed),
            "signature",
        ));
    }
    let input = good
        .input
        .replace(&b64(claims("").as_bytes()), &b64(claims(r#","x":1"#).as_bytes()));
    cases.push(case(
        "payload changed under a genuine signature",
        format!("{input}.{}", b64(&good.signature)),
        "signature",
    ));
    let header_changed = good.input.replace(
        &b64(header("k").as_bytes()),
        &b64(br#"{"alg":"RS256","kid":"k"}"#),
    );
    cases.push(case(
        "header changed under a genuine signature",
        format!("{header_changed}.{}", b64(&good.signature)),
        "signature",
    ));
    cases
}

/// Signed with the private key, over a block that is not the one of RFC 8017: a verifier that parses the block instead
/// of comparing it whole takes some of them.
fn paddings() -> Vec<Case> {
    let good = good();
    let key = RawKey::of(include_str!("../keys/rsa-2048-a.pem"));
    let hash = digest(&SHA256, good.input.as_bytes());
    let hash = hash.as_ref();
    let info = [&DIGEST_INFO, hash].concat();
    let block = |kind: u8, filler: u8, count: usize, rest: &[u8]| {
        let mut block = vec![0, kind];
        block.extend(std::iter::repeat_n(filler, count));
        block.push(0);
        block.extend(rest);
        block.resize(256, 0);
        block
    };
    let fill = |rest: &[u8]| block(1, 0xFF, 253 - rest.len(), rest);
    let without_null: Vec<u8> = [
        &[0x30, 0x2f, 0x30, 0x0b],
        &DIGEST_INFO[4..15],
        &[0x04, 0x20],
        hash,
    ]
    .concat();
    let mut sha1 = info.clone();
    sha1[14] = 0x02;
    let long_length = [&[0x30, 0x81, 0x31], &info[2..]].concat();
    let garbage_inside = [&[0x30, 0x35], &info[2..], &[0x05, 0, 0x05, 0]].concat();
    let mut wrong_hash = info.clone();
    wrong_hash[50] ^= 1;
    let blocks = [
        ("the right block", fill(&info), "accepted"),
        (
            "garbage after 8 bytes of filler",
            block(1, 0xFF, 8, &info),
            "signature",
        ),
        ("no filler", block(1, 0xFF, 0, &info), "signature"),
        (
            "one byte of filler too few",
            block(1, 0xFF, 201, &info),
            "signature",
        ),
        ("block type 2", block(2, 0xFF, 202, &info), "signature"),
        ("block type 0", block(0, 0xFF, 202, &info), "signature"),
        ("filler of other bytes", block(1, 0xFE, 202, &info), "signature"),
        ("no DigestInfo", fill(hash), "signature"),
        ("no NULL in the DigestInfo", fill(&without_null), "signature"),
        ("another hash's name", fill(&sha1), "signature"),
        ("a long length in the DigestInfo", fill(&long_length), "signature"),
        (
            "garbage within the DigestInfo",
            fill(&garbage_inside),
            "signature",
        ),
        ("another hash", fill(&wrong_hash), "signature"),
        ("the whole block zero", vec![0; 256], "signature"),
    ];
    blocks
        .into_iter()
        .map(|(name, block, expected)| {
            case(format!("padding: {name}"), good.with(&key.raw(&block)), expected)
        })
        .collect()
}

/// Genuine tokens of keys that are too weak, published as if they were good.
fn weak_keys() -> Vec<Case> {
    let weak = [
        ("512 bits", include_str!("../keys/rsa-512.pem")),
        ("1024 bits", include_str!("../keys/rsa-1024.pem")),
        ("2047 bits", include_str!("../keys/rsa-2047.pem")),
        ("exponent 3", include_str!("../keys/rsa-2048-e3.pem")),
    ];
    let mut cases = Vec::new();
    for (name, pem) in weak {
        let key = RawKey::of(pem);
        let good = good();
        let token = good.with(&key.sign(good.input.as_bytes()));
        let jwk = key.jwk("k");
        cases.push(
            case(format!("a key of {name}"), &*token, "no usable key")
                .with_jwks(jwks(std::slice::from_ref(&jwk))),
        );
        let beside = jwks(&[jwk.clone(), TestKey::b().jwk("other")]);
        // Shorter than any key that is taken, it needs no key to be refused.
        let expected = if key.n.bits() <= 1024 {
            "key size"
        } else {
            "unknown key"
        };
        cases.push(case(format!("a key of {name} beside a good one"), &*token, expected).with_jwks(beside));
        let before = jwks(&[jwk, TestKey::a().jwk("k")]);
        let expected = if key.n.bits() <= 1024 {
            "key size"
        } else {
            "signature"
        };
        cases.push(
            case(
                format!("a key of {name} before a good one of its kid"),
                token,
                expected,
            )
            .with_jwks(before),
        );
    }
    cases
}

/// With exponent 1 the block is its own signature; with exponent 3 a cube root makes one, where a verifier overlooks
/// what stands behind the hash. Nobody needs a private key for either.
fn forged_for_small_exponents() -> Vec<Case> {
    let good = good();
    let n = TestKey::a().n();
    let hash = digest(&SHA256, good.input.as_bytes());
    let info = [&DIGEST_INFO, hash.as_ref()].concat();
    let mut block = vec![0, 1];
    block.extend([0xFF; 202]);
    block.push(0);
    block.extend(&info);
    let mut open_ended = vec![0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0];
    open_ended.extend(&info);
    open_ended.resize(256, 0xFF);
    let root = padded(&BigUint::from_bytes_be(&open_ended).cbrt().to_bytes_be());
    let published = |e: &[u8]| {
        let (n, e) = (b64(&n), b64(e));
        jwks(&[format!(r#"{{"kty":"RSA","kid":"k","n":"{n}","e":"{e}"}}"#)])
    };
    vec![
        case("exponent 1, the block itself", good.with(&block), "no usable key").with_jwks(published(&[1])),
        case(
            "exponent 1 with a zero before",
            good.with(&block),
            "no usable key",
        )
        .with_jwks(published(&[0, 1])),
        case("exponent 3, a cube root", good.with(&root), "no usable key").with_jwks(published(&[3])),
        case("exponent 0", good.with(&block), "no usable key").with_jwks(published(&[0])),
        case("no exponent", good.with(&block), "no usable key").with_jwks(published(&[])),
        case("an even exponent", good.with(&block), "no usable key").with_jwks(published(&[1, 0, 0])),
        case("exponent 65535", good.with(&block), "no usable key").with_jwks(published(&[0xFF, 0xFF])),
        case("the block itself, exponent 65537", good.with(&block), "signature"),
        case("a cube root, exponent 65537", good.with(&root), "signature"),
    ]
}

fn padded(number: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 256 - number.len()];
    bytes.extend(number);
    bytes
}

/// A private key in its bare numbers, of any size and exponent.
struct RawKey {
    n: BigUint,
    e: BigUint,
    d: BigUint,
}

impl RawKey {
    fn of(pem: &str) -> Self {
        use pkcs1::RsaPrivateKeyRef;
        use spki::der::{Decode, Reader, SliceReader};

        // PKCS#8: a version, an algorithm, and the PKCS#1 key in an octet string.
        let der = pem_der(pem);
        let mut reader = SliceReader::new(&der).unwrap();
        let pkcs1 = reader
            .sequence(|inner| {
                let _version = u8::decode(inner)?;
                let _algorithm = spki::AlgorithmIdentifierRef::decode(inner)?;
                let key = <&spki::der::asn1::OctetStringRef>::decode(inner)?;
                spki::der::Result::Ok(key.as_bytes())
            })
            .unwrap();
        let key = RsaPrivateKeyRef::from_der(pkcs1).unwrap();
        let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
        Self {
            n: number(key.modulus.as_bytes()),
            e: number(key.public_exponent.as_bytes()),
            d: number(key.private_exponent.as_bytes()),
        }
    }

    fn length(&self) -> usize {
        self.n.to_bytes_be().len()
    }

    /// The block to the power of the private exponent.
    fn raw(&self, block: &[u8]) -> Vec<u8> {
        let number = BigUint::from_bytes_be(block)
            .modpow(&self.d, &self.n)
            .to_bytes_be();
        let mut signature = vec![0; self.length() - number.len()];
        signature.extend(number);
        signature
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let info = [&DIGEST_INFO, digest(&SHA256, message).as_ref()].concat();
        let mut block = vec![0, 1];
        block.resize(self.length() - info.len() - 1, 0xFF);
        block.push(0);
        block.extend(info);
        self.raw(&block)
    }

    fn jwk(&self, kid: &str) -> String {
        let (n, e) = (b64(&self.n.to_bytes_be()), b64(&self.e.to_bytes_be()));
        format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{n}","e":"{e}"}}"#)
    }
}
