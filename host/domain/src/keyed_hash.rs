//! Hashes that only this host can compute: dedupe marks, idempotency keys, secret placeholders.

use ring::hmac;

use crate::connection::Incarnation;
use crate::entropy::Entropy;
use crate::id::ConnectionId;

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

    /// The key with which one life of a connection hashes: the host's own in the first life, so that nothing changes for
    /// connections that were never deleted; another one in each later life, so that no mark, idempotency record or
    /// placeholder of an earlier one is ever met again.
    #[must_use]
    pub fn of_incarnation(&self, connection: &ConnectionId, incarnation: Incarnation) -> Self {
        if incarnation == Incarnation::default() {
            return self.clone();
        }
        let number = incarnation.0.to_be_bytes();
        let tag = self.tag(&[b"incarnation", connection.as_str().as_bytes(), &number]);
        Self(hmac::Key::new(hmac::HMAC_SHA256, tag.as_ref()))
    }

    /// 128 bits of HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts collide.
    pub fn hash16(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut hash = [0; 16];
        hash.copy_from_slice(&self.tag(parts).as_ref()[..16]);
        hash
    }

    fn tag(&self, parts: &[&[u8]]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign()
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

    #[test]
    fn each_life_of_each_connection_hashes_with_a_key_of_its_own() {
        let (host, shop) = (HashKey::new(&[1; 32]), "shop".parse().expect("valid"));
        let hash = |key: &HashKey| key.hash16(&[b"webhook", b"shop", b"evt-1"]);
        let of = |number| hash(&host.of_incarnation(&shop, Incarnation(number)));
        assert_eq!(of(0), hash(&host), "the first life is that of connections which are never deleted");
        let later = [of(1), of(2), hash(&host.of_incarnation(&"other".parse().expect("valid"), Incarnation(1)))];
        for (index, one) in later.iter().enumerate() {
            assert_ne!(*one, hash(&host));
            assert!(!later[index + 1..].contains(one));
        }
        assert_eq!(of(1), of(1));
    }
}
