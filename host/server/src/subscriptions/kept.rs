//! What is kept of a subscription, opened.

use hookyard_capability::sealing::MasterKey;
use hookyard_domain::clock::Timestamp;
use hookyard_domain::entropy::Entropy;
use hookyard_domain::id::SubscriptionId;
use hookyard_store::SubscriptionRecord;
use serde_json::{Map, Value};

use super::active::SigningSecret;
use super::secrets;

/// A record, and what it holds.
pub(super) struct Kept {
    record: SubscriptionRecord,
    /// What it is, if it was made through the API; or why that cannot be read.
    pub(super) document: Option<Result<Map<String, Value>, String>>,
    /// What signs its deliveries, newest first, also what signs no more; or why that cannot be read.
    pub(super) secrets: Result<Vec<SigningSecret>, String>,
}

impl Kept {
    /// Opens a stored record. It stays as it is, whatever cannot be read.
    pub(super) fn open(record: SubscriptionRecord, key: Result<&MasterKey, &String>) -> Self {
        let id = &record.id;
        let document = record.definition.as_deref().map(|sealed| open(id, sealed, key));
        let secrets = record.secrets.as_deref().map_or(Ok(Vec::new()), |sealed| secrets::open(id, sealed, key));
        Self { record, document, secrets }
    }

    /// A new one. `document`: `None` for one of the file.
    pub(super) fn new(
        id: &SubscriptionId,
        document: Option<Map<String, Value>>,
        secrets: Vec<SigningSecret>,
        now: Timestamp,
        seal: &Seal<'_>,
    ) -> Self {
        let definition = document.as_ref().map(|document| seal.document(id, document));
        let sealed = seal.secrets(id, &secrets);
        let record =
            SubscriptionRecord { id: id.clone(), definition, secrets: sealed, created_at: now, updated_at: now };
        Self { record, document: document.map(Ok), secrets: Ok(secrets) }
    }

    /// A new one of the file where nothing can be sealed. `why`: it would need a secret, and has none for this reason.
    pub(super) fn without_key(id: &SubscriptionId, now: Timestamp, why: Option<String>) -> Self {
        let record =
            SubscriptionRecord { id: id.clone(), definition: None, secrets: None, created_at: now, updated_at: now };
        Self { record, document: None, secrets: why.map_or(Ok(Vec::new()), Err) }
    }

    /// The same after a change; what is `None` stays.
    pub(super) fn changed(
        &self,
        document: Option<Map<String, Value>>,
        secrets: Option<Vec<SigningSecret>>,
        now: Timestamp,
        seal: &Seal<'_>,
    ) -> Self {
        let mut record = SubscriptionRecord { updated_at: now, ..self.record.clone() };
        let (mut opened, mut signing) = (self.document.clone(), self.secrets.clone());
        if let Some(document) = document {
            record.definition = Some(seal.document(&record.id, &document));
            opened = Some(Ok(document));
        }
        if let Some(secrets) = secrets {
            record.secrets = seal.secrets(&record.id, &secrets);
            signing = Ok(secrets);
        }
        Self { record, document: opened, secrets: signing }
    }

    /// What the store keeps.
    pub(super) fn record(&self) -> SubscriptionRecord {
        self.record.clone()
    }

    pub(super) fn created_at(&self) -> Timestamp {
        self.record.created_at
    }

    pub(super) fn updated_at(&self) -> Timestamp {
        self.record.updated_at
    }

    /// Whether it was made through the API.
    pub(super) fn is_of_api(&self) -> bool {
        self.document.is_some()
    }
}

/// How what is kept is sealed.
pub(super) struct Seal<'a> {
    pub(super) key: &'a MasterKey,
    pub(super) entropy: &'a dyn Entropy,
}

impl Seal<'_> {
    fn document(&self, id: &SubscriptionId, document: &Map<String, Value>) -> Vec<u8> {
        let plain = serde_json::to_vec(document).expect("a JSON value is written as JSON");
        self.key.seal(&context(id), &plain, self.entropy)
    }

    /// Nothing, where there are none.
    fn secrets(&self, id: &SubscriptionId, secrets: &[SigningSecret]) -> Option<Vec<u8>> {
        (!secrets.is_empty()).then(|| secrets::seal(id, secrets, self.key, self.entropy))
    }
}

fn open(id: &SubscriptionId, sealed: &[u8], key: Result<&MasterKey, &String>) -> Result<Map<String, Value>, String> {
    let plain = key.map_err(Clone::clone)?.open(&context(id), sealed).map_err(|error| error.to_string())?;
    // The parser's own words might quote a secret.
    serde_json::from_slice(&plain).map_err(|_| "it is no JSON object; restore the database from a backup".to_owned())
}

/// What is sealed for one subscription opens for no other.
fn context(id: &SubscriptionId) -> String {
    format!("subscription/{id}/definition")
}
