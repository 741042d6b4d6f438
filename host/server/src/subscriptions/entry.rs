//! A subscription as others see it, right or wrong.

use std::sync::Arc;

use hookyard_domain::clock::Timestamp;
use hookyard_domain::id::SubscriptionId;

use serde_json::{Map, Value};

use super::active::Active;
use super::definition::{self, HeaderValues};
use crate::config::SubscriptionSettings;
use crate::connections::Origin;

/// One subscription. Whoever has got hold of it keeps it as it was, also when it is replaced.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: SubscriptionId,
    /// Who defines it.
    pub(crate) origin: Origin,
    /// What it works with; absent while it is invalid.
    pub(crate) active: Option<Arc<Active>>,
    /// Why it is invalid, each with its place.
    pub(crate) problems: Vec<String>,
    /// How the file says it, to say where something stands.
    pub(super) settings: Option<SubscriptionSettings>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Entry {
    /// Its document, with values of headers left out; empty while it is invalid, when nobody knows what is secret in it.
    pub(crate) fn redacted(&self) -> Map<String, Value> {
        let written = |active: &Arc<Active>| definition::write(&active.definition, HeaderValues::Redacted);
        self.active.as_ref().map(written).unwrap_or_default()
    }
}
