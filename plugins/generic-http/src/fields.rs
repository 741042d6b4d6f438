//! The fields that a call brings along.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hookyard_sdk::{RawValue, lenient};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// Id to string, number or boolean. `null` is as good as absent, and `""` is a value.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    /// The text of a field: of a number its digits as they are written. Nothing, if it is missing.
    pub(crate) fn text(&self, id: &str) -> Option<Cow<'_, str>> {
        let value: &RawValue = self.0.get(id)?;
        match value.get() {
            "null" => None,
            literal @ ("true" | "false") => Some(Cow::Borrowed(literal)),
            _ => lenient::id(value).ok().flatten(),
        }
    }
}

impl JsonSchema for Fields {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Fields".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let scalar = json_schema!({ "type": ["string", "number", "boolean"] });
        json_schema!({
            "description": "Values of fields by their ids: strings, numbers, booleans; null is as good as absent.",
            "type": "object",
            "additionalProperties": { "oneOf": [scalar, { "type": "null" }] },
        })
    }
}
