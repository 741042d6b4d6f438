//! A sandbox on a store in memory, with a clock by hand.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hookyard_capability::{
    Effects, Egress, EgressSettings, EventRules, Outbound, Scope, Services, TokenRegistry, Vault,
};
use hookyard_domain::clock::{Clock, ManualClock, Timestamp};
use hookyard_domain::config::ConfigSchema;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::credential::Credentials;
use hookyard_domain::entropy::{Entropy, SeededEntropy};
use hookyard_domain::grant::EgressGrant;
use hookyard_domain::id::{InvocationId, WebhookId};
use hookyard_domain::invocation::{Cause, IdempotencyKeys, InvocationLimits};
use hookyard_domain::keyed_hash::HashKey;
use hookyard_domain::manifest::Manifest;
use hookyard_sandbox::{
    Compiler, Component, Finished, Invocation, LoadBounds, Outcome, Sandbox, SandboxSettings, WebhookRequest,
    WebhookResponse,
};
use hookyard_store::Ledger;
use hookyard_store::memory::MemoryStore;
use tempfile::TempDir;

use crate::guest::Guest;

pub(crate) struct TestHost {
    pub(crate) sandbox: Sandbox,
    pub(crate) store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    entropy: Arc<SeededEntropy>,
    pub(crate) dir: TempDir,
}

/// A way out that leads nowhere.
fn nothing_granted(manifest: &Manifest, key: &HashKey) -> Outbound {
    let schema = ConfigSchema::compile(manifest).expect("usable");
    let config = schema.resolve(serde_json::json!({})).expect("valid");
    let connection = "shop".parse().expect("valid");
    let vault = Arc::new(Vault::new(&config, key, &connection));
    let egress = Arc::new(Egress::new(EgressSettings::of_this_machine()).expect("TLS"));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::from_millis(0)));
    let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    let entropy = Arc::new(SeededEntropy::new(1));
    let registry = Arc::new(TokenRegistry::new(store, Err("nothing is sealed".into()), clock, entropy));
    let tokens = registry.of(connection, Incarnation::default(), key.clone());
    Outbound::new(egress, tokens, EgressGrant::default(), Credentials::default(), vault)
}

pub(crate) const ROOMY: InvocationLimits = InvocationLimits {
    memory_bytes: 16 * 1024 * 1024,
    deadline: Duration::from_secs(60),
    cpu: Duration::from_secs(60),
};

impl TestHost {
    pub(crate) fn new() -> Self {
        Self::with_pool(2)
    }

    pub(crate) fn with_pool(pool_slots: u32) -> Self {
        Self::in_dir(tempfile::tempdir().expect("temp dir"), pool_slots, Compiler::InProcess)
    }

    pub(crate) fn in_dir(dir: TempDir, pool_slots: u32, compiler: Compiler) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
        let entropy = Arc::new(SeededEntropy::new(5));
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>));
        let settings =
            SandboxSettings { pool_slots, cache_dir: dir.path().join("code"), compiler, bounds: LoadBounds::default() };
        let sandbox =
            Sandbox::new(settings, Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&entropy) as Arc<dyn Entropy>);
        Self { sandbox: sandbox.expect("a sandbox"), store, clock, entropy, dir }
    }

    /// An invocation of the connection `shop`.
    pub(crate) fn invocation(&self, limits: InvocationLimits) -> Invocation {
        let manifest = r#"{"name": "hand-made", "version": "1.0.0", "events": [{"kind": "thing.happened"}]}"#;
        let manifest: Manifest = serde_json::from_str(manifest).expect("a manifest");
        let key = HashKey::new(&[1; 32]);
        let webhook = WebhookId::new(self.clock.now(), self.entropy.as_ref());
        let scope = Scope {
            connection: "shop".parse().expect("valid"),
            incarnation: Incarnation::default(),
            hash_key: key.clone(),
            plugin: manifest.plugin(),
            webhook: Some(webhook),
            traceparent: None,
            hops: 0,
            received_at: self.clock.now(),
            has_timer_handler: false,
            firing: None,
            event_rules: Arc::new(EventRules::compile(&manifest).expect("usable")),
            outbound: Arc::new(nothing_granted(&manifest, &key)),
        };
        let services = Services {
            ledger: Arc::clone(&self.store) as Arc<dyn Ledger>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&self.entropy) as Arc<dyn Entropy>,
        };
        Invocation {
            id: InvocationId::new(self.clock.now(), self.entropy.as_ref()),
            attempt: 1,
            config: r#"{"site":"es"}"#.into(),
            webhook_url: "https://hooks.example.com/webhooks/shop".into(),
            idempotency: IdempotencyKeys::new(key, "shop".parse().expect("valid"), Cause::Webhook(webhook)),
            attributes: vec![("webhook-id", webhook.to_string())],
            limits,
            effects: Effects::new(scope, services),
        }
    }

    pub(crate) async fn load(&self, guest: &Guest) -> Component {
        self.sandbox.load(&guest.component()).await.expect("a usable component")
    }

    /// Lets a component handle a webhook at `path`.
    pub(crate) async fn webhook(
        &self,
        component: &Component,
        path: &str,
        limits: InvocationLimits,
    ) -> Finished<Option<WebhookResponse>> {
        let request = WebhookRequest {
            method: "POST".into(),
            path: path.into(),
            query: String::new(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: Bytes::from_static(b"[1]"),
        };
        self.sandbox.handle_webhook(component, self.invocation(limits), request).await
    }

    /// What becomes of one webhook of this guest.
    pub(crate) async fn outcome(&self, guest: &Guest, limits: InvocationLimits) -> Outcome<Option<WebhookResponse>> {
        let component = self.load(guest).await;
        self.webhook(&component, "/", limits).await.outcome
    }
}
