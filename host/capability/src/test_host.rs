//! What the tests of capabilities stand on: a store in memory, a clock by hand, a fixed seed.

use std::sync::Arc;

use hookyard_domain::clock::{Clock, ManualClock, Timestamp};
use hookyard_domain::commit::{Commit, Write};
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::manifest::Manifest;
use hookyard_store::memory::MemoryStore;
use hookyard_store::{CommitError, Ledger};

use crate::effects::{Draft, Effects, Scope, Services};
use crate::event_rules::EventRules;

pub(crate) struct TestHost {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
}

impl TestHost {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>));
        Self { store, clock, entropy: Arc::new(SeededEntropy::new(1)) }
    }

    /// An invocation of the connection `shop`.
    pub(crate) fn effects(&self) -> Effects {
        self.effects_of("shop")
    }

    pub(crate) fn effects_of(&self, connection: &str) -> Effects {
        let manifest = r#"{"name": "test", "version": "1.0.0", "events": [
            {"kind": "thing.happened", "data": {"type": "object", "required": ["id"]}},
            {"kind": "thing.said"}
        ]}"#;
        let manifest: Manifest = serde_json::from_str(manifest).expect("a manifest");
        let scope = Scope {
            connection: connection.parse().expect("valid"),
            plugin: manifest.plugin(),
            webhook: None,
            traceparent: None,
            hops: 2,
            received_at: Timestamp::from_millis(1_600_000_000_000),
            event_rules: Arc::new(EventRules::compile(&manifest).expect("usable schemas")),
        };
        let services = Services {
            ledger: Arc::clone(&self.store) as Arc<dyn Ledger>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&self.entropy) as Arc<dyn hookyard_domain::entropy::Entropy>,
            hash_key: HashKey::new(&[9; 32]),
        };
        Effects::new(scope, services)
    }

    /// Commits what an invocation of `shop` wants.
    pub(crate) async fn commit(&self, effects: Effects) -> Result<(), CommitError> {
        let connection = effects.scope().connection.clone();
        let Draft { guards, writes, .. } = effects.into_draft();
        self.store.commit(Commit { connection, at: self.clock.now(), guards, writes }).await.map(drop)
    }

    /// Sets a key of `shop` in an invocation of its own.
    pub(crate) async fn set(&self, key: &str, value: &str) {
        let write = Write::Set { key: key.into(), value: value.into(), expires_at: None };
        let connection = "shop".parse().expect("valid");
        let commit = Commit { connection, at: self.clock.now(), guards: vec![], writes: vec![write] };
        self.store.commit(commit).await.expect("commits");
    }

    /// What an invocation of `shop` would read.
    pub(crate) async fn value(&self, key: &str) -> Option<String> {
        let entry = self.effects().kv_get(key.into()).await.expect("the store answers").expect("not refused");
        entry.map(|entry| String::from_utf8(entry.value).expect("text"))
    }
}
