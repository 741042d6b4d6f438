//! What signs deliveries: Standard Webhooks 1.0, symmetric (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme>).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::clock::Timestamp;
use crate::entropy::Entropy;
use crate::limit;
use crate::secret::Secret;

/// How secrets begin.
const PREFIX: &str = "whsec_";

/// A key that signs deliveries.
#[derive(Clone)]
pub struct SigningKey(hmac::Key);

/// The text is no secret that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSigningSecret {
    /// It is not of the form.
    #[error("a secret that signs is whsec_ followed by base64 (standard, padded)")]
    Form,
    /// It has too few or too many bytes.
    #[error(
        "a secret that signs has {} to {} bytes after decoding, not {bytes}",
        limit::SIGNING_SECRET_BYTES_MIN,
        limit::SIGNING_SECRET_BYTES_MAX
    )]
    Length {
        /// How many it has.
        bytes: usize,
    },
}

impl SigningKey {
    /// Reads `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// It is anything else. The error holds nothing of the text.
    pub fn parse(secret: &Secret) -> Result<Self, InvalidSigningSecret> {
        let encoded = secret.expose().strip_prefix(PREFIX).ok_or(InvalidSigningSecret::Form)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidSigningSecret::Form)?;
        if !(limit::SIGNING_SECRET_BYTES_MIN..=limit::SIGNING_SECRET_BYTES_MAX).contains(&bytes.len()) {
            return Err(InvalidSigningSecret::Length { bytes: bytes.len() });
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// One signature as `webhook-signature` has it: `v1,` and base64. It covers the id, the whole seconds of the time, and the
    /// body's exact bytes.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{}.", at.as_seconds()).as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// A new secret, of 32 random bytes.
pub fn generate(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; limit::SIGNING_SECRET_BYTES];
    entropy.fill(&mut bytes);
    Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn key(text: &str) -> Result<SigningKey, InvalidSigningSecret> {
        SigningKey::parse(&Secret::new(text))
    }

    /// The values of the specification's own libraries
    /// (<https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py>, `test_sign_function`).
    #[test]
    fn a_signature_is_the_one_that_others_expect() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let at = Timestamp::from_millis(1_614_265_330_999);
        let signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn another_id_second_body_or_secret_has_another_signature() {
        let at = Timestamp::from_millis(5_000);
        let one = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let other = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx").expect("a secret");
        let signature = one.sign("evt_1", at, b"{}");
        assert_eq!(signature, one.sign("evt_1", Timestamp::from_millis(5_999), b"{}"), "seconds count");
        for differs in [
            one.sign("evt_2", at, b"{}"),
            one.sign("evt_1", Timestamp::from_millis(6_000), b"{}"),
            one.sign("evt_1", at, b"{ }"),
            other.sign("evt_1", at, b"{}"),
        ] {
            assert_ne!(signature, differs);
        }
    }

    #[test]
    fn a_secret_that_the_host_makes_is_one_that_it_reads() {
        let entropy = SeededEntropy::new(3);
        let (one, other) = (generate(&entropy), generate(&entropy));
        assert_ne!(one, other);
        assert!(one.expose().starts_with("whsec_") && SigningKey::parse(&one).is_ok());
        assert_eq!(STANDARD.decode(&one.expose()[PREFIX.len()..]).expect("base64").len(), 32);
    }

    #[test]
    fn what_cannot_sign_is_refused_without_being_shown() {
        let of = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        assert!(key(&of(24)).is_ok() && key(&of(64)).is_ok());
        assert_eq!(key(&of(23)).expect_err("short"), InvalidSigningSecret::Length { bytes: 23 });
        assert_eq!(key(&of(65)).expect_err("long"), InvalidSigningSecret::Length { bytes: 65 });
        for wrong in
            ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%%", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa"]
        {
            let error = key(wrong).expect_err(wrong);
            assert!(wrong.len() < 7 || !error.to_string().contains(&wrong[6..]), "{error}");
        }
    }
}
