//! What a schema puts in place of what is absent.

use serde_json::{Map, Value};

use super::Violation;
use crate::limit;

/// Fills each absent property that has a `default`, at every depth. Only schemas that are in force whatever the value is
/// are followed: properties, items, `$ref` and `allOf`, and those branches of `oneOf` that an object chooses by name, since
/// it has what their properties with `const` say: `{"mode": {"const": "exchange"}}`. Secrets have no default, since
/// everybody could read it; nor is `null` one, which says no more than absence.
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
        match value {
            Value::Object(members) => {
                let schemas = self.with_chosen(schemas, members);
                let named = schemas.iter().filter_map(|schema| schema.get("properties")).collect::<Vec<_>>();
                let properties = named.into_iter().filter_map(Value::as_object).flatten();
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

    /// These schemas and the branches of theirs that the object chooses.
    fn with_chosen(&self, schemas: &[&'s Value], members: &Map<String, Value>) -> Vec<&'s Value> {
        let mut found = schemas.to_vec();
        let mut next = 0;
        while let Some(schema) = found.get(next).copied() {
            for branch in schema.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
                let branch = self.in_force(branch);
                if chooses(members, &branch) {
                    let new = |schema: &&Value| !found.iter().any(|known| std::ptr::eq(*known, *schema));
                    let new: Vec<_> = branch.into_iter().filter(new).collect();
                    found.extend(new);
                }
            }
            next += 1;
        }
        found
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

/// Whether the object has every value that the branch says it must have, and the branch says so of any.
fn chooses(members: &Map<String, Value>, branch: &[&Value]) -> bool {
    let properties = branch.iter().filter_map(|schema| schema.get("properties")?.as_object()).flatten();
    let mut constants = properties.filter_map(|(name, schema)| Some((name, schema.get("const")?))).peekable();
    constants.peek().is_some() && constants.all(|(name, constant)| members.get(name) == Some(constant))
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
    fn an_object_gets_the_defaults_of_the_branch_that_it_chooses_by_name() {
        let exchange = json!({ "properties": {
            "mode": { "const": "exchange" },
            "url": { "default": "https://a.example" },
            "in": { "default": {}, "properties": { "key": { "default": "k" } } },
        } });
        let header = json!({ "properties": { "mode": { "const": "header" }, "name": { "default": "authorization" } } });
        let schema = json!({
            "properties": { "auth": { "default": { "mode": "none" }, "oneOf": [{ "$ref": "#/$defs/exchange" }, header] } },
            "$defs": { "exchange": exchange },
        });
        let rows = [
            (json!({}), json!({ "mode": "none" })),
            (
                json!({ "auth": { "mode": "exchange" } }),
                json!({ "mode": "exchange", "url": "https://a.example", "in": { "key": "k" } }),
            ),
            (json!({ "auth": { "mode": "header" } }), json!({ "mode": "header", "name": "authorization" })),
            (json!({ "auth": { "mode": "Header" } }), json!({ "mode": "Header" })),
            (json!({ "auth": {} }), json!({})),
            (json!({ "auth": 7 }), json!(7)),
        ];
        for (value, expected) in rows {
            assert_eq!(filled(&schema, value.clone())["auth"], expected, "{value}");
        }
        let endless = json!({ "oneOf": [{ "$ref": "#/$defs/a" }],
            "$defs": { "a": { "properties": { "a": { "const": 1 } }, "oneOf": [{ "$ref": "#/$defs/a" }] } } });
        assert_eq!(filled(&endless, json!({ "a": 1 })), json!({ "a": 1 }));
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
