//! How a secret may be spelled.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::hex::hex;
use crate::limit;

/// Adds the secret itself, and its spellings in base64 and hex.
pub(super) fn add(secret: &[u8], spellings: &mut BTreeSet<Vec<u8>>) {
    if secret.len() < limit::REDACTED_TEXT_BYTES_MIN {
        return;
    }
    spellings.insert(secret.to_vec());
    if secret.len() < limit::REDACTED_SECRET_BYTES_MIN {
        return;
    }
    let lower = hex(secret);
    spellings.insert(lower.to_uppercase().into_bytes());
    spellings.insert(lower.into_bytes());
    for before in 0..3 {
        spellings.extend(base64_within(secret, before));
    }
}

/// What is the same in every base64 text of bytes that hold the secret, where `before` bytes (modulo 3) stand before it: the
/// letters at its ends that depend on its neighbours as well are left out. In both alphabets.
fn base64_within(secret: &[u8], before: usize) -> [Vec<u8>; 2] {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(secret);
    let stable = (8 * before).div_ceil(6)..8 * bytes.len() / 6;
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|alphabet| alphabet.encode(&bytes).as_bytes()[stable.clone()].to_vec())
}
