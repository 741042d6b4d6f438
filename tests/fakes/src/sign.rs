//! Signatures as providers make them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// Base64 of HMAC-SHA-256 over the body: AfterShip's `aftership-hmac-sha256`.
pub fn hmac_sha256_base64(secret: &str, body: &[u8]) -> String {
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body))
}

/// Lower-case hexadecimal digits of HMAC-SHA-256 over the body: what stands behind `sha256=` in GitHub's `x-hub-signature-256`.
pub fn hmac_sha256_hex(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `webhook-signature` of Standard Webhooks: `v1,` and base64 of HMAC-SHA-256 over id, timestamp and body.
pub fn standard_webhooks(key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
    let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    signed.update(format!("{id}.{timestamp}.").as_bytes());
    signed.update(body);
    format!("v1,{}", STANDARD.encode(signed.sign()))
}
