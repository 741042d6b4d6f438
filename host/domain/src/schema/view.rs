//! JSON as a schema looks at it.
//!
//! Events carry a provider's JSON as it was received, also where no reader could hold it as a value: a number beyond 64-bit
//! floats, half of a surrogate pair from a text that was cut in the middle of an emoji. That is no reason to lose the event.

use serde_json::Value;

/// The value of a JSON text. A number that is too large reads as the largest one of its sign, half a surrogate pair as U+FFFD.
pub fn value_of(json: &str) -> serde_json::Result<Value> {
    serde_json::from_str(json).or_else(|_| serde_json::from_str(&tamed(json)))
}

fn tamed(json: &str) -> String {
    let mut tamed = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => string_end(rest),
            '-' | '0'..='9' => {
                rest.find(|c| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len())
            }
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        match first {
            '"' => tame_string(token, &mut tamed),
            '-' | '0'..='9' => tame_number(token, &mut tamed),
            _ => tamed.push_str(token),
        }
        rest = after;
    }
    tamed
}

/// Behind the closing quote of the string that `text` begins with.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    let closing = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(text.len(), |position| position + 2)
}

fn tame_number(number: &str, tamed: &mut String) {
    match number.parse::<f64>() {
        Ok(value) if value.is_infinite() && value < 0.0 => tamed.push_str("-1e308"),
        Ok(value) if value.is_infinite() => tamed.push_str("1e308"),
        _ => tamed.push_str(number),
    }
}

fn tame_string(string: &str, tamed: &mut String) {
    let mut rest = string;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        tamed.push_str(before);
        let length = match (code_unit(escape), escape.get(6..).and_then(code_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                tamed.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 1 + escape[1..].chars().next().map_or(0, char::len_utf8),
        };
        let (kept, after) = escape.split_at(length);
        tamed.push_str(kept);
        rest = after;
    }
    tamed.push_str(rest);
}

/// The code unit of an escape of the form `\uXXXX`.
fn code_unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_value_can_hold_reads_as_something_near() {
        let cut = value_of(
            r#"{"text": "ok \\ud83d \ud83d\ude00 cut \ud83d", "low": "\ude00\n", "n": [1e400, -1e400, 1.50]}"#,
        );
        let expected = json!({
            "text": "ok \\ud83d 😀 cut \u{fffd}", "low": "\u{fffd}\n", "n": [1e308, -1e308, 1.5],
        });
        assert_eq!(cut.expect("readable"), expected);
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in ["", "{", "\"\\", "\"\\u12", "{\"a\": \\ud83d}", "[1e400", "\"é\\"] {
            assert!(value_of(text).is_err(), "{text}");
        }
    }
}
