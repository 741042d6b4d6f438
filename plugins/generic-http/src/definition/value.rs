//! Where a value comes from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value of a header, of the query, of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum Value {
    /// Literal: braces mean nothing.
    Text {
        /// The text.
        text: String,
    },
    /// A field of the call.
    Field {
        /// Its id.
        field: String,
    },
    /// A secret of the config.
    Secret {
        /// Its name.
        secret: String,
        /// What stands before it.
        prefix: Option<String>,
    },
}

/// A value of a segment of the path. A secret cannot stand there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum PathValue {
    /// Literal.
    Text {
        /// The text.
        text: String,
    },
    /// A field of the call.
    Field {
        /// Its id.
        field: String,
        /// What becomes of the segment when the field is missing.
        #[serde(default)]
        on_missing: OnMissingSegment,
    },
    /// A secret of the config: refused with `bad_url`, since URLs are written into logs on the way.
    Secret {
        /// Its name.
        secret: String,
        /// What stands before it.
        prefix: Option<String>,
    },
}

/// What becomes of a header or a parameter whose field is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnMissingPart {
    /// The request is not sent.
    #[default]
    Fail,
    /// It is left out.
    Omit,
    /// It is empty.
    Empty,
}

/// What becomes of a segment of the path whose field is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum OnMissingSegment {
    /// The request is not sent.
    #[default]
    Fail,
    /// It is empty.
    Empty,
}
