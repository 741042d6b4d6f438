//! From the bytes of a request to an input that the action takes.

use hookyard_domain::json;
use hookyard_domain::limit;
use hookyard_domain::schema::{Violation, view};
use http::StatusCode;
use serde_json::value::RawValue;

use crate::action_rules::ActionRule;
use crate::http::problem::{InputError, Problem};

/// The input as JSON, under the names of the action's schema and valid against it. Nothing at all counts as `{}`. Where the
/// client used the names of the schema, the text stays as it is: order of members, digits of numbers.
///
/// # Errors
/// 413, 400 for what is not JSON, 422 with everything that breaks the schema.
pub(super) fn read(rule: &ActionRule, body: &[u8]) -> Result<String, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| not_json(&error))?;
    let text = if text.trim().is_empty() { "{}" } else { text };
    if text.len() > limit::JSON_BYTES_MAX {
        return Err(Problem::too_large(limit::JSON_BYTES_MAX as u64));
    }
    if json::depth(text) > limit::JSON_DEPTH_MAX {
        let detail = format!("the input is nested more than {} levels deep", limit::JSON_DEPTH_MAX);
        return Err(Problem::invalid("", "too-deep", detail));
    }
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    let value = view::value_of(raw.get()).map_err(|error| not_json(&error))?;
    let Some(schema) = &rule.input else { return Ok(raw.get().to_owned()) };
    let resolved = schema.resolve_aliases(value.clone()).map_err(|violations| invalid(&violations))?;
    schema.validate(&resolved).map_err(|violations| invalid(&violations))?;
    Ok(if resolved == value { raw.get().to_owned() } else { resolved.to_string() })
}

fn not_json(error: &dyn std::error::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid-json").detail(format!("the body is not JSON: {error}"))
}

fn invalid(violations: &[Violation]) -> Problem {
    let error = |violation: &Violation| InputError::new(&violation.pointer, &violation.code, &violation.detail);
    Problem::invalid_input(violations.iter().map(error).collect())
}

#[cfg(test)]
mod tests {
    use hookyard_domain::manifest::Manifest;
    use serde_json::json;

    use super::*;
    use crate::action_rules::ActionRules;

    fn rules() -> ActionRules {
        let input = json!({
            "type": "object", "additionalProperties": false, "required": ["number"],
            "properties": { "number": { "type": "number", "x-aliases": ["no"] }, "text": { "type": "string" } }
        });
        let manifest = json!({
            "name": "x", "version": "1.0.0", "actions": [{ "name": "do", "input": input }, { "name": "any" }]
        });
        let manifest = Manifest::parse(&manifest.to_string()).expect("a manifest").manifest;
        ActionRules::compile(&manifest).expect("usable schemas")
    }

    fn input(action: &str, body: &str) -> Result<String, Problem> {
        read(rules().get(action).expect("declared"), body.as_bytes())
    }

    #[test]
    fn the_text_stays_as_it_is_unless_other_names_are_used() {
        let text = r#"{ "text": "é", "number": 1.50e400 }"#;
        assert_eq!(input("do", text).expect("valid"), text);
        assert_eq!(input("do", r#"{"no": 7}"#).expect("valid"), r#"{"number":7}"#);
        assert_eq!(input("any", " ").expect("nothing"), "{}");
        assert_eq!(input("any", " [1.0] ").expect("anything"), "[1.0]");
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        let problem = |body: &str| input("do", body).expect_err("wrong").document();
        assert_eq!(problem("{")["code"], "invalid-json");
        assert_eq!(problem("{}")["errors"][0]["pointer"], "/number");
        let both = problem(r#"{"number": 1, "no": 2}"#);
        assert_eq!((&both["status"], &both["code"]), (&422.into(), &"invalid-input".into()), "{both}");
        let deep = "[".repeat(65) + &"]".repeat(65);
        assert_eq!(problem(&deep)["status"], 422);
        let unknown = problem(r#"{"number": "x", "more": 1}"#);
        assert_eq!(unknown["errors"].as_array().map(Vec::len), Some(2), "{unknown}");
    }
}
