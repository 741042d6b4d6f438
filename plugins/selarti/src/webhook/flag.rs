//! Yes or no, however it is written.

use std::borrow::Cow;

use hookyard_sdk::{RawValue, http, lenient, log};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

/// Yes, no, or unknown, which is written as `null`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Flag(pub(super) Option<bool>);

impl Flag {
    /// What a value says. What it does not say is unknown, never yes; something that is not understood is logged with the name
    /// of the field.
    pub(super) fn read(name: &str, json: Option<&RawValue>) -> Self {
        let Some(json) = json.filter(|json| json.get() != "null") else { return Self(None) };
        let known = lenient::flag(json).ok().flatten().or_else(|| spelled(json));
        if known.is_none() {
            log::warn(format_args!("{name} says neither yes nor no: {}", http::excerpt(json.get())));
        }
        Self(known)
    }
}

fn spelled(json: &RawValue) -> Option<bool> {
    let text: Cow<'_, str> = lenient::id(json).ok().flatten()?;
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "да" | "on" => Some(true),
        "false" | "no" | "n" | "0" | "нет" | "off" | "" => Some(false),
        _ => None,
    }
}

impl JsonSchema for Flag {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Flag".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [{ "type": "boolean" }, { "type": "null" }] })
    }
}
