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
    pub(crate) fn text(&self, id: &str) -> Result<Option<Cow<'_, str>>, NoText> {
        let Some(value) = self.0.get(id) else { return Ok(None) };
        let value: &RawValue = value;
        match value.get() {
            "null" => Ok(None),
            literal @ ("true" | "false") => Ok(Some(Cow::Borrowed(literal))),
            _ => lenient::id(value).ok().flatten().map(Some).ok_or(NoText),
        }
    }
}

/// A field's string has half a surrogate pair, which no request can hold. It is there all the same, so it is not missing.
#[derive(Debug)]
pub(crate) struct NoText;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_text_or_is_missing_or_cannot_be_sent() {
        let json = r#"{"t": "a\n\ud83d\ude00", "n": 1.50, "b": true, "e": "", "z": null, "half": "a\ud83d"}"#;
        let fields: Fields = serde_json::from_str(json).expect("fields");
        for (id, text) in
            [("t", Some("a\n😀")), ("n", Some("1.50")), ("b", Some("true")), ("e", Some("")), ("z", None), ("?", None)]
        {
            assert_eq!(fields.text(id).expect("no half character").as_deref(), text, "{id}");
        }
        assert!(fields.text("half").is_err(), "it is not missing");
    }
}
