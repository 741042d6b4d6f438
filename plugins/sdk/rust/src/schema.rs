//! JSON schemas from types.

use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// What a guest reads (config, input) or what it writes (output, event data).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Written,
}

/// The JSON Schema 2020-12 of a type, without references where the type is not recursive: the host looks for `writeOnly` and
/// `x-aliases` at the properties themselves.
pub(crate) fn schema_of<T: JsonSchema>(direction: Direction) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    settings.contract = match direction {
        Direction::Read => Contract::Deserialize,
        Direction::Written => Contract::Serialize,
    };
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    AbsentIsLeftOut.transform(&mut schema);
    schema.to_value()
}

/// An `Option` may be left out, and is not `null`: what is absent has one spelling.
struct AbsentIsLeftOut;

impl Transform for AbsentIsLeftOut {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        list_constants(schema);
        if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
            branches.retain(|branch| branch.get("type").is_none_or(|name| name != "null"));
            if let [Value::Object(only)] = branches.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                for (key, value) in only {
                    // The property's own words (its description) come before those of its type.
                    if schema.get(&key).is_none() {
                        schema.insert(key, value);
                    }
                }
            }
        }
        if schema.get("default").is_some_and(Value::is_null) {
            schema.remove("default");
        }
    }
}

/// Words that have comments of their own are `oneOf` constants, and an error of validation would not name them. As `enum` it does.
fn list_constants(schema: &mut Schema) {
    let Some(Value::Array(branches)) = schema.get("oneOf") else { return };
    let constants: Option<Vec<Value>> =
        branches.iter().map(|branch| branch.get("const").filter(|constant| constant.is_string()).cloned()).collect();
    if let Some(constants) = constants {
        schema.remove("oneOf");
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), Value::Array(constants));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Secret, Secrets};

    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is of interest")]
    struct Config {
        /// The key.
        api_key: Secret,
        /// The secrets.
        #[schemars(extend("x-aliases" = ["webhook-secret"]))]
        webhook_secret: Option<Secrets>,
        #[serde(default = "four")]
        size: u8,
        mode: Option<Mode>,
    }

    #[derive(serde::Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Mode {
        /// The first.
        FirstTag,
        /// All.
        All,
    }

    fn four() -> u8 {
        4
    }

    #[test]
    fn a_schema_marks_secrets_names_aliases_and_knows_no_null() {
        let schema = schema_of::<Config>(Direction::Read);
        assert_eq!(
            schema,
            serde_json::json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["api_key"],
                "properties": {
                    "api_key": { "description": "The key.", "type": "string", "minLength": 1, "writeOnly": true },
                    "webhook_secret": {
                        "description": "The secrets.", "x-aliases": ["webhook-secret"], "type": ["string", "array"],
                        "minLength": 1, "minItems": 1, "maxItems": 5, "writeOnly": true,
                        "items": { "type": "string", "minLength": 1, "writeOnly": true },
                    },
                    "size": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255, "default": 4 },
                    "mode": { "type": "string", "enum": ["first-tag", "all"] },
                },
            })
        );
    }
}
