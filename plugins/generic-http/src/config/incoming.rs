//! How webhooks come in.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The rules of the host (which it reads by itself), and what becomes of a webhook.
#[derive(Debug, Deserialize)]
pub(crate) struct Incoming {
    /// JSON pointer into the body, to what the event is about.
    pub(crate) subject: Option<String>,
    /// The headers that the event keeps.
    #[serde(default)]
    pub(crate) headers: Vec<String>,
}

impl JsonSchema for Incoming {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Incoming".into()
    }

    /// The host checks its own rules; here they are only named, so that a misspelt one is an error.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "required": ["verify"],
            "additionalProperties": false,
            "properties": {
                "verify": { "description": "How webhooks are verified, as in a manifest; {\"scheme\": \"none\"} verifies nothing." },
                "methods": { "description": "HTTP methods; POST, if nothing is said." },
                "body_bytes_max": { "description": "Largest body in bytes." },
                "dedupe": { "description": "Where the provider's id of a webhook stands." },
                "order": { "description": "Where the key stands whose webhooks are handled one after the other." },
                "order_blocks": { "description": "Whether a webhook that failed for good goes on blocking its order key." },
                "acknowledge": { "description": "after-handling or on-receipt." },
                "answer_within_ms": { "description": "Milliseconds that the provider waits for an answer, less a margin." },
                "handshake": { "description": "Requests that the host answers by itself." },
                "subject": {
                    "description": "JSON pointer into the body, to what the event is about: a string or a number.",
                    "type": "string",
                    "pattern": "^(/([^~/]|~[01])*)*$",
                    "x-error": "a JSON pointer, as /data/id",
                },
                "headers": {
                    "description": "The headers that the event keeps, by their names.",
                    "type": "array",
                    "maxItems": 50,
                    "items": { "type": "string", "minLength": 1 },
                },
            },
        })
    }
}
