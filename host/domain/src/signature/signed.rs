//! The schemes `hmac`, `rsa-pkcs1-sha256` and `ed25519`: a signature over a template.

use ring::hmac;

use super::comparison::Expected;
use super::encoding;
use super::evidence::{Evidence, Proof};
use super::freshness::Freshness;
use super::place::Place;
use super::public_key::PublicKey;
use super::request::{Reason, Request, trim};
use super::template::{Surroundings, Template};
use crate::clock::Timestamp;
use crate::limit;
use crate::manifest::webhook::Encoding;

/// A signature check of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) shape: Shape,
    pub(crate) public_url: Option<String>,
    pub(crate) keys: Keys,
}

/// How a signature is found, and what it signs.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) scheme: &'static str,
    pub(crate) place: Place,
    pub(crate) prefix: String,
    pub(crate) parts: Option<Parts>,
    /// Absent: hex where only that fits, else base64.
    pub(crate) encoding: Option<Encoding>,
    pub(crate) template: Template,
    pub(crate) freshness: Option<Freshness>,
}

/// How the signature header is split, and which parts are signatures.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) separator: String,
    pub(crate) signature: String,
}

/// The keys of a connection; any of them may have signed.
#[derive(Debug, Clone)]
pub(crate) enum Keys {
    Hmac(Vec<hmac::Key>),
    Public(Vec<PublicKey>),
}

impl Signed {
    /// Whether one of the request's signatures was made by one of the keys. Every signature looked at is taken from
    /// `tries`; the rest of them is ignored once that is used up.
    pub(crate) fn check<'w>(
        &self,
        request: &Request<'w>,
        now: Timestamp,
        tries: &mut usize,
    ) -> Result<Evidence<'w>, Reason> {
        let shape = &self.shape;
        let found = shape.place.read(request)?;
        let value = trim(&found);
        let parts = shape.parts.as_ref().map_or_else(Vec::new, |parts| parts.split(value));
        let signatures = shape.signatures(value, &parts, tries)?;
        let timestamp = shape.freshness.as_ref().map(|freshness| freshness.read(request, &parts)).transpose()?;
        if let (Some(freshness), Some(timestamp)) = (&shape.freshness, &timestamp) {
            freshness.check(timestamp, now)?;
        }
        let around =
            Surroundings { public_url: self.public_url.as_deref(), parts: &parts, timestamp: timestamp.as_deref() };
        let signed = shape.template.render(request, &around)?;
        if !self.keys.signed(&signed, &signatures) {
            return Err("no signature fits");
        }
        let template = shape.template.clone();
        Ok(Evidence { scheme: shape.scheme, proof: Proof::Signature { template, signed } })
    }
}

impl Shape {
    /// The decoded signatures, those that are malformed left out.
    fn signatures(&self, value: &[u8], parts: &[(&[u8], &[u8])], tries: &mut usize) -> Result<Vec<Vec<u8>>, Reason> {
        let written: Vec<&[u8]> = match &self.parts {
            Some(split) => {
                let named = parts.iter().filter(|(name, _)| *name == split.signature.as_bytes());
                named.map(|(_, signature)| *signature).collect()
            }
            // Two headers that a proxy has joined are as ambiguous as two headers.
            None if matches!(self.place, Place::Header(_)) && value.contains(&b',') => {
                return Err("the signature header holds more than one value");
            }
            None => vec![value],
        };
        let tried = written.len().min(*tries);
        *tries -= tried;
        let decoded = written.into_iter().take(tried).filter_map(|text| self.decode(text));
        let signatures: Vec<_> = decoded.filter(|signature| !signature.is_empty()).collect();
        if signatures.is_empty() { Err("there is no well-formed signature") } else { Ok(signatures) }
    }

    fn decode(&self, text: &[u8]) -> Option<Vec<u8>> {
        let text = text.strip_prefix(self.prefix.as_bytes())?;
        match self.encoding {
            Some(encoding) => encoding::decode(encoding, text),
            // 64 bytes of Ed25519 and the 256 or more of RSA are told apart by the length of their text.
            None => encoding::decode(Encoding::Hex, text)
                .filter(|bytes| bytes.len() == 64 || bytes.len().is_power_of_two() && bytes.len() >= 256)
                .or_else(|| encoding::decode(Encoding::Base64, text)),
        }
    }
}

impl Parts {
    /// Names and values, blanks around both dropped. A piece without `=` is a name without a value.
    fn split<'v>(&self, value: &'v [u8]) -> Vec<(&'v [u8], &'v [u8])> {
        let pieces = split(value, self.separator.as_bytes());
        let pair = |piece: &'v [u8]| match piece.iter().position(|byte| *byte == b'=') {
            Some(equals) => (trim(&piece[..equals]), trim(&piece[equals + 1..])),
            None => (trim(piece), &piece[piece.len()..]),
        };
        pieces.into_iter().take(limit::FORM_PARAMETERS_MAX).map(pair).collect()
    }
}

fn split<'v>(mut value: &'v [u8], separator: &[u8]) -> Vec<&'v [u8]> {
    let mut pieces = Vec::new();
    while let Some(at) = value.windows(separator.len()).position(|window| window == separator) {
        pieces.push(&value[..at]);
        value = &value[at + separator.len()..];
    }
    pieces.push(value);
    pieces
}

impl Keys {
    /// Whether any key has made any of the signatures over these bytes.
    fn signed(&self, bytes: &[u8], signatures: &[Vec<u8>]) -> bool {
        match self {
            // The bytes are hashed once for each key, not once for each signature.
            Self::Hmac(keys) => keys.iter().any(|key| {
                let expected = Expected::new(hmac::sign(key, bytes).as_ref());
                signatures.iter().any(|signature| expected.is(signature))
            }),
            Self::Public(keys) => {
                keys.iter().any(|key| signatures.iter().any(|signature| key.verifies(bytes, signature)))
            }
        }
    }
}
