//! JSON Schema 2020-12 as manifests use it. Schemas are untrusted: their size, what they may refer to, their regular
//! expressions and the work that they cause are bounded.

mod aliases;
mod bounds;
mod defaults;
pub(crate) mod place;
pub(crate) mod secret_place;
pub mod view;

use std::fmt;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::limit;
use place::Place;

/// A compiled schema. Cheap to clone.
#[derive(Clone)]
pub struct Schema(Arc<Compiled>);

struct Compiled {
    source: Value,
    /// The number of its branches, `$ref`s written out.
    branches: u64,
    validator: Validator,
}

/// Why a schema cannot be used: a sentence for the author.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaError(String);

/// One way in which a value breaks its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer to the offending value; to the member itself where one is missing or unknown.
    pub pointer: String,
    /// The schema's keyword in kebab-case: `required`, `type`, `max-length`.
    pub code: String,
    /// A sentence for a person. Never holds the value itself.
    pub detail: String,
}

impl Schema {
    /// Compiles a schema of draft 2020-12. Only `#` and `#/…` may be referred to, and a schema may not contain itself.
    pub fn compile(schema: &Value) -> Result<Self, SchemaError> {
        let branches = bounds::check(schema)?;
        let patterns =
            PatternOptions::regex().size_limit(limit::PATTERN_BYTES_MAX).dfa_size_limit(limit::PATTERN_BYTES_MAX);
        let validator = jsonschema::draft202012::options()
            .offline()
            .with_pattern_options(patterns)
            .should_validate_formats(true)
            .build(schema)
            .map_err(|error| unusable(&error))?;
        Ok(Self(Arc::new(Compiled { source: schema.clone(), branches, validator })))
    }

    /// Everything that is wrong with a value, up to [`limit::VIOLATIONS_MAX`]. A value that is too much work to look at
    /// ([`limit::SCHEMA_STEPS_MAX`]) is a violation of its own, `too-large`.
    pub fn validate(&self, value: &Value) -> Result<(), Vec<Violation>> {
        if self.0.branches.saturating_mul(bounds::size(value)) > limit::SCHEMA_STEPS_MAX {
            let detail = "holds more values than this schema can be checked against".to_owned();
            return Err(vec![Violation { pointer: String::new(), code: "too-large".to_owned(), detail }]);
        }
        // Finding out that all is well stops at nothing and keeps nothing; the list of what is wrong is made only then.
        if self.0.validator.is_valid(value) {
            return Ok(());
        }
        let violations: Vec<_> = (self.0.validator.iter_errors(value))
            .flat_map(|error| self.violations(&error))
            .take(limit::VIOLATIONS_MAX)
            .collect();
        if violations.is_empty() { Ok(()) } else { Err(violations) }
    }

    /// The value with every other name of a property (`x-aliases`) replaced by the property's own.
    pub fn resolve_aliases(&self, value: Value) -> Result<Value, Vec<Violation>> {
        aliases::resolve(value, &self.place())
    }

    /// The value with the schema's defaults in place of what is absent. Defaults that would make it larger than a config may
    /// be ([`limit::CONFIG_BYTES_MAX`]) are a violation, `too-large`.
    pub fn with_defaults(&self, value: &Value) -> Result<Value, Vec<Violation>> {
        let mut filled = value.clone();
        defaults::fill(&mut filled, &self.0.source)?;
        Ok(filled)
    }

    /// Where the schema speaks of the whole value.
    pub(crate) fn place(&self) -> Place<'_> {
        Place::whole(&self.0.source)
    }

    fn violations(&self, error: &ValidationError<'_>) -> Vec<Violation> {
        let pointer = error.instance_path().as_str();
        let code = kebab_case(error.kind().keyword());
        let at = |name: &str, detail: String| Violation {
            pointer: format!("{pointer}/{}", escape(name)),
            code: code.clone(),
            detail,
        };
        match error.kind() {
            ValidationErrorKind::Required { property: Value::String(name) } => {
                vec![at(name, format!("{name:?} is required"))]
            }
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                unexpected.iter().map(|name| at(name, format!("{name:?} is not a known name here"))).collect()
            }
            _ => {
                let named = self.author_error(error).or_else(|| self.choices(error));
                let detail = named.unwrap_or_else(|| error.masked_with("this value").to_string());
                vec![Violation { pointer: pointer.to_owned(), code, detail }]
            }
        }
    }

    /// The values to choose from, where each branch of the schema is one of them.
    fn choices(&self, error: &ValidationError<'_>) -> Option<String> {
        let branches = self.0.source.pointer(error.schema_path().as_str())?.as_array()?;
        let choices: Option<Vec<_>> = branches.iter().map(|branch| branch.get("const").map(Value::to_string)).collect();
        choices.map(|choices| format!("must be one of {}", choices.join(", ")))
    }

    /// What the author wrote as `x-error` beside the `pattern` that does not match.
    fn author_error(&self, error: &ValidationError<'_>) -> Option<String> {
        let keyword = error.schema_path().as_str();
        let (around, "pattern") = keyword.rsplit_once('/')? else { return None };
        self.0.source.pointer(around)?.get("x-error")?.as_str().map(str::to_owned)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.0.source).finish()
    }
}

impl SchemaError {
    fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// Where a schema speaks of the whole value; `None` where it is beyond the bounds that make following it end.
pub(crate) fn place(schema: &Value) -> Option<Place<'_>> {
    bounds::check(schema).ok().map(|_| Place::whole(schema))
}

/// A member's name as a token of a JSON pointer.
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The tokens of a JSON pointer; `None` if it is not one.
pub(crate) fn tokens(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    let tokens = pointer.strip_prefix('/')?.split('/');
    Some(tokens.map(|token| token.replace("~1", "/").replace("~0", "~")).collect())
}

/// What is wrong with a schema, and where. Its words are shown: a manifest is no secret.
fn unusable(error: &ValidationError<'_>) -> SchemaError {
    let place = error.instance_path().as_str();
    let said = if error.kind().keyword() == "format" {
        "is no regular expression that can be used here: no look-around, no back-references, and bounded when written out"
            .to_owned()
    } else {
        error.masked_with("").to_string().trim_start().to_owned()
    };
    let seen: String = error.instance().to_string().chars().take(limit::SCHEMA_SHOWN_CHARS_MAX).collect();
    SchemaError(format!("not a usable JSON Schema: {}: {seen} {said}", if place.is_empty() { "/" } else { place }))
}

fn kebab_case(keyword: &str) -> String {
    let mut kebab = String::with_capacity(keyword.len() + 2);
    for letter in keyword.chars().filter(|letter| *letter != '$') {
        if letter.is_ascii_uppercase() {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn everything_wrong_is_named_by_pointer_and_code_without_the_value() {
        let schema = Schema::compile(&json!({
            "type": "object", "required": ["a"], "additionalProperties": false,
            "properties": {
                "a": {},
                "b": { "type": "string", "maxLength": 3, "pattern": "^x", "x-error": "start it with x" },
                "c": { "$ref": "#/$defs/c" },
            },
            "$defs": { "c": { "type": "string", "pattern": "^y", "x-error": "start it with y" } },
        }))
        .expect("valid");
        let violations = schema.validate(&json!({ "b": "secret", "c": "secret", "d/e": 1 })).expect_err("invalid");
        let mut seen: Vec<_> = violations.iter().map(|v| (v.pointer.as_str(), v.code.as_str())).collect();
        seen.sort_unstable();
        let expected = [
            ("/a", "required"),
            ("/b", "max-length"),
            ("/b", "pattern"),
            ("/c", "pattern"),
            ("/d~1e", "additional-properties"),
        ];
        assert_eq!(seen, expected);
        let details: Vec<_> = violations.iter().map(|v| v.detail.as_str()).collect();
        assert!(details.contains(&"start it with x") && details.contains(&"start it with y"), "{details:?}");
        assert!(details.iter().all(|detail| !detail.contains("secret")), "{details:?}");
    }

    #[test]
    fn hostile_schemas_are_refused() {
        let mut doubling = json!({ "$defs": { "d0": { "type": "string" } }, "$ref": "#/$defs/d30" });
        for level in 1..=30 {
            let below = json!({ "$ref": format!("#/$defs/d{}", level - 1) });
            doubling["$defs"][format!("d{level}")] = json!({ "anyOf": [below, below] });
        }
        for (schema, reason) in [
            (json!({ "$ref": "#" }), "itself"),
            (json!({ "properties": { "a": { "$ref": "#" } } }), "itself"),
            (json!({ "$ref": "https://example.com/schema.json" }), "#/"),
            (json!({ "$ref": "#/$defs/none" }), "nothing"),
            (json!({ "$dynamicRef": "#x" }), "$dynamicRef"),
            (json!({ "description": "x".repeat(limit::SCHEMA_BYTES_MAX) }), "bytes"),
            (doubling, "branches"),
            (json!({ "type": "strin" }), "usable"),
            (json!({ "pattern": "(" }), "usable"),
            (json!({ "pattern": "(?=a)" }), "usable"),
            (json!({ "pattern": "(a{1000}){1000}" }), "usable"),
            (json!(3), "object"),
        ] {
            let error = Schema::compile(&schema).expect_err("refused").to_string();
            assert!(error.contains(reason), "{error} does not say {reason}");
        }
    }

    #[test]
    fn a_property_may_be_called_like_a_keyword() {
        let schema = json!({ "properties": { "$ref": { "type": "string" }, "properties": { "type": "string" } } });
        let schema = Schema::compile(&schema).expect("valid");
        assert!(schema.validate(&json!({ "$ref": 1 })).is_err());
        assert!(schema.validate(&json!({ "$ref": "x", "properties": "y" })).is_ok());
    }
}
