//! Other names of properties.

use serde_json::{Map, Value};

use super::place::Place;
use super::{Violation, escape};

/// Replaces every other name by the property's own. Two names of one property given together are a violation, since
/// nobody can say which of them was meant.
pub(super) fn resolve(mut value: Value, place: &Place<'_>) -> Result<Value, Vec<Violation>> {
    let mut violations = Vec::new();
    rename(&mut value, place, "", &mut violations);
    if violations.is_empty() { Ok(value) } else { Err(violations) }
}

fn rename(value: &mut Value, place: &Place<'_>, pointer: &str, violations: &mut Vec<Violation>) {
    match value {
        Value::Object(members) => {
            rename_members(members, place, pointer, violations);
            for (name, member) in members {
                rename(member, &place.member(name), &format!("{pointer}/{}", escape(name)), violations);
            }
        }
        Value::Array(items) => {
            let below = place.items();
            for (index, item) in items.iter_mut().enumerate() {
                rename(item, &below, &format!("{pointer}/{index}"), violations);
            }
        }
        _ => {}
    }
}

fn rename_members(members: &mut Map<String, Value>, place: &Place<'_>, pointer: &str, violations: &mut Vec<Violation>) {
    for (name, schema) in place.properties() {
        let aliases = schema.get("x-aliases").and_then(Value::as_array);
        for alias in aliases.into_iter().flatten().filter_map(Value::as_str) {
            // An alias that is a property of its own keeps its own meaning.
            if place.properties().any(|(own, _)| own == alias) {
                continue;
            }
            let Some(value) = members.remove(alias) else { continue };
            if members.contains_key(name) {
                violations.push(Violation {
                    pointer: format!("{pointer}/{}", escape(alias)),
                    code: "duplicate-name".to_owned(),
                    detail: format!("{alias:?} is another name of {name:?}, which is given as well; keep one of them"),
                });
            } else {
                members.insert(name.to_owned(), value);
            }
        }
    }
}
