//! `crypto`: hashing and random bytes of the host. Signing with secrets needs the vault and is refused until there is one.
//!
//! Scope: none, nothing here belongs to a connection. Grant: none needed. Limit: random bytes of one call; data is bounded
//! by the guest's memory. Act: at once.

use hookyard_domain::limit;
use ring::digest;

use crate::effects::Effects;
use crate::refusal::Refusal;

impl Effects {
    /// The digest of `data`; `hash` is `sha1`, `sha256` or `sha512`.
    pub fn digest(&self, hash: &str, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let algorithm = match hash {
            "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            "sha256" => &digest::SHA256,
            "sha512" => &digest::SHA512,
            other => return Err(Refusal::invalid(format!("hash {other:?} is not one of sha1, sha256, sha512"))),
        };
        Ok(digest::digest(algorithm, data).as_ref().to_vec())
    }

    /// Refuses to authenticate: keys may hold placeholders, which this host cannot fill in.
    pub fn hmac(&self) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::unsupported("this host does not offer crypto.hmac"))
    }

    /// Refuses to sign, for the same reason.
    pub fn sign(&self) -> Result<Vec<u8>, Refusal> {
        Err(Refusal::unsupported("this host does not offer crypto.sign"))
    }

    /// `length` random bytes, at most [`limit::RANDOM_BYTES_MAX`].
    pub fn random(&self, length: u32) -> Result<Vec<u8>, Refusal> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > limit::RANDOM_BYTES_MAX {
            return Err(Refusal::too_large(format!(
                "crypto.random gives at most {} bytes a call, not {length}",
                limit::RANDOM_BYTES_MAX
            )));
        }
        let mut bytes = vec![0; length];
        self.services.entropy.fill(&mut bytes);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::RefusalCode;
    use crate::test_host::TestHost;

    #[test]
    fn digests_are_those_of_the_standard() {
        let effects = TestHost::new().effects();
        let hex = |hash: &str| {
            effects.digest(hash, b"abc").expect("known").iter().map(|b| format!("{b:02x}")).collect::<String>()
        };
        // FIPS 180-2, appendices A.1, B.1 and C.1.
        assert_eq!(hex("sha1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex("sha256"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(hex("sha512").starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(effects.digest("md5", b"").expect_err("unknown").code, RefusalCode::Invalid);
    }

    #[test]
    fn random_bytes_come_from_the_host_and_are_bounded() {
        let effects = TestHost::new().effects();
        assert_ne!(effects.random(16).expect("few"), effects.random(16).expect("few"));
        let most = u32::try_from(limit::RANDOM_BYTES_MAX).expect("small");
        assert_eq!(effects.random(most).expect("at the bound").len(), limit::RANDOM_BYTES_MAX);
        assert_eq!(effects.random(most + 1).expect_err("beyond").code, RefusalCode::TooLarge);
    }
}
