//! Which events a plugin may emit.

use std::collections::BTreeMap;

use hookyard_domain::manifest::Manifest;
use hookyard_domain::schema::{Schema, SchemaError};
use serde_json::Value;

use crate::refusal::Refusal;

/// The kinds that a manifest declares, each with the compiled schema of its data. Made once for a plugin's version.
#[derive(Debug, Default)]
pub struct EventRules(BTreeMap<String, Option<Schema>>);

/// The schema of an event kind cannot be compiled.
#[derive(Debug, thiserror::Error)]
#[error("the schema of event {kind:?} cannot be used")]
pub struct EventRulesError {
    /// The kind.
    pub kind: String,
    #[source]
    source: SchemaError,
}

impl EventRules {
    /// Compiles what the manifest declares.
    pub fn compile(manifest: &Manifest) -> Result<Self, EventRulesError> {
        let rule = |event: &hookyard_domain::manifest::action::EventDeclaration| {
            let schema = event.data.as_ref().map(Schema::compile).transpose();
            let schema = schema.map_err(|source| EventRulesError { kind: event.kind.clone(), source })?;
            Ok((event.kind.clone(), schema))
        };
        manifest.events.iter().map(rule).collect::<Result<_, _>>().map(Self)
    }

    /// The schema of this kind's data: `None` when any data will do.
    pub(crate) fn schema(&self, kind: &str) -> Result<Option<&Schema>, Refusal> {
        self.0.get(kind).map(Option::as_ref).ok_or_else(|| {
            let declared = self.0.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let declared = if declared.is_empty() { "none".to_owned() } else { declared };
            Refusal::invalid(format!("event kind {kind:?} is not declared in the manifest (declared: {declared})"))
        })
    }
}

/// Refuses data that breaks the schema, with every violation that fits into a message.
pub(crate) fn check_data(schema: &Schema, kind: &str, data: &Value) -> Result<(), Refusal> {
    const SHOWN_MAX: usize = 5;
    let Err(violations) = schema.validate(data) else { return Ok(()) };
    let mut shown: Vec<_> = violations.iter().take(SHOWN_MAX).map(|v| format!("{}: {}", v.pointer, v.detail)).collect();
    if violations.len() > SHOWN_MAX {
        shown.push(format!("and {} more", violations.len() - SHOWN_MAX));
    }
    Err(Refusal::invalid(format!("data of event {kind:?} breaks its schema: {}", shown.join("; "))))
}
