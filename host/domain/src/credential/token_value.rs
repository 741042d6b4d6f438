//! The value of a header that a fetched token stands in.

use crate::secret::Secret;

/// What stands around the token: fit for a header.
#[derive(Debug, Clone)]
pub struct TokenValue(Vec<Secret>);

impl TokenValue {
    /// From what stands before, between and after the tokens; the error is a sentence that shows nothing of it.
    pub(super) fn new(parts: Vec<Secret>) -> Result<Self, &'static str> {
        let fit = |text: &str| text.bytes().all(|byte| byte >= b' ' && byte != 0x7f);
        if parts.iter().all(|part| fit(part.expose())) {
            Ok(Self(parts))
        } else {
            Err("what the config has for it holds a line break or another control character")
        }
    }

    /// The whole value.
    pub fn with(&self, token: &Secret) -> Secret {
        let parts: Vec<_> = self.0.iter().map(Secret::expose).collect();
        Secret::new(parts.join(token.expose()))
    }

    /// Whether this text stands in it beside the token.
    pub fn holds(&self, text: &Secret) -> bool {
        self.0.iter().any(|part| part.expose().contains(text.expose()))
    }
}
