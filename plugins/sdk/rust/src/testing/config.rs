//! The config as the plugin gets it.

use serde_json::Value;

/// Fills in what the operator left out and the schema has a default for, in objects within objects too.
pub(super) fn fill_in_defaults(value: &mut Value, schema: &Value, root: &Value) {
    let referred = schema["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?));
    if let Some(schema) = referred {
        fill_in_defaults(value, schema, root);
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
            },
            "$defs": { "c": { "properties": { "in": { "default": 3 } } } },
        });
        let mut config = json!({ "b": null, "c": {} });
        fill_in_defaults(&mut config, &schema, &schema);
        assert_eq!(config, json!({ "a": 1, "b": null, "c": { "in": 3 } }));
    }
}
