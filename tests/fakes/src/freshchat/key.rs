//! The key pair of the webhooks.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::{KeyPair as _, RSA_PKCS1_SHA256};

/// Of 2048 bits, and for nothing but these fakes: `ring` makes no RSA keys.
const PRIVATE: &str = include_str!("../../../vectors/freshchat_test_key.pem");
/// What stands before the key of 2048 bits in a `SubjectPublicKeyInfo`: lengths, and that it is one for RSA.
const SPKI_HEAD: [u8; 24] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    0x03, 0x82, 0x01, 0x0f, 0x00,
];

/// How a public key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `RSA PUBLIC KEY`, in one line, and what follows is a `SubjectPublicKeyInfo`.
    AsShown,
    /// `PUBLIC KEY`, in lines of 64 characters.
    Spki,
    /// `RSA PUBLIC KEY`, and that is what it is.
    Pkcs1,
    /// Base64 and nothing else.
    Bare,
    /// As shown, with `\n` in two characters where there are line breaks.
    Escaped,
    /// As shown, with blanks where there are line breaks.
    Blanks,
}

/// An RSA key pair.
pub(super) struct Key(KeyPair);

impl Key {
    pub(super) fn of_tests() -> Self {
        let base64: String = PRIVATE.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(base64).expect("it was made so");
        Self(KeyPair::from_pkcs8(&der).expect("it was made so"))
    }

    /// Base64 of RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn sign(&self, body: &[u8]) -> String {
        let mut signature = vec![0; self.0.public().modulus_len()];
        #[expect(
            clippy::disallowed_methods,
            reason = "`ring` hides its work with it; the signature is always the same"
        )]
        let random = SystemRandom::new();
        let signed = self.0.sign(&RSA_PKCS1_SHA256, &random, body, &mut signature);
        signed.expect("the signature has its length");
        STANDARD.encode(signature)
    }

    pub(super) fn public(&self, spelling: Spelling) -> String {
        let pkcs1 = self.0.public_key().as_ref();
        let spki = STANDARD.encode([&SPKI_HEAD, pkcs1].concat());
        let shown = |between: &str| {
            format!("-----BEGIN RSA PUBLIC KEY-----{between}{spki}{between}-----END RSA PUBLIC KEY-----")
        };
        match spelling {
            Spelling::AsShown => shown("\n"),
            Spelling::Spki => format!("-----BEGIN PUBLIC KEY-----\n{}-----END PUBLIC KEY-----\n", in_lines(&spki)),
            Spelling::Pkcs1 => {
                let pkcs1 = in_lines(&STANDARD.encode(pkcs1));
                format!("-----BEGIN RSA PUBLIC KEY-----\n{pkcs1}-----END RSA PUBLIC KEY-----\n")
            }
            Spelling::Bare => spki,
            Spelling::Escaped => shown("\\n"),
            Spelling::Blanks => shown(" "),
        }
    }
}

fn in_lines(base64: &str) -> String {
    let mut lines = String::new();
    for (place, character) in base64.chars().enumerate() {
        lines.push(character);
        if place % 64 == 63 {
            lines.push('\n');
        }
    }
    if !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
