//! Schemas of what is `null` where it is not known. An `Option` would be left out there.

use schemars::{Schema, SchemaGenerator, json_schema};

/// A text or `null`.
pub(crate) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "oneOf": [{ "type": "string" }, { "type": "null" }] })
}

/// -1, 0, 1 or `null`.
pub(crate) fn status(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "oneOf": [{ "type": "integer", "minimum": -1, "maximum": 1 }, { "type": "null" }] })
}
