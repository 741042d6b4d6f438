//! Access tokens for client credentials, as RFC 6749 has them in 4.4 and 5.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::Shared;
use super::serve::parameter;
use crate::answer::Answer;
use crate::locked;
use crate::provider::Received;

/// The one client.
pub const CLIENT_ID: &str = "hookyard-client";
/// Its secret.
pub const CLIENT_SECRET: &str = "cs-0b7d3f61c94a5e82a1f4";

/// How long an access token says that it lives.
const LIFE_SECONDS: u32 = 3600;

/// The access tokens of a server.
#[derive(Debug)]
pub(super) struct Tokens {
    all: Vec<String>,
    /// How many of the first are not good any more.
    expired: usize,
    life_seconds: u32,
}

impl Default for Tokens {
    fn default() -> Self {
        Self { all: Vec::new(), expired: 0, life_seconds: LIFE_SECONDS }
    }
}

impl Tokens {
    pub(super) fn expire(&mut self) {
        self.expired = self.all.len();
    }

    pub(super) fn live(&mut self, seconds: u32) {
        self.life_seconds = seconds;
    }

    pub(super) fn all(&self) -> &[String] {
        &self.all
    }

    fn issue(&mut self) -> String {
        let token = format!("at-{:04}-7c1e90d2b5f34a68", self.all.len() + 1);
        self.all.push(token.clone());
        token
    }

    fn is_live(&self, token: &str) -> bool {
        self.all[self.expired..].iter().any(|live| live == token)
    }
}

pub(super) fn exchange(state: &Shared, request: &Received) -> Answer {
    let of_form = |name| parameter(&request.body, name).unwrap_or_default();
    if of_form("grant_type") != "client_credentials" {
        return Answer::json(400, &json!({ "error": "unsupported_grant_type" }));
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}")));
    let in_form = of_form("client_id") == CLIENT_ID && of_form("client_secret") == CLIENT_SECRET;
    if !in_form && authorization(request) != basic {
        return Answer::json(401, &json!({ "error": "invalid_client" }));
    }
    let mut tokens = locked(&state.tokens);
    let (life, token) = (tokens.life_seconds, tokens.issue());
    Answer::json(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": life }))
}

pub(super) fn is_authorized(state: &Shared, request: &Received) -> bool {
    authorization(request).strip_prefix("Bearer ").is_some_and(|token| locked(&state.tokens).is_live(token))
}

fn authorization(request: &Received) -> &str {
    request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default()
}
