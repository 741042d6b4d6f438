//! `secrets`: what a plugin may do with secrets that it does not know.
//!
//! Scope: the connection's secrets, for the length of the invocation. Grant: none here; what is derived may go only where all
//! that is in it may go. Limit: number and bytes of what is derived. Act: kept in memory, never shown.

pub(crate) mod encode;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hookyard_domain::hex::hex;
use hookyard_domain::limit;
use hookyard_domain::secret::Secret;

use crate::effects::Effects;
use crate::placeholder::{self, Exposed};
use crate::refusal::{Refusal, RefusalCode};
use crate::vault::KnownSecret;

pub(crate) use tokens::PlacedToken;

/// The secrets that an invocation derived, and the tokens that it named, by their placeholders.
#[derive(Default)]
pub(crate) struct Derivations {
    secrets: Mutex<BTreeMap<String, Arc<KnownSecret>>>,
    tokens: Mutex<BTreeMap<String, Arc<PlacedToken>>>,
}

impl Derivations {
    pub(crate) fn secret(&self, placeholder: &str) -> Option<Arc<KnownSecret>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).get(placeholder).cloned()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<KnownSecret>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// The fetched token that a placeholder stands for.
    pub(crate) fn token(&self, placeholder: &str) -> Option<Arc<PlacedToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(placeholder).cloned()
    }

    fn keep_token(&self, placeholder: &str, token: PlacedToken) -> Result<(), Refusal> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= limit::TOKEN_DOCUMENTS_MAX && !tokens.contains_key(placeholder) {
            let bound = limit::TOKEN_DOCUMENTS_MAX;
            return Err(Refusal::too_many(format!("an invocation names {bound} tokens")));
        }
        tokens.entry(placeholder.to_owned()).or_insert_with(|| Arc::new(token));
        Ok(())
    }

    fn keep(&self, placeholder: &str, secret: KnownSecret) -> Result<(), Refusal> {
        let mut derived = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if derived.len() >= limit::DERIVED_SECRETS_MAX && !derived.contains_key(placeholder) {
            let bound = limit::DERIVED_SECRETS_MAX;
            return Err(Refusal::too_many(format!("an invocation derives {bound} secrets")));
        }
        let others = derived.iter().filter(|(other, _)| *other != placeholder);
        let bytes: usize = others.map(|(_, known)| known.text.expose().len()).sum();
        if bytes + secret.text.expose().len() > limit::DERIVED_SECRETS_BYTES_MAX {
            let bound = limit::DERIVED_SECRETS_BYTES_MAX;
            return Err(Refusal::too_large(format!("an invocation derives secrets of {bound} bytes in all")));
        }
        derived.insert(placeholder.to_owned(), Arc::new(secret));
        Ok(())
    }
}

impl fmt::Debug for Derivations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Derivations(•••)")
    }
}

impl Effects {
    /// A placeholder for `text` with its placeholders filled in and then encoded; good for this invocation. The same call
    /// gives the same placeholder.
    ///
    /// `encoding`: `base64` (padded), `base64url` (not padded), `percent` (all but `A-Za-z0-9-._~`), `json-string` (escaped,
    /// without quotes), `hex` (lower case).
    pub fn derive_secret(&self, encoding: &str, text: &str) -> Result<String, Refusal> {
        let encode = encode::named(encoding).ok_or_else(|| {
            Refusal::invalid(format!(
                "encoding {encoding:?} is not one of base64, base64url, percent, json-string, hex"
            ))
        })?;
        check_bytes(text.len())?;
        let mut pointers = BTreeSet::new();
        let mut left = limit::DERIVED_SECRET_BYTES_MAX;
        let filled = placeholder::fill_text(text, |placeholder| {
            let secret = self.known_secret(placeholder)?;
            pointers.extend(secret.pointers.iter().cloned());
            let bytes = secret.text.expose().len();
            left = left.checked_sub(bytes).ok_or_else(too_large)?;
            Ok(Exposed(secret.text.clone()))
        })?;
        let encoded = encode(&filled);
        check_bytes(encoded.len())?;
        let parts = ["derived", self.scope.connection.as_str(), encoding, text];
        let hash = self.scope.hash_key.hash16(&parts.map(str::as_bytes));
        let placeholder = format!("hysec_{}", hex(&hash));
        self.derived.keep(&placeholder, KnownSecret { text: Secret::new(encoded), pointers })?;
        Ok(placeholder)
    }

    /// What a placeholder stands for in this invocation.
    pub(crate) fn known_secret(&self, placeholder: &str) -> Result<Arc<KnownSecret>, Refusal> {
        let known = self.scope.outbound.vault().secret(placeholder).cloned();
        known.or_else(|| self.derived.secret(placeholder)).ok_or_else(|| {
            Refusal::new(RefusalCode::Denied, format!("{placeholder} stands for no secret of this invocation"))
        })
    }
}

fn check_bytes(bytes: usize) -> Result<(), Refusal> {
    if bytes <= limit::DERIVED_SECRET_BYTES_MAX { Ok(()) } else { Err(too_large()) }
}

fn too_large() -> Refusal {
    Refusal::too_large(format!("a derived secret has at most {} bytes", limit::DERIVED_SECRET_BYTES_MAX))
}

#[cfg(test)]
mod tests;
