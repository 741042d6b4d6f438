//! The message that is made of an answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Templates with places that the answer fills: `Segue o boleto: {data[url]}`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    /// The message of a success.
    pub(crate) template: Option<String>,
    /// What becomes of a place where the answer has nothing: `error` makes an error of the answer, `empty` leaves the place
    /// empty, `text:…` puts a text there.
    #[serde(default = "error")]
    #[schemars(regex(pattern = r"^(error$|empty$|text:)"), extend("x-error" = "error, empty, or text: and the text"))]
    pub(crate) on_missing: String,
    /// The message of an error; what is missing in it stays empty.
    pub(crate) on_error: Option<String>,
}

impl Reply {
    /// What stands where the answer has nothing; `None` if that is an error.
    pub(crate) fn instead(&self) -> Option<&str> {
        match self.on_missing.as_str() {
            "error" => None,
            other => Some(other.strip_prefix("text:").unwrap_or_default()),
        }
    }
}

fn error() -> String {
    "error".to_owned()
}
