//! Sealing: what the host keeps of secrets lies on disk only under a key that lies in a file of its own.
//!
//! A sealed text is, in bytes: the format (1), the fingerprint of the key (8), the nonce (12), the cipher text with its tag
//! (AES-256-GCM). It opens under the same key and in the same context only.

mod key_file;

use std::fmt;
use std::path::Path;

use hookyard_domain::entropy::Entropy;
use hookyard_domain::hex::hex;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

pub use key_file::MasterKeyError;

/// The only format so far.
const FORMAT: u8 = 1;
const FINGERPRINT_BYTES: usize = 8;
const HEAD_BYTES: usize = 1 + FINGERPRINT_BYTES + NONCE_LEN;

/// The key under which a host seals what it keeps of secrets. It is in the data directory, and in no backup of the database
/// alone.
pub struct MasterKey {
    sealing: LessSafeKey,
    fingerprint: [u8; FINGERPRINT_BYTES],
}

impl MasterKey {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// The key with these bytes. The cipher's key and the fingerprint are derived from it, so that neither says anything of
    /// the other.
    pub fn new(bytes: &[u8; Self::BYTES]) -> Self {
        let master = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let sealing = hmac::sign(&master, b"sealing");
        let sealing = UnboundKey::new(&AES_256_GCM, sealing.as_ref()).expect("the tag has as many bytes as the key");
        let mut fingerprint = [0; FINGERPRINT_BYTES];
        fingerprint.copy_from_slice(&hmac::sign(&master, b"fingerprint").as_ref()[..FINGERPRINT_BYTES]);
        Self { sealing: LessSafeKey::new(sealing), fingerprint }
    }

    /// The key in this file. Where there is none, a new one is made if `may_create`, which must be false as soon as anything
    /// is sealed: durable on return, readable by its user only. A file that is there is never written to.
    ///
    /// # Errors
    /// There is no key file and none may be made, or the one that is there cannot be used.
    pub fn open_or_create(path: &Path, entropy: &dyn Entropy, may_create: bool) -> Result<Self, MasterKeyError> {
        let bytes = match key_file::read(path)? {
            Some(bytes) => bytes,
            None if may_create => key_file::create(path, entropy)?,
            None => return Err(MasterKeyError::Missing { path: path.to_owned() }),
        };
        Ok(Self::new(&bytes))
    }

    /// Seals a text. `context` says what it is and whose: it opens for the same context only, so that nothing that was sealed
    /// for one purpose can be put in the place of another.
    pub fn seal(&self, context: &str, plain: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(HEAD_BYTES + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend(self.fingerprint);
        sealed.extend(nonce);
        let mut text = plain.to_vec();
        let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(context));
        let done = self.sealing.seal_in_place_append_tag(nonce, aad, &mut text);
        done.expect("a text in memory is shorter than the 64 GiB that one nonce may seal");
        sealed.extend(text);
        sealed
    }

    /// Opens what was sealed in this context.
    ///
    /// # Errors
    /// It was sealed with another key, or is not as it was sealed.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (head, text) = sealed.split_at_checked(HEAD_BYTES).ok_or(OpenError::Altered)?;
        if head[0] != FORMAT {
            return Err(OpenError::UnknownFormat { found: head[0], known: FORMAT });
        }
        let (fingerprint, nonce) = head[1..].split_at(FINGERPRINT_BYTES);
        if fingerprint != self.fingerprint {
            return Err(OpenError::OtherKey { sealed_with: hex(fingerprint), present: hex(&self.fingerprint) });
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Altered)?;
        let mut text = text.to_vec();
        let plain = self.sealing.open_in_place(nonce, Aad::from(context), &mut text).map_err(|_| OpenError::Altered)?;
        let bytes = plain.len();
        text.truncate(bytes);
        Ok(text)
    }
}

impl fmt::Debug for MasterKey {
    /// The fingerprint, which says nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", hex(&self.fingerprint))
    }
}

/// Why something that was sealed does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Another key is needed: the key file was replaced, or the database is that of another host.
    #[error(
        "it was sealed with another key ({sealed_with}) than that of this host ({present}): put back the master.key that \
         belongs to this database"
    )]
    OtherKey {
        /// The fingerprint of that key.
        sealed_with: String,
        /// The fingerprint of the key that was tried.
        present: String,
    },
    /// A newer host sealed it, or it is not sealed at all.
    #[error("it is sealed in format {found}, and this host knows format {known} only: run the version that sealed it")]
    UnknownFormat {
        /// Its format.
        found: u8,
        /// The one that this host knows.
        known: u8,
    },
    /// It was cut, changed, or sealed in another context.
    #[error("it is not what this host has sealed for this purpose: restore the database from a backup")]
    Altered,
}

#[cfg(test)]
mod tests;
