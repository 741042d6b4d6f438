//! A verifier from JSON, and requests to show to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::config::{Config, ConfigSchema};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::grant::Grant;
use hookyard_domain::id::WebhookId;
use hookyard_domain::manifest::webhook::WebhookDeclaration;
use hookyard_domain::manifest::{Manifest, ManifestProblem};
use hookyard_domain::signature::{Receipt, Refused, Verifier};
use hookyard_domain::webhook::{UnverifiedWebhook, VerifiedWebhook};
use ring::hmac;
use serde_json::{Value, json};

/// The moment at which the tests take place: 2026-03-04T10:00:00Z.
pub(crate) const NOW: i64 = 1_772_618_400;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(NOW * 1_000)
}

pub(crate) fn manifest(webhook: &Value) -> Manifest {
    let manifest = json!({ "name": "test", "version": "1.0.0", "webhook": webhook });
    Manifest::parse(&manifest.to_string()).unwrap_or_else(|problems| panic!("{problems:?}")).manifest
}

pub(crate) fn config(manifest: &Manifest, config: Value) -> Config {
    ConfigSchema::compile(manifest).expect("schema").resolve(config).expect("config")
}

/// What [`Verifier::compile`] makes of these rules and this config.
pub(crate) fn compile(webhook: &Value, values: Value, unsigned: bool) -> Result<Verifier, Vec<ManifestProblem>> {
    let manifest = manifest(webhook);
    let config = config(&manifest, values);
    let Some(WebhookDeclaration::Rules(rules)) = &manifest.webhook else { panic!("the rules stand in the manifest") };
    let grant = Grant { allow_unsigned: unsigned, ..Grant::default() };
    Verifier::compile(rules, &config, Some("https://hooks.example.com/"), &grant)
}

/// A verifier with one entry of `verify`.
pub(crate) fn verifier(verify: Value, values: Value) -> Verifier {
    compile(&json!({ "verify": verify }), values, false).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// A POST to `/webhooks/shop`.
pub(crate) fn post(body: impl Into<Vec<u8>>) -> UnverifiedWebhook {
    UnverifiedWebhook {
        id: WebhookId::new(now(), &SeededEntropy::new(1)),
        connection: "shop".parse().expect("valid"),
        received_at: now(),
        remote_address: None,
        traceparent: None,
        method: "POST".to_owned(),
        path: String::new(),
        query: String::new(),
        headers: Vec::new(),
        body: Bytes::from(body.into()),
    }
}

pub(crate) trait With {
    fn header(self, name: &str, value: impl AsRef<[u8]>) -> Self;
    fn method(self, method: &str) -> Self;
    fn path(self, path: &str) -> Self;
    fn query(self, query: &str) -> Self;
}

impl With for UnverifiedWebhook {
    fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    fn path(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    fn query(mut self, query: &str) -> Self {
        self.query = query.to_owned();
        self
    }
}

pub(crate) fn accepted(verifier: &Verifier, webhook: UnverifiedWebhook) -> VerifiedWebhook {
    match verifier.verify(webhook, now()) {
        Ok(Receipt::Webhook(webhook)) => webhook,
        other => panic!("not accepted: {other:?}"),
    }
}

pub(crate) fn passes(verifier: &Verifier, webhook: UnverifiedWebhook) -> bool {
    matches!(verifier.verify(webhook, now()), Ok(Receipt::Webhook(_)))
}

pub(crate) fn unauthorized(verifier: &Verifier, webhook: UnverifiedWebhook) -> bool {
    matches!(verifier.verify(webhook, now()), Err(Refused::Unauthorized { .. }))
}

pub(crate) fn hmac_sha256(secret: &[u8], signed: impl AsRef<[u8]>) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_ref()).as_ref().to_vec()
}

pub(crate) fn hmac_sha1(secret: &[u8], signed: impl AsRef<[u8]>) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    hmac::sign(&key, signed.as_ref()).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
