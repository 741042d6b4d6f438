//! What a plugin can be asked to do, and the events it may emit.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::signature::keys;

/// An action: a named request with an answer. Unknown members are ignored with a warning.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct ActionDeclaration {
    /// Imperative, kebab-case: `track-shipment`.
    pub name: String,
    /// Name for people.
    #[serde(default)]
    pub title: Option<String>,
    /// What it does, in a sentence.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of the input.
    #[serde(default)]
    pub input: Option<Value>,
    /// JSON Schema of the output.
    #[serde(default)]
    pub output: Option<Value>,
    /// Whether running it twice with the same input does no more than running it once.
    #[serde(default)]
    pub idempotent: bool,
    /// Milliseconds for one run: the plugin's deadline when absent, at most 300,000.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    /// JSON pointer into the input: runs with the same value there happen one after the other.
    #[serde(default)]
    pub order: Option<String>,
}

impl ActionDeclaration {
    /// The order key of a run with this input: the string or number that `order` points at.
    pub fn order_key(&self, input_json: &str) -> Option<String> {
        keys::of_document(input_json, self.order.as_deref()?)
    }
}

/// A kind of event. Unknown members are ignored with a warning.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct EventDeclaration {
    /// Past tense, dotted: `shipment.updated`.
    pub kind: String,
    /// Name for people.
    #[serde(default)]
    pub title: Option<String>,
    /// JSON Schema of the data.
    #[serde(default)]
    pub data: Option<Value>,
}
