//! Requests that the host answers by itself.

use super::condition;
use super::request::{Reason, Request};
use super::template::{Surroundings, Template};
use crate::limit;
use crate::manifest::webhook::Condition;

/// A handshake with its answer parsed.
#[derive(Debug, Clone)]
pub(crate) struct Responder {
    pub(crate) when: Condition,
    pub(crate) respond: Template,
    pub(crate) verified: bool,
}

impl Responder {
    /// Whether this request is the handshake.
    pub(crate) fn is_for(&self, request: &Request<'_>) -> bool {
        condition::holds(&self.when, request)
    }

    /// The answer. Since it repeats what a stranger sent, under the host's own name, only short texts that no browser
    /// takes for anything else are repeated: `[A-Za-z0-9._~+/=:-]`.
    pub(crate) fn answer(&self, request: &Request<'_>) -> Result<String, Reason> {
        let answer = self.respond.render(request, &Surroundings::default())?;
        let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"._~+/=:-".contains(byte);
        if answer.is_empty() || answer.len() > limit::HANDSHAKE_BYTES_MAX || !answer.iter().all(harmless) {
            return Err("the handshake asks for an answer that is not repeated");
        }
        String::from_utf8(answer.into_owned()).map_err(|_| "the handshake asks for an answer that is not repeated")
    }
}
