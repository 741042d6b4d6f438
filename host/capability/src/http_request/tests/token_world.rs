//! A provider that gives tokens and asks for them, and connections that need them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use hookyard_domain::connection::Incarnation;
use hookyard_domain::entropy::SeededEntropy;
use hookyard_domain::grant::Grant;
use hookyard_domain::id::ConnectionId;
use hookyard_store::memory::MemoryStore;
use hookyard_store::{FetchedToken, FetchedTokens, KeepTokenError, StoreError};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::provider::{Provider, Reply, Seen, reply};
use super::world::World;
use crate::effects::Effects;
use crate::test_host::{TestConnection, life_of};
use crate::tokens::TokenRegistry;

/// Gives `token-1`, `token-2`, … at `/token`, each good for 1,000 seconds, redirects from `/done` to `/api`, and asks for a token that
/// is not revoked everywhere else.
#[derive(Default)]
pub(super) struct Issuer {
    pub(super) issued: AtomicUsize,
    /// Tokens up to this number are refused.
    pub(super) revoked: AtomicUsize,
    /// Whether each answer comes with another refresh token: `refresh-1`, …
    pub(super) rotates: AtomicBool,
    /// Answered in place of a token.
    pub(super) says: Mutex<Option<(u16, String)>>,
}

impl Issuer {
    fn answer(&self, seen: &Seen) -> Reply {
        if seen.target == "/done" {
            return reply(303, &[("location", "/api")], "");
        }
        if !seen.target.starts_with("/token") {
            let number =
                seen.header("authorization").and_then(|value| value.strip_prefix("Bearer token-")?.parse().ok());
            let good = number.is_some_and(|number: usize| number > self.revoked.load(Ordering::SeqCst));
            return if good { reply(200, &[], "ok") } else { reply(401, &[], "who are you?") };
        }
        if let Some((status, body)) = self.says.lock().unwrap().clone() {
            return reply(status, &[("location", "/elsewhere")], body);
        }
        let number = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answer = json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 1000});
        if self.rotates.load(Ordering::SeqCst) {
            answer["refresh_token"] = json!(format!("refresh-{number}"));
        }
        reply(200, &[], answer.to_string())
    }

    pub(super) fn issued(&self) -> usize {
        self.issued.load(Ordering::SeqCst)
    }

    pub(super) fn revoke(&self, up_to: usize) {
        self.revoked.store(up_to, Ordering::SeqCst);
    }

    pub(super) fn say(&self, status: u16, body: impl Into<String>) {
        *self.says.lock().unwrap() = Some((status, body.into()));
    }
}

/// A store whose keeping of tokens a test may break, or hold up.
pub(super) struct Disk {
    pub(super) store: Arc<MemoryStore>,
    pub(super) full: AtomicBool,
    /// Whether the next look at what is kept panics.
    pub(super) panics: AtomicBool,
    /// One permit for each that is kept; there are plenty unless a test takes them away.
    pub(super) gate: Semaphore,
    pub(super) kept: AtomicUsize,
}

#[async_trait]
impl FetchedTokens for Disk {
    async fn fetched_token(
        &self,
        connection: &ConnectionId,
        incarnation: Incarnation,
        key: [u8; 16],
    ) -> Result<Option<FetchedToken>, StoreError> {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "as the test wants it");
        self.store.fetched_token(connection, incarnation, key).await
    }

    async fn keep_fetched_token(&self, token: FetchedToken) -> Result<(), KeepTokenError> {
        self.gate.acquire().await.expect("it is never closed").forget();
        if self.full.load(Ordering::SeqCst) {
            return Err(KeepTokenError::Unavailable(StoreError::Closed));
        }
        self.store.keep_fetched_token(token).await?;
        self.kept.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    async fn holds_rotated_token(&self) -> Result<bool, StoreError> {
        self.store.holds_rotated_token().await
    }
}

/// A host, a provider, and what fetches tokens between them.
pub(super) struct TokenWorld {
    pub(super) world: World,
    pub(super) provider: Provider,
    pub(super) issuer: Arc<Issuer>,
    pub(super) disk: Arc<Disk>,
    pub(super) registry: Arc<TokenRegistry>,
    /// Answers of `/token`; plenty unless a test takes them away.
    pub(super) gate: Arc<Semaphore>,
}

impl TokenWorld {
    pub(super) async fn new() -> Self {
        let (issuer, gate) = (Arc::new(Issuer::default()), Arc::new(Semaphore::new(1_000)));
        let issuing = Arc::clone(&issuer);
        let provider = Provider::start_gated(Arc::clone(&gate), move |seen| issuing.answer(seen)).await;
        let world = World::new();
        world.names.set("auth.test", &[&["127.0.0.1"]]);
        let disk = Arc::new(Disk {
            store: Arc::clone(&world.host.store),
            full: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            gate: Semaphore::new(1_000),
            kept: AtomicUsize::new(0),
        });
        let registry = Arc::new(world.host.token_registry(Arc::clone(&disk) as Arc<dyn FetchedTokens>));
        Self { world, provider, issuer, disk, registry, gate }
    }

    /// As after a restart: nothing is in memory.
    pub(super) fn restart(&mut self) {
        self.registry = Arc::new(self.world.host.token_registry(Arc::clone(&self.disk) as Arc<dyn FetchedTokens>));
    }

    /// The same, without the key that what is kept was sealed with.
    pub(super) fn restart_without_key(&mut self) {
        let (store, clock) = (Arc::clone(&self.disk), Arc::clone(&self.world.host.clock));
        let entropy = Arc::new(SeededEntropy::new(8));
        self.registry = Arc::new(TokenRegistry::new(store, Err("the key file is missing".into()), clock, entropy));
    }

    /// A credential for `api.test` with a token of OAuth 2.0: the client `me` with its `password`.
    pub(super) fn oauth2(&self) -> Value {
        let token_url = self.provider.url("auth.test", "/token");
        json!([{"hosts": ["api.test"], "header": "authorization", "value": "Bearer {token}", "oauth2": {
            "grant": "client_credentials", "token_url": token_url, "client_id": "me",
            "client_secret": "{secret:/password}"}}])
    }

    /// The same with the refresh token that is the config's `api_key`.
    pub(super) fn refreshing(&self) -> Value {
        let mut credentials = self.oauth2();
        credentials[0]["oauth2"]["grant"] = json!("refresh_token");
        credentials[0]["oauth2"]["refresh_token"] = json!("{secret:/api_key}");
        credentials
    }

    pub(super) fn connection(&self, credentials: &Value) -> TestConnection {
        self.life(0, credentials, json!({"password": "hunter2-hunter2", "api_key": "refresh-0"}))
    }

    /// The connection `shop` in one of its lives.
    pub(super) fn life(&self, incarnation: u64, credentials: &Value, config: Value) -> TestConnection {
        let asks = json!({"hosts": ["api.test", "auth.test", "other.test"], "credentials": credentials});
        let grant = Grant { private_addresses: vec!["127.0.0.1/32".parse().expect("a range")], ..Grant::default() };
        let tokens = life_of(&self.registry, "shop", incarnation);
        TestConnection::with_tokens(tokens, &asks, &grant, config, &self.world.egress)
    }

    pub(super) fn invocation(&self, connection: &TestConnection) -> Effects {
        self.world.invocation(connection)
    }

    pub(super) fn api(&self) -> String {
        self.provider.url("api.test", "/api")
    }

    /// What reached one path of the provider.
    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        self.provider.seen().into_iter().filter(|seen| seen.target == path).collect()
    }
}

/// Lets others run until this holds.
pub(super) async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}
