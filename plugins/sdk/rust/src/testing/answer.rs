//! What came of a webhook.

use serde_json::Value;

use crate::log::Level;
use crate::{Error, ErrorKind, RawValue, Response};

/// What the provider is answered, and what the invocation left behind.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status that the host would answer with.
    pub status: u16,
    /// The dedupe key was known, so that the plugin did not run.
    pub duplicate: bool,
    /// The plugin's own response.
    pub response: Option<Response>,
    /// The plugin's error.
    pub error: Option<Error>,
    /// The events that became visible; none, if the invocation did not succeed.
    pub events: Vec<Emitted>,
    /// Lines that the plugin logged; they stay, whatever becomes of the invocation.
    pub log: Vec<(Level, String)>,
}

/// An event that became visible.
#[derive(Debug, Clone)]
pub struct Emitted {
    /// Without the plugin's name.
    pub kind: String,
    /// The data, as the plugin serialised it.
    pub data: Box<RawValue>,
    /// What it is about.
    pub subject: Option<String>,
    /// The provider's id of it.
    pub dedupe_key: Option<String>,
    /// When it happened; `None` stands for the time of receipt.
    pub time: Option<String>,
}

impl Emitted {
    /// The data, for comparison.
    pub fn json(&self) -> Value {
        serde_json::from_str(self.data.get()).unwrap_or(Value::Null)
    }
}

/// The status of a webhook whose invocation returned this, as the contract has it.
pub(super) fn status_of(returned: &Result<Option<Response>, Error>) -> u16 {
    match returned {
        Ok(None) => 200,
        Ok(Some(response)) if response.status < 500 => response.status,
        Err(error) if error.kind == ErrorKind::Invalid => 400,
        // Kept in the inbox: a response of 5xx is invalid, and the other errors are the host's business from here on.
        Ok(Some(_)) | Err(_) => 202,
    }
}

/// Whether what the invocation did takes effect.
pub(super) fn commits(returned: &Result<Option<Response>, Error>) -> bool {
    match returned {
        Ok(None) => true,
        Ok(Some(response)) => (200..300).contains(&response.status),
        Err(_) => false,
    }
}
