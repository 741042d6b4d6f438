//! `crypto`: hashing, signing and random bytes of the host.
//!
//! Scope: the connection's secrets, for keys. Grant: none needed; a plugin may sign whatever it likes with its connection's
//! secrets, and learns signatures but no keys. Limit: bytes of a key, random bytes of one call; data is bounded by the call. Act: at
//! once.

mod signing;

use std::borrow::Cow;

use hookyard_domain::limit;
use ring::{digest, hmac};

use crate::effects::Effects;
use crate::placeholder::{self, Exposed};
use crate::refusal::Refusal;

impl Effects {
    /// The digest of `data`; `hash` is `sha1`, `sha256` or `sha512`.
    pub fn digest(&self, hash: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let algorithm = match hash {
            "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => &digest::SHA256,
            "sha512" => &digest::SHA512,
            other => return Err(unknown_hash(other)),
        };
        Ok(digest::digest(algorithm, data).as_ref().to_vec())
    }

    /// The HMAC of `data`; `hash` as for [`Effects::digest`]. Placeholders in `key` are filled in; `data` is taken as it is.
    pub fn hmac(&self, hash: &str, key: &[u8], data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let algorithm = match hash {
            "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => hmac::HMAC_SHA256,
            "sha512" => hmac::HMAC_SHA512,
            other => return Err(unknown_hash(other)),
        };
        let key = hmac::Key::new(algorithm, &self.filled_key(key)?);
        Ok(hmac::sign(&key, data).as_ref().to_vec())
    }

    /// The signature of `data`. `algorithm`: `rs256`, `es256` (r and s, 32 bytes each), `ed25519`; `key`: PKCS#8 in PEM, in
    /// which placeholders are filled in.
    pub fn sign(&self, algorithm: &str, key: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        signing::sign(algorithm, &self.filled_key(key.as_bytes())?, data)
    }

    fn filled_key<'k>(&self, key: &'k [u8]) -> Result<Cow<'k, [u8]>, Refusal> {
        let bound = limit::KEY_MATERIAL_BYTES_MAX;
        let too_large = || Refusal::too_large(format!("the key has more than {bound} bytes with its secrets"));
        let mut left = bound.checked_sub(key.len()).ok_or_else(too_large)?;
        placeholder::fill(key, |placeholder| {
            let secret = self.known_secret(placeholder)?;
            left = left.checked_sub(secret.text.expose().len()).ok_or_else(too_large)?;
            Ok(Exposed(secret.text.clone()))
        })
    }

    /// `length` random bytes, at most [`limit::RANDOM_BYTES_MAX`].
    pub fn random(&self, length: u32) -> Result<Vec<u8>, Refusal> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > limit::RANDOM_BYTES_MAX {
            return Err(Refusal::too_large(format!(
                "crypto.random gives at most {} bytes a call, not {length}",
                limit::RANDOM_BYTES_MAX
            )));
        }
        let mut bytes = vec![0; length];
        self.services.entropy.fill(&mut bytes);
        Ok(bytes)
    }
}

fn unknown_hash(hash: &str) -> Refusal {
    Refusal::invalid(format!("hash {hash:?} is not one of sha1, sha256, sha512"))
}

#[cfg(test)]
mod tests {
    use hookyard_domain::grant::Grant;
    use serde_json::json;

    use super::*;
    use crate::refusal::RefusalCode;
    use crate::test_host::{NoNames, TestConnection, TestHost, egress};

    #[test]
    fn digests_are_those_of_the_standard() {
        let effects = TestHost::new().effects();
        let hex = |hash: &str| {
            effects.digest(hash, b"abc").expect("known").iter().map(|b| format!("{b:02x}")).collect::<String>()
        };
        // FIPS 180-2, appendices A.1, B.1 and C.1.
        assert_eq!(hex("sha1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex("sha256"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(hex("sha512").starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(effects.digest("md5", b"").expect_err("unknown").code, RefusalCode::Invalid);
    }

    #[test]
    fn placeholders_in_keys_are_filled_in_and_those_in_data_are_not() {
        let config = json!({"api_key": "Jefe"});
        let connection = TestConnection::new("shop", &json!({}), &Grant::default(), config, &egress(NoNames));
        let effects = TestHost::new().effects_with(&connection);
        let key = connection.placeholder("/api_key");
        let data = b"what do ya want for nothing?";
        // RFC 4231, section 4.3.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let hex = |hmac: Vec<u8>| hmac.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(effects.hmac("sha256", key.as_bytes(), data).expect("known")), expected);
        assert_eq!(hex(effects.hmac("sha256", b"Jefe", data).expect("known")), expected);
        let within = effects.hmac("sha1", format!("<{key}>").as_bytes(), data);
        assert_eq!(within, effects.hmac("sha1", b"<Jefe>", data));
        assert_eq!(within.expect("known").len(), 20);
        assert_ne!(effects.hmac("sha512", b"k", key.as_bytes()), effects.hmac("sha512", b"k", b"Jefe"));
        let derived = effects.derive_secret("hex", key).expect("derived");
        assert_eq!(effects.hmac("sha512", derived.as_bytes(), data), effects.hmac("sha512", b"4a656665", data));
        let unknown = b"hysec_00000000000000000000000000000000";
        assert_eq!(effects.hmac("sha256", unknown, data).expect_err("unknown").code, RefusalCode::Denied);
        assert_eq!(effects.hmac("md5", b"k", data).expect_err("unknown").code, RefusalCode::Invalid);
        assert_eq!(effects.sign("ed25519", key, data).expect_err("no PEM").code, RefusalCode::Invalid);
    }

    #[test]
    fn a_private_key_may_be_a_placeholder() {
        let key = include_str!("../../../tests/vectors/rs256.pem");
        let config = json!({"signing_key": key});
        let connection = TestConnection::new("shop", &json!({}), &Grant::default(), config, &egress(NoNames));
        let effects = TestHost::new().effects_with(&connection);
        let signature = effects.sign("rs256", connection.placeholder("/signing_key"), b"data").expect("signed");
        assert_eq!(signature.len(), 256);
        assert_eq!(effects.sign("rs256", key, b"data"), Ok(signature));
    }

    #[test]
    fn a_key_has_its_bound_with_its_secrets_and_without_any() {
        let config = json!({"api_key": "Jefe"});
        let connection = TestConnection::new("shop", &json!({}), &Grant::default(), config, &egress(NoNames));
        let effects = TestHost::new().effects_with(&connection);
        let most = vec![b'k'; limit::KEY_MATERIAL_BYTES_MAX];
        assert_eq!(effects.hmac("sha256", &most, b"").expect("at the bound").len(), 32);
        let plain = [&most[..], b"k"].concat();
        let secret = [&most[..], connection.placeholder("/api_key").as_bytes()].concat();
        for key in [plain, secret] {
            assert_eq!(effects.hmac("sha256", &key, b"").expect_err("beyond").code, RefusalCode::TooLarge);
            let text = String::from_utf8(key).expect("ASCII");
            assert_eq!(effects.sign("ed25519", &text, b"").expect_err("beyond").code, RefusalCode::TooLarge);
        }
    }

    #[test]
    fn random_bytes_come_from_the_host_and_are_bounded() {
        let effects = TestHost::new().effects();
        assert_ne!(effects.random(16).expect("few"), effects.random(16).expect("few"));
        let most = u32::try_from(limit::RANDOM_BYTES_MAX).expect("small");
        assert_eq!(effects.random(most).expect("at the bound").len(), limit::RANDOM_BYTES_MAX);
        assert_eq!(effects.random(most + 1).expect_err("beyond").code, RefusalCode::TooLarge);
    }
}
