//! `crypto`.

use crate::bindings::hookyard::plugin::crypto::Host;
use crate::guest::Guest;

use super::{Answer, refused};

impl Host for Guest {
    async fn digest(&mut self, hash: String, data: Vec<u8>) -> Answer<Vec<u8>> {
        Ok(self.effects("crypto.digest")?.digest(&hash, &data).map_err(refused))
    }

    async fn hmac(&mut self, hash: String, key: Vec<u8>, data: Vec<u8>) -> Answer<Vec<u8>> {
        Ok(self.effects("crypto.hmac")?.hmac(&hash, &key, &data).map_err(refused))
    }

    async fn sign(&mut self, algorithm: String, key: String, data: Vec<u8>) -> Answer<Vec<u8>> {
        Ok(self.effects("crypto.sign")?.sign(&algorithm, &key, &data).map_err(refused))
    }

    /// The contract has no refusal here, so asking for too much ends the guest.
    async fn random(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        Ok(self.effects("crypto.random")?.random(length)?)
    }
}
