//! Events that a plugin may emit.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::schema::{Direction, schema_of};

/// A kind of event.
#[derive(Debug, Clone, Serialize)]
pub struct EventKind {
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    pub(crate) data: Value,
}

impl EventKind {
    /// A kind in the past tense, dotted (`shipment.updated`), with the schema of this type. The host checks the data of every
    /// event against it.
    pub fn new<Data: JsonSchema>(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), title: None, data: schema_of::<Data>(Direction::Written) }
    }

    /// The name for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }
}
