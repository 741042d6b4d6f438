//! Signatures with private keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::refusal::Refusal;

/// The raw signature, with a private key that is PKCS#8 in PEM.
pub(super) fn sign(algorithm: &str, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let sign = match algorithm {
        "rs256" => rs256,
        "es256" => es256,
        "ed25519" => ed25519,
        other => {
            return Err(Refusal::invalid(format!("algorithm {other:?} is not one of rs256, es256, ed25519")));
        }
    };
    let key = pkcs8(key).ok_or_else(|| Refusal::invalid(NO_PKCS8))?;
    sign(&key, data).ok_or_else(|| Refusal::invalid(format!("the key is no private key for {algorithm}")))
}

const NO_PKCS8: &str = "the key is not PKCS#8 in PEM, which begins with -----BEGIN PRIVATE KEY-----; `openssl pkcs8 -topk8 \
    -nocrypt` converts others";

fn rs256(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let pair = RsaKeyPair::from_pkcs8(key).ok()?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &random(), data, &mut signature).ok()?;
    Some(signature)
}

fn es256(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let random = random();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key, &random).ok()?;
    Some(pair.sign(&random, data).ok()?.as_ref().to_vec())
}

/// Also keys without their public part, which is how most tools write them.
fn ed25519(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(key).ok()?;
    Some(pair.sign(data).as_ref().to_vec())
}

/// Blinds RSA and makes the nonces of ECDSA: neither is a value that anybody should choose, or that a test could expect.
#[expect(clippy::disallowed_methods, reason = "ring takes no generator but its own for signatures")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

/// The DER within the PEM. Line ends that an environment variable holds as `\n` count as such.
fn pkcs8(pem: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(pem).ok()?.replace("\\n", "\n");
    let (_, body) = text.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (body, _) = body.split_once("-----END PRIVATE KEY-----")?;
    let base64: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok()
}

#[cfg(test)]
mod tests;
