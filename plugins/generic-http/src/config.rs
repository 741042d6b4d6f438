//! What the operator sets: secrets, requests, and how webhooks come in.

mod incoming;

use std::collections::BTreeMap;

use hookyard_sdk::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Request;

pub(crate) use incoming::Incoming;

/// The config of a connection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Secrets by the names under which requests use them.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, Secret>,
    /// The fields that requests may use; any, if nothing is said.
    pub(crate) fields: Option<Vec<Field>>,
    /// Requests by the names under which they are run.
    #[serde(default)]
    pub(crate) requests: BTreeMap<String, Request>,
    /// How webhooks come in. Without it, the connection has no webhook URL.
    pub(crate) incoming: Option<Incoming>,
}

/// A field that calls bring along.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    /// By which values name it.
    #[schemars(length(min = 1))]
    pub(crate) id: String,
    /// The name for people.
    #[expect(dead_code, reason = "it is for those who read the config")]
    pub(crate) title: Option<String>,
}

impl Config {
    /// Whether a request may use the field.
    pub(crate) fn has_field(&self, id: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| field.id == id))
    }

    /// `text` with `•••` for everything that stands for a secret of the config.
    pub(crate) fn redacted(&self, text: &str) -> String {
        self.secrets.values().fold(text.to_owned(), |text, secret| text.replace(secret.placeholder(), "•••"))
    }
}
