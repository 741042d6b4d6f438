//! What a schema puts in place of what is absent.

use serde_json::Value;

use super::Violation;
use crate::limit;

/// Fills each absent property that has a `default`, at every depth. Only schemas that are in force whatever the value is
/// are followed: properties, items, `$ref` and `allOf`. Secrets have no default, since everybody could read it; nor is
/// `null` one, which says no more than absence.
pub(super) fn fill(value: &mut Value, root: &Value) -> Result<(), Vec<Violation>> {
    let mut filling = Filling { root, bytes_left: limit::CONFIG_BYTES_MAX };
    filling.fill(value, &filling.in_force(root)).ok_or_else(|| {
        let detail = format!("its defaults have more than the {} bytes that are allowed", limit::CONFIG_BYTES_MAX);
        vec![Violation { pointer: String::new(), code: "too-large".to_owned(), detail }]
    })
}

struct Filling<'s> {
    /// Has passed the bounds of [`crate::schema`], so that following it ends.
    root: &'s Value,
    bytes_left: usize,
}

impl<'s> Filling<'s> {
    fn fill(&mut self, value: &mut Value, schemas: &[&'s Value]) -> Option<()> {
        let named = |keyword: &str| schemas.iter().filter_map(|schema| schema.get(keyword)).collect::<Vec<_>>();
        match value {
            Value::Object(members) => {
                let properties = named("properties").into_iter().filter_map(Value::as_object).flatten();
                for (name, property) in properties {
                    let schemas = self.in_force(property);
                    if !members.contains_key(name)
                        && let Some(default) = default(&schemas)
                    {
                        self.bytes_left = self.bytes_left.checked_sub(name.len() + default.to_string().len())?;
                        members.insert(name.clone(), default.clone());
                    }
                    if let Some(member) = members.get_mut(name) {
                        self.fill(member, &schemas)?;
                    }
                }
                for schema in schemas {
                    let Some(rest) = schema.get("additionalProperties") else { continue };
                    let rest = self.in_force(rest);
                    let properties = schema.get("properties");
                    let is_named = |name: &str| properties.is_some_and(|properties| properties.get(name).is_some());
                    for (_, member) in members.iter_mut().filter(|(name, _)| !is_named(name)) {
                        self.fill(member, &rest)?;
                    }
                }
            }
            Value::Array(items) => {
                for schema in schemas {
                    let Some(rest) = schema.get("items") else { continue };
                    let rest = self.in_force(rest);
                    let listed = schema.get("prefixItems").and_then(Value::as_array).map_or(0, Vec::len);
                    for item in items.iter_mut().skip(listed) {
                        self.fill(item, &rest)?;
                    }
                }
            }
            _ => {}
        }
        Some(())
    }

    /// The schema, what it refers to, and what it says must hold besides.
    fn in_force(&self, schema: &'s Value) -> Vec<&'s Value> {
        let mut found = vec![schema];
        let mut next = 0;
        while let Some(schema) = found.get(next).copied() {
            let reference = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
            found.extend(reference.and_then(|pointer| self.root.pointer(pointer)));
            found.extend(schema.get("allOf").and_then(Value::as_array).into_iter().flatten());
            next += 1;
        }
        found
    }
}

fn default<'s>(schemas: &[&'s Value]) -> Option<&'s Value> {
    let is_secret = schemas.iter().any(|schema| schema.get("writeOnly") == Some(&Value::Bool(true)));
    let default = schemas.iter().find_map(|schema| schema.get("default"))?;
    (!is_secret && !default.is_null()).then_some(default)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(schema: &Value, value: Value) -> Value {
        let mut value = value;
        fill(&mut value, schema).expect("small");
        value
    }

    #[test]
    fn what_is_absent_gets_its_default_at_every_depth() {
        let schema = json!({
            "properties": {
                "base": { "type": "string", "default": "https://a.example" },
                "version": { "$ref": "#/$defs/version" },
                "own": { "$ref": "#/$defs/version", "default": "v5" },
                "poll": { "default": {}, "properties": { "seconds": { "default": 10 } } },
                "absent": { "properties": { "never": { "default": 1 } } },
                "list": { "items": { "properties": { "kind": { "default": "a" } } } },
                "map": { "properties": { "x": {} }, "additionalProperties": { "properties": { "kind": { "default": "b" } } } },
                "off": { "default": false },
            },
            "allOf": [{ "properties": { "also": { "default": [1] } } }],
            "oneOf": [{ "properties": { "perhaps": { "default": 1 } } }],
            "$defs": { "version": { "default": "v4" } },
        });
        let value = json!({ "list": [{}, { "kind": "z" }, 1], "map": { "x": {}, "y": {} }, "own": null });
        let expected = json!({
            "base": "https://a.example", "version": "v4", "own": null, "poll": { "seconds": 10 },
            "list": [{ "kind": "a" }, { "kind": "z" }, 1], "map": { "x": {}, "y": { "kind": "b" } },
            "off": false, "also": [1],
        });
        assert_eq!(filled(&schema, value), expected);
        assert_eq!(filled(&schema, json!([1])), json!([1]));
        assert_eq!(filled(&json!(true), json!({})), json!({}));
    }

    #[test]
    fn neither_secrets_nor_nothing_are_filled_in() {
        let schema = json!({ "properties": {
            "a": { "writeOnly": true, "default": "x" },
            "b": { "$ref": "#/$defs/b", "default": "x" },
            "c": { "default": null },
        }, "$defs": { "b": { "writeOnly": true } } });
        assert_eq!(filled(&schema, json!({})), json!({}));
    }

    #[test]
    fn defaults_do_not_multiply_without_bound() {
        let schema = json!({ "items": { "properties": { "a": { "default": "x".repeat(10_000) } } } });
        let refused = fill(&mut json!(vec![json!({}); 1_000]), &schema).expect_err("too large");
        assert_eq!(refused[0].code, "too-large");
    }
}
