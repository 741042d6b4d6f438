//! Bearer tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::secret::Secret;
use hookyard_store::{StoreError, Tokens};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use ring::digest::{SHA256, digest};

/// Knows whether a request carries a token of this host.
pub(crate) struct TokenCheck {
    /// SHA-256 of the token that the environment sets.
    configured: Option<[u8; 32]>,
}

impl TokenCheck {
    pub(crate) fn new(configured: Option<&Secret>) -> Self {
        Self { configured: configured.map(|token| hash(token.expose())) }
    }

    /// Whether the request's token is the configured one or one of the store.
    ///
    /// # Errors
    /// The store cannot say.
    pub(crate) async fn passes<S: Tokens + ?Sized>(&self, headers: &HeaderMap, store: &S) -> Result<bool, StoreError> {
        let Some(token) = bearer(headers) else { return Ok(false) };
        let presented = hash(token);
        if self.configured.is_some_and(|configured| equal(&configured, &presented)) {
            return Ok(true);
        }
        // Every token is compared, so that the time does not tell which one it was.
        let tokens = store.tokens().await?;
        Ok(tokens.iter().fold(false, |found, token| found | equal(&token.hash, &presented)))
    }
}

/// A new token of 256 random bits.
pub(crate) fn generate(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    Secret::new(format!("hyt_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// SHA-256: what is kept of a token.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}

/// The token of the one `Authorization: Bearer` header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Looks at every byte of two hashes, whatever they are.
fn equal(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let difference = one.iter().zip(other).fold(0, |difference, (one, other)| difference | (one ^ other));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hookyard_domain::clock::{ManualClock, Timestamp};
    use hookyard_domain::entropy::SeededEntropy;
    use hookyard_domain::id::TokenId;
    use hookyard_store::ApiToken;
    use hookyard_store::memory::MemoryStore;

    use super::*;

    fn with(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[tokio::test]
    async fn only_a_token_of_this_host_passes() {
        let entropy = SeededEntropy::new(1);
        let now = Timestamp::from_millis(0);
        let store = MemoryStore::new(Arc::new(ManualClock::at(now)));
        let token = generate(&entropy);
        let hash = hash(token.expose());
        let id = TokenId::new(now, &entropy);
        store.add_token(ApiToken { id, name: "ci".into(), hash, created_at: now }).await.unwrap();
        let check = TokenCheck::new(Some(&Secret::new("of-the-environment")));

        let stored = format!("Bearer {}", token.expose());
        for good in [stored.as_str(), "bearer of-the-environment"] {
            assert!(check.passes(&with(&[good]), &store).await.unwrap(), "{good}");
        }
        for bad in ["Bearer", "Bearer ", "Bearer x", "Basic of-the-environment", "of-the-environment", ""] {
            assert!(!check.passes(&with(&[bad]), &store).await.unwrap(), "{bad}");
        }
        assert!(!check.passes(&with(&[&stored, &stored]), &store).await.unwrap(), "two headers");
        assert!(!check.passes(&HeaderMap::new(), &store).await.unwrap(), "none");

        assert!(store.remove_token(id).await.unwrap());
        assert!(!check.passes(&with(&[&stored]), &store).await.unwrap(), "revoked");
        assert!(!TokenCheck::new(None).passes(&with(&["Bearer of-the-environment"]), &store).await.unwrap());
    }

    #[test]
    fn a_token_is_long_and_never_the_same() {
        let entropy = SeededEntropy::new(1);
        let (one, other) = (generate(&entropy), generate(&entropy));
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), "hyt_".len() + 43);
    }
}
