//! Places of values that a schema marks as secrets, in a form that outlives the schema.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::{bounds, escape};
use crate::limit;

/// A JSON pointer in which `*` stands for every member, `*!a!b` for every member but `a` and `b`, and `[]` for every item.
/// What stands below it is meant as well. In names, `~2`, `~3` and `~4` stand for `*`, `[` and `!`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SecretPlace(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Member(String),
    /// Every member but these.
    Rest(BTreeSet<String>),
    Items,
}

/// A text that is no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no place of a config")]
pub(crate) struct InvalidPlace(String);

impl SecretPlace {
    /// All that a schema marks, other names of properties included. A schema with more of them than can be written down
    /// ([`limit::SECRET_PLACES_BYTES_MAX`]), or that cannot be used, has one: the whole value.
    pub(crate) fn all_of(schema: &Value) -> BTreeSet<Self> {
        let whole = || BTreeSet::from([Self(Vec::new())]);
        if bounds::check(schema).is_err() {
            return whole();
        }
        let mut search = Search { root: schema, found: BTreeSet::new(), bytes_left: limit::SECRET_PLACES_BYTES_MAX };
        match search.look(schema, &mut Vec::new()) {
            Some(()) => search.found,
            None => whole(),
        }
    }

    /// Whether it is all there is.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the pointers to all texts and numbers at these places of a value.
    pub(crate) fn find<'p>(places: impl IntoIterator<Item = &'p Self>, value: &Value, found: &mut BTreeSet<String>) {
        let steps: Vec<_> = places.into_iter().map(|place| place.0.as_slice()).collect();
        if !steps.is_empty() {
            find(value, "", &steps, found);
        }
    }
}

/// `places` are what is left of them from here on.
fn find(value: &Value, pointer: &str, places: &[&[Step]], found: &mut BTreeSet<String>) {
    let below = |leads: &dyn Fn(&Step) -> bool| -> Vec<&[Step]> {
        let go = |place: &&[Step]| match place.split_first() {
            // Here and everywhere below.
            None => true,
            Some((step, _)) => leads(step),
        };
        places.iter().copied().filter(go).map(|place| place.get(1..).unwrap_or_default()).collect()
    };
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let places = below(&|step| match step {
                    Step::Member(own) => own == name,
                    Step::Rest(but) => !but.contains(name),
                    Step::Items => false,
                });
                find(member, &format!("{pointer}/{}", escape(name)), &places, found);
            }
        }
        Value::Array(items) => {
            let places = below(&|step| *step == Step::Items);
            for (index, item) in items.iter().enumerate() {
                find(item, &format!("{pointer}/{index}"), &places, found);
            }
        }
        Value::String(_) | Value::Number(_) if places.iter().any(|place| place.is_empty()) => {
            found.insert(pointer.to_owned());
        }
        _ => {}
    }
}

struct Search<'s> {
    /// Has passed the bounds of [`crate::schema`], so that following it ends.
    root: &'s Value,
    found: BTreeSet<SecretPlace>,
    bytes_left: usize,
}

impl<'s> Search<'s> {
    /// `None` where there are too many.
    fn look(&mut self, schema: &'s Value, at: &mut Vec<Step>) -> Option<()> {
        let Value::Object(keywords) = schema else { return Some(()) };
        if keywords.get("writeOnly") == Some(&Value::Bool(true)) {
            let place = SecretPlace(at.clone());
            self.bytes_left = self.bytes_left.checked_sub(place.to_string().len())?;
            self.found.insert(place);
        }
        let root = self.root;
        let reference = keywords.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
        let mut here: Vec<_> = reference.and_then(|pointer| root.pointer(pointer)).into_iter().collect();
        for keyword in ["allOf", "anyOf", "oneOf"] {
            here.extend(keywords.get(keyword).and_then(Value::as_array).into_iter().flatten());
        }
        here.extend(["if", "then", "else"].iter().filter_map(|keyword| keywords.get(*keyword)));
        let dependent = keywords.get("dependentSchemas").and_then(Value::as_object);
        here.extend(dependent.into_iter().flat_map(|by_name| by_name.values()));
        for schema in here {
            self.look(schema, at)?;
        }
        let mut named = BTreeSet::new();
        if let Some(properties) = keywords.get("properties").and_then(Value::as_object) {
            for (name, schema) in properties {
                let aliases = schema.get("x-aliases").and_then(Value::as_array).into_iter().flatten();
                // One that is a property of its own keeps its own meaning.
                let aliases = aliases.filter_map(Value::as_str).filter(|alias| !properties.contains_key(*alias));
                for name in std::iter::once(name.as_str()).chain(aliases) {
                    named.insert(name.to_owned());
                    self.below(schema, Step::Member(name.to_owned()), at)?;
                }
            }
        }
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        let rest =
            ["additionalProperties", "unevaluatedProperties"].iter().filter_map(|keyword| keywords.get(*keyword));
        for schema in patterns.into_iter().flat_map(|by_pattern| by_pattern.values()).chain(rest) {
            self.below(schema, Step::Rest(named.clone()), at)?;
        }
        let listed = keywords.get("prefixItems").and_then(Value::as_array).into_iter().flatten();
        let items = ["items", "contains", "unevaluatedItems"].iter().filter_map(|keyword| keywords.get(*keyword));
        for schema in listed.chain(items) {
            self.below(schema, Step::Items, at)?;
        }
        Some(())
    }

    fn below(&mut self, schema: &'s Value, step: Step, at: &mut Vec<Step>) -> Option<()> {
        at.push(step);
        let looked = self.look(schema, at);
        at.pop();
        looked
    }
}

fn written(name: &str) -> String {
    escape(name).replace('*', "~2").replace('[', "~3").replace('!', "~4")
}

fn read(token: &str) -> String {
    let token = token.replace("~4", "!").replace("~3", "[").replace("~2", "*");
    token.replace("~1", "/").replace("~0", "~")
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Member(name) => write!(f, "/{}", written(name))?,
                Step::Items => f.write_str("/[]")?,
                Step::Rest(but) => {
                    f.write_str("/*")?;
                    but.iter().try_for_each(|name| write!(f, "!{}", written(name)))?;
                }
            }
        }
        Ok(())
    }
}

impl FromStr for SecretPlace {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let tokens = text.strip_prefix('/').ok_or_else(|| InvalidPlace(text.to_owned()))?;
        let step = |token: &str| match token.strip_prefix('*') {
            Some(but) => Step::Rest(but.split('!').skip(1).map(read).collect()),
            None if token == "[]" => Step::Items,
            None => Step::Member(read(token)),
        };
        Ok(Self(tokens.split('/').map(step).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(schema: &Value) -> Vec<String> {
        SecretPlace::all_of(schema).iter().map(ToString::to_string).collect()
    }

    fn found(schema: &Value, value: &Value) -> Vec<String> {
        let mut found = BTreeSet::new();
        SecretPlace::find(&SecretPlace::all_of(schema), value, &mut found);
        found.into_iter().collect()
    }

    #[test]
    fn all_that_is_marked_is_written_down_and_found_again() {
        let secret = json!({ "writeOnly": true });
        let schema = json!({
            "properties": {
                "key": { "oneOf": [secret, { "items": secret }], "x-aliases": ["api.key", "plain"] },
                "plain": {}, "a/b": { "$ref": "#/$defs/secret" },
                "auth": { "properties": { "user": {}, "x*[!": secret }, "additionalProperties": secret },
                "deep": { "additionalProperties": { "properties": { "key": secret } } },
                "list": { "prefixItems": [{ "properties": { "k": secret } }] },
            },
            "$defs": { "secret": secret },
        });
        let expected = [
            "/a~1b",
            "/api.key",
            "/api.key/[]",
            "/auth/x~2~3~4",
            "/auth/*!user!x~2~3~4",
            "/deep/*/key",
            "/key",
            "/key/[]",
            "/list/[]/k",
        ];
        let mut written = places(&schema);
        written.sort_unstable();
        let mut sorted = expected.map(str::to_owned);
        sorted.sort_unstable();
        assert_eq!(written, sorted);
        for text in written {
            assert_eq!(text.parse::<SecretPlace>().expect("read back").to_string(), text);
        }
        let value = json!({
            "key": ["a", 1], "plain": "b", "a/b": { "in": ["c"] }, "auth": { "user": "d", "pw": "e", "x*[!": "f" },
            "deep": { "x": { "key": "g", "other": "h" } }, "list": [{ "k": "i" }, { "l": "j" }], "api.key": "k",
        });
        let expected =
            ["/api.key", "/auth/pw", "/auth/x*[!", "/a~1b/in/0", "/deep/x/key", "/key/0", "/key/1", "/list/0/k"];
        assert_eq!(found(&schema, &value), expected);
        assert!("key".parse::<SecretPlace>().is_err());
    }

    #[test]
    fn what_is_too_much_to_write_down_counts_as_the_whole() {
        let secrets: Vec<_> =
            (0..1_000).map(|index| (format!("{index}-{}", "x".repeat(20)), json!({ "writeOnly": true }))).collect();
        let mut schema = json!({ "$defs": { "all": { "properties": serde_json::Map::from_iter(secrets) } } });
        schema["properties"] =
            (0..15).map(|index| (format!("{index}{}", "y".repeat(500)), json!({ "$ref": "#/$defs/all" }))).collect();
        assert_eq!(places(&schema), [""]);
        assert_eq!(found(&schema, &json!({ "a": ["b"] })), ["/a/0"]);
    }
}
