//! Where a value comes from.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A value of a header, of the query, of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Value {
    /// Literal: braces mean nothing.
    Text {
        /// The text.
        text: String,
    },
    /// A field of the call.
    Field {
        /// Its id.
        field: String,
    },
    /// A secret of the config.
    Secret {
        /// Its name.
        secret: String,
        /// What stands before it.
        prefix: Option<String>,
    },
}

/// A value of a segment of the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum PathValue {
    /// Literal.
    Text {
        /// The text.
        text: String,
    },
    /// A field of the call.
    Field {
        /// Its id.
        field: String,
        /// What becomes of the segment when the field is missing.
        #[serde(default)]
        on_missing: OnMissingSegment,
    },
    /// A secret of the config.
    Secret {
        /// Its name.
        secret: String,
        /// What stands before it.
        prefix: Option<String>,
    },
}

/// What becomes of a header or a parameter whose field is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnMissingPart {
    /// The request is not sent.
    #[default]
    Fail,
    /// It is left out.
    Omit,
    /// It is empty.
    Empty,
}

/// What becomes of a segment of the path whose field is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnMissingSegment {
    /// The request is not sent.
    #[default]
    Fail,
    /// It is empty.
    Empty,
}

impl JsonSchema for Value {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        one_of_three(&json_schema!({
            "additionalProperties": false,
            "properties": { "field": { "description": "The id of a field of the call.", "type": "string" } },
        }))
    }
}

impl JsonSchema for PathValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PathValue".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        one_of_three(&json_schema!({
            "additionalProperties": false,
            "properties": {
                "field": { "description": "The id of a field of the call.", "type": "string" },
                "on_missing": generator.subschema_for::<OnMissingSegment>(),
            },
        }))
    }
}

/// Which of the three is meant is decided by its member, so that an error speaks of that one only.
fn one_of_three(field: &Schema) -> Schema {
    json_schema!({
        "description": "One of {\"text\": …}, {\"field\": …}, {\"secret\": …, \"prefix\"?: …}.",
        "type": "object",
        "if": { "required": ["field"] },
        "then": field,
        "else": {
            "if": { "required": ["secret"] },
            "then": {
                "additionalProperties": false,
                "properties": {
                    "secret": { "description": "The name of a secret of the config.", "type": "string" },
                    "prefix": { "description": "What stands before it.", "type": "string" },
                },
            },
            "else": {
                "required": ["text"],
                "additionalProperties": false,
                "properties": { "text": { "description": "Literal: braces mean nothing.", "type": "string" } },
            },
        },
    })
}
