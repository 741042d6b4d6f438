//! A webhook and its answer.

use serde::{Deserialize, Serialize};

use crate::{Error, json};

/// What the wire had. The host has verified it as the manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    /// `POST`, `GET`, …
    pub method: String,
    /// What follows `/webhooks/{connection}`; empty or starting with `/`; as received, not decoded.
    pub path: String,
    /// As received, without the `?`; values of verification tokens are blanked.
    pub query: String,
    /// Names are lower case; repeated names are repeated entries. Bytes of 0x80 and above are the code points U+0080 to U+00FF.
    pub headers: Vec<(String, String)>,
    /// Exactly the bytes received, not decompressed.
    pub body: Vec<u8>,
}

impl Webhook {
    /// A POST with this body and nothing else, for tests.
    pub fn post(body: impl Into<Vec<u8>>) -> Self {
        Self { method: "POST".to_owned(), body: body.into(), ..Self::default() }
    }

    /// The first header of this name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; see [`json::parse`] for the errors, which all answer 400.
    ///
    /// To keep the provider's text as it is, use [`RawValue`](crate::RawValue) for what the plugin only passes on: numbers keep
    /// their digits and members their order.
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        json::parse(&self.body)
    }
}

/// The plugin's own answer to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200 to 499.
    pub status: u16,
    /// Only `content-type`, `cache-control`, `location` and `retry-after` are sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// With this JSON as its body.
    pub fn json(status: u16, body: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::failed("invalid-response", error.to_string()))?;
        Ok(Self { body, ..Self::new(status).header("content-type", "application/json") })
    }

    /// With this text as its body.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self { body: body.into().into_bytes(), ..Self::new(status).header("content-type", "text/plain; charset=utf-8") }
    }

    /// With one more header; the name in lower case.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}
