//! The document of `secrets.token`: a fetch that a guest states for the length of an invocation.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::host_pattern::HostPattern;
use crate::json::depth;
use crate::limit;
use crate::manifest::credential::fetched::{Exchange, OAuth2};
use crate::manifest::document::schema_of;
use crate::schema::{Schema, Violation};

/// A document, read. Its texts are as the guest wrote them: literal, with placeholders in place of secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenDocument {
    /// Where the token may go, beside what is granted.
    pub hosts: Vec<HostPattern>,
    /// Where it comes from.
    pub source: TokenSource,
}

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// An exchange of the provider's own.
    Exchange(Exchange),
    /// OAuth 2.0.
    OAuth2(OAuth2),
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", if at.is_empty() { "/" } else { at })]
pub struct DocumentError {
    /// JSON pointer to the member.
    pub at: String,
    /// What is wrong with it. Shows no text of the document but host patterns.
    pub message: String,
}

/// Its shape. `{"hosts": [patterns], "exchange": {…}}` or `{"hosts": [patterns], "oauth2": {…}}`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Shape {
    hosts: Vec<String>,
    #[serde(default)]
    exchange: Option<Exchange>,
    #[serde(default)]
    oauth2: Option<OAuth2>,
}

impl TokenDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(json: &str) -> Result<Self, DocumentError> {
        let wrong = |at: &str, message: String| DocumentError { at: at.to_owned(), message };
        if json.len() > limit::TOKEN_DOCUMENT_BYTES_MAX {
            let (bytes, max) = (json.len(), limit::TOKEN_DOCUMENT_BYTES_MAX);
            return Err(wrong("", format!("the document has {bytes} bytes; at most {max} are allowed")));
        }
        if depth(json) > limit::JSON_DEPTH_MAX {
            return Err(wrong("", format!("is nested deeper than {} levels", limit::JSON_DEPTH_MAX)));
        }
        let Shape { hosts, exchange, oauth2 } = serde_json::from_str(json).map_err(|_| misshapen(json))?;
        if hosts.is_empty() || hosts.len() > limit::TOKEN_HOSTS_MAX {
            let max = limit::TOKEN_HOSTS_MAX;
            return Err(wrong("/hosts", format!("must name the hosts that the token may go to, {max} at most")));
        }
        let patterns = hosts.iter().enumerate().map(|(index, text)| {
            text.parse().map_err(|error| wrong(&format!("/hosts/{index}"), format!("{text:?} {error}")))
        });
        let hosts = patterns.collect::<Result<_, _>>()?;
        let source = match (exchange, oauth2) {
            (Some(exchange), None) => TokenSource::Exchange(exchange),
            (None, Some(oauth2)) => TokenSource::OAuth2(oauth2),
            _ => return Err(wrong("", "has exactly one of exchange and oauth2".to_owned())),
        };
        Ok(Self { hosts, source })
    }
}

/// Why a document has no shape of one. Looked for only then, by its schema, which knows the member.
fn misshapen(json: &str) -> DocumentError {
    let document: Value = match serde_json::from_str(json) {
        Ok(document) => document,
        Err(_) => return DocumentError { at: String::new(), message: "is not JSON".to_owned() },
    };
    let violation = Schema::compile(&schema_of::<Shape>())
        .ok()
        .and_then(|schema| schema.validate(&document).err()?.into_iter().next());
    match violation {
        Some(Violation { pointer, detail, .. }) => DocumentError { at: pointer, message: detail },
        None => DocumentError { at: String::new(), message: "is not a document for a token".to_owned() },
    }
}
