//! What a passed check proves, and about which bytes.

use std::borrow::Cow;

use super::template::Template;
use crate::manifest::webhook::KeySource;

/// Proof of a request's origin.
#[derive(Debug)]
pub(crate) struct Evidence<'w> {
    /// The scheme that passed.
    pub(crate) scheme: &'static str,
    /// What it says about the request.
    pub(crate) proof: Proof<'w>,
}

/// How much of a request is proven.
#[derive(Debug)]
pub(crate) enum Proof<'w> {
    /// The sender holds the secret and vouches for the request as a whole: a token, Basic, or the operator.
    Sender,
    /// Exactly the signed bytes.
    Signature {
        /// What was signed.
        template: Template,
        /// The bytes.
        signed: Cow<'w, [u8]>,
    },
    /// Nothing: anybody may have sent these bytes.
    Nothing {
        /// The body.
        body: &'w [u8],
    },
}

impl Evidence<'_> {
    /// Whether the value of this key is proven. What is not may have been put there by whoever captured the request.
    pub(crate) fn covers(&self, source: &KeySource) -> bool {
        match &self.proof {
            Proof::Sender => true,
            Proof::Signature { template, .. } => template.covers(source),
            Proof::Nothing { .. } => false,
        }
    }

    /// The bytes that stand for the request where a value is not covered.
    pub(crate) fn signed_bytes(&self) -> &[u8] {
        match &self.proof {
            Proof::Sender => &[],
            Proof::Signature { signed, .. } => signed,
            Proof::Nothing { body } => body,
        }
    }
}
