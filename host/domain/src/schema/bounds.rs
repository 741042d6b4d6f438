//! What an untrusted schema may cost.

use std::collections::HashMap;

use serde_json::Value;

use super::SchemaError;
use crate::limit;

/// Refuses schemas that are too large, that refer elsewhere, or whose validation could take more than a bounded number of
/// steps for each value: a schema that contains itself, or that doubles with every level. Returns the number of its branches.
pub(super) fn check(schema: &Value) -> Result<u64, SchemaError> {
    if !schema.is_object() && !schema.is_boolean() {
        return Err(SchemaError::new("a JSON Schema is an object, or true or false"));
    }
    let bytes = schema.to_string().len();
    if bytes > limit::SCHEMA_BYTES_MAX {
        let max = limit::SCHEMA_BYTES_MAX;
        return Err(SchemaError::new(format!("the schema has {bytes} bytes; at most {max} are allowed")));
    }
    let mut weights = Weights { root: schema, known: HashMap::new() };
    let weight = weights.of(schema)?;
    if weight > limit::SCHEMA_BRANCHES_MAX {
        let max = limit::SCHEMA_BRANCHES_MAX;
        return Err(SchemaError::new(format!("with its $refs written out, the schema has over {max} branches")));
    }
    Ok(weight)
}

/// The values within a value, itself included.
pub(super) fn size(value: &Value) -> u64 {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

/// The number of subschemas below each schema, `$ref`s written out.
struct Weights<'s> {
    root: &'s Value,
    /// By address within `root`, which does not move; `None` while the weight is being found.
    known: HashMap<*const Value, Option<u64>>,
}

impl<'s> Weights<'s> {
    fn of(&mut self, schema: &'s Value) -> Result<u64, SchemaError> {
        match self.known.get(&std::ptr::from_ref(schema)) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(SchemaError::new("the schema contains itself; such schemas are not supported")),
            None => {}
        }
        self.known.insert(schema, None);
        let mut weight: u64 = 1;
        for below in subschemas(schema, self.root)? {
            weight = weight.saturating_add(self.of(below)?);
        }
        self.known.insert(schema, Some(weight));
        Ok(weight)
    }
}

/// Keywords that hold one schema, a list of schemas, or schemas by name.
const ONE: &[&str] = &[
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
const LISTS: &[&str] = &["allOf", "anyOf", "oneOf", "prefixItems"];
const NAMED: &[&str] = &["dependentSchemas", "patternProperties", "properties"];
/// Keywords that change what `$ref` means, or refer in ways that cannot be followed beforehand.
const REFUSED: &[&str] = &["$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveAnchor", "$recursiveRef"];

fn subschemas<'s>(schema: &'s Value, root: &'s Value) -> Result<Vec<&'s Value>, SchemaError> {
    let Value::Object(keywords) = schema else { return Ok(Vec::new()) };
    if let Some(refused) = REFUSED.iter().find(|refused| keywords.get(**refused).is_some_and(Value::is_string)) {
        // An `$id` at the very top only names the schema.
        if !(*refused == "$id" && std::ptr::eq(schema, root)) {
            return Err(SchemaError::new(format!("{refused} is not supported; only local $ref is")));
        }
    }
    let mut found = Vec::new();
    if let Some(Value::String(reference)) = keywords.get("$ref") {
        found.push(target(reference, root)?);
    }
    found.extend(ONE.iter().filter_map(|keyword| keywords.get(*keyword)));
    found.extend(LISTS.iter().filter_map(|keyword| keywords.get(*keyword)?.as_array()).flatten());
    found.extend(
        NAMED.iter().filter_map(|keyword| keywords.get(*keyword)?.as_object()).flat_map(|by_name| by_name.values()),
    );
    Ok(found)
}

fn target<'s>(reference: &str, root: &'s Value) -> Result<&'s Value, SchemaError> {
    let pointer = reference
        .strip_prefix('#')
        .filter(|pointer| pointer.is_empty() || pointer.starts_with('/'))
        .ok_or_else(|| SchemaError::new(format!("$ref {reference:?}: only # and #/… can be referred to")))?;
    root.pointer(pointer).ok_or_else(|| SchemaError::new(format!("$ref {reference:?} points at nothing")))
}
