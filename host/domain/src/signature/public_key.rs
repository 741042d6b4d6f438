//! Public keys in every spelling that providers' pages show and that survives a paste.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

use super::encoding;
use crate::manifest::webhook::Encoding;

/// A key that signatures are checked with.
#[derive(Debug, Clone)]
pub(crate) struct PublicKey {
    key: UnparsedPublicKey<Vec<u8>>,
}

/// Key type identifiers of a SubjectPublicKeyInfo, DER-encoded (RFC 8017 A.1, RFC 8410 3).
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Bits of the RSA moduli that are accepted.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const ED25519_BYTES: usize = 32;

impl PublicKey {
    /// An RSA key: PEM of any label, also in one line or with `\n` spelled out, or its bare base64; a
    /// SubjectPublicKeyInfo or a PKCS#1 key, whatever the label says. Freshchat's page labels the one as the other. The
    /// error is a phrase for the operator.
    pub(crate) fn rsa(text: &str) -> Result<Self, &'static str> {
        let der = unarmoured(text).ok_or("is not a public key: neither PEM nor base64")?;
        let pkcs1 = match der::subject_public_key(&der) {
            Some((RSA_ENCRYPTION, key)) => key,
            Some(_) => return Err("is not an RSA key"),
            None => &der,
        };
        let bits = der::rsa_modulus_bits(pkcs1).ok_or("is not an RSA public key")?;
        if !RSA_BITS.contains(&bits) {
            return Err("is an RSA key of other than 2048 to 8192 bits");
        }
        Ok(Self { key: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pkcs1.to_vec()) })
    }

    /// An Ed25519 key: as for RSA, or its 32 bytes in base64 or, as Discord shows it, in hex.
    pub(crate) fn ed25519(text: &str) -> Result<Self, &'static str> {
        let bytes = encoding::decode(Encoding::Hex, text.trim().as_bytes())
            .filter(|bytes| bytes.len() == ED25519_BYTES)
            .or_else(|| unarmoured(text))
            .ok_or("is not a public key: neither PEM, base64 nor hex")?;
        let key = match der::subject_public_key(&bytes) {
            Some((ID_ED25519, key)) => key,
            Some(_) => return Err("is not an Ed25519 key"),
            None => &bytes,
        };
        if key.len() != ED25519_BYTES {
            return Err("is not an Ed25519 public key");
        }
        Ok(Self { key: UnparsedPublicKey::new(&ED25519, key.to_vec()) })
    }

    /// Whether the holder of the private key signed these bytes.
    pub(crate) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.key.verify(signed, signature).is_ok()
    }
}

/// The bytes within PEM armour, or of bare base64.
fn unarmoured(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text = text.replace("\\n", "\n").replace("\\r", "\n");
    let content = match text.split_once("-----BEGIN ") {
        Some((_, from_label)) => from_label.split_once("-----")?.1.split_once("-----END ")?.0,
        None => &text,
    };
    let base64: String = content.chars().filter(|letter| !letter.is_whitespace()).collect();
    LENIENT.decode(base64).ok().filter(|bytes| !bytes.is_empty())
}

/// As much of DER (X.690) as the two forms of a public key need.
mod der {
    const INTEGER: u8 = 0x02;
    const BIT_STRING: u8 = 0x03;
    const OBJECT_IDENTIFIER: u8 = 0x06;
    const SEQUENCE: u8 = 0x30;

    /// Key type and key of `SEQUENCE { SEQUENCE { OBJECT IDENTIFIER, … }, BIT STRING }`.
    pub(super) fn subject_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
        let (outer, b"") = element(SEQUENCE, der)? else { return None };
        let (algorithm, after) = element(SEQUENCE, outer)?;
        let (key_type, _parameters) = element(OBJECT_IDENTIFIER, algorithm)?;
        let (bits, b"") = element(BIT_STRING, after)? else { return None };
        let (0, key) = bits.split_first()? else { return None };
        Some((key_type, key))
    }

    /// The size of n in `SEQUENCE { INTEGER n, INTEGER e }`.
    pub(super) fn rsa_modulus_bits(der: &[u8]) -> Option<usize> {
        let (outer, b"") = element(SEQUENCE, der)? else { return None };
        let (modulus, after) = element(INTEGER, outer)?;
        let (_exponent, b"") = element(INTEGER, after)? else { return None };
        let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        let leading = modulus.first()?.leading_zeros() as usize;
        Some(modulus.len() * 8 - leading)
    }

    /// The content of the element at the start, which must have this tag, and what follows it.
    fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
        let (found, rest) = der.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        if *found != tag { None } else { rest.split_at_checked(length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_with_a_reason() {
        let short = "MEgCQQC7cq0B9kRZkqOQ1HcWZMPNlzJKJhnmGDZ2cNUGDzD2VwqIm9E1sVNnq0sIprbyyf1cJk9yP3Ryuna9S5jXAgMBAAE=";
        for bad in
            ["", "   ", "!!", "AAAA", "-----BEGIN PUBLIC KEY-----", "-----BEGIN X----------END X-----", short, "MIIB"]
        {
            assert!(PublicKey::rsa(bad).is_err(), "{bad}");
            assert!(PublicKey::ed25519(bad).is_err(), "{bad}");
        }
    }
}
