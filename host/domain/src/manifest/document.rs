//! Manifests as JSON documents: their published schema, and reading them by it.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::webhook::WebhookRules;
use super::{Manifest, ManifestProblem, rules};
use crate::json::depth;
use crate::limit;
use crate::manifest::problem::Problems;
use crate::schema::{Schema, Violation};

/// The JSON Schema of manifests: what `wit/manifest.schema.json` holds, and what the host itself reads manifests by.
pub fn schema() -> Value {
    schema_of::<Manifest>()
}

/// The JSON Schema of one type of this crate.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    decide_by_null(&mut schema);
    schema
}

/// Writes "X or null" so that whoever errs in X is told what is wrong within X, instead of "neither of the two".
fn decide_by_null(schema: &mut Value) {
    let either = |branches: &Value| match branches.as_array().map(Vec::as_slice) {
        Some([branch, null]) if *null == json!({ "type": "null" }) => Some(branch.clone()),
        _ => None,
    };
    match schema {
        Value::Object(keywords) => {
            if let Some(branch) = keywords.get("anyOf").and_then(either) {
                keywords.remove("anyOf");
                keywords.insert("if".to_owned(), json!({ "type": "null" }));
                keywords.insert("then".to_owned(), Value::Bool(true));
                keywords.insert("else".to_owned(), branch);
            }
            keywords.values_mut().for_each(decide_by_null);
        }
        Value::Array(items) => items.iter_mut().for_each(decide_by_null),
        _ => {}
    }
}

/// The document, if it has the shape of a manifest.
pub(super) fn read(json: &str) -> Result<Value, Vec<ManifestProblem>> {
    let mut problems = Problems::default();
    if depth(json) > limit::JSON_DEPTH_MAX {
        problems.at("", format!("is nested deeper than {} levels", limit::JSON_DEPTH_MAX));
        return problems.into_result(Value::Null);
    }
    let document: Value = match serde_json::from_str(json) {
        Ok(document) => document,
        Err(error) => {
            let beginning: String = json.chars().take(limit::MANIFEST_SHOWN_CHARS_MAX).collect();
            problems.at("", format!("is not JSON: {error}; it begins with {beginning:?}"));
            return problems.into_result(Value::Null);
        }
    };
    validate(&schema(), &document, "", &mut problems);
    problems.into_result(document)
}

/// Sentences about the members that this host does not know, where they are no error.
pub(super) fn unknown_members(document: &Value) -> Vec<String> {
    let schema = schema();
    let mut warnings = Vec::new();
    let mut warn = |object: &Value, known: Option<&Value>, pointer: &str| {
        let (Some(object), Some(known)) = (object.as_object(), known.and_then(Value::as_object)) else { return };
        let unknown = object.keys().filter(|name| !known.contains_key(*name));
        warnings.extend(unknown.map(|name| format!("{pointer}/{name}: not known to this host, and ignored")));
    };
    warn(document, schema.get("properties"), "");
    for (list, definition) in [("actions", "ActionDeclaration"), ("events", "EventDeclaration"), ("samples", "Sample")]
    {
        let known = schema.pointer(&format!("/$defs/{definition}/properties"));
        for (index, entry) in document[list].as_array().into_iter().flatten().enumerate() {
            warn(entry, known, &format!("/{list}/{index}"));
        }
    }
    warnings.truncate(limit::VIOLATIONS_MAX);
    warnings
}

/// Webhook rules of an operator that stand at `pointer` of a config. Members that the host does not know are dropped
/// from the top, and refused below it.
pub(super) fn operator_rules(found: &Value, pointer: &str) -> Result<WebhookRules, Vec<ManifestProblem>> {
    let mut problems = Problems::default();
    let definitions = schema()["$defs"].take();
    let known = definitions["WebhookRules"]["properties"].as_object();
    let is_known = |name: &str| known.is_some_and(|known| known.contains_key(name));
    let own = match found {
        Value::Object(members) => {
            let own = members.iter().filter(|(name, _)| is_known(name));
            Value::Object(own.map(|(name, member)| (name.clone(), member.clone())).collect::<Map<_, _>>())
        }
        other => other.clone(),
    };
    let schema = json!({ "$ref": "#/$defs/WebhookRules", "$defs": definitions });
    validate(&schema, &own, pointer, &mut problems);
    problems.into_result(())?;
    let rules: WebhookRules = serde_json::from_value(own)
        .map_err(|error| vec![ManifestProblem { pointer: pointer.to_owned(), message: error.to_string() }])?;
    let mut problems = Problems::default();
    rules::check(&rules, pointer, &mut problems);
    problems.into_result(rules)
}

fn validate(schema: &Value, document: &Value, pointer: &str, problems: &mut Problems) {
    let Some(schema) = problems.accept(pointer, Schema::compile(schema)) else { return };
    for Violation { pointer: below, detail, .. } in schema.validate(document).err().into_iter().flatten() {
        problems.at(format!("{pointer}{below}"), detail);
    }
}
