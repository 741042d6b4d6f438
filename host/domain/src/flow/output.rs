//! From a value of an expression to JSON.

use std::sync::LazyLock;

use minijinja::Value;
use minijinja::value::ValueKind;

use super::as_it_stands;
use super::language::Mistake;
use crate::limit;

/// What is said of a result that has too many bytes.
pub(super) static TOO_LARGE: LazyLock<String> =
    LazyLock::new(|| format!("the result has more than {} bytes", limit::FLOW_RESULT_BYTES_MAX));

/// The value as JSON, of up to `room` bytes.
pub(super) fn json(value: &Value, room: usize) -> Result<String, Mistake> {
    let mut json = String::new();
    write(value, 0, room, &mut json)?;
    Ok(json)
}

/// A text as JSON.
pub(super) fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Adds to a result, unless it becomes too large.
pub(super) fn push(json: &mut String, more: &str) -> Result<(), Mistake> {
    push_within(json, more, limit::FLOW_RESULT_BYTES_MAX)
}

fn push_within(json: &mut String, more: &str, room: usize) -> Result<(), Mistake> {
    if json.len() + more.len() > room {
        return Err(Mistake(TOO_LARGE.clone()));
    }
    json.push_str(more);
    Ok(())
}

fn write(value: &Value, depth: usize, room: usize, json: &mut String) -> Result<(), Mistake> {
    if depth > limit::JSON_DEPTH_MAX {
        return Err(Mistake(format!("the result is nested more than {} levels deep", limit::JSON_DEPTH_MAX)));
    }
    if let Some(text) = as_it_stands(value) {
        return push_within(json, text, room);
    }
    match value.kind() {
        ValueKind::Undefined if depth == 0 => Err(Mistake::undefined()),
        ValueKind::Undefined => Err(Mistake("a part of the result is undefined".to_owned())),
        ValueKind::None => push_within(json, "null", room),
        ValueKind::Bool => push_within(json, if value.is_true() { "true" } else { "false" }, room),
        ValueKind::Number => push_within(json, &number(value)?, room),
        ValueKind::String => push_within(json, &string(value.as_str().unwrap_or_default()), room),
        ValueKind::Seq | ValueKind::Iterable => {
            push_within(json, "[", room)?;
            for (at, item) in items(value)?.enumerate() {
                push_within(json, if at == 0 { "" } else { "," }, room)?;
                write(&checked(item)?, depth + 1, room, json)?;
            }
            push_within(json, "]", room)
        }
        ValueKind::Map => {
            push_within(json, "{", room)?;
            for (at, key) in items(value)?.enumerate() {
                let key = checked(key)?;
                let name = key
                    .as_str()
                    .ok_or_else(|| Mistake(format!("a key of the result is not a string but {}", key.kind())))?;
                push_within(json, if at == 0 { "" } else { "," }, room)?;
                push_within(json, &string(name), room)?;
                push_within(json, ":", room)?;
                let member = value.get_item(&key).map_err(|error| Mistake(error.to_string()))?;
                write(&member, depth + 1, room, json)?;
            }
            push_within(json, "}", room)
        }
        kind => Err(Mistake(format!("the result is {kind}, which JSON does not have"))),
    }
}

fn items(value: &Value) -> Result<impl Iterator<Item = Result<Value, minijinja::Error>>, Mistake> {
    Ok(value.try_iter().map_err(|error| Mistake(error.to_string()))?.checked())
}

fn checked(item: Result<Value, minijinja::Error>) -> Result<Value, Mistake> {
    item.map_err(|error| Mistake(error.to_string()))
}

/// Integers print their digits; of floats only finite ones are JSON.
fn number(value: &Value) -> Result<String, Mistake> {
    if value.is_integer() {
        return Ok(value.to_string());
    }
    let number = f64::try_from(value.clone()).ok().and_then(serde_json::Number::from_f64);
    number
        .map(|number| number.to_string())
        .ok_or_else(|| Mistake(format!("the result is {value}, which JSON does not have")))
}
