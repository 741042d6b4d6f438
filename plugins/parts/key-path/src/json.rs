//! How JSON is written.

use serde_json::value::RawValue;

use crate::Leaf;

/// JSON without the blanks between its parts, otherwise as it is written: digits, order of members, escapes.
pub fn compact(json: &RawValue) -> String {
    let mut compact = String::with_capacity(json.get().len());
    push_compact(&mut compact, json.get());
    compact
}

/// What JSON may have between its parts.
pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

pub(crate) fn push_string(json: &mut String, text: &str) {
    json.push_str(&serde_json::to_string(text).expect("any text is a JSON string"));
}

pub(crate) fn push_leaf(json: &mut String, leaf: &Leaf) {
    match leaf {
        Leaf::Text(text) => push_string(json, text),
        Leaf::Json(raw) => push_compact(json, raw.get()),
        Leaf::Omitted => {}
    }
}

/// `raw` is JSON: only within a string does a blank mean something.
fn push_compact(json: &mut String, raw: &str) {
    let (mut in_string, mut is_escaped) = (false, false);
    for character in raw.chars() {
        if in_string || !is_blank(character) {
            json.push(character);
        }
        match character {
            '"' if !is_escaped => in_string = !in_string,
            _ => {}
        }
        is_escaped = in_string && character == '\\' && !is_escaped;
    }
}
