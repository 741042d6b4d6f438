//! What a request sends.

use hookyard_key_path::ValueType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Value;

/// The body of a request: rows of keys and values, or a text.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    /// How it is written.
    #[serde(default)]
    pub(crate) encoding: Encoding,
    /// With `json` and `form`: what stands in it. Without rows, nothing is sent.
    #[serde(default)]
    pub(crate) rows: Vec<Row>,
    /// With `raw`: the body itself.
    pub(crate) raw: Option<String>,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Encoding {
    /// As JSON.
    #[default]
    Json,
    /// As a form; its values are texts.
    Form,
    /// As it is.
    Raw,
}

/// A value and its place in the body.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// The place: `name`, `deal[name]`, `contacts[0][name]`, `tags[]`.
    pub(crate) key: String,
    /// How the text of the value becomes JSON. It is never guessed from the text.
    #[serde(default, rename = "type")]
    pub(crate) of_type: Type,
    /// The value.
    pub(crate) value: Value,
    /// What becomes of it when its field is missing.
    #[serde(default)]
    pub(crate) on_missing: OnMissing,
}

/// The type of a value in the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Type {
    /// Always a string.
    #[default]
    Text,
    /// A number, with its digits as they are written.
    Number,
    /// `true` or `false`, in any case.
    Boolean,
    /// `null`; the value is empty.
    Null,
    /// Any JSON.
    Json,
}

impl From<Type> for ValueType {
    fn from(of_type: Type) -> Self {
        match of_type {
            Type::Text => Self::Text,
            Type::Number => Self::Number,
            Type::Boolean => Self::Boolean,
            Type::Null => Self::Null,
            Type::Json => Self::Json,
        }
    }
}

/// What becomes of a row whose field is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnMissing {
    /// An empty string; `null`, where the type is not text.
    #[default]
    Empty,
    /// `null`.
    Null,
    /// It is left out, and so is a container that would stay empty.
    Omit,
    /// The request is not sent.
    Fail,
}
