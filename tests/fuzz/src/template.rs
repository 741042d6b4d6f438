//! Templates, and what responses make of them.

use hookyard_key_path::Path;
use hookyard_reply_template::{PLACES_MAX, TEMPLATE_BYTES_MAX, TEXT_CHARS_MAX, Template};
use serde_json::value::RawValue;

use crate::PART;

/// Checks what an input is: a template, a response, and the text that stands for what is missing.
///
/// # Panics
/// Something does not hold.
pub fn check(input: &str) {
    let mut parts = input.splitn(3, PART);
    let (text, response) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let instead = parts.next().unwrap_or_default();
    check_template(text, serde_json::from_str(response).ok(), instead);
    check_literal(text);
}

/// A message is no longer than it may be, and says what it lacks in words that are keys.
fn check_template(text: &str, response: Option<&RawValue>, instead: &str) {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            assert!((1..=text.chars().count().max(1)).contains(&error.column), "{text:?}: {error}");
            return;
        }
    };
    assert!(text.len() <= TEMPLATE_BYTES_MAX, "{} bytes", text.len());
    let (with, without) = (template.render(response, instead), template.render(None, instead));
    for rendered in [&with, &without] {
        let length = rendered.text.chars().count();
        assert!(length <= TEXT_CHARS_MAX, "{text:?} makes {length} characters");
        assert!(!rendered.truncated || length == TEXT_CHARS_MAX, "{text:?} is cut at {length}");
        assert!(rendered.missing.len() <= PLACES_MAX, "{text:?} has {} missing", rendered.missing.len());
        for missing in &rendered.missing {
            assert!(Path::parse(missing).is_ok(), "{missing:?} is missing and no key");
        }
    }
    let is_missing_without = |path| without.missing.contains(path) || without.truncated;
    assert!(with.missing.iter().all(is_missing_without), "{text:?}: {:?} and {:?}", with.missing, without.missing);
    if without.missing.is_empty() && !without.truncated {
        assert_eq!(with.text, without.text, "{text:?} has no place, and a response changes it");
    }
}

/// A text whose braces are doubled is itself, whatever stands between them.
fn check_literal(text: &str) {
    let doubled = text.replace('{', "{{").replace('}', "}}");
    if doubled.len() > TEMPLATE_BYTES_MAX {
        return;
    }
    let rendered = Template::parse(&doubled).expect("there is no place").render(None, "");
    let expected: String = text.chars().take(TEXT_CHARS_MAX).collect();
    assert_eq!((rendered.text, rendered.missing.len()), (expected, 0));
    assert_eq!(rendered.truncated, text.chars().count() > TEXT_CHARS_MAX);
}
