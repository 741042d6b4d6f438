//! The scheme `standard-webhooks`: Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks, spec).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use ring::hmac;

use super::comparison::Expected;
use super::evidence::{Evidence, Proof};
use super::freshness;
use super::place::header_name;
use super::public_key::PublicKey;
use super::request::{Reason, Request};
use super::template::{Surroundings, Template};
use crate::clock::Timestamp;
use crate::secret::Secret;

/// Three headers with a common beginning, and signatures over `id.timestamp.body`.
#[derive(Debug, Clone)]
pub(crate) struct Standard {
    timestamp: HeaderName,
    signature: HeaderName,
    template: Template,
    tolerance_seconds: u64,
    keys: Vec<Key>,
}

#[derive(Clone)]
enum Key {
    /// `v1`: HMAC-SHA-256.
    Symmetric(hmac::Key),
    /// `v1a`: Ed25519.
    Public(PublicKey),
}

/// The default name of the header with the signatures. Its beginning is that of the other two.
pub(crate) const SIGNATURE_HEADER: &str = "webhook-signature";
const SIGNATURE_SUFFIX: &str = "-signature";

impl Standard {
    /// The check with these secrets; the error is a phrase about the secret for the operator.
    pub(crate) fn new(header: &str, tolerance_seconds: u64, secrets: &[Secret]) -> Result<Self, String> {
        let beginning = beginning(header)?;
        let named = |end: &str| header_name(&format!("{beginning}{end}"));
        let template = format!("{{header:{beginning}-id}}.{{header:{beginning}-timestamp}}.{{body}}");
        Ok(Self {
            timestamp: named("-timestamp")?,
            signature: named(SIGNATURE_SUFFIX)?,
            template: Template::parse(&template)?,
            tolerance_seconds,
            keys: secrets.iter().map(Key::parse).collect::<Result<_, _>>()?,
        })
    }

    /// Whether one of the signatures, `v1,…` or `v1a,…` with blanks between them, was made by one of the keys.
    pub(crate) fn check<'w>(
        &self,
        request: &Request<'w>,
        now: Timestamp,
        tries: &mut usize,
    ) -> Result<Evidence<'w>, Reason> {
        let signatures = request.header(&self.signature)?;
        freshness::check_seconds(request.header(&self.timestamp)?, self.tolerance_seconds, now)?;
        let signed = self.template.render(request, &Surroundings::default())?;
        let written: Vec<_> = signatures.split(|byte| *byte == b' ').filter(|text| !text.is_empty()).collect();
        let tried = written.len().min(*tries);
        *tries -= tried;
        let written = &written[..tried];
        if !self.keys.iter().any(|key| key.signed(&signed, written)) {
            return Err("no signature fits");
        }
        let template = self.template.clone();
        Ok(Evidence { scheme: "standard-webhooks", proof: Proof::Signature { template, signed } })
    }
}

/// What the names of the three headers start with; the error is a sentence for the author.
pub(crate) fn beginning(header: &str) -> Result<&str, String> {
    header_name(header)?;
    header.strip_suffix(SIGNATURE_SUFFIX).filter(|beginning| !beginning.is_empty()).ok_or_else(|| {
        format!("{header:?} must end in {SIGNATURE_SUFFIX}, because it names the -id and -timestamp headers too")
    })
}

impl Key {
    fn parse(secret: &Secret) -> Result<Self, String> {
        let text = secret.expose().trim();
        if let Some(public) = text.strip_prefix("whpk_") {
            return PublicKey::ed25519(public).map(Self::Public).map_err(str::to_owned);
        }
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        match STANDARD.decode(encoded) {
            Ok(bytes) if !bytes.is_empty() => Ok(Self::Symmetric(hmac::Key::new(hmac::HMAC_SHA256, &bytes))),
            _ => Err("is not whsec_ followed by base64, as Standard Webhooks has it".to_owned()),
        }
    }

    fn signed(&self, bytes: &[u8], signatures: &[&[u8]]) -> bool {
        let of_version = |version: &[u8]| {
            let matching = signatures.iter().filter_map(|text| text.strip_prefix(version));
            matching.filter_map(|text| STANDARD.decode(text).ok()).collect::<Vec<_>>()
        };
        match self {
            Self::Symmetric(key) => {
                let expected = Expected::new(hmac::sign(key, bytes).as_ref());
                of_version(b"v1,").iter().any(|signature| expected.is(signature))
            }
            Self::Public(key) => of_version(b"v1a,").iter().any(|signature| key.verifies(bytes, signature)),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}
