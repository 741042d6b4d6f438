//! Secrets in a config. The guest sees placeholders; the host puts the secrets in on the way to a granted host.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A secret of the config. What the plugin holds is a placeholder, which changes only when the config does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// `hysec_` and 32 of `0-9a-f`. It means something only where the manifest's `credentials` allow this secret.
    pub fn placeholder(&self) -> &str {
        &self.0
    }

    pub(crate) fn from_placeholder(placeholder: String) -> Self {
        Self(placeholder)
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "writeOnly": true })
    }
}

/// One secret, or a list of up to five while it rotates: any of them counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Secrets {
    /// A single one.
    One(Secret),
    /// Several.
    Several(Vec<Secret>),
}

impl Secrets {
    /// All of them, in the operator's order.
    pub fn as_slice(&self) -> &[Secret] {
        match self {
            Self::One(secret) => std::slice::from_ref(secret),
            Self::Several(secrets) => secrets,
        }
    }
}

impl JsonSchema for Secrets {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secrets".into()
    }

    /// One `type` with two names instead of `anyOf`, so that an error of validation says which bound is broken.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "minLength": 1,
            "minItems": 1,
            "maxItems": 5,
            "items": Secret::json_schema(generator),
            "writeOnly": true,
        })
    }
}
