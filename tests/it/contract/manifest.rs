//! A manifest that a released schema accepts stays one, and keeps its meaning.

use std::fs;
use std::path::Path;

use hookyard_tests::schema_freeze::breaks;
use serde_json::{Value, json};

use super::{released, wit};

fn schema(directory: &Path) -> Value {
    let text =
        fs::read_to_string(directory.join("manifest.schema.json")).expect("a contract has a schema of manifests");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn manifests_of_every_release_are_still_manifests() {
    for (version, path) in released() {
        assert_eq!(breaks(&schema(&path), &schema(&wit())), Vec::<String>::new(), "manifests of {version}");
    }
}

/// JSON pointers of all members of all `properties` and `$defs`.
fn members(at: &str, value: &Value, found: &mut Vec<String>) {
    let Some(object) = value.as_object() else { return };
    for (key, value) in object {
        let at = format!("{at}/{key}");
        if let ("properties" | "$defs", Some(members)) = (key.as_str(), value.as_object()) {
            found.extend(members.keys().map(|name| format!("{at}/{name}")));
        }
        members(&at, value, found);
    }
}

#[test]
fn a_member_that_a_release_knows_cannot_go_or_change_its_type() {
    for (version, path) in released() {
        let frozen = schema(&path);
        let mut places = Vec::new();
        members("", &frozen, &mut places);
        assert!(places.len() > 80, "{version}: {places:?}");
        for place in places {
            let (parent, name) = place.rsplit_once('/').expect("a pointer");
            let mut without = frozen.clone();
            without.pointer_mut(parent).and_then(Value::as_object_mut).expect("it was found there").remove(name);
            assert_eq!(breaks(&frozen, &without), [format!("{place} is gone")], "{version}");
            let mut other = frozen.clone();
            *other.pointer_mut(&place).expect("it was found there") = json!({ "type": "number" });
            assert!(!breaks(&frozen, &other).is_empty(), "{version}: {place} may be a number");
        }
    }
}

/// What breaks when the schema of manifests is changed like this.
fn after(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let frozen = schema(&released()[0].1);
    let mut changed = frozen.clone();
    change(&mut changed);
    assert_ne!(changed, frozen);
    breaks(&frozen, &changed)
}

#[test]
fn a_schema_may_grow_and_say_more() {
    assert!(after(|schema| schema["properties"]["colour"] = json!({ "type": "string" })).is_empty());
    assert!(after(|schema| schema["$defs"]["Sample"]["properties"]["query"] = json!({ "type": "string" })).is_empty());
    assert!(after(|schema| schema["properties"]["name"]["description"] = json!("Its name.")).is_empty());
    assert!(after(|schema| schema["required"] = json!(["name"])).is_empty());
    let more = json!({ "const": "sha3", "type": "string" });
    let grow = |schema: &mut Value| schema["$defs"]["HashName"]["oneOf"].as_array_mut().expect("a list").push(more);
    assert!(after(grow).is_empty());
}

#[test]
fn a_schema_may_not_ask_for_more_or_mean_something_else() {
    let word = |schema: &mut Value| drop(schema["$defs"]["HashName"]["oneOf"].as_array_mut().map(|all| all.remove(0)));
    assert_eq!(after(word), ["/$defs/HashName/oneOf/\"sha1\" is gone"]);
    assert_eq!(after(|schema| schema["required"] = json!(["name", "version", "title"])), ["/required has \"title\""]);
    let longer = after(|schema| schema["properties"]["name"]["pattern"] = json!("^[a-z]{1,32}$"));
    assert!(longer[0].starts_with("/properties/name/pattern was "), "{longer:?}");
    let default = after(|schema| schema["$defs"]["WebhookRules"]["properties"]["methods"]["default"] = json!(["PUT"]));
    assert!(default[0].contains("/methods/default was [\"POST\"], is [\"PUT\"]"), "{default:?}");
    let closed = after(|schema| schema["additionalProperties"] = json!(false));
    assert_eq!(closed, ["/additionalProperties was absent, is false"]);
}
