//! What the tests of capabilities stand on: a store in memory, a clock by hand, a fixed seed, and a way out that leads nowhere.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use hookyard_domain::clock::{Clock, ManualClock, Timestamp};
use hookyard_domain::commit::{Commit, Owner, Write};
use hookyard_domain::config::ConfigSchema;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::credential::Credentials;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::grant::{Ask, EgressGrant, Grant};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::manifest::Manifest;
use hookyard_store::memory::MemoryStore;
use hookyard_store::{CommitError, FetchedTokens, Ledger};
use serde_json::{Value, json};

use crate::effects::{Draft, Effects, Scope, Services};
use crate::egress::{Egress, EgressSettings, Resolve};
use crate::event_rules::EventRules;
use crate::outbound::Outbound;
use crate::sealing::MasterKey;
use crate::tokens::{ConnectionTokens, TokenRegistry};
use crate::vault::Vault;

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
        self.effects_with(&TestConnection::new(connection, &json!({}), &Grant::default(), json!({}), &egress(NoNames)))
    }

    /// An invocation of `shop`, whose plugin handles no timers.
    pub(crate) fn effects_without_timer_handler(&self) -> Effects {
        let mut effects = self.effects();
        effects.scope.has_timer_handler = false;
        effects
    }

    /// An invocation of `shop` because this timer is due.
    pub(crate) fn effects_firing(&self, timer: &str) -> Effects {
        let mut effects = self.effects();
        effects.scope.firing = Some(timer.to_owned());
        effects
    }

    pub(crate) fn effects_with(&self, connection: &TestConnection) -> Effects {
        Effects::new(self.scope_of(connection), self.services())
    }

    /// A dry run of that connection.
    pub(crate) fn dry_run_with(&self, connection: &TestConnection) -> Effects {
        Effects::of_dry_run(self.scope_of(connection), self.services())
    }

    fn scope_of(&self, connection: &TestConnection) -> Scope {
        let manifest = r#"{"name": "test", "version": "1.0.0", "events": [
            {"kind": "thing.happened", "data": {"type": "object", "required": ["id"]}},
            {"kind": "thing.said"}
        ]}"#;
        let manifest: Manifest = serde_json::from_str(manifest).expect("a manifest");
        Scope {
            connection: connection.outbound.connection.clone(),
            incarnation: Incarnation::default(),
            hash_key: hash_key(),
            plugin: manifest.plugin(),
            webhook: None,
            traceparent: None,
            hops: 2,
            received_at: Timestamp::from_millis(1_600_000_000_000),
            has_timer_handler: true,
            firing: None,
            event_rules: Arc::new(EventRules::compile(&manifest).expect("usable schemas")),
            outbound: Arc::clone(&connection.outbound),
        }
    }

    /// What fetches tokens, and keeps them there.
    pub(crate) fn token_registry(&self, store: Arc<dyn FetchedTokens>) -> TokenRegistry {
        let key = Ok(Arc::new(MasterKey::new(&[4; MasterKey::BYTES])));
        TokenRegistry::new(store, key, Arc::clone(&self.clock) as Arc<dyn Clock>, Arc::new(SeededEntropy::new(7)))
    }

    fn services(&self) -> Services {
        Services {
            ledger: Arc::clone(&self.store) as Arc<dyn Ledger>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&self.entropy) as Arc<dyn hookyard_domain::entropy::Entropy>,
        }
    }

    /// Commits what an invocation of `shop` wants.
    pub(crate) async fn commit(&self, effects: Effects) -> Result<(), CommitError> {
        let Scope { connection, incarnation, .. } = effects.scope();
        let owner = Owner::Connection { id: connection.clone(), incarnation: *incarnation };
        let Draft { guards, writes, .. } = effects.into_draft();
        self.store.commit(Commit { owner, at: self.clock.now(), guards, writes }).await.map(drop)
    }

    /// Sets a key of `shop` in an invocation of its own.
    pub(crate) async fn set(&self, key: &str, value: &str) {
        let write = Write::Set { key: key.into(), value: value.into(), expires_at: None };
        let id = "shop".parse().expect("valid");
        let owner = Owner::Connection { id, incarnation: Incarnation::default() };
        let commit = Commit { owner, at: self.clock.now(), guards: vec![], writes: vec![write] };
        self.store.commit(commit).await.expect("commits");
    }

    /// What an invocation of `shop` would read.
    pub(crate) async fn value(&self, key: &str) -> Option<String> {
        let entry = self.effects().kv_get(key.into()).await.expect("the store answers").expect("not refused");
        entry.map(|entry| String::from_utf8(entry.value).expect("text"))
    }
}

/// A connection whose manifest asks for hosts and credentials, with a config and what the operator granted beyond the manifest.
pub(crate) struct TestConnection {
    pub(crate) outbound: Arc<Outbound>,
    /// The config as its plugin sees it.
    pub(crate) config: Value,
}

impl TestConnection {
    /// `asks` holds `hosts` and `credentials` of the manifest. Of the config, `api_key`, `password`, `signing_key`, `short` and
    /// all in `secrets` are secret.
    pub(crate) fn new(id: &str, asks: &Value, grant: &Grant, config: Value, egress: &Arc<Egress>) -> Self {
        let host = TestHost::new();
        let registry = Arc::new(host.token_registry(Arc::clone(&host.store) as Arc<dyn FetchedTokens>));
        Self::with_tokens(life_of(&registry, id, 0), asks, grant, config, egress)
    }

    /// The same with these fetched tokens.
    pub(crate) fn with_tokens(
        tokens: ConnectionTokens,
        asks: &Value,
        grant: &Grant,
        config: Value,
        egress: &Arc<Egress>,
    ) -> Self {
        let secret = json!({"type": "string", "writeOnly": true});
        let mut manifest = json!({"name": "test", "version": "1.0.0", "config": {"type": "object", "properties": {
            "api_key": secret, "password": secret, "signing_key": secret, "user": {"type": "string"},
            "secrets": {"type": "object", "additionalProperties": secret},
        }}});
        manifest.as_object_mut().expect("an object").extend(asks.as_object().expect("an object").clone());
        let manifest: Manifest = serde_json::from_value(manifest).expect("a manifest");
        let config = ConfigSchema::compile(&manifest).expect("a schema").resolve(config).expect("a valid config");
        let id = tokens.connection().clone();
        let asked = Ask::of(&manifest);
        let grant = EgressGrant::resolve(&asked, &config, grant).expect("hosts that can be read");
        let credentials = Credentials::compile(&manifest, &asked, &config, &grant).expect("usable credentials");
        let vault = Arc::new(Vault::new(&config, &hash_key(), &id));
        let shown = serde_json::from_str(&config.for_guest(&hash_key(), &id)).expect("JSON");
        let outbound = Arc::new(Outbound::new(Arc::clone(egress), tokens, grant, credentials, vault));
        Self { outbound, config: shown }
    }

    /// The placeholder at a pointer of the config.
    pub(crate) fn placeholder(&self, pointer: &str) -> &str {
        self.config.pointer(pointer).and_then(Value::as_str).expect("a secret that is set")
    }
}

/// The tokens of a connection in one of its lives.
pub(crate) fn life_of(registry: &Arc<TokenRegistry>, connection: &str, incarnation: u64) -> ConnectionTokens {
    let (connection, incarnation) = (connection.parse().expect("valid"), Incarnation(incarnation));
    let key = hash_key().of_incarnation(&connection, incarnation);
    registry.of(connection, incarnation, key)
}

/// A way out with this resolver.
pub(crate) fn egress(resolver: impl Resolve + 'static) -> Arc<Egress> {
    let settings = EgressSettings { resolver: Arc::new(resolver), extra_roots: vec![] };
    Arc::new(Egress::new(settings).expect("TLS can be set up"))
}

/// Knows no name.
#[derive(Debug)]
pub(crate) struct NoNames;

#[async_trait]
impl Resolve for NoNames {
    async fn resolve(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn hash_key() -> HashKey {
    HashKey::new(&[9; 32])
}
