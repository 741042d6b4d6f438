//! Hashes and signatures, as the real host makes them; random bytes that are the same in every run of a test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use ring::{digest, hmac};

use crate::Refusal;

/// Most random bytes of one call.
const RANDOM_BYTES_MAX: u32 = 64 * 1024;

pub(crate) fn digest(hash: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let algorithm = match hash {
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => &digest::SHA256,
        "sha512" => &digest::SHA512,
        other => return Err(Refusal::invalid(format!("there is no hash {other:?}"))),
    };
    Ok(digest::digest(algorithm, data).as_ref().to_vec())
}

/// `key` has its placeholders filled in.
pub(crate) fn authenticate(hash: &str, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let algorithm = match hash {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha512" => hmac::HMAC_SHA512,
        other => return Err(Refusal::invalid(format!("there is no hash {other:?}"))),
    };
    Ok(hmac::sign(&hmac::Key::new(algorithm, key), data).as_ref().to_vec())
}

/// `key` is PKCS#8 in PEM.
#[expect(
    clippy::disallowed_methods,
    reason = "ring signs with no other source of randomness, and no test depends on it"
)]
pub(crate) fn sign(algorithm: &str, key: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let key = pkcs8(key).ok_or_else(|| Refusal::invalid("the key is not PKCS#8 in PEM"))?;
    let unusable = |_| Refusal::invalid(format!("the key is none for {algorithm}"));
    let failed = |_| Refusal::invalid("the key does not sign");
    let random = SystemRandom::new();
    match algorithm {
        "rs256" => {
            let pair = RsaKeyPair::from_pkcs8(&key).map_err(unusable)?;
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, data, &mut signature).map_err(failed)?;
            Ok(signature)
        }
        "es256" => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key, &random).map_err(unusable)?;
            pair.sign(&random, data).map(|signature| signature.as_ref().to_vec()).map_err(failed)
        }
        "ed25519" => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key).map_err(unusable)?;
            Ok(pair.sign(data).as_ref().to_vec())
        }
        other => Err(Refusal::invalid(format!("there is no algorithm {other:?}"))),
    }
}

/// Bytes that depend on `seed` only.
///
/// # Panics
///
/// If more is asked for than the real host gives.
pub(crate) fn random(seed: &str, length: u32) -> Vec<u8> {
    assert!(length <= RANDOM_BYTES_MAX, "the real host gives at most {RANDOM_BYTES_MAX} random bytes a call");
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let blocks = (0_u32..).flat_map(|block| {
        let input = [seed.as_bytes(), &block.to_be_bytes()].concat();
        digest::digest(&digest::SHA256, &input).as_ref().to_vec()
    });
    blocks.take(length).collect()
}

/// The DER between the lines of a PEM.
fn pkcs8(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (base64, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let base64: String = base64.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, KeyPair as _, UnparsedPublicKey};

    use super::*;

    fn pem(der: &[u8]) -> String {
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the keys of this test are new each time, and whatever they are they must sign"
    )]
    fn signatures_pass_with_the_public_key() {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).expect("a key");
        let signature = sign("es256", &pem(der.as_ref()), b"data").expect("signed");
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key())
            .verify(b"data", &signature)
            .expect("passes");
        assert_eq!(sign("rs256", &pem(der.as_ref()), b"data").expect_err("another kind").code, "invalid");

        let der = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).expect("a key");
        let signature = sign("ed25519", &pem(der.as_ref()), b"data").expect("signed");
        UnparsedPublicKey::new(&ED25519, pair.public_key()).verify(b"data", &signature).expect("passes");
        assert_eq!(sign("ed25519", "no key", b"data").expect_err("no PEM").code, "invalid");
        assert_eq!(sign("hs256", &pem(der.as_ref()), b"data").expect_err("unknown").code, "invalid");
    }

    #[test]
    fn unknown_hashes_are_refused() {
        assert_eq!(digest("md5", b"").expect_err("unknown").code, "invalid");
        assert_eq!(authenticate("md5", b"", b"").expect_err("unknown").code, "invalid");
    }
}
