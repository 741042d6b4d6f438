//! Actions that a plugin can be asked for.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::schema::{Direction, schema_of};

/// An action: a named request with an answer.
#[derive(Debug, Clone, Serialize)]
pub struct ActionKind {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    pub(crate) input: Value,
    pub(crate) output: Value,
    idempotent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<String>,
}

impl ActionKind {
    /// An action with an imperative name in kebab-case (`track-shipment`) and the schemas of these types.
    pub fn new<Input: JsonSchema, Output: JsonSchema>(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            input: schema_of::<Input>(Direction::Read),
            output: schema_of::<Output>(Direction::Written),
            idempotent: false,
            timeout_ms: None,
            order: None,
        }
    }

    /// The name for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Running it twice with the same input does no more than running it once: the host may repeat it after a crash.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Time for one run, waiting included.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout_ms = Some(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
        self
    }

    /// JSON pointer into the input: runs with the same value there happen one after the other, webhooks with that order key
    /// included.
    #[must_use]
    pub fn order(mut self, pointer: impl Into<String>) -> Self {
        self.order = Some(pointer.into());
        self
    }
}
