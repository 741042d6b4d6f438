//! Hashes that only this host can compute: dedupe marks, idempotency keys, secret placeholders.

use ring::hmac;

use crate::entropy::Entropy;

/// A host's own key, made at the first start and kept in the data directory; never sent anywhere.
#[derive(Clone)]
pub struct HashKey(hmac::Key);

impl HashKey {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// The key with these bytes.
    pub fn new(bytes: &[u8; Self::BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Bytes for a new key.
    pub fn generate(entropy: &dyn Entropy) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        entropy.fill(&mut bytes);
        bytes
    }

    /// 128 bits of HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts collide.
    pub fn hash16(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut hash = [0; 16];
        hash.copy_from_slice(&context.sign().as_ref()[..16]);
        hash
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moving_a_byte_between_parts_changes_the_hash() {
        let key = HashKey::new(&[1; 32]);
        assert_ne!(key.hash16(&[b"ab", b"c"]), key.hash16(&[b"a", b"bc"]));
        assert_ne!(key.hash16(&[b"a"]), HashKey::new(&[2; 32]).hash16(&[b"a"]));
    }
}
