//! The cryptography alone.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    KeyPair, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
};
use player::token;

pub(crate) struct Signer {
    pair: RsaKeyPair,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let pem = pem::parse(token::PRIVATE_KEY).expect("a test key");
        let pair = RsaKeyPair::from_pkcs8(pem.contents()).expect("a test key");
        Self { pair }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a test key signs");
        signature
    }

    pub(crate) fn token(&self, number: u64) -> String {
        token::signed(token::KID, number, |message| self.sign(message))
    }

    pub(crate) fn parsed(&self) -> ParsedPublicKey {
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.spki()).expect("a test key")
    }

    pub(crate) fn public_pem(&self) -> String {
        pem::encode(&pem::Pem::new("PUBLIC KEY", self.spki()))
    }

    pub(crate) fn modulus(&self) -> Vec<u8> {
        let modulus = self.pair.public_key().modulus();
        modulus.big_endian_without_leading_zero().to_vec()
    }

    fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().expect("a test key");
        der.as_ref().to_vec()
    }
}
