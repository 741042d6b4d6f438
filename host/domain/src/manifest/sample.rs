//! Webhooks that a plugin brings along to be tried with.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A webhook as the provider would send it. Unknown members are ignored with a warning.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Sample {
    /// Its name, for `hookyard trigger CONNECTION NAME`.
    pub name: String,
    /// Headers to send along.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON, a string, or `{"base64": …}`.
    #[serde(default)]
    pub body: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Base64 {
    base64: String,
}

impl Sample {
    /// The bytes to send: JSON as written, a string's content, or what the base64 stands for. The error is a sentence
    /// for the author.
    pub fn body_bytes(&self) -> Result<Vec<u8>, String> {
        let Some(body) = &self.body else { return Ok(Vec::new()) };
        if body.get().starts_with('"') {
            return serde_json::from_str::<String>(body.get())
                .map(String::into_bytes)
                .map_err(|error| error.to_string());
        }
        match serde_json::from_str::<Base64>(body.get()) {
            Ok(Base64 { base64 }) => STANDARD.decode(base64).map_err(|error| format!("the base64 is wrong: {error}")),
            Err(_) => Ok(body.get().as_bytes().to_vec()),
        }
    }
}
