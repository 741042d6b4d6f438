//! How a plugin's webhooks come in.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Verify;

/// What is accepted, how it is verified, and what makes one webhook the same as another. POST only, after-handling and at most
/// 1 MiB unless something else is said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct WebhookRules(Map<String, Value>);

impl WebhookRules {
    /// Webhooks must pass this check.
    pub fn verified_by(verify: Verify) -> Self {
        Self(Map::new()).member("verify", vec![verify.into_value()])
    }

    /// The operator's rules, in the same shape, at a JSON pointer into the config.
    pub fn from_config(pointer: &str) -> Self {
        Self(Map::new()).member("config", pointer)
    }

    /// One more way to pass: an alternative, or with `when` the check for other requests.
    #[must_use]
    pub fn or_verified_by(self, verify: Verify) -> Self {
        self.push("verify", verify.into_value())
    }

    /// HTTP methods; any other gets 405.
    #[must_use]
    pub fn methods(self, methods: &[&str]) -> Self {
        self.member("methods", json!(methods))
    }

    /// Largest body in bytes; a larger one gets 413.
    #[must_use]
    pub fn body_bytes_max(self, bytes: u64) -> Self {
        self.member("body_bytes_max", bytes)
    }

    /// The provider's id of a webhook stands at this JSON pointer into the body. The first place that has a string or a number
    /// counts; a webhook whose id is known is answered 200 and does not reach the plugin.
    #[must_use]
    pub fn dedupe_body(self, pointer: &str) -> Self {
        self.push("dedupe", json!({ "body": pointer }))
    }

    /// The provider's id of a webhook stands in this header.
    #[must_use]
    pub fn dedupe_header(self, name: &str) -> Self {
        self.push("dedupe", json!({ "header": name }))
    }

    /// Webhooks with the same value at this JSON pointer into the body are handled one after the other.
    #[must_use]
    pub fn order_body(self, pointer: &str) -> Self {
        self.push("order", json!({ "body": pointer }))
    }

    /// Webhooks with the same value in this header are handled one after the other.
    #[must_use]
    pub fn order_header(self, name: &str) -> Self {
        self.push("order", json!({ "header": name }))
    }

    /// Webhooks with the same value in this field of a form (`application/x-www-form-urlencoded`) are handled one after the other.
    #[must_use]
    pub fn order_form(self, field: &str) -> Self {
        self.push("order", json!({ "form": field }))
    }

    /// Answer as soon as the webhook itself is durable, and handle it afterwards.
    #[must_use]
    pub fn on_receipt(self) -> Self {
        self.member("acknowledge", "on-receipt")
    }

    /// What the provider waits for an answer, less a margin.
    #[must_use]
    pub fn answer_within(self, time: Duration) -> Self {
        self.member("answer_within_ms", u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
    }

    /// Any other member, as the manifest's schema names it: `handshake`, `order_blocks`, …
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn push(mut self, name: &str, value: Value) -> Self {
        if let Value::Array(values) = self.0.entry(name.to_owned()).or_insert_with(|| json!([])) {
            values.push(value);
        }
        self
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn dedupe_places<'a>(&'a self, config: &'a Value) -> &'a [Value] {
        let rules = match self.0.get("config").and_then(Value::as_str) {
            Some(pointer) => config.pointer(pointer).and_then(Value::as_object),
            None => Some(&self.0),
        };
        rules.and_then(|rules| rules.get("dedupe")).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}
