//! Whether a newer schema of manifests accepts every manifest that an older one accepts, and reads it as before.
//!
//! A schema may grow by properties that need not be there, and by words where one of several is chosen. Descriptions are free.
//! Everything else stays as it is.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Everything by which manifests that fit the older schema could be refused, or read in another way; empty when none can.
pub fn breaks(older: &Value, newer: &Value) -> Vec<String> {
    let mut breaks = Vec::new();
    schema("", older, newer, &mut breaks);
    breaks
}

fn schema(at: &str, old: &Value, new: &Value, breaks: &mut Vec<String>) {
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return same(at, Some(old), Some(new), breaks) };
    for keyword in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let at = format!("{at}/{keyword}");
        match (keyword.as_str(), old.get(keyword), new.get(keyword)) {
            ("description" | "title", ..) => {}
            ("properties" | "$defs", Some(Value::Object(was)), Some(Value::Object(is))) => {
                by_name(&at, was, is, breaks);
            }
            ("required", was, is) => required(&at, was, is, breaks),
            ("oneOf", Some(Value::Array(was)), Some(Value::Array(is))) => words(&at, was, is, breaks),
            ("items" | "then" | "else" | "additionalProperties", Some(was), Some(is)) => schema(&at, was, is, breaks),
            (_, was, is) => same(&at, was, is, breaks),
        }
    }
}

fn same(at: &str, was: Option<&Value>, is: Option<&Value>, breaks: &mut Vec<String>) {
    let shown = |value: Option<&Value>| value.map_or("absent".to_owned(), Value::to_string);
    if was != is {
        breaks.push(format!("{at} was {}, is {}", shown(was), shown(is)));
    }
}

fn by_name(at: &str, old: &Map<String, Value>, new: &Map<String, Value>, breaks: &mut Vec<String>) {
    for (name, was) in old {
        match new.get(name) {
            Some(is) => schema(&format!("{at}/{name}"), was, is, breaks),
            None => breaks.push(format!("{at}/{name} is gone")),
        }
    }
}

fn required(at: &str, was: Option<&Value>, is: Option<&Value>, breaks: &mut Vec<String>) {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let was = list(was);
    breaks.extend(list(is).iter().filter(|name| !was.contains(name)).map(|name| format!("{at} has {name}")));
}

/// Alternatives that are one word each: `{"const": …}`.
fn words(at: &str, old: &[Value], new: &[Value], breaks: &mut Vec<String>) {
    for was in old {
        match new.iter().find(|is| is["const"] == was["const"]) {
            Some(is) => schema(&format!("{at}/{}", was["const"]), was, is, breaks),
            None => breaks.push(format!("{at}/{} is gone", was["const"])),
        }
    }
    let unnamed = new.iter().filter(|is| is.get("const").is_none());
    breaks.extend(unnamed.map(|is| format!("{at} has an alternative that is no word: {is}")));
}
