//! The config as the plugin gets it.

use serde_json::{Map, Value};

/// Fills in what the operator left out and the schema has a default for, in objects within objects too, and in the branch of a
/// `oneOf` that an object chooses by what the branch's properties with `const` say.
pub(super) fn fill_in_defaults(value: &mut Value, schema: &Value, root: &Value) {
    let referred = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?));
    if let Some(schema) = referred {
        fill_in_defaults(value, schema, root);
    }
    if let Value::Object(members) = &*value {
        let branches = schema["oneOf"].as_array().into_iter().flatten();
        let chosen: Vec<&Value> = branches.filter(|branch| chooses(members, branch)).collect();
        chosen.into_iter().for_each(|branch| fill_in_defaults(value, branch, root));
    }
    let (Value::Object(members), Some(properties)) = (value, schema["properties"].as_object()) else { return };
    for (name, schema) in properties {
        if let (false, Some(default)) = (members.contains_key(name), schema.get("default")) {
            members.insert(name.clone(), default.clone());
        }
        if let Some(member) = members.get_mut(name) {
            fill_in_defaults(member, schema, root);
        }
    }
}

fn chooses(members: &Map<String, Value>, branch: &Value) -> bool {
    let properties = branch["properties"].as_object().into_iter().flatten();
    let mut constants = properties.filter_map(|(name, schema)| Some((name, schema.get("const")?))).peekable();
    constants.peek().is_some() && constants.all(|(name, constant)| members.get(name) == Some(constant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn defaults_stand_where_the_operator_wrote_nothing() {
        let schema = json!({
            "properties": {
                "a": { "default": 1 },
                "b": { "default": 2 },
                "c": { "$ref": "#/$defs/c" },
                "d": { "properties": { "in": { "default": 4 } } },
                "e": { "default": { "mode": "x" }, "oneOf": [
                    { "properties": { "mode": { "const": "x" }, "y": { "default": 5 } } },
                    { "properties": { "mode": { "const": "z" }, "n": { "default": 6 } } },
                ] },
            },
            "$defs": { "c": { "properties": { "in": { "default": 3 } } } },
        });
        let mut config = json!({ "b": null, "c": {} });
        fill_in_defaults(&mut config, &schema, &schema);
        assert_eq!(config, json!({ "a": 1, "b": null, "c": { "in": 3 }, "e": { "mode": "x", "y": 5 } }));
    }
}
