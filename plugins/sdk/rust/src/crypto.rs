//! Hashes, signatures and random bytes of the host: keys may be secrets that the plugin does not know, and the host is faster.

use std::fmt::Write as _;

use crate::manifest::Hash;
use crate::{Refusal, imports};

/// How [`sign`] signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA over P-256 with SHA-256: `r` and `s`, 32 bytes each, as JSON Web Signatures have it.
    Es256,
    /// Ed25519.
    Ed25519,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "rs256",
            Self::Es256 => "es256",
            Self::Ed25519 => "ed25519",
        }
    }
}

fn name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "sha1",
        Hash::Sha256 => "sha256",
        Hash::Sha512 => "sha512",
    }
}

/// The raw digest of `data`: 20, 32 or 64 bytes.
pub fn digest(hash: Hash, data: impl AsRef<[u8]>) -> Result<Vec<u8>, Refusal> {
    imports::digest(name(hash), data.as_ref())
}

/// The SHA-256 of `data` as 64 of `0-9a-f`: a short name for something long, the same each time.
pub fn sha256_hex(data: impl AsRef<[u8]>) -> Result<String, Refusal> {
    let mut hex = String::with_capacity(64);
    for byte in digest(Hash::Sha256, data)? {
        write!(hex, "{byte:02x}").expect("a string takes any text");
    }
    Ok(hex)
}

/// The raw HMAC (RFC 2104) of `data`, as long as the digest. Placeholders within `key` are filled in first.
pub fn hmac(hash: Hash, key: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Result<Vec<u8>, Refusal> {
    imports::hmac(name(hash), key.as_ref(), data.as_ref())
}

/// The raw signature of `data`. `key` is PKCS#8 in PEM, or the placeholder of such a secret.
pub fn sign(algorithm: Algorithm, key: &str, data: impl AsRef<[u8]>) -> Result<Vec<u8>, Refusal> {
    imports::sign(algorithm.name(), key, data.as_ref())
}

/// Random bytes, at most 64 KiB a call; asking for more ends the invocation.
pub fn random(length: u32) -> Vec<u8> {
    imports::random(length)
}
