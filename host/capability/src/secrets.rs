//! `secrets`: what a plugin may do with secrets that it does not know. Not offered by this host yet; every call is refused
//! and says so.

use crate::effects::Effects;
use crate::refusal::Refusal;

impl Effects {
    /// Refuses to derive a placeholder.
    pub fn derive_secret(&self) -> Result<String, Refusal> {
        Err(Refusal::unsupported("this host does not derive secrets"))
    }

    /// Refuses to fetch a token.
    pub fn fetch_token(&self) -> Result<String, Refusal> {
        Err(Refusal::unsupported("this host does not fetch tokens"))
    }
}
